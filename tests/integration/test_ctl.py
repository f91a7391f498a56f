# SPDX-License-Identifier: LGPL-2.1-or-later
"""camwardctl against the running service: every verb, what it prints for people and for programs,
and every refusal. What it says before it needs the service is in test_ctl_usage.py."""

import contextlib
import datetime
import fcntl
import json
import os
import pathlib
import pty
import pwd
import re
import shutil
import struct
import subprocess
import tempfile
import termios
import unittest

import harness
import rtsp

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

# Keys and types that programs may rely on; None stands for JSON's null.
CAMERA = {"name": str, "uuid": str, "condition": str, "source": str, "format": str, "width": int,
          "height": int, "frames_per_second": (int, float), "encoder": str, "path": str,
          "reason": str, "epoch": int, "captured": int, "encoded": int, "dropped": dict,
          "viewers": int, "suspended": bool}
CLIENT = {"name": str, "integration": str, "created": str, "tokens": list, "suspended": bool}
TOKEN_RECORD = {"id": str, "created": str, "expires": (str, type(None))}
GRANT = {"id": int, "client": str, "camera": str, "rights": list,
         "not_before": (str, type(None)), "not_after": (str, type(None)), "created": str}
LEASE = {"id": int, "client": str, "camera": str, "right": str, "stream": str, "protocol": str,
         "peer": str, "since": str, "state": str, "offered": int, "delivered": int,
         "skipped": dict, "bytes": int}
STATUS = {"version": str, "ready": bool, "fingerprint": str, "server_certificate": str,
          "seal_root": str, "suspensions": list, "viewers": int, "cameras": list, "leases": list}
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


