#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cameras come and go at the ports of the module portcam, while front's is watched all the time:
what the job unplug runs in the guest. Each device draws its own tag into its pictures, so that
what a viewer got says whose it was."""

import argparse
import dataclasses
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, "/camward/tests/support")
import coded_picture

DRIVER = "/sys/bus/platform/drivers/portcam"
CTL = "/usr/local/bin/camwardctl"
SIZE = (320, 180)
FPS = 5       # of the module; no more than an emulated machine can encode under load
BATCH = 4    # rounds that follow each other at once; then all must be as it should
SETTLE = 60  # seconds; an emulated machine under load
REFUSED = "other hardware at a known place"


@dataclasses.dataclass(frozen=True)
class Device:
    tag: int
    serial: str
    model: str


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


class Port:
    """A place, and what is plugged in there."""

    def __init__(self, number, name=None):
        self.number = number
        self.name = name or f"platform-portcam.{number}-0"
        self.unit = "camward-camera@" + self.name.replace("-", "\\x2d") + ".service"
        self.device = None
        self.known = None   # the first that was seen here
        self.history = []   # (time, what is plugged in from then on)

    def _record(self):
        self.history.append((time.monotonic(), self.device))

    def plug(self, device):
        here = f"/sys/devices/platform/portcam.{self.number}"
        write(f"{here}/tag", f"{device.tag:x}")
        write(f"{here}/serial", device.serial + "\n")
        write(f"{here}/model", device.model)
        self.device = device
        self.known = self.known or device
        self._record()
        write(f"{DRIVER}/bind", f"portcam.{self.number}")

    def unplug(self):
        write(f"{DRIVER}/unbind", f"portcam.{self.number}")
        device, self.device = self.device, None
        self._record()
        return device

    def is_right(self, device):
        """Whether this may be shown under the port's name: twins cannot be told apart."""
        return (device.serial, device.model) == (self.known.serial, self.known.model)

    def tags(self, begin, end):
        """Of what could rightly be seen here then."""
        tags = set()
        for i, (since, device) in enumerate(self.history):
            until = self.history[i + 1][0] if i + 1 < len(self.history) else end
            if device and self.is_right(device) and since <= end and until >= begin:
                tags.add(f"{device.tag:08x}")
        return tags

    def node(self):
        """The node behind the link, or None; whose it is has been checked."""
        try:
            node = os.path.basename(os.readlink(f"/dev/camward/{self.name}"))
            place = os.path.basename(os.path.realpath(f"/sys/class/video4linux/{node}/device"))
        except OSError:
            return None
        return node if place == f"portcam.{self.number}" else f"{node} of {place}"


def cameras():
    out = subprocess.run([CTL, "cameras", "--json"], capture_output=True, text=True)
    return {c["name"]: c for c in json.loads(out.stdout)["cameras"]} if out.returncode == 0 else {}


def units(ports):
    out = subprocess.run(["systemctl", "show", "-P", "ActiveState", *[p.unit for p in ports]],
                         capture_output=True, text=True, check=True).stdout.split()
    return dict(zip([p.name for p in ports], out))


def trouble(port, camera, unit):
    """What is not as it should be, or None."""
    node = port.node()
    if not port.device:
        right = node is None and unit == "inactive" and camera["condition"] == "absent" \
            and camera["reason"] == ""
    elif port.is_right(port.device):
        right = node and " " not in node and unit == "active" \
            and camera["condition"] in ("idle", "starting", "running") \
            and REFUSED not in camera["reason"]
    else:
        right = node and " " not in node and camera["condition"] == "absent" \
            and camera["reason"].startswith(REFUSED)
    if right:
        return None
    return (f"{port.name}: {port.device} known {port.known}: link {node}, unit {unit}, "
            f"{camera['condition']} \"{camera['reason']}\"")


ABSENT = {"condition": "absent", "reason": "unknown"}


def settle(ports, what):
    end = time.monotonic() + SETTLE
    while True:
        seen, states = cameras(), units(ports)
        wrong = [t for p in ports if (t := trouble(p, seen.get(p.name, ABSENT), states[p.name]))]
        if not wrong:
            return {p.name: p.node() for p in ports if p.device}
        if time.monotonic() > end:
            sys.exit(f"FAILED: {what}:\n  " + "\n  ".join(wrong))
        time.sleep(0.5)


def watching(name, token):
    """For ffmpeg, which is not to look long at what it gets."""
    return ["-probesize", "32", "-analyzeduration", "0", "-rtsp_transport", "tcp", "-i",
            f"rtsps://owner:{token}@127.0.0.1:322/{name}"]


