# SPDX-License-Identifier: LGPL-2.1-or-later
"""A session whose broker lies about its ring, what a session counts, and the limits of its gate.

With the real broker: test_faults, test_limits, ..."""

import os
import pathlib
import signal
import socket
import subprocess
import time
import unittest

import harness
import rtp
import tls
from stub_case import EXIT_LINK, EXIT_TRIPWIRE, FAILED, SIGNAL, Case, Stub, make_clip


class Tripwire(Case):
    """A ring that is not what was asked for and granted: not one byte, and the end."""

    def check(self, fault):
        stub = self.start(fault=fault)
        c = self.client()
        c.send(c.format_request("DESCRIBE"))
        with self.assertRaises(tls.Ended) as ended:
            c.read()
        self.assertEqual(ended.exception.how, "rst")
        stub.event(rf"exited 1 {FAILED} {EXIT_TRIPWIRE}")
        counters = next(line for line in stub.seen if line.startswith("counters"))
        self.assertIn("intent 0 done 0", counters)

    def test_another_cameras_name(self):
        self.check("name")

    def test_another_cameras_uuid(self):
        self.check("uuid")

    def test_another_epoch(self):
        self.check("epoch")

    def test_another_stream(self):
        self.check("stream")

    def test_a_grant_that_nobody_asked_for_ends_the_session(self):
        stub = self.start(fault="answer")
        with self.assertRaises((tls.Ended, OSError)):
            tls.Connection("127.0.0.1", stub.rtsps)
        stub.event(rf"exited 1 {FAILED} {EXIT_LINK}")


class Counters(Case):
    def check(self, c):
        skipped = c["late"] + c["overrun"] + c["join"]
        self.assertEqual(c["offered"], c["done"] + skipped)
        self.assertIn(c["intent"] - c["done"], (0, 1))

    def test_every_unit_is_counted_once(self):
        stub = self.start()
        viewer = self.player(units=60)
        stub.tell("kill")
        _, late = viewer.wait_end(3)
        c = stub.counters("1")
        self.check(c)
        self.assertEqual(c["late"] + c["overrun"] + c["join"], 0)
        received = 60 + sum(1 for f in late if f.channel == 0 and rtp.parse(f.payload).marker)
        self.assertLessEqual(received, c["intent"])
        self.assertGreaterEqual(received, c["done"] - 1)
        self.assertEqual(c["last"] - c["first"] + 1, c["intent"])

    def test_a_slow_viewer_skips_and_goes_on_at_a_keyframe(self):
        make_clip(fat := pathlib.Path(self.directory) / "fat.h264", "30M")
        self.stub = Stub(fat)
        self.addCleanup(self.stub.close)
        viewer = self.player(units=1, receive_buffer=8192)
        time.sleep(3.2)
        list(viewer.access_units(seconds=3))
        self.stub.tell("kill")
        viewer.wait_end(3)
        c = self.stub.counters("1")
        self.check(c)
        self.assertGreater(c["late"] + c["overrun"], 30)

    def test_a_joiner_waits_for_a_fresh_keyframe(self):
        stub = self.start()
        self.player().close()
        stub.tell("freeze")
        time.sleep(2.3)  # MaxFrameAge and some more
        viewer = self.client()
        viewer.play()
        with self.assertRaises(TimeoutError):
            next(viewer.access_units(count=1, timeout=0.5))
        stub.tell("thaw")
        unit = next(viewer.access_units(count=1, timeout=3))
        self.assertTrue(unit.keyframe)


class Limits(Case):
    def test_grace(self):
        stub = self.start("--grace", "1")
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", stub.rtsps)) as silent, \
                tls.Connection("127.0.0.1", stub.rtsps) as idle:
            with self.assertRaises(tls.Ended) as ended:
                idle.recv()
            self.assertEqual(ended.exception.how, "close_notify")
            silent.settimeout(5)
            with self.assertRaises(ConnectionResetError):
                silent.recv(1)
        self.assertLess(time.monotonic() - began, 2.5)

    def test_waiting_for_an_agent_is_not_idling(self):
        self.start("--grace", "1")
        c = self.client("ask")
        c.send(c.format_request("DESCRIBE"))
        with self.assertRaises(TimeoutError):
            c.read(4)

    def test_a_stopped_session_is_killed_after_its_grace(self):
        stub = self.start("--grace", "1")
        with tls.Connection("127.0.0.1", stub.rtsps) as idle:
            os.kill(stub.children()[0], signal.SIGSTOP)
            with self.assertRaises(tls.Ended) as ended:
                idle.recv()
            self.assertEqual(ended.exception.how, "rst")
        stub.event(rf"exited 1 {SIGNAL} {int(signal.SIGKILL)}")

    def test_pending_ones_of_a_source_make_room_and_viewers_stay(self):
        stub = self.start("--max-pending-per-source", "3", "--max-connections", "6")
        viewers = [self.player(), self.player()]
        idle = [socket.create_connection(("127.0.0.1", stub.rtsps)) for _ in range(3)]
        self.addCleanup(lambda: [s.close() for s in idle])
        harness.wait_until(lambda: len(stub.children()) == 5)
        with self.assertRaises((tls.Ended, OSError)):
            tls.Connection("127.0.0.1", stub.rtsps)
        time.sleep(1.1)
        viewers.append(self.player())
        idle[0].settimeout(3)
        with self.assertRaises(ConnectionResetError):
            idle[0].recv(1)
        for viewer in viewers:
            self.assertEqual(len(list(viewer.access_units(count=5))), 5)

    def test_the_command_line(self):
        gate = str(harness.BUILD / "service/session/camward-gate")

        def run(*arguments):
            return subprocess.run([gate, *arguments], text=True, capture_output=True, timeout=5)
        self.assertIn("--max-pending", run("--help").stdout)
        self.assertRegex(run("--version").stdout, r"^camward-gate \d")
        for bad in (["--grace", "0"], ["--grace", "x"], ["--max-connections", "99999"],
                    ["--frob"], ["word"], []):
            done = run(*bad)
            self.assertEqual(done.returncode, 1)
            self.assertIn("camward-gate", done.stderr)


if __name__ == "__main__":
    unittest.main()