class Looking(WithDemo):
    def test_status(self):
        status = self.demo.ctl_json("status")
        self.assert_shape(status, STATUS)
        self.assertTrue(status["ready"])
        self.assertEqual(status["fingerprint"], self.info["spki_sha256"])
        self.assertEqual([c["name"] for c in status["cameras"]], ["back", "front"])
        self.assertEqual(status["server_certificate"],
                         pathlib.Path(self.info["server_cert"]).read_text())
        text = self.says("status")
        self.assertIn(f"{status['version']}, ready\n", text)
        self.assertIn(status["fingerprint"], text)
        self.assertRegex(text, r"(?m)^  front +\w+ ")
        self.assertRegex(text, r"(?m)^suspensions +none$")

    def test_cameras(self):
        cameras = self.demo.ctl_json("cameras")["cameras"]
        self.assertEqual([c["name"] for c in cameras], ["back", "front"])
        for camera in cameras:
            self.assert_shape(camera, CAMERA)
            self.assertEqual(camera["uuid"], self.demo.uuid(camera["name"]))
        rows = self.says("cameras").splitlines()
        self.assertRegex(rows[0], r"^NAME +CONDITION +VIEWERS ")
        self.assertEqual([row.split()[0] for row in rows[1:]], ["back", "front"])

    def test_clients(self):
        clients = self.demo.ctl_json("clients")["clients"]
        self.assertLessEqual({"guest", "owner", "stranger"}, {c["name"] for c in clients})
        self.assertEqual(clients, sorted(clients, key=lambda c: c["name"]))
        for client in clients:
            self.assert_shape(client, CLIENT)
            self.assert_time(client["created"], now(), 600)
            for token in client["tokens"]:
                self.assert_shape(token, TOKEN_RECORD)
        text = self.says("clients")
        self.assertRegex(text, r"(?m)^owner +- +\d{4}-\d\d-\d\d ")
        for client in self.info["clients"]:
            self.assertNotIn(client["token"], text + json.dumps(clients))

    def test_grants(self):
        grants = self.demo.ctl_json("grants")["grants"]
        for grant in grants:
            self.assert_shape(grant, GRANT)
        self.assertEqual([g["id"] for g in grants], sorted(g["id"] for g in grants))
        guest = self.grant_of("guest", "front")
        self.assertEqual((guest["rights"], guest["not_before"], guest["not_after"]),
                         (["live", "still"], None, None))
        self.assertRegex(self.says("grants"),
                         rf"(?m)^{guest['id']} +guest +front +live,still +- +-$")

    def test_leases(self):
        self.assertEqual(self.says("leases"), "No leases: nobody is watching.\n")
        self.assertEqual(self.demo.leases(), [])
        c, lease = self.viewer()
        list(c.access_units(count=30))
        lease, = self.demo.leases()
        self.assert_shape(lease, LEASE)
        self.assert_time(lease["since"], now(), 30)
        self.assertEqual((lease["client"], lease["camera"], lease["right"], lease["stream"],
                          lease["protocol"], lease["state"]),
                         ("owner", "front", "live", "main", "rtsp", "running"))
        host, port = c.connection.local
        self.assertEqual(lease["peer"], f"{host}:{port}")
        self.assertGreaterEqual(lease["delivered"], 30)
        self.assertGreater(lease["bytes"], 0)
        self.assertGreaterEqual(lease["offered"],
                                lease["delivered"] + sum(lease["skipped"].values()) - 1)
        row = self.says("leases").splitlines()[1].split()
        self.assertEqual(row[:6], [str(lease["id"]), "owner", "front", "live", "main", "running"])
        status = self.demo.ctl_json("status")
        self.assertEqual((status["viewers"], len(status["leases"])), (1, 1))
        self.assertRegex(self.says("status"), r"(?m)^  front +running +1 viewer +640x360, 30 fps$")
        c.close()
        harness.wait_until(lambda: not self.demo.leases(), what="the end of the lease")

    def test_times_are_told_in_the_local_zone(self):
        created = next(c["created"] for c in self.demo.ctl_json("clients")["clients"]
                       if c["name"] == "owner")
        done = subprocess.run([str(harness.BUILD / "service/ctl/camwardctl"), "clients"], text=True,
                              stdout=subprocess.PIPE, check=True, timeout=20,
                              env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.info["bus"],
                                       TZ="XXX-5:45"))
        zone = datetime.timezone(datetime.timedelta(hours=5, minutes=45))
        local = datetime.datetime.fromtimestamp(time_of(created), zone)
        self.assertIn(local.strftime("%Y-%m-%d %H:%M:%S XXX"), done.stdout)


    def on_terminal(self, columns, *arguments):
        """What a verb prints on a terminal that is so wide, as lines."""
        main, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with open(main, "rb", buffering=0) as screen:
            subprocess.run([str(harness.BUILD / "service/ctl/camwardctl"), *arguments],
                           stdin=subprocess.DEVNULL, stdout=terminal, check=True, timeout=20,
                           env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.info["bus"]))
            os.close(terminal)
            text = b""
            with contextlib.suppress(OSError):  # EIO: the other end is closed
                while data := screen.read(4096):
                    text += data
        return text.decode().splitlines()

    def test_a_terminal_cuts_the_last_column_and_a_pipe_does_not(self):
        self.client("many")
        for _ in range(3):
            self.demo.ctl("client", "token", "many", "--expires", "+1d")
        piped = next(line for line in self.says("clients").splitlines() if line.startswith("many"))
        self.assertEqual(piped.count("until"), 3)
        shown = next(line for line in self.on_terminal(75, "clients") if line.startswith("many"))
        self.assertLessEqual(len(shown), 75)
        self.assertTrue(piped.startswith(shown.rstrip()))


