# SPDX-License-Identifier: LGPL-2.1-or-later
"""camwardctl doctor: what an owner can get wrong is found, and one thing at a time."""

import os
import signal
import subprocess
import time
import unittest

import harness
from test_erase import WithOwnState

BUILD_TIME = 1767225600  # service/broker/build-time.h


class Doctor(WithOwnState):
    def findings(self):
        done = self.demo.ctl("doctor", "--json", check=False)
        said = harness.json.loads(done.stdout)
        found = {f["check"]: f for f in said["findings"]}
        levels = [f["level"] for f in said["findings"]]
        self.assertEqual(done.returncode, int(said["problems"] > 0))
        self.assertEqual((said["problems"], said["warnings"]),
                         (levels.count("problem"), levels.count("warning")))
        for f in said["findings"]:
            self.assertTrue(f["says"])
            self.assertEqual(bool(f["do"]), f["level"] != "fine", f)
        return found

    def test_what_is_well_is_fine(self):
        found = self.findings()
        for check in ("service", "certificate", "camera", "ledger"):
            self.assertEqual(found[check]["level"], "fine", found[check])
        for check in ("gate", "keys", "suspended", "agent"):
            self.assertNotIn(check, found)
        self.assertEqual("clock" in found, time.time() < BUILD_TIME)
        self.assertRegex(self.demo.ctl("doctor", check=False).stdout, "(?m)^fine     ledger  ")

    def test_grants_that_ask_nobody_and_suspensions(self):
        self.demo.ctl("client", "add", "asking")
        self.demo.ctl("grant", "asking", "front", "live", "--ask-first")
        self.demo.ctl("suspend", "camera", "front", "--reason", "a test")
        found = self.findings()
        self.assertEqual(found["agent"]["level"], "problem")
        self.assertIn("camwardctl agent", found["agent"]["do"])
        self.assertEqual(found["suspended"]["level"], "warning")
        self.assertIn("a test", found["suspended"]["says"])

    def test_a_copied_image(self):
        machine = self.state / "machine"
        machine.write_text("0" * 32 + "\n")
        before = self.info["pids"]["broker"]
        os.kill(before, signal.SIGKILL)
        found = harness.wait_until(lambda: "keys" in (f := self.findings()) and f, 30,
                                   "a service that notices")
        self.assertEqual(found["keys"]["level"], "problem")
        self.assertIn("identity renew", found["keys"]["do"])

    def test_no_service(self):
        done = subprocess.run([harness.BUILD / "service/ctl/camwardctl", "doctor"], text=True,
                              capture_output=True, check=False,
                              env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"})
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, "(?m)^problem  bus ")
        self.assertIn("-> systemctl start", done.stdout)
        self.assertEqual(done.stderr, "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
