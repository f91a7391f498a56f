#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What local subscribers cost a camera: CPU time a frame of its process, with more and more of them.

usage: tests/bench/subscribers.py [WIDTHxHEIGHT [SECONDS]]

They give each frame back unread, so that only the camera's side shows."""

import os
import pathlib
import struct
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import harness  # first: it knows where the others are
import subscriber

STEPS = (("live", 1), ("live", 4), ("raw", 1), ("raw", 3))
SEQUENCE = struct.Struct("=Q")


def drain(s):
    try:
        while True:
            data, _ = s._receive(10)
            if not data:
                return
            sequence = data[subscriber.HEADER.size:subscriber.HEADER.size + SEQUENCE.size]
            s.say(subscriber.message(subscriber.RELEASE, sequence))
    except (subscriber.Ended, TimeoutError, OSError, ValueError):
        pass


def cpu(pid):
    """us"""
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1000


def measure(demo, seconds):
    pid = demo.info["pids"]["cameras"][0]
    time.sleep(1)
    before, captured = cpu(pid), demo.camera("front")["captured"]
    time.sleep(seconds)
    spent, frames = cpu(pid) - before, demo.camera("front")["captured"] - captured
    return spent / max(frames, 1), frames


def main():
    size = sys.argv[1] if len(sys.argv) > 1 else "1280x720"
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 10
    with harness.Demo(cameras=1, size=size) as demo:
        demo.ctl("client", "add", "recorder")
        demo.ctl("client", "user", "recorder", str(os.geteuid()))
        demo.ctl("grant", "recorder", "front", "live,raw")
        n = dict(live=0, raw=0)
        for right, more in STEPS:
            for _ in range(more):
                s = subscriber.Subscriber(demo.info["bus"], "front", right=right)
                threading.Thread(target=drain, args=(s,), daemon=True).start()
            n[right] += more
            cost, frames = measure(demo, seconds)
            print(f"{n['live']} live, {n['raw']} raw: {cost:.0f} us a frame ({frames} frames)")


main()