class Clients(WithDemo):
    def tokens(self, name):
        return next(c["tokens"] for c in self.demo.ctl_json("clients")["clients"]
                    if c["name"] == name)

    def test_add_shows_the_token_once_and_it_works(self):
        text = self.says("client", "add", "phone")
        self.addCleanup(self.demo.ctl, "client", "remove", "phone", check=False)
        self.assertTrue(text.startswith("Client phone is added. Its token:\n\n    "), text)
        self.assertIn("shown this once", text)
        token, = [line.strip() for line in text.splitlines() if line.startswith("    ")]
        self.assertRegex(token, TOKEN)
        self.assertEqual(self.status("front", "phone", token), 404)
        self.demo.ctl("grant", "phone", "front", "live")
        self.assertEqual(self.status("front", "phone", token), 200)

    def test_add_for_programs(self):
        made = self.demo.ctl_json("client", "add", "hub", "--integration", "nest", "--expires",
                                  "+2h")
        self.addCleanup(self.demo.ctl, "client", "remove", "hub", check=False)
        self.assert_shape(made, {"client": str, "expires": str, "token": str})
        self.assertEqual(made["client"], "hub")
        self.assert_time(made["expires"], now() + 7200)
        token, = self.tokens("hub")
        self.assertEqual(token["expires"], made["expires"])
        self.assertRegex(self.says("clients"), r"(?m)^hub +nest +.* \(until .*\)$")

    def test_quiet_prints_the_token_alone(self):
        text = self.says("client", "add", "quiet", "--quiet")
        self.addCleanup(self.demo.ctl, "client", "remove", "quiet", check=False)
        self.assertRegex(text, rf"\A{TOKEN.pattern}\n\Z")
        self.assertRegex(self.says("client", "token", "quiet", "--quiet"),
                         rf"\A{TOKEN.pattern}\n\Z")

    def test_add_twice_is_refused(self):
        self.assertIn("owner", self.refused("client", "add", "owner"))

    def test_tokens_are_added_and_removed(self):
        first = self.client("tablet")
        self.demo.ctl("grant", "tablet", "front", "live")
        made = self.demo.ctl_json("client", "token", "tablet")
        self.assert_shape(made, {"client": str, "id": str, "expires": type(None), "token": str})
        self.assertIn(made["id"], [t["id"] for t in self.tokens("tablet")])
        watched, _ = self.viewer("front", "tablet", made["token"])
        other, _ = self.viewer("front", "tablet", first)
        text = self.says("client", "token", "tablet", "--remove", made["id"])
        self.assertIn(f"Token {made['id']} of tablet is removed", text)
        watched.wait_end(3)
        list(other.access_units(count=10))
        self.assertEqual(self.status("front", "tablet", made["token"]), 401)
        self.assertEqual(len(self.tokens("tablet")), 1)
        self.refused("client", "token", "tablet", "--remove", made["id"])

    def test_a_token_for_people(self):
        self.client("desk")
        text = self.says("client", "token", "desk", "--expires", "+1d")
        self.assertRegex(text, r"\AToken \S+ of desk, until \d{4}-.*:\n\n    "
                         rf"{TOKEN.pattern}\n\nIt is shown this once")

    def test_remove_ends_who_watches(self):
        token = self.client("gone")
        self.demo.ctl("grant", "gone", "front", "live")
        watched, _ = self.viewer("front", "gone", token)
        self.assertEqual(self.demo.ctl_json("client", "remove", "gone"), {"client": "gone"})
        watched.wait_end(3)
        self.assertEqual(self.status("front", "gone", token), 401)
        self.assertNotIn("gone", self.says("clients") + self.says("grants"))
        self.refused("client", "remove", "gone")

    def test_remove_for_people(self):
        self.client("brief")
        self.assertIn("Client brief is removed", self.says("client", "remove", "brief"))

    def test_unknown_clients_are_told(self):
        for arguments in (("client", "remove", "nobody-here"), ("client", "token", "nobody-here"),
                          ("client", "token", "nobody-here", "--remove", "x")):
            self.assertIn("nobody-here", self.refused(*arguments))