def decoded(source, *more):
    """Of ffmpeg's input; returns the codes that it saw."""
    command = ["ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "fatal", *source, *more,
               "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    codes = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as p:
        coded_picture.read_stream(p.stdout, *SIZE, each=codes.append)
    return codes


class Prober(threading.Thread):
    """Looks at whatever it can, again and again: whose pictures does a name show?"""

    def __init__(self, ports, token, seed):
        super().__init__(daemon=True)
        self.ports, self.token, self.random = ports, token, random.Random(seed)
        self.over = threading.Event()
        self.seen = self.refused = 0
        self.wrong = []

    def run(self):
        while not self.over.is_set():
            self.probe(self.random.choice(self.ports))

    def probe(self, port):
        begin = time.monotonic()
        codes = decoded(watching(port.name, self.token), "-frames:v", "2")
        if not codes:
            self.refused += 1
            return
        self.seen += 1
        tags = {code and code[0] for code in codes}
        if len(tags) != 1 or not tags <= port.tags(begin, time.monotonic()):
            self.wrong.append(f"{port.name} shows {tags}: {port.history[-3:]}")


class Viewer:
    """Of the camera that stays: one connection from the first round to the last."""

    def __init__(self, name, token, path):
        self.command = ["ffmpeg", "-y", "-hide_banner", "-nostdin", "-loglevel", "error",
                        *watching(name, token), "-c", "copy", "-flush_packets", "1", "-f", "h264",
                        path]
        self.path = path

    def begin_to_watch(self):
        """A camera may take longer to start here than its viewers wait."""
        end = time.monotonic() + 2 * SETTLE
        self.start()
        while not os.path.getsize(self.path):
            if time.monotonic() > end:
                sys.exit("FAILED: the viewer gets nothing")
            if self.process.poll() is not None:
                self.start()
            time.sleep(0.1)
        self.begin = time.monotonic()

    def start(self):
        write(self.path, "")
        self.process = subprocess.Popen(self.command, preexec_fn=lambda: os.nice(-15))

    def end(self):
        """Its codes."""
        if self.process.poll() is not None:
            sys.exit(f"FAILED: the viewer ended, with {self.process.returncode}")
        counts = cameras()["front"]
        print({key: counts.get(key) for key in ("captured", "encoded", "dropped")}, flush=True)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(SETTLE)
        return decoded(["-f", "h264", "-i", self.path])


class House:
    """front's camera, which stays; two of serial numbers, two twins without; one of two models."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.front = Port(0, "front")
        self.others = [Port(n) for n in range(1, 6)]
        self.serials, self.twins, self.last = self.others[:2], self.others[2:4], self.others[4]
        self.ports = [self.front, *self.others]
        self.front.plug(Device(0xf0, "F0", "eye"))
        for port in self.serials:
            port.plug(Device(0x100 + port.number, f"S{port.number}", "eye"))
        for port in self.twins:
            port.plug(Device(0x200 + port.number, "", "eye"))
        self.models = [Device(0x300, "", "eye"), Device(0x301, "", "other")]
        self.last.plug(self.models[0])

    def round(self):
        """Some are plugged out, in any order; what comes in again, and where, is chosen anew."""
        r = self.random
        moved = r.sample(self.others, r.randint(1, 2))
        for pair in (self.serials, self.twins):
            # Those that may be swapped are out together.
            if any(p in moved for p in pair):
                moved += [p for p in pair if p not in moved]
        out = {p: p.device and p.unplug() for p in moved}
        into = self.choose(out)
        r.shuffle(moved)
        for port in moved:
            if r.random() < 0.3:
                time.sleep(r.random() * 0.3)
            if into[port]:
                port.plug(into[port])
                if r.random() < 0.15:
                    port.unplug()
                    port.plug(into[port])
        return len(moved)

    def choose(self, out):
        r, into = self.random, {}
        for pair in (self.serials, self.twins):
            if pair[0] in out:
                devices = [p.known for p in pair]
                if r.random() < 0.4:
                    devices.reverse()
                into.update(zip(pair, devices))
        if self.last in out:
            into[self.last] = r.choice(self.models)
        for port in into:
            if r.random() < 0.15:
                into[port] = None
        return into

    def all_home(self):
        for port in self.others:
            if port.device:
                port.unplug()
            port.plug(port.known)


def ctl(*words):
    return subprocess.run([CTL, *words], capture_output=True, text=True, check=True).stdout.strip()


def prepare(house):
    end = time.monotonic() + 60
    while not all(cameras().get(p.name, ABSENT)["condition"] == "idle" for p in house.ports):
        if time.monotonic() > end:
            sys.exit(f"FAILED: not all cameras come: {cameras()}")
        time.sleep(0.2)
    token = ctl("client", "add", "owner", "--quiet")
    for port in house.ports:
        ctl("grant", "owner", port.name, "live")
    return token


def wait_until(condition, what):
    end = time.monotonic() + SETTLE
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"FAILED: {what}: {cameras()}")
        time.sleep(0.1)


def told(name, condition, reason):
    camera = cameras().get(name, ABSENT)
    return camera["condition"] == condition and camera["reason"].startswith(reason)


def tags_of(name, token):
    return {code and code[0] for code in decoded(watching(name, token), "-frames:v", "2")}


def check_stale(house, token):
    """While udev is behind, a camera's name leads to another one that has got its number."""
    # A number is free again once nobody has the node open.
    wait_until(lambda: all(told(p.name, "idle", "") for p in house.serials), "nobody looks")
    gone, there = sorted(house.serials, key=Port.node)
    subprocess.run(["udevadm", "control", "--stop-exec-queue"], check=True)
    node = gone.node()
    device = gone.unplug()
    there.plug(there.unplug())
    if gone.node() != f"{node} of portcam.{there.number}":
        sys.exit(f"FAILED: {gone.name} does not lead to the other camera, but to {gone.node()}")
    # The process that has been let in, which may find out by itself, then one that begins now.
    seen = tags_of(gone.name, token)
    subprocess.run(["systemctl", "kill", "--signal=KILL", gone.unit], check=False)
    wait_until(lambda: told(gone.name, "absent", "its device has just gone"), "it is found out")
    seen |= tags_of(gone.name, token)
    if seen:
        sys.exit(f"FAILED: {gone.name} shows {seen}")
    subprocess.run(["udevadm", "control", "--start-exec-queue"], check=True)
    gone.plug(device)
    settle(house.ports, "udev is up again")
    print("nobody is misled by a stale name", flush=True)


def check_roamer(token):
    """A name that a serial number gives: it is of one place, and of one device."""
    here, there = Port(6, "roamer"), Port(7, "roamer")
    mine, double = Device(0x600, "R0", "eye"), Device(0x700, "R0", "eye")
    here.plug(mine)
    wait_until(lambda: told("roamer", "idle", ""), "it comes")
    ctl("grant", "owner", "roamer", "live")
    there.plug(here.unplug())
    wait_until(lambda: told("roamer", "absent", REFUSED), "it is refused elsewhere")
    here.plug(there.unplug())
    wait_until(lambda: told("roamer", "idle", ""), "it is back")
    there.plug(double)
    wait_until(lambda: there.node() and " " not in there.node(), "the double has the link")
    # Whoever looks makes it find out. It must never be the double that is seen.
    seen = tags_of("roamer", token)
    wait_until(lambda: told("roamer", "absent", "two devices have this name"), "two are refused")
    seen |= tags_of("roamer", token)
    there.unplug()
    wait_until(lambda: told("roamer", "idle", ""), "it is one again")
    wait_until(lambda: "00000600" in tags_of("roamer", token), "it is seen again")
    if "00000700" in seen:
        sys.exit("FAILED: the double is seen")
    here.unplug()
    there.plug(double)
    wait_until(lambda: told("roamer", "absent", REFUSED), "the double alone is refused")
    there.unplug()
    wait_until(lambda: told("roamer", "absent", "") and not told("roamer", "absent", "o"), "all gone")
    print("a name of one place and one device", flush=True)


def identities():
    return {name: camera["uuid"] for name, camera in cameras().items()}


def judge_viewer(codes, seconds):
    # Whoever has just come may still be brought up to the present.
    codes = codes[5 * FPS:]
    tally = coded_picture.Tally()
    for before, code in zip([None, *codes], codes):
        tally.add(code)
        if before and code and code[1] != before[1] + 1:
            print(f"after {before[1]} comes {code[1]}")
    print(f"the other viewer: {tally.result()} in {seconds:.0f} s", flush=True)
    if set(tally.tags) != {"000000f0"} or tally.crc_errors or tally.not_rising:
        sys.exit("FAILED: pictures of other cameras, or damaged, or out of order")
    if tally.missing or tally.frames < FPS * seconds * 0.9 - 5 * FPS:
        sys.exit("FAILED: frames are lost")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", default="/tmp")
    args = parser.parse_args()
    print(f"seed {args.seed}", flush=True)
    house = House(args.seed)
    token = prepare(house)
    known = identities()
    viewer = Viewer("front", token, f"{args.out}/front.h264")
    viewer.begin_to_watch()
    os.nice(10)  # what looks on is not to take the machine from what is looked at
    prober = Prober(house.others, token, args.seed)
    prober.start()
    begin, nodes, unbound = time.monotonic(), {}, 0
    for n in range(1, args.rounds + 1):
        unbound += house.round()
        if n % BATCH:
            time.sleep(house.random.random() * 0.5)
            continue
        for name, node in settle(house.ports, f"round {n}").items():
            nodes.setdefault(name, set()).add(node)
        if prober.wrong:
            sys.exit(f"FAILED: round {n}: {prober.wrong}")
        print(f"round {n}: {time.monotonic() - begin:.0f} s, {unbound} unbound, seen "
              f"{prober.seen}, refused {prober.refused}", flush=True)
    house.all_home()
    settle(house.ports, "all home")
    prober.over.set()
    prober.join()
    print({name: sorted(n) for name, n in nodes.items()}, flush=True)
    check_stale(house, token)
    check_roamer(token)
    seconds = time.monotonic() - viewer.begin
    judge_viewer(viewer.end(), seconds)
    if prober.wrong:
        sys.exit(f"FAILED: {prober.wrong}")
    if {n: u for n, u in identities().items() if n != "roamer"} != known:
        sys.exit(f"FAILED: the identities are others: {known}, {identities()}")


if __name__ == "__main__":
    main()
