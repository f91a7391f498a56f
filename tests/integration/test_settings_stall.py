# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file system below /etc/camward that does not answer keeps those waiting who need its files, and
nobody else: access ends at once, leases begin, and what waited goes on by itself afterwards. By
strace(1), as root: whoever opens one of them hangs there."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time
import unittest
from unittest import mock

import harness

import rtsp

STALL = 120_000_000  # us: for ever, as far as this test goes
ENDED_WITHIN = 2.5   # s, less than anybody waits for settings: RELOAD_PATIENCE
SILENT = "settings cannot be read: {} does not answer"


@unittest.skipUnless(os.geteuid() == 0, "needs root, to trace the broker")
class SettingsStall(unittest.TestCase):
    def setUp(self):
        # A process that is traced cannot look for its own leaks, and would end with an error.
        options = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        self.enterContext(mock.patch.dict(os.environ, ASAN_OPTIONS=options))
        self.demo = self.enterContext(harness.Demo(cameras=2, size="320x180"))
        self.info = self.demo.info
        self.broker = self.info["pids"]["broker"]
        arguments = pathlib.Path(f"/proc/{self.broker}/cmdline").read_text().split("\0")
        self.settings = pathlib.Path(arguments[arguments.index("--config-directory") + 1])
        self.silent = SILENT.format(self.settings)

    def tasks(self):
        return [task.read_text() for task in
                pathlib.Path(f"/proc/{self.broker}/task").glob("*/status")]

    def reader_hangs(self):
        return any("Name:\tsettings\n" in task and "State:\tt" in task for task in self.tasks())

    @contextlib.contextmanager
    def stall(self):
        """Whoever of the broker opens a file of the settings."""
        names = ("camward.conf", "light.conf", "policy.d", "policy.d/10.conf", "camera.d",
                 "camera.d/front.conf", "camera.d/back.conf")
        paths = [argument for name in names for argument in ("-P", str(self.settings / name))]
        with subprocess.Popen(["strace", "-f", "-q", "-p", str(self.broker), "-o", os.devnull,
                               *paths, "-e", f"inject=openat:delay_enter={STALL}"],
                              stderr=subprocess.DEVNULL) as strace:
            try:
                tracer = f"TracerPid:\t{strace.pid}\n"
                harness.wait_until(lambda: all(tracer in task for task in self.tasks()), 20,
                                   "a traced broker")
                self.reload()
                harness.wait_until(self.reader_hangs, 10, "a reader that hangs")
                yield
            finally:
                strace.kill()

    def viewer(self, camera="front"):
        viewer = rtsp.Client("127.0.0.1", self.info["rtsps_port"], camera,
                             self.info["spki_sha256"])
        self.addCleanup(viewer.close)
        viewer.authorize("owner", self.demo.token("owner"))
        viewer.play()
        self.assertEqual(len(list(viewer.access_units(count=5))), 5)
        return viewer

    def reload(self):
        os.kill(self.broker, signal.SIGHUP)

    def said(self, text):
        return self.demo.log.read_text().count(text)

    def grants(self):
        return {(g["client"], g["camera"]) for g in self.demo.ctl_json("grants")["grants"]}

    def renew_back(self):
        """The camera's process ends; the launcher starts another one."""
        os.kill(self.info["pids"]["cameras"][1], signal.SIGKILL)

    def has_ended(self):
        """strace(1) lets the thread that it delays go only when it ends itself."""
        try:
            status = pathlib.Path(f"/proc/{self.broker}/status").read_text()
        except FileNotFoundError:
            return True
        return "State:\tZ" in status

    def test_access_ends_and_all_else_goes_on(self):
        (self.settings / "policy.d").mkdir()
        (self.settings / "policy.d").chmod(0o755)
        (self.settings / "policy.d/10.conf").write_text(
            "[grant late]\nclient=stranger\ncamera=back\nrights=live\n")
        (self.settings / "policy.d/10.conf").chmod(0o644)
        before = self.grants()
        watching = self.viewer()
        with self.stall():
            self.reload()
            self.renew_back()
            harness.wait_until(lambda: self.demo.camera("back")["reason"] == self.silent, 20,
                               "a camera that says why it is kept out")
            self.assertEqual(self.said(self.silent), 2)  # the reload, the camera
            self.assertTrue(self.demo.ctl_json("status")["settings_overdue"])
            self.assertEqual(self.grants(), before)
            self.viewer()
            self.demo.ctl("camera", "set", "front", "bitrate=500000")
            begin = time.monotonic()
            self.demo.ctl("suspend", "all", "--reason", "x")
            self.assertEqual(watching.wait_end(3)[0].how, "rst")
            self.assertLess(time.monotonic() - begin, ENDED_WITHIN)
            self.demo.ctl("resume", "all")
            self.assertEqual(self.grants(), before)
        harness.wait_until(lambda: self.demo.camera("back")["condition"] != "absent", 20,
                           "the camera that was kept out")
        self.assertEqual(self.demo.camera("back")["reason"], "")
        harness.wait_until(lambda: len(self.grants() - before) == 1, 20, "the reload")
        self.assertFalse(self.demo.ctl_json("status")["settings_overdue"])
        self.viewer("back")

    def test_a_stop_waits_for_no_file(self):
        with self.stall():
            os.kill(self.broker, signal.SIGTERM)
            harness.wait_until(self.has_ended, 10, "the broker's end")


if __name__ == "__main__":
    unittest.main(verbosity=2)