class Grants(WithDemo):
    def test_grant_and_revoke_by_names(self):
        token = self.client("visitor")
        text = self.says("grant", "visitor", "front", "still,live")
        number = self.grant_of("visitor", "front")["id"]
        self.assertEqual(text, "Client visitor may watch camera front (live, still)."
                         f" Grant {number}.\n")
        watched, _ = self.viewer("front", "visitor", token)
        self.assertEqual(self.says("revoke", "visitor", "front"),
                         "1 grant is revoked; 1 viewer was cut off.\n")
        watched.wait_end(3)
        self.assertEqual(self.status("front", "visitor", token), 404)
        self.assertIn("no such grant", self.refused("revoke", "visitor", "front"))

    def test_grants_for_programs(self):
        self.client("robot")
        made = self.demo.ctl_json("grant", "robot", "back", "live,raw", "--from", "+1h", "--until",
                                  "2099-01-02T10:00:00+01:00")
        self.assert_shape(made, {k: v for k, v in GRANT.items() if k != "created"})
        self.assertEqual((made["client"], made["camera"], made["rights"], made["not_after"]),
                         ("robot", "back", ["live", "raw"], "2099-01-02T09:00:00.000000Z"))
        self.assert_time(made["not_before"], now() + 3600)
        listed = self.grant_of("robot", "back")
        self.assertEqual({k: listed[k] for k in made}, made)
        self.assertEqual(self.demo.ctl_json("revoke", "robot", "back"),
                         {"grants_removed": 1, "leases_ended": 0})

    def test_revoke_by_number(self):
        token = self.client("one")
        first = self.demo.ctl_json("grant", "one", "front", "live")["id"]
        second = self.demo.ctl_json("grant", "one", "front", "still")["id"]
        watched, _ = self.viewer("front", "one", token)
        self.assertEqual(self.demo.ctl_json("revoke", str(second)),
                         {"grants_removed": 1, "leases_ended": 0})
        list(watched.access_units(count=10))
        self.assertEqual(self.demo.ctl_json("revoke", str(first)),
                         {"grants_removed": 1, "leases_ended": 1})
        watched.wait_end(3)
        self.assertIn(f"no grant {first}", self.refused("revoke", str(first)))

    def test_all_grants_of_a_pair_go_together(self):
        self.client("pair")
        self.demo.ctl("grant", "pair", "front", "live")
        self.demo.ctl("grant", "pair", "front", "still")
        self.demo.ctl("grant", "pair", "back", "live")
        self.assertEqual(self.says("revoke", "pair", "front"),
                         "2 grants are revoked; 0 viewers were cut off.\n")
        self.assertEqual(self.grant_of("pair", "back")["rights"], ["live"])

    def test_a_grant_of_tomorrow_does_not_hold_today(self):
        token = self.client("early")
        text = self.says("grant", "early", "front", "live", "--from", "+1d")
        self.assertRegex(text, r"\(live\) from \d{4}-")
        self.assertEqual(self.status("front", "early", token), 404)

    def test_unknown_names_are_told(self):
        self.assertIn("nobody-here", self.refused("grant", "nobody-here", "front", "live"))
        self.assertIn("nowhere", self.refused("grant", "owner", "nowhere", "live"))
        self.assertIn("nobody-here", self.refused("revoke", "nobody-here", "front"))
        self.assertIn("nowhere", self.refused("revoke", "owner", "nowhere"))
        self.refused("revoke", "stranger", "front")
        self.assertIn("no grant 987654", self.refused("revoke", "987654"))


