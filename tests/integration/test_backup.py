# SPDX-License-Identifier: LGPL-2.1-or-later
"""Backup and restore of what the service keeps, and a client that is forgotten."""

import contextlib
import hashlib
import io
import os
import pathlib
import sqlite3
import stat
import struct
import tarfile
import time
import unittest

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from test_erase import KEYS, WithOwnState

import bus_caller
import harness


def open_envelope(sealed, passphrase):
    """As service/ctl/envelope.h says it."""
    header, sealed = sealed[:80], sealed[80:]
    iterations, = struct.unpack(">I", header[16:20])
    made = hashlib.pbkdf2_hmac("sha512", passphrase, header[20:48], iterations, 64)
    assert (header[:16], header[48:]) == (b"camward sealed 1", made[32:])
    plain, number = b"", 0
    while True:
        chunk, sealed = sealed[:65552], sealed[65552:]
        nonce = struct.pack(">IQ", len(chunk) < 65552, number)
        plain += AESGCM(made[:32]).decrypt(nonce, chunk, header)
        if len(chunk) < 65552:
            return plain
        number += 1


class Backup(WithOwnState):
    def names(self):
        return {c["name"] for c in self.demo.ctl_json("clients")["clients"]}

    def restore(self, path, *options):
        before = self.info["pids"]["broker"]
        done = self.demo.ctl("restore", str(path), "--yes", *options, check=False)
        harness.wait_until(lambda: self.info["pids"]["broker"] != before or self.gone(before), 30,
                           "the service's end")
        harness.wait_until(lambda: (s := self.status()) and s["ready"], 30, "a service again")
        return done

    def select(self, query):
        with sqlite3.connect(f"file:{self.state}/camward.db?mode=ro", uri=True) as db:
            return db.execute(query).fetchall()

    @staticmethod
    def gone(pid):
        return not pathlib.Path(f"/proc/{pid}").exists()

    def test_things_are_as_they_were(self):
        path = self.top / "backup.tar"
        self.demo.ctl("client", "add", "kept")
        self.demo.ctl("grant", "kept", "front", "live")
        said = self.demo.ctl_json("backup", str(path))
        self.assertEqual((stat.S_IMODE(os.stat(path).st_mode), said["bytes"]),
                         (0o600, path.stat().st_size))
        with tarfile.open(path) as tar:
            self.assertEqual(tar.getnames(), ["camward.db"])
        self.demo.ctl("client", "remove", "kept")
        self.demo.ctl("client", "add", "later")
        fingerprint, viewer = self.status()["fingerprint"], self.watch()
        run = int((self.state / "epoch-run").read_text())
        self.assertEqual(self.restore(path).returncode, 0)
        viewer.wait_end(1)
        self.assertIn("kept", self.names())
        self.assertNotIn("later", self.names())
        self.assertEqual(self.status()["fingerprint"], fingerprint)
        self.assertGreater(int((self.state / "epoch-run").read_text()), run)
        self.watch()

    def test_who_watched_then_ended_with_the_backup(self):
        path, viewer = self.top / "backup.tar", self.watch()
        at_least = 3
        while not self.select("SELECT frames_low FROM reservations WHERE frames_low > 0"):
            at_least += len(list(viewer.access_units(count=1)))
        self.demo.ctl("backup", str(path))
        made = time.time()
        self.assertEqual(self.restore(path).returncode, 0)
        ends = self.select("SELECT realtime, reason, frames_low, frames_high, uncertain"
                           " FROM events WHERE kind = 2")
        self.assertEqual(len(ends), 1)
        realtime, reason, low, high, uncertain = ends[0]
        self.assertEqual((reason, uncertain), ("backup restored", 1))
        self.assertTrue(made - 5 < realtime / 1e6 <= made, (made, realtime))
        # What had been received by then lies between.
        self.assertLessEqual(at_least, high)
        self.assertLess(0, low)
        self.assertLess(low, high)
        self.demo.ctl("ledger", "verify")

    def test_with_keys_another_device_is_this_one(self):
        path = self.top / "backup.tar"
        before = self.status()
        self.demo.ctl("backup", str(path), "--with-keys")
        with tarfile.open(path) as tar:
            self.assertEqual(set(tar.getnames()), {"camward.db", "epoch-run"} | KEYS)
        self.demo.ctl("erase", "--factory", "--yes")
        self.wait_until_another(before)
        self.assertEqual(self.names(), set())
        self.assertEqual(self.restore(path).returncode, 0)
        after = harness.wait_until(
            lambda: (s := self.status()) and s["fingerprint"] == before["fingerprint"] and s, 30,
            "the old keys")
        self.assertEqual(after["seal_root"], before["seal_root"])
        self.watch()

    def test_what_the_start_would_not_read_is_refused(self):
        path, spoilt = self.top / "backup.tar", self.top / "spoilt.tar"
        self.demo.ctl("backup", str(path))
        with tarfile.open(path) as tar:
            tar.extract("camward.db", self.top, filter="data")
        with contextlib.closing(sqlite3.connect(self.top / "camward.db")) as db:
            db.execute("UPDATE grants SET client = 'nobody'")
            db.commit()
        with tarfile.open(spoilt, "w", format=tarfile.USTAR_FORMAT) as tar:
            tar.add(self.top / "camward.db", "camward.db")
        done = self.restore(spoilt)
        self.assertEqual(done.returncode, 1)
        self.assertIn("nothing is changed", done.stderr)
        self.assertIn("owner", self.names())

    def test_a_passphrase_opens_it_and_nothing_else(self):
        path, bad, plain = (self.top / name for name in ("backup", "bad", "plain.tar"))
        right, wrong, empty = (self.top / name for name in ("right", "wrong", "empty"))
        right.write_text("correct horse\nnot this line\n")
        wrong.write_text("correct horsf")
        empty.write_text("\n")
        option = lambda file: ("--passphrase-file", str(file))
        self.assertTrue(self.demo.ctl_json("backup", str(path), "--with-keys", *option(right))
                        ["encrypted"])
        self.demo.ctl("backup", str(plain))
        sealed = path.read_bytes()
        self.assertNotIn(b"seal-root", sealed)
        with tarfile.open(fileobj=io.BytesIO(open_envelope(sealed, b"correct horse"))) as tar:
            self.assertIn("seal-root.key", tar.getnames())
        before = self.info["pids"]["broker"]
        chunk = 65536 + 16
        for text in b"\0abc\n", b"a\0bc\n":
            wrong.write_bytes(text)
            done = self.demo.ctl("backup", str(bad), *option(wrong), check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("holds a NUL", done.stderr)
            self.assertFalse(bad.exists())
        wrong.write_text("correct horsf")
        for what, data, file, sentence in (
                ("wrong", sealed, wrong, "The passphrase is not that of"),
                ("empty", sealed, empty, "is empty"),
                ("nobody to ask", sealed, None, "--passphrase-file"),
                ("not encrypted", plain.read_bytes(), right, "is not encrypted"),
                ("changed", sealed[:300] + bytes([sealed[300] ^ 1]) + sealed[301:], right, "damaged"),
                ("cut between chunks", sealed[:80 + chunk], right, "damaged"),
                ("no end", sealed[:80], right, "damaged"),
                ("iterations", sealed[:16] + b"\xff" + sealed[17:], right, "damaged"),
                ("a chunk lacks", sealed[:80] + sealed[80 + chunk:], right, "damaged")):
            with self.subTest(what):
                bad.write_bytes(data)
                done = self.demo.ctl("restore", str(bad), "--yes", *(option(file) if file else ()),
                                     check=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn(sentence, done.stderr)
        self.assertEqual(self.info["pids"]["broker"], before)
        self.demo.ctl("client", "add", "later")
        self.assertEqual(self.restore(path, *option(right)).returncode, 0)
        self.assertNotIn("later", self.names())

    def test_what_nobody_goes_on_with_is_not_kept(self):
        def kept():
            n = 0
            for fd in pathlib.Path(f"/proc/{self.info['pids']['broker']}/fd").iterdir():
                with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                    n += "camward-restore" in os.readlink(fd)
            return n

        def wait_kept(expected):  # what is sent is open for a moment longer
            harness.wait_until(lambda: kept() == expected, 20, f"{expected} that are kept")
        with bus_caller.Caller(self.info["bus"]) as first:
            with bus_caller.Caller(self.info["bus"]) as second:
                first.call("", "Manager", "BeginRestore")
                wait_kept(1)
                second.call("", "Manager", "BeginRestore")
                wait_kept(1)
            wait_kept(0)
            first.call("", "Manager", "BeginRestore")
            wait_kept(1)

    def test_what_is_no_backup_changes_nothing(self):
        path, good = self.top / "bad.tar", self.top / "good.tar"
        self.demo.ctl("backup", str(good))
        whole = good.read_bytes()
        for bad in (b"x" * 2048, whole[:len(whole) // 2], whole.replace(b"camward.db", b"camward.xx"),
                    whole[:600] + b"y" * 4096 + whole[4696:]):
            with self.subTest(len(bad)):
                path.write_bytes(bad)
                done = self.restore(path)
                self.assertEqual(done.returncode, 1)
                self.assertIn("no backup", done.stderr)
                self.assertIn("owner", self.names())
        self.assertFalse([p for p in self.state.iterdir() if "restored" in p.name])
        self.watch()


class Forget(WithOwnState):
    def test_a_client_with_all_that_names_it(self):
        self.demo.ctl("client", "add", "gone")
        self.demo.ctl("suspend", "client", "gone", "--reason", "test")
        self.assertEqual(self.demo.ctl_json("client", "forget", "gone"),
                         {"client": "gone", "was_suspended": True})
        self.assertEqual(self.status()["suspensions"], [])
        self.assertEqual(self.demo.ctl("client", "forget", "gone", check=False).returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
