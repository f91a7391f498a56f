# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the private keys of seals are: each in one process's memory, and in no other's. An epoch's
is gone with the epoch."""

import os
import pathlib
import subprocess
import unittest

import harness
import sealed_viewer

FIND = str(harness.BUILD / "tests/support/find-seed")


@unittest.skipIf(os.geteuid() != 0, "other processes' memory is for root to read")
@unittest.skipIf(harness.SANITIZED, "a sanitizer's shadow memory is too large to be searched")
class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=2))

    def count(self, pid, secret):
        done = subprocess.run([FIND, str(pid), "bytes", secret.hex()], stdout=subprocess.PIPE,
                              check=True, timeout=60)
        return int(done.stdout)

    def seed_of(self, pid, public):
        done = subprocess.run([FIND, str(pid), "public", public.hex()], stdout=subprocess.PIPE,
                              timeout=300)
        self.assertEqual(done.returncode, 0, "the key's own process does not hold it")
        return bytes.fromhex(done.stdout.decode())

    def everybody(self):
        """Process ids of all parts of the service, by what they are."""
        pids = self.demo.info["pids"]
        found = {"broker": pids["broker"], "gate": pids["gate"],
                 **{f"camera {i}": pid for i, pid in enumerate(pids["cameras"])},
                 **{f"session {pid}": pid for pid in self.demo.sessions()}}
        return found

    def holders(self, secret):
        return {name for name, pid in self.everybody().items() if self.count(pid, secret)}

    def watching(self, camera):
        viewer = sealed_viewer.SealedViewer(self.demo.info, camera, "owner",
                                            self.demo.token("owner"))
        self.addCleanup(viewer.close)
        viewer.play()
        self.assertEqual([verdict for verdict, _ in viewer.units(count=40)], ["valid"] * 40)
        return viewer

    def test_an_epochs_key_is_in_its_camera_alone_and_ends_with_it(self):
        viewers = [self.watching("front"), self.watching("back")]
        cameras = self.demo.info["pids"]["cameras"]
        for i, viewer in enumerate(viewers):
            public = viewer.verifier.certificate.key
            seed = self.seed_of(cameras[i], public)
            # Once: no copy is left behind by signing.
            self.assertEqual(self.count(cameras[i], seed), 1)
            self.assertEqual(self.holders(seed), {f"camera {i}"})
            # It is found where it is: its public half is with the broker, too.
            self.assertIn("broker", self.holders(public))
            viewer.seed = seed
        for viewer in viewers:
            viewer.close()
        harness.wait_until(lambda: all(c["condition"] == "idle"
                                       for c in self.demo.ctl_json("cameras")["cameras"]),
                           15, "the end of both epochs")
        for viewer in viewers:
            self.assertEqual(self.holders(viewer.seed), set())

    def test_the_roots_key_is_in_the_broker_alone(self):
        self.watching("front")
        directory = pathlib.Path(self.demo.info["server_cert"]).parent
        lines = (directory / "state" / "seal-root.key").read_text().split()
        seed, public = map(bytes.fromhex, lines)
        self.assertEqual(public, sealed_viewer.root_of(self.demo.info))
        self.assertEqual(self.holders(seed), {"broker"})
        # Nor in the form in which the file has it.
        self.assertEqual(self.holders(lines[0].encode()), set())


if __name__ == "__main__":
    unittest.main()