class Leases(WithDemo):
    def test_end_ends_one_viewer_and_no_other(self):
        ended, lease = self.viewer()
        other, _ = self.viewer()
        text = self.says("lease", "end", str(lease["id"]), "--reason", "wrong room")
        self.assertTrue(text.startswith(f"Lease {lease['id']} is ended."), text)
        self.assertEqual(ended.wait_end(3)[0].how, "rst")
        list(other.access_units(count=10))
        self.assertNotIn(lease["id"], [one["id"] for one in self.demo.leases()])
        self.assertIn(f"no lease {lease['id']}", self.refused("lease", "end", str(lease["id"])))

    def test_end_for_programs(self):
        ended, lease = self.viewer("back")
        self.assertEqual(self.demo.ctl_json("lease", "end", str(lease["id"])),
                         {"id": lease["id"], "reason": "ended by an administrator"})
        ended.wait_end(3)

    def test_a_lease_that_never_was(self):
        self.assertIn("no lease 987654", self.refused("lease", "end", "987654"))


class Suspensions(WithDemo):
    def setUp(self):
        # What is counted below are this test's viewers; the one before has closed its own.
        harness.wait_until(lambda: not self.demo.leases(), what="the end of earlier leases")

    def suspensions(self):
        suspensions = self.demo.ctl_json("status")["suspensions"]
        for suspension in suspensions:
            self.assert_shape(suspension, SUSPENSION)
            self.assert_time(suspension["since"], now(), 60)
        return [(s["kind"], s["name"], s["reason"]) for s in suspensions]

    def check_kind(self, scope, viewer, bystander, shown):
        """scope: words after suspend; the viewer's connection ends, the bystander's goes on."""
        watched, _ = viewer()
        spared, _ = bystander() if bystander else (None, None)
        text = self.says("suspend", *scope, "--reason", "a test")
        self.addCleanup(self.demo.ctl, "resume", *scope, check=False)
        self.assertEqual(text, f"Suspended: {shown}. 1 viewer was cut off.\n")
        watched.wait_end(3)
        if spared:
            list(spared.access_units(count=10))
        name = scope[1] if len(scope) > 1 else ""
        self.assertEqual(self.suspensions(), [(scope[0], name, "a test")])
        self.assertRegex(self.says("status"), rf"(?m)^  {shown} +since \d{{4}}-.*: a test$")
        self.refused("suspend", *scope, "--reason", "again")
        with self.assertRaises(rtsp.Refused) as refused:
            viewer()
        self.assertEqual(refused.exception.status, 404)
        self.assertEqual(self.says("resume", *scope), f"Resumed: {shown}.\n")
        self.assertEqual(self.suspensions(), [])
        viewer()[0].close()
        self.refused("resume", *scope)

    def test_a_camera(self):
        self.check_kind(["camera", "back"], lambda: self.viewer("back"), self.viewer,
                        "camera back")

    def test_a_client(self):
        self.check_kind(["client", "guest"], lambda: self.viewer("front", "guest"), self.viewer,
                        "client guest")

    def test_an_integration(self):
        token = self.client("speaker", "nest")
        self.demo.ctl("grant", "speaker", "front", "live")
        self.check_kind(["integration", "nest"], lambda: self.viewer("front", "speaker", token),
                        self.viewer, "integration nest")

    def test_everything(self):
        self.check_kind(["all"], self.viewer, None, "everything")

    def test_what_is_suspended_says_so(self):
        self.demo.ctl("suspend", "camera", "back", "--reason", "x")
        self.addCleanup(self.demo.ctl, "resume", "camera", "back", check=False)
        self.assertTrue(self.demo.camera("back")["suspended"])
        self.assertFalse(self.demo.camera("front")["suspended"])
        self.assertRegex(self.says("cameras"), r"(?m)^back +\w+, suspended ")

    def test_for_programs(self):
        self.assertEqual(self.demo.ctl_json("suspend", "client", "stranger", "--reason", "why not"),
                         {"kind": "client", "name": "stranger", "reason": "why not",
                          "leases_ended": 0})
        self.assertEqual(self.demo.ctl_json("resume", "client", "stranger"),
                         {"kind": "client", "name": "stranger"})

    def test_nobody_was_watching(self):
        self.assertEqual(self.says("suspend", "client", "stranger", "--reason", "x"),
                         "Suspended: client stranger. Nobody was watching.\n")
        self.demo.ctl("resume", "client", "stranger")

    def test_unknown_names_are_told(self):
        self.assertIn("nowhere", self.refused("suspend", "camera", "nowhere", "--reason", "x"))
        self.assertIn("nobody-here",
                      self.refused("suspend", "client", "nobody-here", "--reason", "x"))


