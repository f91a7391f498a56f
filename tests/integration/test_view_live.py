# SPDX-License-Identifier: LGPL-2.1-or-later
"""camward-view and camward-verify with the real service: frames sealed in the camera's process,
leases stated for the viewer's own connection, access that ends while somebody watches."""

import pathlib
import re
import shlex
import subprocess
import tempfile
import threading
import time
import unittest

import harness
from view_case import VIEW, View, verify

OK, USAGE, UNREACHABLE, DENIED, REFUSED, SINK = range(6)


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=2))
        cls.directory = pathlib.Path(cls.enterClassContext(
            tempfile.TemporaryDirectory(prefix="camward-test-")))
        info = cls.demo.info
        cls.root = info["seal_root"]
        cls.trust = ["--pin", f"sha256/{info['spki_sha256']}", "--seal-root", str(cls.root)]

    def view(self, camera, *arguments, client="owner", json_file=None, trust=None):
        url = f"rtsps://{client}@127.0.0.1:{self.demo.info['rtsps_port']}/{camera}"
        return View(url, *(self.trust if trust is None else trust), *arguments,
                    token=self.demo.token(client), json_file=json_file)

    def test_all_frames_are_valid_and_recordings_are_proven(self):
        out = self.directory / "front.h264"
        view = self.view("front", "--frames", 150, "-o", out,
                         json_file=self.directory / "json")
        self.assertEqual(view.status, OK, view.errors)
        self.assertEqual(view.frames["valid"], 150)
        self.assertEqual(view.frames["refused"], 0)
        self.assertEqual(view.report["uuid"], self.demo.uuid("front"))
        self.assertLess(view.report["age_ms"]["avg"], 2000)
        status, found = verify(out, self.root, "--camera", "front")
        self.assertIn(status, (0, 4), found)  # a slow machine skips
        self.assertEqual(found["frames"]["valid"], 150)
        mp4 = self.directory / "front.mp4"
        subprocess.run(["ffmpeg", "-y", "-v", "error", "-i", str(out), "-c", "copy", str(mp4)],
                       check=True)
        status, found = verify(mp4, self.root)
        self.assertEqual(found["frames"]["valid"], 150, found)

    def watch_ten(self, words):
        done = subprocess.run([str(VIEW), *words, "--frames", "10"], stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, OK, done.stderr)
        self.assertIn("10 frames valid, 0 refused", done.stderr)

    def test_the_command_that_the_demo_prints_works(self):
        line = harness.wait_until(
            lambda: re.search(r"(?m)^  \S*camward-view .*$", self.demo.log.read_text()), 10,
            "the demo's greeting")
        words = shlex.split(line[0])[1:]
        player = words.index("--exec")
        self.assertTrue(words[player + 1].startswith("ffplay "))
        self.watch_ten(words[:player] + words[player + 2:])

    def test_what_status_prints_can_be_pinned(self):
        text = self.demo.ctl("status").stdout
        pin, root = (re.search(rf"(?m)^{word} +(\S+)$", text)[1]
                     for word in ("fingerprint", "seal root"))
        url = f"rtsps://owner:{self.demo.token('owner')}@127.0.0.1"
        self.watch_ten(["--pin", pin, "--seal-root", root,
                        f"{url}:{self.demo.info['rtsps_port']}/front"])

    def test_the_other_camera_is_refused(self):
        view = self.view("front", "--once", "--camera-uuid", self.demo.uuid("back"))
        self.assertEqual(view.status, REFUSED, view.errors)
        self.assertEqual(view.report["refused_by"], {"camera": 1})

    def test_who_may_not_is_denied(self):
        for client, camera in (("stranger", "front"), ("guest", "back"), ("owner", "nowhere")):
            view = self.view(camera, "--frames", 1, client=client)
            self.assertEqual(view.status, DENIED, view.errors)
            self.assertEqual(view.report["connections"]["attempts"], 1)

    def test_without_a_client_it_says_how_to_name_one(self):
        done = subprocess.run([str(VIEW), *self.trust,
                               f"rtsps://127.0.0.1:{self.demo.info['rtsps_port']}/front"],
                              stderr=subprocess.PIPE, text=True, timeout=30, check=False)
        self.assertEqual(done.returncode, DENIED)
        self.assertIn("CLIENT@HOST", done.stderr)

    def test_a_suspension_is_waited_for(self):
        def suspend():
            time.sleep(2)
            self.demo.ctl("suspend", "camera", "back", "--reason", "test")
            time.sleep(3)
            self.demo.ctl("resume", "camera", "back")

        thread = threading.Thread(target=suspend)
        thread.start()
        try:
            view = self.view("back", "--duration", 12)
        finally:
            thread.join()
        self.assertEqual(view.status, OK, view.errors)
        self.assertGreaterEqual(view.report["connections"]["established"], 3)
        self.assertGreaterEqual(view.report["connections"]["denied"], 1)
        self.assertGreater(view.frames["valid"], 100)
        self.assertEqual(view.frames["refused"], 0)


if __name__ == "__main__":
    unittest.main()
