#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A viewer of CAMERA/auto whose connection becomes slow, and is freed again: it goes to the small
stream and comes back, and each picture is proven. What came of each stream goes to a file of its own,
to be decoded outside.

usage: switch.py DEMO.json CAMERA OUT: writes OUT-0.h264 (large), OUT-1.h264 (small), OUT-2.h264"""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))

import sealed_viewer  # noqa: E402
import shaping_proxy  # noqa: E402

SLOW = 60000    # bytes a second: too few for the large stream, whose pictures are not compressed
ENOUGH = 30     # pictures before the connection becomes slow
LAST = 10       # and of the last stream
KEEPALIVE = 15  # seconds; the session ends after 60 without a word
LIMIT = 150     # seconds
EXPECTED = [0, 1, 0]


class Runs:
    """One after the other, the streams that came."""

    def __init__(self, out):
        self.out, self.streams, self.counts, self.file = out, [], [], None

    def add(self, unit, stream):
        if not self.streams or stream != self.streams[-1]:
            if not unit.keyframe:
                sys.exit(f"stream {stream} begins without a keyframe, after {self.counts}")
            self.file = open(f"{self.out}-{len(self.streams)}.h264", "wb")
            self.streams.append(stream)
            self.counts.append(0)
        self.file.write(b"\0\0\0\1\x09\xf0" + unit.data)
        self.file.flush()
        self.counts[-1] += 1

    def complete(self):
        """Soon after the last change: a slow machine makes another one."""
        return len(self.streams) == len(EXPECTED) and self.counts[-1] >= LAST


def watch(viewer, proxy, runs):
    said = time.monotonic()
    for unit in viewer.client.access_units(seconds=LIMIT):
        verdict, seal = viewer.verifier.unit(unit.data, *sealed_viewer.now())
        if verdict != "valid":
            sys.exit(f"a picture is {verdict}, after {runs.counts} of {runs.streams}")
        runs.add(unit, seal.stream)
        if runs.complete():
            return
        proxy.rate = SLOW if len(runs.streams) == 1 and runs.counts[0] > ENOUGH else None
        if time.monotonic() > said + KEEPALIVE:
            said = time.monotonic()
            viewer.client.send(viewer.client.format_request("OPTIONS"))


def main():
    demo = json.loads(pathlib.Path(sys.argv[1]).read_text())
    token = next(c["token"] for c in demo["clients"] if c["name"] == "owner")
    runs = Runs(sys.argv[3])
    with shaping_proxy.Proxy("127.0.0.1", demo["rtsps_port"]) as proxy:
        viewer = sealed_viewer.SealedViewer({**demo, "rtsps_port": proxy.port},
                                            f"{sys.argv[2]}/auto", "owner", token, timeout=60)
        viewer.play()
        # What waits in all the buffers of a slow connection is old when it comes.
        viewer.verifier.max_age = LIMIT * 1_000_000
        watch(viewer, proxy, runs)
        viewer.close()
    print(f"streams {runs.streams} of {runs.counts} pictures, each proven")
    sys.exit(runs.streams != EXPECTED)


main()
