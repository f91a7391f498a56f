# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of camwardctl share: a running demo, what a program prints in it, viewers, and the
keys that programs may rely on."""

import datetime
import re
import unittest

import harness
import rtsp

CTL = str(harness.BUILD / "service/ctl/camwardctl")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

# Keys and types that programs may rely on; None stands for JSON's null.
CAMERA = {"name": str, "uuid": str, "condition": str, "source": str, "format": str, "width": int,
          "height": int, "frames_per_second": (int, float), "encoder": str, "path": str,
          "reason": str, "hardware": str, "refused": str, "epoch": int, "captured": int, "encoded": int, "dropped": dict,
          "viewers": int, "watching": bool, "suspended": bool, "configuration": dict, "chosen_controls": dict,
          "streams": list, "controls": list}
CLIENT = {"name": str, "integration": str, "created": str, "source": str, "tokens": list, "certificates": list, "suspended": bool,
          "user": int}
TOKEN_RECORD = {"id": str, "created": str, "expires": (str, type(None)),
                "used": (str, type(None))}
GRANT = {"id": int, "source": str, "client": str, "integration": str, "camera": str, "rights": list,
         "not_before": (str, type(None)), "not_after": (str, type(None)), "created": str,
         "hours": str, "max_leases": int, "only_sub": bool, "ask_first": bool}
LEASE = {"id": int, "client": str, "integration": str, "camera": str, "right": str,
         "stream": str, "protocol": str, "peer": str, "since": str, "state": str, "offered": int,
         "delivered": int, "skipped": dict, "bytes": int}
STATUS = {"version": str, "ready": bool, "fingerprint": str, "server_certificate": str,
          "seal_root": str, "suspensions": list, "viewers": int, "cameras": list, "leases": list,
          "has_agent": bool, "watching": bool, "cloned": bool,
          "listeners": list, "settings_overdue": bool}
SUSPENSION = {"kind": str, "name": str, "reason": str, "since": str}


def time_of(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def now():
    return datetime.datetime.now(datetime.timezone.utc).timestamp()


class WithDemo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=2))
        cls.info = cls.demo.info

    def refused(self, *arguments):
        """What a call that must fail says, without the program's name."""
        done = self.demo.ctl(*arguments, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""), arguments)
        prefix, _, sentence = done.stderr.partition(": ")
        self.assertEqual(prefix, "camwardctl")
        self.assertRegex(sentence, r"\A[^\n]+[.?]\n\Z", "not one sentence")
        return sentence

    def says(self, *arguments):
        done = self.demo.ctl(*arguments)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def assert_shape(self, record, shape):
        self.assertEqual(set(record), set(shape))
        for key, kind in shape.items():
            self.assertIsInstance(record[key], kind, key)

    def assert_time(self, text, expected, tolerance=5):
        self.assertRegex(text, RFC3339)
        self.assertAlmostEqual(time_of(text), expected, delta=tolerance)

    def client(self, name, integration=None):
        """A client of the test's own, removed after it; returns its token."""
        more = ["--integration", integration] if integration else []
        token = self.demo.ctl_json("client", "add", name, *more)["token"]
        self.addCleanup(self.demo.ctl, "client", "remove", name, check=False)
        return token

    def connect(self, camera, name, token=None):
        c = rtsp.Client("127.0.0.1", self.info["rtsps_port"], camera, self.info["spki_sha256"])
        self.addCleanup(c.close)
        c.authorize(name, token or self.demo.token(name))
        return c

    def viewer(self, camera="front", name="owner", token=None):
        """A connection that gets pictures, and its lease."""
        before = {lease["id"] for lease in self.demo.leases()}
        c = self.connect(camera, name, token)
        c.play()
        list(c.access_units(count=3))
        new, = [lease for lease in self.demo.leases() if lease["id"] not in before]
        return c, new

    def status(self, camera, name, token=None):
        return self.connect(camera, name, token).request("DESCRIBE").status

    def grant_of(self, client, camera):
        return next(g for g in self.demo.ctl_json("grants")["grants"]
                    if (g["client"], g["camera"]) == (client, camera))
