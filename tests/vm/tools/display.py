#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Frames on screens: what the job display runs in the guest. A camera's coded pictures are shown by
camward-view --display, and read again from what QEMU sees on the screens."""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, "/camward/tests/support")
import coded_picture
import screenshot

VIEW = "/build/service/view/camward-view"
GRAB, ENCODE = "/build/tests/vm/grab-plane", "/build/tests/vm/m2m-encode"
SUPPORT = pathlib.Path("/camward/tests/support")
OUT, TMP = pathlib.Path("/out"), pathlib.Path("/tmp")
SIZE = (640, 360)
SMALL = (1024, 72)  # as wide as the screen of vkms, whose planes cannot scale
FPS = 10
SETTLE = 60  # seconds; an emulated machine under load
SILENCE = 2  # seconds: the promise
SLACK = 3    # and what a dump takes on such a machine, at most
AT = 12      # the first frame that is wrong
SEI, SPS, PPS = 6, 7, 8
VT_ACTIVATE, VT_GETSTATE = 0x5606, 0x5603


def fail(why):
    sys.exit(f"FAILED: {why}")


def wait_until(condition, what, seconds=SETTLE):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    return fail(f"not within {seconds} s: {what}")


class Screen:
    """One of the machine's, by the name that QEMU has for its card."""

    def __init__(self, card, device):
        self.card, self.device, self.taken = card, device, 0
        self.sign = None  # its pixels

    def dump(self):
        self.taken += 1
        wanted = OUT / "screens" / f"{self.card}{self.taken}.wanted"
        partial = wanted.with_suffix(".part")
        partial.write_text(self.card)
        partial.rename(wanted)
        wait_until(lambda: not wanted.exists(), "a dump of the screen", 30)
        self.path = wanted.with_suffix(".ppm")
        return screenshot.Screenshot(self.path)

    def counter(self, tag=None):
        """Of the picture on it; "sign"; None: something else."""
        shot = self.dump()
        if shot.pixels == self.sign:
            os.unlink(self.path)
            return "sign"
        code = shot.code(*SIZE)
        os.unlink(self.path)
        if code and tag and code[0] != tag:
            fail(f"{self.card} shows camera {code[0]}, not {tag}")
        return code[1] if code else None

    def wait_live(self, after=-1):
        """The counter of a picture, later than that."""
        def look():
            seen = self.counter()
            return isinstance(seen, int) and seen > after and [seen]
        return wait_until(look, f"a picture on {self.card}")[0]

    def wait_sign(self, seconds=SETTLE):
        wait_until(lambda: self.counter() == "sign", f"the sign on {self.card}", seconds)

    def keep(self, name):
        """A dump with a picture, for the judgement outside."""
        for _ in range(20):
            shot = self.dump()
            if shot.pixels != self.sign and shot.code(*SIZE):
                shutil.copy(self.path, OUT / name)
                os.unlink(self.path)
                return
            os.unlink(self.path)
        fail(f"no picture on {self.card} can be read")


