# SPDX-License-Identifier: LGPL-2.1-or-later
"""Factory erase, and new keys for a device whose image was copied."""

import pathlib
import tempfile
import unittest

import harness
import rtsp

KEYS = {"device-ca.key", "device-ca.pem", "server.key", "server.pem", "seal-root.key"}


class WithOwnState(unittest.TestCase):
    def setUp(self):
        self.top = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.top.chmod(0o755)  # the demo runs as another user
        self.demo = self.enterContext(harness.Demo(cameras=1, directory=self.top))
        self.info = self.demo.info
        self.state = next(p.parent for p in self.top.rglob("camward.db"))

    def watch(self):
        c = rtsp.Client("127.0.0.1", self.info["rtsps_port"], "front", self.info["spki_sha256"])
        self.addCleanup(c.close)
        c.authorize("owner", self.demo.token("owner"))
        c.play()
        list(c.access_units(count=3))
        return c

    def status(self):
        done = self.demo.ctl("status", "--json", check=False)
        return done.returncode == 0 and self.demo.ctl_json("status")

    def wait_until_another(self, before):
        def another():
            status = self.status()
            return status and status["ready"] and status["fingerprint"] != before["fingerprint"] \
                and status
        return harness.wait_until(another, 30, "a service with new keys")


class Erase(WithOwnState):
    def test_everything_goes_and_the_service_starts_as_new(self):
        before, viewer = self.status(), self.watch()
        secret = (self.state / "seal-root.key").read_text().split()[0]
        self.assertEqual(self.demo.ctl("erase", check=False).returncode, 2)
        asked = self.demo.ctl("erase", "--factory", check=False)
        self.assertEqual(asked.returncode, 1)
        self.assertIn("--yes", asked.stderr)
        self.assertEqual(self.demo.ctl_json("erase", "--factory", "--yes"), {"erased": True})
        viewer.wait_end(1)
        after = self.wait_until_another(before)
        self.assertNotEqual(after["seal_root"], before["seal_root"])
        self.assertEqual(self.demo.ctl_json("clients")["clients"], [])
        self.assertEqual(self.demo.ctl_json("grants")["grants"], [])
        for path in (p for p in self.state.iterdir() if p.is_file()):
            self.assertNotIn(secret.encode(), path.read_bytes(), path)
            self.assertNotIn(b"owner", path.read_bytes(), path)


class Identity(WithOwnState):
    def test_new_keys_and_the_same_clients(self):
        before, viewer = self.status(), self.watch()
        run = int((self.state / "epoch-run").read_text())
        old = {name: (self.state / name).read_bytes() for name in KEYS}
        kept, root = self.top / "kept.json", self.top / "root.pem"
        kept.write_text(self.demo.ctl("ledger", "head").stdout)
        root.write_text(self.demo.ctl("seal-root").stdout)
        self.demo.ctl("identity", "renew", "--yes")
        viewer.wait_end(1)
        after = self.wait_until_another(before)
        self.assertNotEqual(after["seal_root"], before["seal_root"])
        for name in KEYS:
            self.assertNotEqual((self.state / name).read_bytes(), old[name], name)
        self.assertGreater(int((self.state / "epoch-run").read_text()), run)
        # The chain goes on from what the old root has signed.
        verify = ["ledger", "verify", "--head", str(kept)]
        asked = self.demo.ctl(*verify, check=False)
        self.assertEqual(asked.returncode, 1)
        self.assertIn("--former-root", asked.stderr)
        self.assertTrue(self.demo.ctl_json(*verify, "--former-root", str(root))["head_found"])
        c = rtsp.Client("127.0.0.1", self.info["rtsps_port"], "front", after["fingerprint"])
        self.addCleanup(c.close)
        c.authorize("owner", self.demo.token("owner"))
        c.play()
        list(c.access_units(count=3))

    def test_a_copied_image_is_told(self):
        self.assertFalse(self.status()["cloned"])
        machine = self.state / "machine"
        self.assertRegex(machine.read_text(), r"\A[0-9a-f]{32}\n\Z")
        machine.write_text("0" * 32 + "\n")
        before = self.info["pids"]["broker"]
        harness.os.kill(before, harness.signal.SIGKILL)
        cloned = harness.wait_until(lambda: (s := self.status()) and s["cloned"] and s, 30,
                                    "a service that notices")
        self.assertIn("CLONED", self.demo.ctl("status").stdout)
        self.demo.ctl("identity", "renew", "--yes")
        self.assertFalse(self.wait_until_another(cloned)["cloned"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
