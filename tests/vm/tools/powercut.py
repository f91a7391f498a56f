#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the job powercut runs in the guest.

    powercut.py watch DEMO.json SEEN     viewers come and go; what they have received is noted in SEEN,
                                         and that it was is marked in the log
    powercut.py stall DEMO.json          the disk stops answering while somebody watches
    powercut.py replay LOG FILE N SEEN   N power cuts at points of the log

SEEN: {"marks": [{port: [whole frames that the viewer has read, bytes that its kernel has received]}],
"suspended": [those marks that stand while all is], "ends": {port: [the byte that ends each frame]}}.
A mark in the log is the number of one in SEEN, which was taken before it.

The log of dm-log-writes (the kernel's admin-guide/device-mapper/log-writes.rst): sector 0 is
{magic, version, entries (64 bits each), sector size (32)}; then for each entry a sector of {sector,
sectors, flags, length of data (64 bits each)}, data of a mark in the same one, and the sectors
written. Writes that were complete at a flush stand before it; those that no flush followed stand
behind: as after a power cut.
"""

import bisect
import collections
import glob
import json
import os
import random
import shutil
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, "/camward/tests/support")
import rtp
import rtsp
import tls

RECOVER = "/build/tests/vm/ledger-recover"
CTL = "/build/service/ctl/camwardctl"
DEVICE = "state"
MAGIC, DISCARD, MARK = 0x6A736677736872, 4, 8
OPENED, CLOSED = 1, 2
BYTES_RECEIVED = 128  # in struct tcp_info
SUSPENDED_WRITES, SUSPENDED_CUTS = 5, 5
FAILURES = (OSError, TimeoutError, rtsp.Refused, rtsp.BadResponse, rtp.RtpError, tls.Ended)
WATCH_SECONDS = 30


def fail(text):
    sys.exit(f"FAILED: {text}")


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            fail(f"{what}: not within {seconds} s")
        time.sleep(0.02)
    return value


class Viewer(threading.Thread):
    """ends: where in what its kernel received each whole frame ends that it has read; port: its own,
    by which the ledger knows it."""

    def __init__(self, demo, seconds=None):
        super().__init__(daemon=True)
        self.ends, self.ended, self.seconds = [], None, seconds
        self.client = rtsp.Client("127.0.0.1", demo["rtsps_port"], "front", demo["spki_sha256"],
                                  timeout=60)
        self.tcp = self.client.connection.tcp
        self.port = self.tcp.getsockname()[1]
        self.in_kernel = 0
        owner = next(c for c in demo["clients"] if c["name"] == "owner")
        self.client.authorize("owner", owner["token"])
        self.start()

    def run(self):
        try:
            self.client.play()
            until = self.seconds and time.monotonic() + self.seconds
            for _ in self.client.access_units(timeout=60):
                self.ends.append(self.client.connection.consumed())
                if until and time.monotonic() > until:
                    self.leave()
                    until = None
        except FAILURES:
            pass
        self.look()
        self.ended = time.monotonic()
        self.client.abort()

    @property
    def received(self):
        return len(self.ends)

    def look(self):
        """[frames read, bytes in its kernel], of now or of its end."""
        received = self.received
        if self.ended is None:
            try:
                info = self.tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, BYTES_RECEIVED + 8)
                now = int.from_bytes(info[BYTES_RECEIVED:], sys.byteorder)
                self.in_kernel = max(self.in_kernel, now)  # two threads look
            except OSError:
                pass  # closed just now: run() has looked before
        # What has been read was there.
        return [received, max(self.in_kernel, self.ends[received - 1] if received else 0)]

    def leave(self):
        """Reads on to the end."""
        self.tcp.shutdown(socket.SHUT_WR)


def dmsetup(*arguments):
    subprocess.run(["dmsetup", *arguments], check=True, stdin=subprocess.DEVNULL)


class Seen:
    def __init__(self):
        self.marks, self.suspended, self.viewers = [], [], []

    def mark(self, suspended=False):
        """What they have received, and whether all is suspended, holds at this place of the log."""
        number = len(self.marks)
        self.marks.append({viewer.port: viewer.look() for viewer in self.viewers})
        self.suspended += [number] * suspended
        dmsetup("message", DEVICE, "0", "mark", str(number))

    def write(self, path):
        with open(path, "w") as file:
            json.dump({"marks": self.marks, "suspended": self.suspended,
                       "ends": {viewer.port: viewer.ends for viewer in self.viewers}}, file)


def watch(demo, path):
    seen = Seen()
    seen.viewers.append(Viewer(demo))
    end = time.monotonic() + WATCH_SECONDS
    while time.monotonic() < end:
        if not any(v.seconds and v.ended is None for v in seen.viewers):
            seen.viewers.append(Viewer(demo, random.uniform(0.5, 3)))
        seen.mark()
        time.sleep(0.05)
    received = [v.received for v in seen.viewers]
    kill_switch(demo, seen)
    for viewer in seen.viewers:
        viewer.join(60)
    seen.mark()
    seen.mark()
    seen.write(path)
    print(f"{len(received)} viewers received {received}")
    if received[0] < 20:
        fail("the viewer received next to nothing")


def kill_switch(demo, seen):
    """All is suspended, from the reply on; more is written while it is."""
    if ctl(demo, "suspend", "all", "--reason", "the button").wait(60) != 0:
        fail("it cannot be suspended")
    for i in range(SUSPENDED_WRITES):
        seen.mark(suspended=True)
        if ctl(demo, "client", "add", f"later{i}").wait(60) != 0:
            fail("no client can be added")
    seen.mark(suspended=True)
    seen.mark()
    if ctl(demo, "resume", "all").wait(60) != 0:
        fail("it cannot be resumed")


def ctl(demo, *arguments):
    return subprocess.Popen([CTL, *arguments], stdout=subprocess.DEVNULL,
                            env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=demo["bus"]))


def stalled(demo, seconds, cut):
    """The disk stops for so long while somebody watches, and then cut() is to cut it off. Returns how
    long that took."""
    viewer = Viewer(demo)
    wait_until(lambda: viewer.received > 10, 60, "a viewer")
    dmsetup("suspend", "--noflush", "--nolockfs", DEVICE)
    begun = time.monotonic()
    try:
        time.sleep(seconds / 2)  # a renewal waits for the disk by now
        asked = time.monotonic()
        command = cut()
        wait_until(lambda: viewer.ended, 20, "the end while the disk stalls")
        took = viewer.ended - asked
        time.sleep(max(0, begun + seconds - time.monotonic()))
    finally:
        dmsetup("resume", DEVICE)
    if command.wait(60) != 0:
        fail("camwardctl failed")
    return took


def stall(demo):
    lease = None

    def end_lease():
        return ctl(demo, "lease", "end", str(lease()))

    def lease():
        listed = subprocess.run([CTL, "leases", "--json"], check=True, stdout=subprocess.PIPE,
                                env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=demo["bus"]))
        return json.loads(listed.stdout)["leases"][0]["id"]

    took = stalled(demo, 5, end_lease)
    print(f"stalled for 5 s: a lease ended {took * 1000:.0f} ms after camwardctl was started")
    took = stalled(demo, 5, lambda: ctl(demo, "suspend", "all", "--reason", "stalled"))
    print(f"stalled for 5 s: suspended {took * 1000:.0f} ms after camwardctl was started")
    if ctl(demo, "resume", "all").wait(60) != 0:
        fail("it cannot be resumed")
    used_up(demo)


def used_up(demo):
    """A disk that stalls for longer than what is reserved: no frame more, until it is back."""
    viewer = Viewer(demo)
    wait_until(lambda: viewer.received > 10, 60, "a viewer")
    dmsetup("suspend", "--noflush", "--nolockfs", DEVICE)
    try:
        time.sleep(9)
        before = viewer.received
        time.sleep(2)
        after = viewer.received
    finally:
        dmsetup("resume", DEVICE)
    if after != before:
        fail(f"{after - before} frames have left that nothing on the disk tells of")
    wait_until(lambda: viewer.received > after + 10, 60, "frames once the disk is back")
    viewer.leave()
    print(f"stalled for 11 s: it stood still at {after} frames, and went on")


Entry = collections.namedtuple("Entry", "sector sectors flags data at")


def read_log(log):
    with open(log, "rb") as file:
        magic, version, n, size = struct.unpack("<QQQI", file.read(28))
        if (magic, version) != (MAGIC, 1):
            fail("this is no log")
        at = size
        for _ in range(n):
            file.seek(at)
            block = file.read(size)
            sector, sectors, flags, length = struct.unpack_from("<QQQQ", block)
            at += size
            yield Entry(sector, sectors, flags, block[32:32 + length] if flags & MARK else b"", at)
            if not flags & DISCARD:
                at += sectors * 512


def number_of(mark):
    """None: another's mark, as the one of dm-log-writes at its end."""
    text = mark.data.rstrip(b"\0")
    return int(text) if text.isdigit() else None


def apply(log, image, entries):
    for entry in entries:
        if entry.flags & MARK:
            continue
        image.seek(entry.sector * 512)
        if entry.flags & DISCARD:
            image.write(bytes(entry.sectors * 512))
        else:
            log.seek(entry.at)
            image.write(log.read(entry.sectors * 512))
    image.flush()


def recover(image):
    """What a start makes of what the power cut has left: ({port: {kind: row}}, whether all is
    suspended)."""
    shutil.copyfile(image, image + ".cut")
    loop = subprocess.run(["losetup", "--find", "--show", image + ".cut"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()
    try:
        subprocess.run(["mount", loop, "/mnt/state"], check=True)
        try:
            found = glob.glob("/mnt/state/**/camward.db", recursive=True)
            return read_rows(os.path.dirname(found[0])) if found else ({}, False)
        finally:
            subprocess.run(["umount", "/mnt/state"], check=True)
            checked = subprocess.run(["e2fsck", "-f", "-n", loop], stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True)
            if checked.returncode != 0:
                fail(f"e2fsck: {checked.stdout}")
    finally:
        subprocess.run(["losetup", "--detach", loop], check=True)


def read_rows(directory):
    owner = os.stat(directory).st_uid
    done = subprocess.run(["setpriv", f"--reuid={owner}", "--clear-groups", RECOVER, directory],
                          stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        fail(f"the database does not open: {done.stderr}")
    rows = collections.defaultdict(dict)
    database = sqlite3.connect(os.path.join(directory, "camward.db"))
    for kind, port, low, high, uncertain in database.execute(
            "SELECT kind, peers.port, frames_low, frames_high, uncertain FROM events"
            " JOIN peers USING (seq) WHERE kind IN (1, 2)"):
        rows[port][kind] = (low, high, uncertain)
    suspended = database.execute("SELECT name FROM suspensions WHERE kind = 1").fetchall()
    database.close()
    return rows, bool(suspended)


def judge(at, rows, before, after, ends):
    """before: what viewers had received for certain at this point of the log, after: at some time
    since then. What "at least" speaks of is in the viewer's kernel, read or not."""
    uncertain = 0
    for port, (_, received) in before.items():
        frames = bisect.bisect_right(ends[port], received)
        if not frames:
            continue
        if OPENED not in rows.get(port, {}):
            fail(f"entry {at}: a viewer has {frames} frames, and the ledger knows nothing of it")
        if CLOSED not in rows[port]:
            fail(f"entry {at}: a lease was left open")
        low, high, vague = rows[port][CLOSED]
        uncertain += vague
        if high < frames:
            fail(f"entry {at}: at most {high} frames, but the viewer's kernel had {frames}")
        in_kernel = bisect.bisect_right(ends[port], after[port][1])
        if low > in_kernel:
            fail(f"entry {at}: at least {low} frames, but the viewer's kernel had {in_kernel}")
    return uncertain


def replay(log_path, image_path, n, seen_path):
    with open(seen_path) as file:
        seen = json.load(file)
    looks = [{int(port): look for port, look in mark.items()} for mark in seen["marks"]]
    ends = {int(port): of_frames for port, of_frames in seen["ends"].items()}
    entries = list(read_log(log_path))
    marks = [i for i, entry in enumerate(entries)
             if entry.flags & MARK and number_of(entry) is not None]
    if len(marks) < 20:
        fail("there are next to no marks")
    suspended = [i for i in marks if number_of(entries[i]) in seen["suspended"]]
    # The last mark is looked at after the last point: see below.
    points = sorted(random.sample(range(marks[0], marks[-2] + 1), n - SUSPENDED_CUTS) +
                    random.sample(range(suspended[0], suspended[-1] + 1), SUSPENDED_CUTS))
    applied = uncertain = 0
    with open(log_path, "rb") as log, open(image_path, "wb+") as image:
        image.truncate(64 << 20)
        for point in points:
            apply(log, image, entries[applied:point])
            applied = point
            before = number_of(entries[max(i for i in marks if i <= point)])
            after = number_of(entries[min(i for i in marks if i >= point)])
            rows, is_suspended = recover(image_path)
            if {before, after} <= set(seen["suspended"]) and not is_suspended:
                fail(f"entry {point}: it is not suspended any more")
            # A look comes before its mark, so the next mark's may be older than this point.
            uncertain += judge(point, rows, looks[before], looks[after + 1], ends)
    print(f"{n} power cuts among {len(entries)} entries of the log: every interval contains what the "
          f"viewer had, and what was suspended is; {uncertain} were uncertain")
    if not uncertain:
        fail("no lease was open at any power cut")


def main():
    if sys.argv[1] == "replay":
        replay(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
        return
    with open(sys.argv[2]) as file:
        demo = json.load(file)
    {"watch": watch, "stall": stall}[sys.argv[1]](demo, *sys.argv[3:])


if __name__ == "__main__":
    main()
