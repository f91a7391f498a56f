# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who does wrong is turned away for a while, and nobody else is. The real gate, which here does not
exempt loopback; each test comes from addresses of its own (127.0.0.0/8), which are its sources."""

import base64
import contextlib
import http.client
import os
import pathlib
import signal
import ssl
import subprocess
import tempfile
import time
import unittest

import harness
import rtsp
import stub_case
import tls

FREE_MISTAKES = 3  # refused credentials that cost nothing (penalties.h: 5 s each, 15 s are free)
CREDENTIAL_SECONDS = 5
ANONYMOUS_MAX = 80  # 0.5 s each, less what runs off meanwhile
GRACE_MAX = 12  # 3 s each


def is_refused(port, source):
    """Whether the connection is reset at once: not a byte of TLS."""
    try:
        with contextlib.closing(tls.Connection("127.0.0.1", port, source=source)):
            return False
    except tls.Ended as e:
        assert e.how == "rst", e
        return True
    except ConnectionResetError:
        return True


class Penalties(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=1, penalties=True))
        cls.info = cls.demo.info
        cls.port = cls.info["rtsps_port"]

    def client(self, source, token=None):
        c = rtsp.Client("127.0.0.1", self.port, "front", self.info["spki_sha256"], source=source)
        self.addCleanup(c.close)
        if token:
            c.authorize("owner", token)
        return c

    def mistake(self, source):
        c = self.client(source, "A" * 43)
        self.assertEqual(c.request("DESCRIBE").status, 401)
        c.close()

    def make_mistakes_until_refused(self, source):
        """One, or two where so much time has passed that one has run off. Says when it ended. To
        look costs something, too, and may be what brings it about."""
        for _ in range(2):
            self.mistake(source)
            end = time.monotonic()
            if is_refused(self.port, source) or is_refused(self.port, source):
                return end
        self.fail("not refused")

    def watch(self, source):
        c = self.client(source, self.demo.token("owner"))
        c.play()
        self.assertEqual(len(list(c.access_units(count=3))), 3)
        return c

    def test_a_few_mistakes_are_free_one_more_costs_seconds(self):
        culprit, neighbour = "127.0.1.1", "127.0.1.2"
        watching = self.watch(culprit)
        for _ in range(FREE_MISTAKES):
            self.mistake(culprit)
        self.watch(culprit).close()
        begin = self.make_mistakes_until_refused(culprit)
        self.assertTrue(is_refused(self.info["https_port"], culprit))
        self.watch(neighbour)
        self.assertEqual(len(list(watching.access_units(count=60))), 60, "a lease was touched")
        harness.wait_until(lambda: not is_refused(self.port, culprit), 30, "the penalty's end")
        self.assertLess(time.monotonic() - begin, (FREE_MISTAKES + 1) * CREDENTIAL_SECONDS + 1)
        self.assertGreater(time.monotonic() - begin, FREE_MISTAKES * CREDENTIAL_SECONDS - 1)
        self.watch(culprit)

    def test_each_mistake_on_one_connection_counts(self):
        source = "127.0.2.1"
        c = self.client(source, "A" * 43)
        # Not three: the third may be answered by a reset.
        for _ in range(FREE_MISTAKES - 1):
            self.assertEqual(c.request("DESCRIBE").status, 401)
        self.mistake(source)
        self.watch(source).close()
        self.make_mistakes_until_refused(source)

    def test_players_ask_without_credentials_first_and_are_served(self):
        for _ in range(ANONYMOUS_MAX):
            c = self.client("127.0.3.1")
            self.assertEqual(c.request("DESCRIBE").status, 401)
            c.authorize("owner", self.demo.token("owner"))
            self.assertEqual(c.request("DESCRIBE").status, 200)
            c.close()

    def test_a_right_token_without_a_lease_is_no_mistake(self):
        basic = base64.b64encode(f"owner:{self.demo.token('owner')}".encode()).decode()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        for _ in range(ANONYMOUS_MAX):
            c = http.client.HTTPSConnection("127.0.0.1", self.info["https_port"], timeout=5,
                                            context=context, source_address=("127.0.4.1", 0))
            c.request("GET", "/api/cameras", headers={"Authorization": "Basic " + basic})
            self.assertEqual(c.getresponse().status, 200)
            c.close()

    def test_connections_without_any_credential_add_up(self):
        for n in range(ANONYMOUS_MAX):
            if is_refused(self.port, "127.0.5.1"):
                break
        self.assertGreater(n, 30, "too soon for a browser that opens several")
        self.assertLess(n, ANONYMOUS_MAX - 1, "never refused")
        self.watch("127.0.5.2")

    def test_a_crash_is_remembered_by_the_gate_that_starts_anew(self):
        culprit, neighbour = "127.0.6.1", "127.0.6.2"
        gate = self.info["pids"]["gate"]
        others = set(self.demo.sessions())
        beside = self.watch(neighbour)
        others |= set(self.demo.sessions())
        crashing = self.watch(culprit)
        session, = set(self.demo.sessions()) - others
        before = self.place_of(gate)
        # AddressSanitizer turns a SIGSEGV into an exit status.
        os.kill(session, signal.SIGSYS if harness.SANITIZED else signal.SIGSEGV)
        crashing.wait_end(5)
        # The viewer can hear of it before the gate does.
        told = f"{culprit} is refused for 90 s: a crashed session"
        harness.wait_until(lambda: told in self.demo.log.read_text(), 5, "the penalty")
        self.watch(neighbour)
        self.assertNotEqual(self.place_of(gate), before, "the gate is not anew")
        self.assertTrue(is_refused(self.port, culprit))
        self.assertEqual(len(list(beside.access_units(count=30))), 30)

    def place_of(self, pid):
        """Where the program itself is mapped."""
        maps = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
        return next(line.split("-")[0] for line in maps if line.endswith("/camward-gate"))


class Grace(unittest.TestCase):
    """With a grace time of a second, which the demo's gate has not."""

    @classmethod
    def setUpClass(cls):
        directory = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="camward-test-"))
        cls.clip = pathlib.Path(directory) / "clip.h264"
        stub_case.make_clip(cls.clip)

    def start(self, exempt):
        stub = stub_case.Stub(self.clip, "--grace", "1", exempt=exempt)
        self.addCleanup(stub.close)
        return stub

    def stay(self, stub, source):
        """As many connections as are refused for it, held until the gate ends them."""
        held = [tls.Connection("127.0.0.1", stub.rtsps, source=source) for _ in range(GRACE_MAX)]
        for c in held:
            with self.assertRaises(tls.Ended):
                c.recv()
            c.close()
        time.sleep(0.2)

    def test_staying_past_the_grace_time_adds_up(self):
        stub = self.start(exempt=None)
        self.stay(stub, "127.0.7.1")
        self.assertTrue(is_refused(stub.rtsps, "127.0.7.1"))
        self.assertFalse(is_refused(stub.rtsps, "127.0.7.2"))

    def test_the_exempt_are_not_refused(self):
        stub = self.start(exempt="127.0.8.0/24,::1")
        for source in ("127.0.8.1", "127.0.9.1"):
            self.stay(stub, source)
        self.assertFalse(is_refused(stub.rtsps, "127.0.8.1"))
        self.assertTrue(is_refused(stub.rtsps, "127.0.9.1"))

    def test_a_list_that_is_none_is_refused_with_a_clear_error(self):
        for text in ("127.0.0.1/8", "localhost", ""):
            done = subprocess.run([str(harness.BUILD / "service/session/camward-gate"),
                                   "--penalty-exempt", text], text=True, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 1)
            self.assertIn("--penalty-exempt: not ADDRESS[/LENGTH]", done.stderr)


if __name__ == "__main__":
    unittest.main()
