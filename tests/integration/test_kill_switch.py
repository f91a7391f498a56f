# SPDX-License-Identifier: LGPL-2.1-or-later
"""The kill switch: everything is suspended under 200 leases. All have ended within 250 ms of the
call, but for what others took of the service's CPU, and it stays so, whatever becomes of the service
after the reply."""

import os
import signal
import unittest

import harness

import bus_caller
import capture
import causes
import crowd
import rtsp

LEASES = 200
ENDED_WITHIN_MS = 250


class KillSwitch(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("capturing on loopback needs root")
        self.demo = self.enterContext(harness.Demo(cameras=2, size="320x180"))
        self.bus = self.enterContext(bus_caller.Caller(self.demo.info["bus"]))

    def gather(self):
        crowds = [crowd.Crowd(self.demo, "owner", self.demo.token("owner"), camera, LEASES // 2)
                  for camera in ("front", "back")]
        for kinds in (("reading", "slow"), ("stopped",)):
            for many in crowds:
                self.addCleanup(many.close)
                many.start(*kinds)
            for many in crowds:
                many.wait_playing(*(kinds if "slow" in kinds else crowd.KINDS))
        for many in crowds:
            many.wait_queued()
        return crowds

    def suspend(self):
        return self.bus.call("", "Manager", "Suspend", "sss", "all", "", "the button")

    def status(self, client, camera):
        with rtsp.Client("127.0.0.1", self.demo.info["rtsps_port"], camera,
                         self.demo.info["spki_sha256"]) as viewer:
            viewer.authorize(client, self.demo.token(client))
            return viewer.request("DESCRIBE").status

    def assert_shut(self):
        said = self.demo.ctl_json("status")
        self.assertEqual([(s["kind"], s["reason"]) for s in said["suspensions"]],
                         [("all", "the button")])
        self.assertEqual({self.status("owner", camera) for camera in ("front", "back")}, {404})

    def end_broker(self, number):
        """It is started again by the launcher."""
        broker = self.demo.info["pids"]["broker"]
        os.kill(broker, number)
        harness.wait_until(lambda: self.demo.info["pids"]["broker"] not in (None, broker), 30,
                           "another broker")
        harness.wait_until(lambda: self.demo.ctl("status", check=False).returncode == 0 and
                           self.demo.ctl_json("status")["ready"], 30, "a broker that is ready")
        harness.wait_until(lambda: all(camera["condition"] != "absent"
                                       for camera in self.demo.ctl_json("cameras")["cameras"]),
                           30, "its cameras")

    def test_all_ends_at_once(self):
        crowds = self.gather()
        leases = {peer for many in crowds for peer in many.leases()}
        self.assertGreaterEqual(len(leases), LEASES)
        broker = self.demo.info["pids"]["broker"]
        with capture.Capture(self.demo.info["rtsps_port"]) as segments:
            waited = causes.waited_ns(broker)
            reply = self.suspend()
            waited = causes.waited_ns(broker) - waited
            self.assertEqual(self.demo.leases(), [])
            harness.wait_until(lambda: not any(many.queued() for many in crowds), what="the end")
        resets = {s.destination: s.time_ns for s in segments.flagged(capture.RST)}
        self.assertEqual(leases - set(resets), set(), "no RST was sent")
        late = [s for s in segments.payload_from_server(after=reply.at_ns)
                if s.destination in leases]
        self.assertEqual(late, [], "payload left after the reply")
        took_ms = (max(resets[peer] for peer in leases) - reply.called_ns - waited) / 1e6
        self.assertLess(took_ms, ENDED_WITHIN_MS)
        self.assert_shut()

    def test_it_outlives_the_service(self):
        self.suspend()
        self.end_broker(signal.SIGKILL)
        self.assert_shut()
        self.end_broker(signal.SIGTERM)
        self.assert_shut()
        self.bus.call("", "Manager", "Resume", "ss", "all", "")
        self.assertEqual(self.status("owner", "front"), 200)

    def test_its_end_outlives_the_service_too(self):
        self.suspend()
        self.bus.call("", "Manager", "Resume", "ss", "all", "")
        self.end_broker(signal.SIGKILL)
        self.assertEqual(self.status("owner", "front"), 200)


if __name__ == "__main__":
    unittest.main()
