# SPDX-License-Identifier: LGPL-2.1-or-later
"""Access ends now: after the reply to a revocation no payload leaves, queued bytes included, for a
viewer that reads and for one that has stopped reading."""

import os
import signal
import time
import unittest

import harness

import capture
import rtsp


def address(client):
    return client.connection.local


class Ends(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("capturing on loopback needs root")
        self.demo = harness.Demo(cameras=2)
        self.demo.__enter__()
        self.addCleanup(self.demo.__exit__, None, None, None)
        self.info = self.demo.info

    def viewer(self, name="owner", camera="front"):
        c = rtsp.Client("127.0.0.1", self.info["rtsps_port"], camera, self.info["spki_sha256"])
        self.addCleanup(c.close)
        c.authorize(name, self.demo.token(name))
        c.play()
        list(c.access_units(count=5))
        return c

    def run_case(self, end, others=()):
        """One viewer reads, one has stopped; end() ends both. others keep playing."""
        reader, stopped = self.viewer(), self.viewer()
        rest = [self.viewer(*who) for who in others]
        segments = capture.Capture(self.info["rtsps_port"]).start()
        # The stopped one's buffers fill: its session has bytes queued in the kernel.
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            list(reader.access_units(count=5))
        end()
        replied = time.time_ns()
        for viewer in rest:
            list(viewer.access_units(count=30))
        ended, _ = reader.wait_end(3)
        self.assertEqual(ended.how, "rst")
        stopped.wait_end(3)
        time.sleep(0.3)
        segments.stop()
        for viewer in (reader, stopped):
            late = segments.payload_from_server(address(viewer), after=replied)
            self.assertEqual(late, [], "payload left after the reply")
            self.assertTrue(segments.flagged(capture.RST, address(viewer)), "no RST was sent")
        return segments, replied

    def test_revoke_ends_reading_and_stopped_viewers(self):
        self.run_case(lambda: self.demo.ctl("revoke", "owner", "front"), [("guest", "front"),
                                                                         ("owner", "back")])
        c = rtsp.Client("127.0.0.1", self.info["rtsps_port"], "front", self.info["spki_sha256"])
        self.addCleanup(c.close)
        c.authorize("owner", self.demo.token("owner"))
        self.assertEqual(c.request("DESCRIBE").status, 404)

    def test_suspending_the_camera_ends_all_of_its_viewers(self):
        self.run_case(lambda: self.demo.ctl("suspend", "camera", "front", "--reason", "x"),
                      [("owner", "back")])

    def test_suspending_the_client_ends_its_viewers(self):
        self.run_case(lambda: self.demo.ctl("suspend", "client", "owner", "--reason", "x"),
                      [("guest", "front")])

    def test_suspending_all_ends_all(self):
        self.run_case(lambda: self.demo.ctl("suspend", "all", "--reason", "x"))
        self.assertEqual(self.demo.leases(), [])

    def test_ending_one_lease_ends_one_viewer(self):
        first = self.viewer()
        lease = self.demo.leases()[0]["id"]
        second = self.viewer()
        self.demo.ctl("lease", "end", str(lease))
        self.assertEqual(first.wait_end(3)[0].how, "rst")
        self.assertEqual(len(list(second.access_units(count=20))), 20)

    def test_removing_the_client_ends_its_viewers(self):
        self.run_case(lambda: self.demo.ctl("client", "remove", "owner"), [("guest", "front")])

    def test_a_killed_broker_fails_closed(self):
        # Nobody replies here: what counts is that all ends, by RST, within a moment.
        broker = self.info["pids"]["broker"]
        segments, killed = self.run_fail_closed(lambda: os.kill(broker, signal.SIGKILL))
        for client, late in segments.items():
            self.assertTrue(all(s.time_ns - killed < 100_000_000 for s in late),
                            f"payload more than 100 ms after the broker's death: {client}")

    def run_fail_closed(self, end):
        reader, stopped = self.viewer(), self.viewer()
        segments = capture.Capture(self.info["rtsps_port"]).start()
        time.sleep(1.0)
        list(reader.access_units(count=20))
        killed = time.time_ns()
        end()
        self.assertEqual(reader.wait_end(3)[0].how, "rst")
        stopped.wait_end(3)
        time.sleep(0.3)
        segments.stop()
        for viewer in (reader, stopped):
            self.assertTrue(segments.flagged(capture.RST, address(viewer)), "no RST was sent")
        return {address(v): segments.payload_from_server(address(v), after=killed)
                for v in (reader, stopped)}, killed

    def test_an_expired_grant_ends_by_itself(self):
        self.demo.ctl("revoke", "guest", "front")
        expires = time.time() + 3
        self.demo.ctl("grant", "guest", "front", "live", "--until",
                      time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expires)))
        viewer = self.viewer("guest")
        ended, _ = viewer.wait_end(6)
        self.assertEqual(ended.how, "rst")
        self.assertLess(abs(time.time() - int(expires)), 1.0)


if __name__ == "__main__":
    unittest.main()
