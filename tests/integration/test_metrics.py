# SPDX-License-Identifier: LGPL-2.1-or-later
"""Numbers for Prometheus: well-formed by a strict reader, true, and without anybody's name."""

import pathlib
import re
import socket
import unittest

import harness

import rtsp

NAME = r"camward_[a-z_]+"
LABELS = r'\{[a-z]+="[^"\\\n]*"(?:,[a-z]+="[^"\\\n]*")*\}'
SAMPLE = re.compile(rf"({NAME})({LABELS})? (-?[0-9]+(?:\.[0-9]+)?)")
HELP = re.compile(rf"# HELP ({NAME}) (\S.*)")
TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge|histogram)")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


def parse(text):
    """{name: {labels: value}}. As the format says (Prometheus, Exposition formats, text 0.0.4), and
    stricter: help and type stand before the samples, once, and no series comes twice."""
    assert text.endswith("\n") and "\r" not in text
    families, series = {}, {}
    name = kind = None
    for line in text.splitlines():
        if match := HELP.fullmatch(line):
            assert match[1] not in families, line
            name, kind = match[1], None
            families[name] = {}
        elif match := TYPE.fullmatch(line):
            assert match[1] == name and kind is None, line
            kind = match[2]
            assert (kind == "counter") == name.endswith("_total"), line
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert kind and match[1] in [name + suffix for suffix in SUFFIXES[kind]], line
            labels = match[2] or ""
            assert (match[1], labels) not in series, line
            assert float(match[3]) >= 0, line
            series[match[1], labels] = True
            families.setdefault(match[1], {})[labels] = float(match[3])
    return families


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=2))
        cls.info = cls.demo.info

    def read(self):
        return parse(self.demo.ctl("metrics").stdout)

    def client(self, name="owner", camera="front", token=None):
        c = rtsp.Client("127.0.0.1", self.info["rtsps_port"], camera, self.info["spki_sha256"])
        self.addCleanup(c.close)
        c.authorize(name, token or self.demo.token(name))
        return c

    def test_it_counts_what_happens(self):
        before = self.read()
        viewer = self.client()
        viewer.play()
        list(viewer.access_units(count=10))
        during = self.read()
        front = '{camera="front"}'
        self.assertEqual(during["camward_camera_leases"],
                         {front: 1, '{camera="back"}': 0})
        self.assertGreaterEqual(during["camward_delivered_frames_total"][front], 10)
        self.assertEqual(self.client("stranger").request("DESCRIBE").status, 404)
        self.assertEqual(self.client("owner", token="A" * 43).request("DESCRIBE").status, 401)
        self.demo.ctl("suspend", "all", "--reason", "secret words")
        after = self.read()
        self.assertEqual(after["camward_suspensions"][""], 1)
        self.demo.ctl("resume", "all")

        def more(name, labels="", by=1):
            self.assertEqual(after[name].get(labels, 0) - before[name].get(labels, 0), by, name)

        more("camward_leases_opened_total")
        more("camward_leases_ended_total", '{cause="suspended"}')
        more("camward_denials_total", '{reason="no grant"}')
        more("camward_credentials_refused_total")
        more("camward_signatures_total", by=3)
        more("camward_end_seconds_count")
        self.assertGreaterEqual(after["camward_delivered_frames_total"][front],
                                during["camward_delivered_frames_total"][front])
        buckets = list(after["camward_end_seconds_bucket"].values())
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual(buckets[-1], after["camward_end_seconds_count"][""])

    def test_nobody_is_named(self):
        self.client("guest").play()
        lease = self.demo.leases()[0]["id"]
        self.demo.ctl("lease", "end", str(lease), "--reason", "because of Mr Smith")
        text = self.demo.ctl("metrics").stdout
        for word in ("owner", "guest", "stranger", "Smith", "127.0.0.1"):
            self.assertNotIn(word, text)
        self.assertIn('cause="other"', text)

    def socket_path(self):
        """Where the broker says that it listens: among its arguments."""
        broker = self.info["pids"]["broker"]
        arguments = pathlib.Path(f"/proc/{broker}/cmdline").read_bytes().decode().split("\0")
        return arguments[arguments.index("--metrics-socket") + 1]

    def ask(self, request):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(self.socket_path())
            for piece in request:
                s.sendall(piece)
            answer = b""
            while data := s.recv(65536):
                answer += data
        head, _, body = answer.decode().partition("\r\n\r\n")
        return head.split("\r\n"), body

    def test_the_socket_speaks_http(self):
        for request in ((b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",),
                        (b"GET / HTTP/1.0\r\n", b"\r", b"\n")):
            head, body = self.ask(request)
            self.assertEqual(head[0], "HTTP/1.0 200 OK")
            self.assertIn("Content-Type: text/plain; version=0.0.4", head)
            self.assertIn(f"Content-Length: {len(body)}", head)
            self.assertEqual(parse(body)["camward_ready"], {"": 1})

    def test_who_says_nothing_keeps_nobody_out_for_long(self):
        silent = [socket.socket(socket.AF_UNIX) for _ in range(8)]
        for s in silent:
            self.addCleanup(s.close)
            s.settimeout(20)
            s.connect(self.socket_path())
        self.assertEqual([s.recv(1) for s in silent], [b""] * 8)
        self.assertEqual(self.ask((b"GET / HTTP/1.0\r\n\r\n",))[0][0], "HTTP/1.0 200 OK")


if __name__ == "__main__":
    unittest.main()