class Grabbed(Screen):
    """One that QEMU does not see: its framebuffer, read by grab-plane."""

    def dump(self):
        self.taken += 1
        self.path = TMP / f"{self.card}{self.taken}.ppm"
        done = subprocess.run([GRAB, self.device, self.path], check=True, text=True,
                              stdout=subprocess.PIPE)
        self.plane, self.exporter = done.stdout.split()
        return screenshot.Screenshot(self.path)

    def grabs(self):
        done = subprocess.run([GRAB, self.device, TMP / "probe.ppm"], check=False,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return done.returncode == 0

    def counter(self, tag=None):
        shot = self.dump()
        os.unlink(self.path)
        if shot.pixels == self.sign:
            return "sign"
        code = shot.corner(*SIZE).code(*SIZE)
        return code[1] if code else None


class Viewer:
    """A run of camward-view --display."""

    def __init__(self, screen, url, *arguments, token="secret", **keywords):
        self.log = open(OUT / f"view-{screen.card}.log", "w+", encoding="utf-8")
        self.json = OUT / f"view-{screen.card}.json"
        self.json.unlink(missing_ok=True)
        environment = dict(os.environ, CAMWARD_TOKEN=token)
        keywords = {"stdin": subprocess.DEVNULL, **keywords}
        self.popen = subprocess.Popen(
            [VIEW, f"--display={screen.device}", f"--json={self.json}", "--interval", "1", *map(str, arguments),
             url], env=environment, stdout=subprocess.DEVNULL, stderr=self.log, **keywords)
        if isinstance(screen, Grabbed):
            # Who opens a card that nobody has is its master for as long.
            wait_until(lambda: self.json.exists() and self.json.stat().st_size > 0, "its start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.popen.poll() is None:
            self.end()

    def end(self, how=signal.SIGINT):
        """(status, report)"""
        self.popen.send_signal(how)
        return self.wait()

    def read_log(self):
        return pathlib.Path(self.log.name).read_text(encoding="utf-8")

    def valid(self):
        """Frames so far."""
        lines = self.json.read_text().splitlines() if self.json.exists() else []
        return json.loads(lines[-1])["frames"]["valid"] if lines else 0

    def wait(self):
        status = self.popen.wait(timeout=SETTLE)
        self.log.seek(0)
        self.said = self.log.read()
        return status, json.loads(self.json.read_text().splitlines()[-1])


@contextlib.contextmanager
def demo():
    """The service with its own cameras; what demo.py says of it."""
    log, file = open(OUT / "demo.log", "w", encoding="utf-8"), TMP / "demo.json"
    with subprocess.Popen(
            ["python3", SUPPORT / "demo.py", "--build", "/build", "--no-install", "--cameras", "2",
             "--size", "{}x{}".format(*SIZE), "--fps", str(FPS), "--json", file],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL) as popen:
        wait_until(lambda: popen.poll() is not None or file.exists(), "the demo's start")
        try:
            yield json.loads(file.read_text())
        finally:
            popen.terminate()
            popen.wait(SETTLE)


@contextlib.contextmanager
def sealing_server(clip, *arguments):
    """(url, what to trust)"""
    file = TMP / "server.json"
    file.unlink(missing_ok=True)
    with subprocess.Popen(["python3", SUPPORT / "sealing_server.py", clip, "--json", file, "--fps",
                           str(FPS), *map(str, arguments)], stdin=subprocess.DEVNULL) as popen:
        wait_until(lambda: popen.poll() is not None or file.exists(), "the sealing server's start")
        try:
            info = json.loads(file.read_text())
            yield (f"rtsps://owner@127.0.0.1:{info['port']}/front",
                   ["--pin", f"sha256/{info['pin']}", "--seal-root", info["seal_root"]])
        finally:
            popen.kill()


NOWHERE = "rtsps://owner@127.0.0.1:1/front"
INSECURE = ["--insecure-server", "--insecure-unsealed"]


def check_sign_and_end(screen, console):
    """Before the first picture there is the sign, at the end what was there before: the console, or
    nothing; and a display has one master."""
    before = screen.dump().pixels
    with Viewer(screen, NOWHERE, *INSECURE) as viewer:
        wait_until(lambda: screen.dump().pixels != before, "a change of the screen")
        time.sleep(0.5)
        shot = screen.dump()
        screen.sign = shot.pixels
        shutil.copy(screen.path, OUT / f"sign-{screen.card}.ppm")
        values = {shot.pixels[i:i + 3] for i in range(0, len(shot.pixels), 3)}
        if len(values) != 3:
            fail(f"the sign has {len(values)} colours")
        second = subprocess.run([VIEW, f"--display={screen.device}", *INSECURE, NOWHERE],
                                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
                                env=dict(os.environ, CAMWARD_TOKEN="t"))
        if second.returncode != 1 or b"another program has the display" not in second.stderr:
            fail(f"a second one: {second.returncode}: {second.stderr.decode()}")
        status, _ = viewer.end()
        if status != 2:
            fail(f"without a picture it ends with {status}")
    after = before if console else bytes(len(before))
    wait_until(lambda: screen.dump().pixels == after, f"what was on {screen.card} before", 10)
    print(f"{screen.card}: a sign while nothing is live, one master, at the end all is as before")


def check_service(panel, monitor):
    """Pictures of the real service; the stream, for the judgement outside."""
    with demo() as info:
        client = next(c for c in info["clients"] if c["name"] == "owner")
        tag = info["cameras"][0]["uuid"][:8]
        url = f"rtsps://owner@{info['host']}:{info['rtsps_port']}/front"
        trust = ["--pin", f"sha256/{info['spki_sha256']}", "--seal-root", info["seal_root"]]
        with Viewer(panel, url, *trust, "-o", OUT / "sent.h264", token=client["token"]) as viewer:
            first = panel.wait_live()
            for i in range(3):
                first = panel.wait_live(after=first)
                panel.keep(f"panel-{i}.ppm")
            with Viewer(monitor, url, *trust, token=client["token"]) as other:
                first = monitor.wait_live()
                monitor.keep("monitor-0.ppm")
                panel.counter(tag)
                monitor.counter(tag)
                if other.end()[0] != 0:
                    fail(f"the monitor's viewer: {other.said}")
            wait_until(lambda: viewer.valid() >= 3 * AT, "frames enough for a clip")
            status, report = viewer.end(signal.SIGTERM)
            if status != 0:
                fail(f"{status}: {viewer.said}{report}")
    print(f"{report['frames']['valid']} frames of the service, {panel.taken} dumps of the panel, "
          f"{monitor.taken} of the monitor")


def make_clip():
    """(clip, its counters): the pictures without their seals, and with parameter sets before
    keyframes alone, as the sealing server takes them."""
    clip, nals = TMP / "clip.h264", []
    for nal in (OUT / "sent.h264").read_bytes().split(b"\0\0\1")[1:]:
        kind = nal[0] & 0x1F
        if kind != SEI and (kind != PPS or nals and nals[-1][0] & 0x1F == SPS):
            nals.append(nal.rstrip(b"\0"))
    clip.write_bytes(b"".join(b"\0\0\0\1" + nal for nal in nals))
    grey = subprocess.run(["ffmpeg", "-v", "error", "-f", "h264", "-i", clip, "-vsync", "0",
                           "-frames:v", str(4 * AT), "-pix_fmt", "gray", "-f", "rawvideo", "-"],
                          check=True, stdout=subprocess.PIPE).stdout
    size, decoder = SIZE[0] * SIZE[1], coded_picture.Decoder(*SIZE)
    codes = [decoder.decode(grey[at:at + size]) for at in range(0, len(grey), size)]
    if len(codes) < 2 * AT or None in codes:
        fail(f"the clip has {len(codes)} pictures, {codes.count(None)} of them unreadable")
    return clip, [counter for _, counter in codes]


def watch(screen, seconds):
    """What was seen in this time."""
    seen, end = set(), time.monotonic() + seconds
    while time.monotonic() < end:
        seen.add(screen.counter())
    return seen


def check_wrong_frames(screen, clip, counters, faults):
    """What is refused never appears, and with no check it does: the server really sends it."""
    for fault in faults:
        with sealing_server(clip, "--fault", fault, "--at", AT) as (url, trust), \
                Viewer(screen, url, *trust, "--on-refusal", "skip", "--silence", 30) as viewer:
            screen.wait_live()
            seen = watch(screen, AT / FPS + SILENCE + SLACK)
            if not seen <= {"sign", *counters[:AT]}:
                fail(f"{fault}: the screen shows {seen}, wrong is all but {counters[:AT]}")
            screen.wait_sign(SLACK)
            status, report = viewer.end()
            first = report["first_refusal"]
            if status != 4 or first["after_valid"] != AT:
                fail(f"{fault}: {status}: {viewer.said}{report}")
            print(f"{fault}: {report['frames']['refused']} refused ({first['verdict']}), "
                  f"{len(seen)} others seen")
    with sealing_server(clip, "--fault", "other-camera", "--at", AT) as (url, _), \
            Viewer(screen, url, *INSECURE) as viewer:
        screen.wait_live(after=counters[AT])
        viewer.end()


def check_refusal_and_return(screen, clip, counters):
    """A refusal ends the connection: the sign, then pictures of the next one, still no wrong one."""
    with sealing_server(clip, "--fault", "flip", "--at", AT) as (url, trust), \
            Viewer(screen, url, *trust, "--refusals", 100) as viewer:
        for _ in range(2):
            screen.wait_live()
            screen.wait_sign()
        seen = watch(screen, SLACK)
        if not seen <= {"sign", *counters[:AT]}:
            fail(f"reconnecting: the screen shows {seen}")
        viewer.end()
    print("reconnected twice after a refusal")


def check_silence(screen, clip):
    """On a connection that stays, the picture goes 2 s after the last frame; a new one resumes."""
    with sealing_server(clip, "--fault", "silence", "--at", AT) as (url, trust):
        with Viewer(screen, url, *trust, "--silence", 30) as viewer:
            last = screen.wait_live()
            changed = time.monotonic()
            while (seen := screen.counter()) != "sign":
                if seen is None:
                    fail("neither a picture nor the sign")
                if seen != last:
                    last, changed = seen, time.monotonic()
                if time.monotonic() - changed > SILENCE + SLACK:
                    fail(f"a picture stands for {time.monotonic() - changed:.1f} s")
            stood = time.monotonic() - changed
            seen, (status, report) = watch(screen, 1), viewer.end()
            if seen != {"sign"} or report["connections"]["attempts"] != 1:
                fail(f"the sign does not stay: {seen}, {status}: {viewer.said}{report}")
        with Viewer(screen, url, *trust) as viewer:
            for _ in range(2):
                screen.wait_live()
                screen.wait_sign()
    print(f"silent: the sign {stood:.1f} s after the last picture was first seen; then resumed")


def activate(number):
    """Brings a virtual terminal to the front, which its owner has to permit."""
    with open("/dev/tty0", "wb", buffering=0) as console:
        fcntl.ioctl(console, VT_ACTIVATE, number)
        wait_until(lambda: fcntl.ioctl(console, VT_GETSTATE, bytes(6))[0] == number,
                   f"terminal {number} in front", 10)


def check_terminal(screen, clip):
    """Started on a virtual terminal, it leaves the screen to the one in front."""
    activate(2)
    with open("/dev/tty2", "rb+", buffering=0) as tty, sealing_server(clip) as (url, trust), \
            Viewer(screen, url, *trust, stdin=tty, start_new_session=True) as viewer:
        screen.wait_live()
        activate(1)
        wait_until(lambda: screen.counter() is None, "the console of the terminal in front")
        seen = watch(screen, 1)
        if seen != {None}:
            fail(f"while another terminal is in front the screen shows {seen}")
        activate(2)
        screen.wait_live()
        status, _ = viewer.end()
        if status != 0:
            fail(f"{status}: {viewer.said}")
    activate(1)
    print("left the screen to another terminal, and came back")


def video_node(name):
    """The driver's, by the name that it gives it."""
    for file in pathlib.Path("/sys/class/video4linux").glob("*/name"):
        if file.read_text().strip() == name:
            return f"/dev/{file.parent.name}"
    return None


def load(module, *options):
    subprocess.run(["modprobe", module, *options], check=True)


def encode_clip():
    """(clip, raw, counters): without loss, as the decoder takes it; a picture that is no whole number
    of macroblocks high."""
    load("venc")
    node = wait_until(lambda: video_node("venc-enc"), "the encoder")
    clip, raw = TMP / "hardware.h264", TMP / "hardware.yuv"
    subprocess.run([ENCODE, node, *map(str, SMALL), str(4 * AT), clip, raw, "gop=6"], check=True,
                   stdout=subprocess.DEVNULL)
    size, decoder = coded_picture.frame_size(*SMALL, "i420"), coded_picture.Decoder(*SMALL)
    data = raw.read_bytes()
    frames = [data[at:at + size] for at in range(0, len(data), size)]
    return clip, {decoder.decode(frame)[1]: frame for frame in frames}


def check_hardware(panel):
    """From the decoder's buffers to the screen without a copy, exact, in order; nothing refused; and
    by software where that does not go."""
    global SIZE
    clip, frames = encode_clip()
    SIZE = SMALL
    counters = list(frames)
    load("vh264dec")
    load("vkms", "enable_overlay=1")
    screen = Grabbed("vkms", "/dev/dri/card2")
    wait_until(lambda: video_node("vh264dec-dec") and os.path.exists(screen.device), "the decoder")
    with Viewer(screen, NOWHERE, *INSECURE) as viewer:
        wait_until(lambda: screen.grabs(), "the sign")
        screen.sign = screen.dump().pixels
        viewer.end()
    check_exact(screen, clip, frames)
    check_wrong_frames(screen, clip, counters, ["other-camera"])
    check_refusal_and_return(screen, clip, counters)
    check_silence(screen, clip)
    # This card cannot reach the decoder's memory.
    with sealing_server(clip) as (url, trust), Viewer(panel, url, *trust) as viewer:
        panel.wait_live()
        viewer.end()
        if "by software" not in viewer.said:
            fail(f"what the panel cannot show: {viewer.said}")
    pathlib.Path("/sys/module/vh264dec/parameters/stall_after").write_text("10")
    with sealing_server(clip) as (url, trust), Viewer(screen, url, *trust) as viewer:
        screen.wait_live()
        wait_until(lambda: "decoded by software" in viewer.read_log(), "software's turn")
        screen.wait_live()
        viewer.end()
    print("a decoder that stalls, and one whose memory is out of reach: by software")


def check_exact(screen, clip, frames):
    with sealing_server(clip) as (url, trust), Viewer(screen, url, *trust) as viewer:
        screen.wait_live()
        seen, worst = set(), 0
        while len(seen) < 8:
            shot = screen.dump()
            place, code = (screen.plane, screen.exporter), shot.corner(*SMALL).code(*SMALL)
            os.unlink(screen.path)
            if place == ("overlay", "videobuf2_vmalloc") and code:
                _, most = screenshot.difference(shot.corner(*SMALL), frames[code[1]], *SMALL)
                worst = max(worst, most)
                seen.add(code[1])
            elif shot.pixels != screen.sign:
                fail(f"{place} shows {code}")
        if worst > 1.5:
            fail(f"the screen is off by {worst}")
        status, _ = viewer.end()
        if status != 0 or "decoded by vh264dec" not in viewer.said:
            fail(f"{status}: {viewer.said}")
    print(f"zero-copy: {len(seen)} pictures on an overlay, off by {worst:.1f} at most")


def main():
    panel, monitor = Screen("panel", "/dev/dri/card0"), Screen("monitor", "/dev/dri/card1")
    check_sign_and_end(panel, console=True)
    check_sign_and_end(monitor, console=False)
    check_service(panel, monitor)
    clip, counters = make_clip()
    check_wrong_frames(panel, clip, counters, ["other-camera", "other-root", "unsealed", "stale"])
    check_refusal_and_return(panel, clip, counters)
    check_silence(panel, clip)
    check_terminal(panel, clip)
    check_hardware(panel)


if __name__ == "__main__":
    main()
