# SPDX-License-Identifier: LGPL-2.1-or-later
"""The disk is full. Pictures stop before one leaves that a power cut could hide; whatever ends access
works, permissions are refused with the reason; and when there is room again all is made up for, and
nothing is broken. A RLIMIT is no full disk, so this needs root, to mount a small one."""

import contextlib
import os
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import threading
import unittest

import harness

import rtsp
import tls

SIZE = "24m"
QUIET = 4.0  # s without a frame: renewals come every 2.5 s
STOPPED_WITHIN = 60


class Viewer(threading.Thread):
    """received: frames so far; how: the end."""

    def __init__(self, demo, camera):
        super().__init__(daemon=True)
        self.received, self.how = 0, None
        self.client = rtsp.Client("127.0.0.1", demo.info["rtsps_port"], camera,
                                  demo.info["spki_sha256"], timeout=STOPPED_WITHIN)
        self.client.authorize("owner", demo.token("owner"))
        self.client.play()
        self.start()

    def run(self):
        try:
            for _ in self.client.access_units(timeout=STOPPED_WITHIN * 2):
                self.received += 1
        except tls.Ended as ended:
            self.how = ended.how
        except Exception as error:  # of whatever kind: the judge tells it
            self.how = repr(error)


class DiskFull(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("a small disk can be mounted by root only")
        disk = self.enterContext(tempfile.TemporaryDirectory(prefix="camward-disk-"))
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", disk],
                          stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "--lazy", disk], check=True)
        self.ballast = pathlib.Path(disk) / "ballast"
        self.demo = self.enterContext(harness.Demo(cameras=2, size="320x180", fps=15,
                                                   directory=pathlib.Path(disk) / "demo"))
        self.database = pathlib.Path(disk) / "demo/state/camward.db"

    def fill(self):
        with open(self.ballast, "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def query(self, text, *arguments):
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True,
                                                timeout=10)) as db:
            return db.execute(text, arguments).fetchall()

    def watch(self, camera):
        viewer = Viewer(self.demo, camera)
        self.addCleanup(viewer.client.close)
        harness.wait_until(lambda: viewer.received > 5 or viewer.how, 30, "frames")
        return viewer

    def lease(self, camera):
        return next(l["id"] for l in self.demo.leases() if l["camera"] == camera)

    def wait_stopped(self, viewer):
        """Until no frame has come for a while."""
        before = -1
        stop = threading.Event()
        for _ in range(int(STOPPED_WITHIN / QUIET)):
            if viewer.received == before:
                return
            before = viewer.received
            stop.wait(QUIET)
        self.fail("pictures go on while the disk is full")

    def refused(self, *arguments):
        done = self.demo.ctl(*arguments, check=False)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stderr

    def test_a_full_disk(self):
        front, back = self.watch("front"), self.watch("back")
        leases = {camera: self.lease(camera) for camera in ("front", "back")}
        self.fill()
        self.assert_pictures_stop(front, leases["front"])
        self.assert_permissions_are_refused()
        self.demo.ctl("lease", "end", str(leases["back"]), "--reason", "enough")
        harness.wait_until(lambda: back.how, 10, "the end of a lease")
        self.assertEqual(back.how, "rst")
        self.assert_unwritten(back, "back")
        self.demo.ctl("suspend", "camera", "back", "--reason", "the disk", check=False)
        self.assertEqual(self.suspended(), ["back"])
        self.assertIsNone(front.how)

        self.ballast.unlink()
        stood = front.received
        harness.wait_until(lambda: front.received > stood + 5 or front.how, 30, "frames again")
        self.assertIsNone(front.how)
        self.assert_made_up_for(back, leases["back"])
        self.assert_survives(front, leases["front"])

    def assert_pictures_stop(self, viewer, lease):
        self.wait_stopped(viewer)
        (high, ), = self.query("SELECT frames_high FROM reservations WHERE lease = ?", lease)
        self.assertLessEqual(viewer.received, high)
        self.assertIsNone(viewer.how)

    def assert_permissions_are_refused(self):
        for change in (("client", "add", "later"), ("grant", "stranger", "front", "live")):
            self.assertRegex(self.refused(*change), "(?i)disk.*full|full.*disk|no space")
        clients = {client["name"] for client in self.demo.ctl_json("clients")["clients"]}
        self.assertNotIn("later", clients)
        self.assertEqual(self.status("stranger", "front"), 404)
        self.assertEqual(self.status("owner", "front"), 503)  # no lease that is not written

    def status(self, client, camera):
        with rtsp.Client("127.0.0.1", self.demo.info["rtsps_port"], camera,
                         self.demo.info["spki_sha256"]) as viewer:
            viewer.authorize(client, self.demo.token(client))
            return viewer.request("DESCRIBE").status

    def suspended(self):
        return [s["name"] for s in self.demo.ctl_json("status")["suspensions"]]

    def assert_unwritten(self, viewer, camera):
        told = self.demo.ctl_json("exposure", "--camera", camera)
        end, = told["deliveries"]
        self.assertEqual((end["client"], end["to"], end["uncertain"]), ("owner", None, True))
        self.assertLessEqual(end["frames_low"], viewer.received)
        self.assertLessEqual(viewer.received, end["frames_high"])
        self.assertEqual((told["frames_low"], told["frames_high"]),
                         (end["frames_low"], end["frames_high"]))

    def assert_made_up_for(self, viewer, lease):
        """The end that the disk did not take, and the suspension, are written by themselves."""
        harness.wait_until(lambda: self.query("SELECT 1 FROM events WHERE lease = ? AND kind = 2",
                                              lease), 30, "the end of the lease in the ledger")
        (low, high, uncertain), = self.query("SELECT frames_low, frames_high, uncertain FROM events"
                                             " WHERE lease = ? AND kind = 2", lease)
        self.assertLessEqual(low, viewer.received)
        self.assertLessEqual(viewer.received, high)
        self.assertEqual(uncertain, 0)
        harness.wait_until(lambda: self.query("SELECT 1 FROM suspensions WHERE name = 'back'"), 90,
                           "the suspension on the disk")
        self.demo.ctl("client", "add", "later")

    def assert_survives(self, viewer, lease):
        """A crash now finds a sound database."""
        broker = self.demo.info["pids"]["broker"]
        os.kill(broker, signal.SIGKILL)
        harness.wait_until(lambda: self.demo.info["pids"]["broker"] not in (None, broker), 30,
                           "another broker")
        harness.wait_until(lambda: self.demo.ctl("status", check=False).returncode == 0 and
                           self.demo.ctl_json("status")["ready"], 30, "a broker that is ready")
        self.assertEqual(self.suspended(), ["back"])
        self.assertEqual(self.query("PRAGMA integrity_check"), [("ok",)])
        self.demo.ctl("ledger", "verify")
        harness.wait_until(lambda: viewer.how, 10, "the viewer's end")
        (low, high), = self.query("SELECT frames_low, frames_high FROM events WHERE lease = ?"
                                  " AND kind = 2", lease)
        self.assertLessEqual(low, viewer.received)
        self.assertLessEqual(viewer.received, high)
        self.demo.ctl("resume", "camera", "back")
        self.assertEqual(self.status("owner", "back"), 200)


if __name__ == "__main__":
    unittest.main()
