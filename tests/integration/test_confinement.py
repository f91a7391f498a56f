# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a serving session holds, as /proc tells it."""

import base64
import os
import pathlib
import re
import unittest

import harness
import rtsp


class Confinement(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("looking into another user's process needs root")
        if harness.SANITIZED:
            raise unittest.SkipTest("built with sanitizers the confinement only logs")
        cls.demo = cls.enterClassContext(harness.Demo(cameras=2))
        info = cls.demo.info
        cls.viewer = cls.enterClassContext(rtsp.Client("127.0.0.1", info["rtsps_port"], "front",
                                                       info["spki_sha256"]))
        cls.viewer.authorize("owner", cls.demo.token("owner"))
        cls.viewer.play()
        list(cls.viewer.access_units(count=5))
        cls.session, = cls.demo.sessions()

    def fds(self, pid):
        directory = f"/proc/{pid}/fd"
        return {int(fd): os.readlink(f"{directory}/{fd}") for fd in os.listdir(directory)}

    def status(self, pid):
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        return dict(re.findall(r"^(\w+):\s*(.*)$", text, re.M))

    def test_seccomp_filters_and_no_new_privileges(self):
        status = self.status(self.session)
        self.assertEqual(status["Seccomp"], "2")
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(int(status["CapEff"], 16), 0)

    def test_two_sockets_and_the_wake_and_nothing_to_open(self):
        fds = {n: to for n, to in self.fds(self.session).items() if n > 2}
        sockets = [to for to in fds.values() if to.startswith("socket:")]
        others = [to for to in fds.values() if not to.startswith("socket:")]
        self.assertEqual(len(sockets), 3, fds)  # the viewer's, the broker's link, the wake
        self.assertEqual([to for to in others if "memfd:" not in to], [], fds)
        standard = {to for n, to in self.fds(self.session).items() if n <= 2}
        self.assertEqual(standard, {"/dev/null"})

    def test_one_ring_read_only(self):
        maps = pathlib.Path(f"/proc/{self.session}/maps").read_text().splitlines()
        rings = [line for line in maps if "memfd:camward-ring" in line]
        self.assertEqual(len(rings), 1, rings)
        self.assertEqual(rings[0].split()[1], "r--s")
        shared = [line for line in maps if re.search(r" \S{3}s ", line)]
        writable = [line for line in shared if line.split()[1][1] == "w"]
        self.assertLessEqual(len(writable), 1, writable)
        self.assertTrue(all("counters" in line for line in writable), writable)
        self.assertEqual([line for line in maps if "rwx" in line.split()[1]], [])

    def test_its_limits(self):
        limits = dict((line[:26].strip(), line[26:].split()[0])
                      for line in pathlib.Path(f"/proc/{self.session}/limits").read_text().splitlines()[1:])
        self.assertEqual(limits["Max core file size"], "0")
        self.assertEqual(limits["Max file size"], "0")
        self.assertLessEqual(int(limits["Max open files"]), 64)

    def test_no_tls_key_in_its_memory(self):
        # The broker has the key; its secret number is looked for in the session's and gate's memory.
        secret = self.secret_number()
        self.assertEqual(len(secret), 32)
        for pid in (self.session, self.demo.info["pids"]["gate"]):
            for start, data in self.memory(pid):
                self.assertEqual(data.find(secret), -1, f"the key is in {pid} at {start:x}")
                self.assertEqual(data.find(secret[::-1]), -1)

    def secret_number(self):
        state = pathlib.Path(self.demo.info["server_cert"]).parent / "state"
        for path in sorted(state.rglob("*")):
            if not path.is_file() or path.stat().st_size > 65536:
                continue
            data = path.read_bytes()
            match = re.search(rb"-----BEGIN (?:EC )?PRIVATE KEY-----(.*?)-----END", data, re.S)
            if "server" in path.name and match:
                der = base64.b64decode(match[1])
                # ECPrivateKey (RFC 5915): version 1, then an OCTET STRING of the number; GnuTLS
                # writes a leading zero where the highest bit is set.
                number = re.search(rb"\x02\x01\x01\x04([\x20\x21])(\x00?)", der, re.S)
                length, start = number[1][0], number.end(1)
                return der[start:start + length][-32:]
        self.fail("the server's key was not found in the state directory")

    def memory(self, pid):
        with open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
                span, access = line.split()[:2]
                if "r" not in access or "[v" in line:
                    continue
                start, end = (int(x, 16) for x in span.split("-"))
                memory.seek(start)
                try:
                    yield start, memory.read(end - start)
                except OSError:
                    continue

    def test_the_search_finds_a_key_where_there_is_one(self):
        secret = self.secret_number()
        token = self.demo.token("owner").encode()
        self.assertNotEqual(secret, token)
        found = [start for start, data in self.memory(self.demo.info["pids"]["broker"])
                 if secret in data or secret[::-1] in data]
        self.assertTrue(found, "the search does not even find the key in the broker")

    def test_no_process_is_more_than_it_must_be(self):
        for name in ("broker", "gate"):
            status = self.status(self.demo.info["pids"][name])
            self.assertEqual(int(status["CapEff"], 16), 0, name)
            self.assertNotEqual(status["Uid"].split()[0], "0", name)

    def test_no_camera_holds_a_network_socket(self):
        unix = pathlib.Path("/proc/net/unix").read_text()
        for pid in self.demo.info["pids"]["cameras"]:
            for to in self.fds(pid).values():
                if to.startswith("socket:"):
                    inode = to.split("[")[1].rstrip("]")
                    self.assertIn(f" {inode}", unix, f"camera {pid} holds {to}")


if __name__ == "__main__":
    unittest.main()
