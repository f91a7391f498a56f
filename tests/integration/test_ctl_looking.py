# SPDX-License-Identifier: LGPL-2.1-or-later
"""What camwardctl shows, for people and for programs, and who may see and who may change it."""

import contextlib
import datetime
import fcntl
import json
import os
import pathlib
import pty
import pwd
import shutil
import struct
import subprocess
import tempfile
import termios
import unittest

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

import harness
from ctl_case import CAMERA, CLIENT, CTL, GRANT, LEASE, STATUS, TOKEN_RECORD, WithDemo, now, time_of


class Looking(WithDemo):
    def test_the_seal_root_is_a_public_key_as_other_tools_read_it(self):
        pem = self.says("seal-root")
        self.assertEqual(pem, pathlib.Path(self.info["seal_root"]).read_text())
        self.assertEqual(self.demo.ctl_json("seal-root"), {"seal_root": pem})
        self.assertIsInstance(load_pem_public_key(pem.encode()), Ed25519PublicKey)

    def test_status(self):
        status = self.demo.ctl_json("status")
        self.assert_shape(status, STATUS)
        self.assertTrue(status["ready"])
        self.assertEqual(status["listeners"],
                         [{"service": s, "address": "127.0.0.1", "port": self.info[f"{s}_port"]}
                          for s in ("rtsps", "https")])
        self.assertEqual(status["fingerprint"], self.info["spki_sha256"])
        self.assertEqual([c["name"] for c in status["cameras"]], ["back", "front"])
        self.assertEqual(status["server_certificate"],
                         pathlib.Path(self.info["server_cert"]).read_text())
        text = self.says("status")
        self.assertIn(f"{status['version']}, ready\n", text)
        self.assertIn(f"fingerprint   sha256/{status['fingerprint']}\n", text)
        self.assertIn(status["seal_root"].splitlines()[1], text)
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
                         rf"(?m)^{guest['id']} +guest +front +live,still +- +- +- +-$")

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
        done = subprocess.run([CTL, "clients"], text=True,
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
            subprocess.run([CTL, *arguments],
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


@unittest.skipIf(os.geteuid() != 0, "becoming another user needs root")
class OtherUsers(WithDemo):
    def setUp(self):
        # The checkout may be closed to others.
        directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        directory.chmod(0o755)
        self.binary = shutil.copy(CTL, directory)
        service = os.stat(f"/proc/{self.info['pids']['broker']}").st_uid
        self.service = pwd.getpwuid(service).pw_name
        self.uid = next(p.pw_uid for p in pwd.getpwall() if p.pw_uid not in (0, service))

    def run_as(self, uid, *arguments):
        return subprocess.run(["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups",
                               self.binary, *arguments], text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20, cwd="/",
                              env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.info["bus"]))

    def test_every_change_is_refused_and_says_why(self):
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
                self.assertIn("Access is denied to all but root: polkit", done.stderr)
                self.assertIn("is not running", done.stderr)
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