class Watch(WithDemo):
    @contextlib.contextmanager
    def watching(self, *options):
        """Yields what waits for a line that meets a condition; .pid and .text() are watch's."""
        with tempfile.NamedTemporaryFile("r", prefix="camward-test-") as output:
            with open(output.name, "w") as stdout:
                popen = subprocess.Popen(
                    [str(harness.BUILD / "service/ctl/camwardctl"), "watch", *options],
                    stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.STDOUT,
                    env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.info["bus"], TZ="UTC"))

            def await_line(condition, what):
                def look():
                    return next(filter(condition, await_line.text().splitlines()), None)
                return harness.wait_until(look, what=what)
            await_line.text = pathlib.Path(output.name).read_text
            await_line.pid = popen.pid
            try:
                await_line(lambda line: "atching" in line, "the beginning")
                yield await_line
                self.assertIsNone(popen.poll(), "watch ended by itself")
            finally:
                popen.terminate()
                popen.wait(10)

    def test_sentences(self):
        token = self.client("seen")
        with self.watching() as await_line:
            def said(sentence):
                line = await_line(lambda line: re.search(sentence, line), sentence)
                self.assertRegex(line, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  [^ ].*\.$")
            self.demo.ctl("grant", "seen", "back", "live")
            said(r"seen may watch back \(grant \d+\)")
            c, lease = self.viewer("back", "seen", token)
            said(rf"seen watches back from 127\.0\.0\.1:\d+ \(lease {lease['id']}\)")
            said(r"Camera back is running, after starting")
            self.demo.ctl("lease", "end", str(lease["id"]), "--reason", "wrong room")
            said(rf"seen no longer watches back: wrong room, after \d+ frames? "
                 rf"\(lease {lease['id']}\)")
            self.demo.ctl("suspend", "camera", "back", "--reason", "painters")
            said(r"Suspended: camera back: painters")
            self.assertEqual(self.status("back", "seen", token), 404)
            said(r"seen was refused back from 127\.0\.0\.1:\d+: ")
            self.demo.ctl("resume", "camera", "back")
            said(r"Resumed: camera back")
            self.demo.ctl("client", "token", "seen")
            said(r"Client seen has 2 tokens now, after 1")
            self.demo.ctl("client", "remove", "seen")
            said(r"Grant \d+, of seen for back, is revoked")
            said(r"Client seen is removed")

    def test_events_for_programs(self):
        with self.watching("--json") as await_line:
            def event(name, /, **fields):
                def matches(line):
                    found = json.loads(line)
                    return found["event"] == name and fields.items() <= found.items()
                found = json.loads(await_line(matches, f"{name} {fields}"))
                self.assert_time(found["time"], now(), 20)
                return found
            token = self.client("spied")
            event("client-added", client="spied")
            grant = self.demo.ctl_json("grant", "spied", "front", "live")["id"]
            event("grant-added", grant=grant, client="spied", camera="front", rights=["live"])
            c, lease = self.viewer("front", "spied", token)
            event("lease-running", lease=lease["id"], client="spied", camera="front",
                  peer=lease["peer"])
            event("camera-condition", camera="front", condition="running")
            self.demo.ctl("revoke", str(grant))
            event("lease-ended", lease=lease["id"], client="spied", camera="front")
            event("grant-removed", grant=grant)
            self.status("front", "spied", token)
            event("denied", client="spied", camera="front")
            self.demo.ctl("suspend", "all", "--reason", "x")
            event("suspended", kind="all", name="", reason="x")
            self.demo.ctl("resume", "all")
            event("resumed", kind="all", name="")

    def test_signals_of_others_are_not_believed(self):
        with self.watching("--json") as await_line:
            def busctl(*arguments):
                return subprocess.run(["busctl", "--address", self.info["bus"], *arguments],
                                      check=True, text=True, stdout=subprocess.PIPE, timeout=20)
            names = json.loads(busctl("list", "--unique", "--json=short").stdout)
            watch, = [n["name"] for n in names if n["pid"] == await_line.pid]
            # To a destination the bus delivers what nobody has subscribed to.
            busctl("emit", f"--destination={watch}", "/org/camward/Camward1",
                   "org.camward.Camward1.Manager", "Denied", "ssss", "forged", "front", "x", "y")
            self.client("genuine")
            await_line(lambda line: "genuine" in line, "the client")
            self.assertNotIn("forged", await_line.text())

    def ready(self):
        status = json.loads(self.demo.ctl("status", "--json").stdout)
        return status["ready"] and all(c["condition"] == "idle" for c in status["cameras"])

    def test_a_restart_of_the_service_is_told_and_survived(self):
        with self.watching("--json") as await_line:
            self.viewer("front")
            await_line(lambda line: json.loads(line).get("condition") == "running", "the picture")
            os.kill(self.demo.info["pids"]["broker"], 9)
            await_line(lambda line: json.loads(line)["event"] == "service-stopped", "the stop")
            await_line(lambda line: json.loads(line)["event"] == "service-started", "the start")
            harness.wait_until(self.ready, 30, "the service's readiness")
            self.client("afterwards")
            await_line(lambda line: json.loads(line).get("client") == "afterwards", "the client")
            events = [json.loads(line) for line in await_line.text().splitlines()]
        names = [event["event"] for event in events]
        # What was known before the restart is forgotten: nothing runs after it.
        since = [e for e in events[names.index("service-started"):] if e.get("camera") == "front"]
        self.assertNotIn("running", [e.get("before") for e in since])


@unittest.skipIf(os.geteuid() != 0, "becoming another user needs root")
class OtherUsers(WithDemo):
    def setUp(self):
        # The checkout may be closed to others.
        directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        directory.chmod(0o755)
        self.binary = shutil.copy(harness.BUILD / "service/ctl/camwardctl", directory)
        service = os.stat(f"/proc/{self.info['pids']['broker']}").st_uid
        self.service = pwd.getpwuid(service).pw_name
        self.uid = next(p.pw_uid for p in pwd.getpwall() if p.pw_uid not in (0, service))

    def run_as(self, uid, *arguments):
        return subprocess.run(["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups",
                               self.binary, *arguments], text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20, cwd="/",
                              env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.info["bus"]))

    def test_every_change_is_refused_and_says_who_may(self):
        grant = self.grant_of("owner", "front")["id"]
        watched, lease = self.viewer()
        before = [self.demo.ctl_json(verb) for verb in ("clients", "grants")]
        for arguments in ("client add intruder", "client remove owner", "client token owner",
                          "client token owner --remove x", "grant stranger front live",
                          "revoke owner front", f"revoke {grant}", f"lease end {lease['id']}",
                          "suspend all --reason x", "resume all"):
            with self.subTest(arguments):
                done = self.run_as(self.uid, *arguments.split())
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn("You may not do this", done.stderr)
                self.assertIn(f"the user {self.service}", done.stderr)
        self.assertEqual([self.demo.ctl_json(verb) for verb in ("clients", "grants")], before)
        list(watched.access_units(count=5))

    def test_the_services_own_user_may(self):
        uid = pwd.getpwnam(self.service).pw_uid
        done = self.run_as(uid, "client", "add", "own", "--quiet")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.run_as(uid, "client", "remove", "own").returncode, 0)

    def test_looking_is_open(self):
        done = self.run_as(self.uid, "status")
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
