# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whoever speaks badly gets a clear error where it can read one, and hinders nobody."""

import random
import socket
import threading
import time
import unittest

import harness
import rtsp
import tls


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=1))
        cls.info = cls.demo.info

    def setUp(self):
        """Each test has a viewer beside it that must not lose a packet."""
        self.watcher = self.client("front", "owner")
        self.watcher.play()
        self.units, self.stop, self.trouble = [], threading.Event(), []
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        self.addCleanup(self.check_watcher)

    def watch(self):
        try:
            while not self.stop.is_set():
                for unit in self.watcher.access_units(count=5, timeout=3):
                    self.units.append(time.monotonic())
        except Exception as e:  # whatever it is, it is told below
            self.trouble.append(repr(e))

    def check_watcher(self):
        self.stop.set()
        self.thread.join()
        self.assertEqual(self.trouble, [], "the viewer beside was disturbed")
        gaps = [b - a for a, b in zip(self.units, self.units[1:])]
        self.assertTrue(gaps)
        if not harness.SANITIZED:
            self.assertLess(max(gaps), 1.0, "the viewer beside stood still")

    def client(self, camera, name=None):
        c = rtsp.Client("127.0.0.1", self.info["rtsps_port"], camera, self.info["spki_sha256"])
        self.addCleanup(c.close)
        if name:
            c.authorize(name, self.demo.token(name))
        return c

    def answer(self, data, expected):
        c = self.client("front")
        c.send(data)
        response = c.read_response()
        self.assertIn(response.status, expected, data[:80])
        return response

    def request(self, line="DESCRIBE rtsps://h/front RTSP/1.0", *headers):
        return "\r\n".join([line, *(headers or ("CSeq: 1",)), "", ""]).encode()

    def test_malformed_requests_get_clear_errors(self):
        r = self.request
        for data, expected in (
                (r("DESCRIBE rtsps://h/front RTSP/2.0"), (400, 505)),
                (r("DESCRIBE rtsps://h/front"), (400,)),
                (r("FROB rtsps://h/front RTSP/1.0"), (501,)),
                (r("DESCRIBE ftp://h/front RTSP/1.0"), (400,)),
                (r("DESCRIBE rtsps://h/front RTSP/1.0", "Accept: x"), (400,)),  # no CSeq
                (r("DESCRIBE rtsps://h/front RTSP/1.0", "CSeq: 1", "CSeq: 2"), (400,)),
                (r("DESCRIBE rtsps://h/front RTSP/1.0", "CSeq : 1"), (400,)),
                (r("DESCRIBE rtsps://h/front RTSP/1.0", "CSeq: 1", " folded"), (400,)),
                (r("DESCRIBE rtsps://h/front RTSP/1.0", "CSeq: 1", "Content-Length: -1"), (400,)),
                (r("DESCRIBE rtsps://h/front RTSP/1.0", "CSeq: 1", "Content-Length: 1",
                   "Content-Length: 1"), (400,)),
                (r("DESCRIBE rtsps://h/front RTSP/1.0", "CSeq: 1", "Transfer-Encoding: chunked"),
                 (400, 501)),
                (r("DESCRIBE rtsps://h/front RTSP/1.0", "CSeq: 1", "Content-Length: 999999"),
                 (413,)),
                (r("DESCRIBE rtsps://h/front RTSP/1.0", "CSeq: 1", "X: " + "a" * 9000),
                 (400, 431)),
                (r("DESCRIBE rtsps://h/" + "a" * 9000 + " RTSP/1.0"), (400, 414, 431)),
                (b"DESCRIBE rtsps://h/front RTSP/1.0\nCSeq: 1\n\n", (400,)),
                (b"DESCRIBE rtsps://h/fr\0nt RTSP/1.0\r\nCSeq: 1\r\n\r\n", (400,))):
            with self.subTest(data=data[:60]):
                self.answer(data, expected)

    def test_pipelined_requests_with_frames_between_are_all_answered(self):
        c = self.client("front", "owner")
        frame = b"$\x01\x00\x08" + b"\x80\xc9\x00\x01\0\0\0\1"
        data = b""
        for i in range(20):
            data += c.format_request("OPTIONS") + frame * (i % 3)
        c.send(data)
        for i in range(20):
            response = c.read_response()
            self.assertEqual((response.status, response.headers["cseq"]), (200, str(i + 1)))

    def test_requests_while_playing_are_answered_between_frames(self):
        c = self.client("front", "owner")
        c.play()
        for _ in range(10):
            list(c.access_units(count=2))
            self.assertEqual(c.request("GET_PARAMETER").status, 200)
        c.teardown()

    def test_a_request_in_single_bytes_is_understood(self):
        c = self.client("front", "owner")
        for byte in c.format_request("OPTIONS"):
            c.send(bytes([byte]))
        self.assertEqual(c.read_response().status, 200)

    def test_random_bytes_inside_tls(self):
        source = random.Random(20200101)
        for _ in range(40):
            c = self.client("front")
            try:
                c.send(source.randbytes(source.choice((1, 10, 100, 1000, 10000))))
                c.connection.settimeout(0.2)
                c.connection.recv()
            except (OSError, TimeoutError, tls.Ended):
                pass
            c.abort()

    def test_random_bytes_instead_of_tls(self):
        source = random.Random(20200102)
        for _ in range(40):
            with socket.create_connection(("127.0.0.1", self.info["rtsps_port"]), 2) as s:
                s.sendall(source.randbytes(source.choice((1, 10, 500, 5000))))

    def test_truncated_requests_cost_nothing(self):
        whole = self.client("front", "owner").format_request("DESCRIBE")
        for cut in range(1, len(whole), 17):
            c = self.client("front")
            c.send(whole[:cut])
            c.close()

    def test_plain_rtsp_gets_no_answer_in_the_clear(self):
        with socket.create_connection(("127.0.0.1", self.info["rtsps_port"]), 2) as s:
            s.sendall(b"OPTIONS rtsp://h/front RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            s.settimeout(3)
            try:
                data = s.recv(4096)
            except ConnectionResetError:
                data = b""
        self.assertNotIn(b"RTSP/1.0", data)

    def test_two_hundred_idle_connections_hinder_no_new_viewer(self):
        idle = []
        try:
            for _ in range(200):
                try:
                    idle.append(socket.create_connection(("127.0.0.1", self.info["rtsps_port"]), 2))
                except ConnectionResetError:
                    pass  # the limit, told at once
            self.assertGreater(len(idle), 50)
            began = time.monotonic()
            c = harness.wait_until(self.new_viewer, 5, "a new viewer beside 200 idle connections")
            self.assertLess(time.monotonic() - began, 5)
            self.assertEqual(len(list(c.access_units(count=30))), 30)
            # And the limits hold: not each of them has a process.
            self.assertLessEqual(len(self.demo.sessions()), 150)
        finally:
            for s in idle:
                s.close()

    def new_viewer(self):
        try:
            c = self.client("front", "owner")
            c.play()
            return c
        except (OSError, tls.Ended, TimeoutError):
            return None

    def test_unfinished_handshakes_are_ended(self):
        held = []
        for data in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00"):
            s = socket.create_connection(("127.0.0.1", self.info["rtsps_port"]), 2)
            s.sendall(data)
            held.append(s)
        for s in held:
            s.settimeout(20)
            try:
                while s.recv(4096):
                    pass
            except ConnectionResetError:
                pass
            s.close()

    def test_http_on_the_same_port_is_told_apart(self):
        info = self.info
        for port in (info["rtsps_port"], info["https_port"]):
            with tls.Connection("127.0.0.1", port, info["spki_sha256"]) as c:
                c.send(b"GET /api/cameras HTTP/1.1\r\nHost: x\r\n\r\n")
                data = c.recv()
                self.assertTrue(data.startswith(b"HTTP/1.1 401 "), data)

    def test_the_list_of_cameras_has_only_what_is_granted(self):
        import json
        for name, expected in (("owner", ["front"]), ("stranger", [])):
            with tls.Connection("127.0.0.1", self.info["https_port"],
                                self.info["spki_sha256"]) as c:
                authorization = rtsp.basic(name, self.demo.token(name))
                c.send(f"GET /api/cameras HTTP/1.1\r\nHost: x\r\n"
                       f"Authorization: {authorization}\r\n\r\n".encode())
                data = b""
                while b"\r\n\r\n" not in data or data.endswith(b"\r\n\r\n"):
                    data += c.recv()
                head, body = data.split(b"\r\n\r\n", 1)
                self.assertIn(b"no-store", head)
                cameras = json.loads(body)["cameras"]
                self.assertEqual([camera["name"] for camera in cameras], expected)


if __name__ == "__main__":
    unittest.main()
