# SPDX-License-Identifier: LGPL-2.1-or-later
"""What crashes takes nothing else with it, comes back by itself, and stays what it was."""

import os
import pathlib
import signal
import unittest

import harness
import rtsp
import tls


class Crashes(unittest.TestCase):
    def setUp(self):
        self.demo = harness.Demo(cameras=2)
        self.demo.__enter__()
        self.addCleanup(self.demo.__exit__, None, None, None)

    def viewer(self, camera="front", name="owner"):
        info = self.demo.info
        c = rtsp.Client("127.0.0.1", info["rtsps_port"], camera, info["spki_sha256"])
        self.addCleanup(c.close)
        c.authorize(name, self.demo.token(name))
        c.play()
        list(c.access_units(count=5))
        return c

    def viewer_again(self, camera="front"):
        def attempt():
            try:
                return self.viewer(camera)
            except (OSError, rtsp.Refused, tls.Ended):
                return None
        return harness.wait_until(attempt, 15, f"a new viewer of {camera}")

    def place_of(self, pid):
        """Where the program itself is mapped."""
        maps = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
        return next(line.split("-")[0] for line in maps if line.endswith("/camward-gate"))

    def kill(self, pid, number=signal.SIGKILL):
        os.kill(pid, number)

    def test_a_killed_camera_ends_its_viewers_and_nobody_elses(self):
        front, back = self.viewer("front"), self.viewer("back")
        before = self.demo.info["pids"]
        uuid = self.demo.uuid("front")
        self.kill(before["cameras"][0])
        front.wait_end(5)
        self.assertEqual(len(list(back.access_units(count=60))), 60)
        self.viewer_again("front")
        after = self.demo.info["pids"]
        self.assertNotEqual(after["cameras"][0], before["cameras"][0])
        self.assertEqual(after["broker"], before["broker"])
        self.assertEqual(after["gate"], before["gate"])
        self.assertEqual(self.demo.camera("front")["uuid"], uuid)

    def test_a_killed_session_ends_one_viewer(self):
        first = self.viewer()
        session, = self.demo.sessions()
        second = self.viewer()
        self.kill(session)
        self.assertEqual(first.wait_end(5)[0].how, "rst")
        self.assertEqual(len(list(second.access_units(count=60))), 60)
        harness.wait_until(lambda: len(self.demo.leases()) == 1, what="the end of the lease")

    def test_after_a_session_crash_the_gate_is_anew_and_viewers_stay(self):
        first = self.viewer()
        session, = self.demo.sessions()
        second = self.viewer()
        gate = self.demo.info["pids"]["gate"]
        before = self.place_of(gate)
        # AddressSanitizer turns a SIGSEGV into an exit status.
        self.kill(session, signal.SIGSYS if harness.SANITIZED else signal.SIGSEGV)
        first.wait_end(5)
        # The first one may come before the gate has heard of the crash.
        def moved():
            self.viewer_again()
            return self.place_of(gate) != before
        harness.wait_until(moved, 10, "a fresh layout of the gate")
        self.assertEqual(self.demo.info["pids"]["gate"], gate, "the gate died instead")
        third = self.viewer_again()
        self.assertEqual(len(list(second.access_units(count=30))), 30)
        self.assertEqual(len(list(third.access_units(count=30))), 30)

    def test_a_killed_gate_leaves_broker_and_cameras(self):
        viewer = self.viewer()
        before = self.demo.info["pids"]
        self.kill(before["gate"])
        viewer.wait_end(5)
        self.viewer_again()
        after = self.demo.info["pids"]
        self.assertEqual(after["broker"], before["broker"])
        self.assertEqual(after["cameras"], before["cameras"])
        self.assertNotEqual(after["gate"], before["gate"])

    def test_a_killed_broker_comes_back_with_all_it_knew(self):
        viewer = self.viewer()
        before = self.demo.info
        self.demo.ctl("suspend", "camera", "back", "--reason", "stays")
        self.kill(before["pids"]["broker"])
        viewer.wait_end(5)
        self.viewer_again()
        self.assertNotEqual(self.demo.info["pids"]["broker"], before["pids"]["broker"])
        self.assertEqual(self.demo.camera("front")["uuid"], self.demo.uuid("front"))
        self.assertEqual(self.demo.ctl_json("status")["fingerprint"], before["spki_sha256"])
        self.assertTrue(self.demo.camera("back")["suspended"])

    def test_a_stopped_demo_leaves_nothing(self):
        viewer = self.viewer()
        pids = self.demo.info["pids"]
        directory = os.path.dirname(self.demo.info["server_cert"])
        self.demo.popen.send_signal(signal.SIGINT)
        self.demo.popen.wait(20)
        viewer.wait_end(5)
        for pid in (pids["broker"], pids["gate"], *pids["cameras"]):
            self.assertFalse(os.path.exists(f"/proc/{pid}"), f"process {pid} is still there")
        self.assertFalse(os.path.exists(directory))


if __name__ == "__main__":
    unittest.main()
