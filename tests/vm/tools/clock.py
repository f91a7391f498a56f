#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the job clock runs in the guest: a clock that is set, a zone that is changed and the two days
of the year on which hours are skipped or come twice, under viewers. Whoever watches without a limit
of time goes on through all of it."""

import calendar
import os
import shutil
import struct
import sys
import threading
import time
import unittest

sys.path[:0] = ["/camward/tests/integration", "/camward/tests/support"]
import harness

import capture
import rtsp
import tls

BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
DAY = "2027-03-27 12:00:00"  # of the spring's change is the next one
LATE_MAX_MS = 500  # of an emulated processor; the promise is kept by tests/long
WAIT = 60


def utc(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


def set_clock(text):
    time.clock_settime(time.CLOCK_REALTIME, utc(text))


def set_zone(rule):
    """A zone file (RFC 8536) of this rule alone, put in place as timedated does it."""
    counts = struct.pack(">6I", 0, 0, 0, 1, 1, 4)
    head = b"TZif2" + bytes(15) + counts
    kind = struct.pack(">ibB", 0, 0, 0) + b"UTC\0"
    with open("/etc/localtime.new", "wb") as file:
        file.write(head + struct.pack(">iB", 0, 0) + kind + head + struct.pack(">qB", 0, 0) + kind +
                   b"\n" + rule.encode() + b"\n")
    os.rename("/etc/localtime.new", "/etc/localtime")


class Reader(threading.Thread):
    """Watches on; frames: how many have come."""

    def __init__(self, viewer):
        super().__init__(daemon=True)
        self.viewer, self.frames, self.ended = viewer, 0, None
        self.start()

    def run(self):
        try:
            for _ in self.viewer.access_units():
                self.frames += 1
        except (tls.Ended, OSError) as ended:
            self.ended = ended

    def goes_on(self):
        seen = self.frames
        harness.wait_until(lambda: self.frames > seen + 2 or self.ended, WAIT,
                           "more frames for who has no limit of time")
        if self.ended:
            raise AssertionError(f"who has no limit of time is ended: {self.ended}")


class Clock(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        set_zone(BERLIN)
        set_clock(DAY)
        cls.demo = cls.enterClassContext(harness.Demo(cameras=1, size="320x180", fps=10))
        cls.addClassCleanup(lambda: shutil.copy(cls.demo.log, "/out/demo.log"))
        cls.info = cls.demo.info
        cls.demo.ctl("revoke", "guest", "front")
        cls.demo.ctl("client", "add", "brief")

    def setUp(self):
        set_zone(BERLIN)
        set_clock(DAY)
        self.beside = Reader(self.watch("owner"))
        self.addCleanup(self.beside.goes_on)

    def connect(self, client, token=None, **more):
        viewer = rtsp.Client("127.0.0.1", self.info["rtsps_port"], "front",
                             self.info["spki_sha256"], timeout=WAIT, **more)
        self.addCleanup(viewer.close)
        viewer.authorize(client, token or self.demo.token(client))
        return viewer

    def watch(self, client="guest", token=None, **more):
        viewer = self.connect(client, token, **more)
        viewer.play()
        list(viewer.access_units(count=2))
        return viewer

    def status(self, client="guest"):
        with self.connect(client) as viewer:
            return viewer.request("DESCRIBE").status

    def grant(self, *limits):
        self.demo.ctl("grant", "guest", "front", "live", *limits)
        self.addCleanup(self.demo.ctl, "revoke", "guest", "front")

    def ends_at(self, viewer, due):
        """By RST, when it is due and not before."""
        with capture.Capture(self.info["rtsps_port"]) as segments:
            self.assertLess(time.time(), utc(due), "the machine is too slow for this test")
            ended, _ = viewer.wait_end(WAIT)
        self.assertEqual(ended.how, "rst")
        address = viewer.connection.local
        reset = segments.flagged(capture.RST, address)[0].time_ns
        late_ms = reset / 1e6 - utc(due) * 1e3
        print(f"{self.id()}: RST {late_ms:.1f} ms after it was due", file=sys.stderr)
        self.assertGreaterEqual(late_ms, 0)
        self.assertLess(late_ms, LATE_MAX_MS)
        self.assertEqual(segments.payload_from_server(address, after=reset), [])

    def ends_now(self, *viewers):
        for viewer in viewers:
            self.assertEqual(viewer.wait_end(WAIT)[0].how, "rst")
        self.assertEqual(self.status(), 404)

    def test_spring_skips_the_end_of_hours(self):
        self.grant("--hours", "sun 01:00-02:30")
        set_clock("2027-03-28 00:30:00")
        viewer = self.watch()
        set_clock("2027-03-28 00:59:55")
        self.ends_at(viewer, "2027-03-28 01:00:00")
        self.assertEqual(self.status(), 404)

    def test_spring_skips_the_beginning_of_hours(self):
        self.grant("--hours", "sun 02:30-03:30")
        set_clock("2027-03-28 00:59:30")
        self.assertEqual(self.status(), 404)
        set_clock("2027-03-28 01:00:00")
        viewer = self.watch()
        set_clock("2027-03-28 01:29:55")
        self.ends_at(viewer, "2027-03-28 01:30:00")

    def test_autumns_hour_comes_twice(self):
        self.grant("--hours", "sun 01:00-02:30")
        for begin, near, end in (("2027-10-31 00:00:00", "2027-10-31 00:29:55",
                                  "2027-10-31 00:30:00"),
                                 ("2027-10-31 01:00:00", "2027-10-31 01:29:55",
                                  "2027-10-31 01:30:00")):
            set_clock(begin)
            viewer = self.watch()
            set_clock(near)
            self.ends_at(viewer, end)
            self.assertEqual(self.status(), 404)

    def test_the_clock_goes_past_the_end_and_back(self):
        self.grant("--from", "2027-03-27T11:00:00Z", "--until", "2027-03-27T13:00:00Z")
        for jump in ("2027-03-27 13:00:01", "2027-03-27 10:59:00", "2031-01-01 00:00:00"):
            reader, stopped = self.watch(), self.watch(receive_buffer=4096)
            set_clock(jump)
            self.ends_now(reader, stopped)
            set_clock(DAY)
            self.assertEqual(self.status(), 200)

    def test_the_clock_stays_within_the_limits(self):
        self.grant("--from", "2027-03-27T11:00:00Z", "--until", "2027-03-27T13:00:00Z")
        viewer = self.watch()
        for jump in ("2027-03-27 12:59:00", "2027-03-27 11:00:01"):
            set_clock(jump)
            list(viewer.access_units(count=20))
        set_clock("2027-03-27 12:59:55")
        self.ends_at(viewer, "2027-03-27 13:00:00")

    def test_the_clock_goes_past_the_end_of_a_token(self):
        self.demo.ctl("grant", "brief", "front", "live")
        self.addCleanup(self.demo.ctl, "revoke", "brief", "front")
        token = self.demo.ctl_json("client", "token", "brief", "--expires",
                                   "2027-03-27T13:00:00Z")["token"]
        viewer = self.watch("brief", token)
        set_clock("2027-03-27 14:00:00")
        self.assertEqual(viewer.wait_end(WAIT)[0].how, "rst")
        self.assertEqual(self.connect("brief", token).request("DESCRIBE").status, 401)

    def test_a_clock_that_is_not_set(self):
        self.grant("--hours", "mon-sun 00:00-24:00")
        viewer = self.watch()
        set_clock("2020-03-27 12:00:00")
        self.ends_now(viewer)
        self.beside.goes_on()
        set_clock(DAY)
        self.assertEqual(self.status(), 200)

    def test_another_zone(self):
        self.grant("--hours", "sat 12:30-13:30")  # it is 13:00 in Berlin
        viewer = self.watch()
        set_zone("JST-9")
        self.ends_now(viewer)
        set_zone(BERLIN)
        self.assertEqual(self.status(), 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
