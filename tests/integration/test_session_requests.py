# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a session answers, in RTSP and HTTP, where no picture is needed to judge it.

With the real broker: test_refusals, ..."""

import http.client
import json
import pathlib
import re
import socket
import ssl
import time
import unittest

import harness
import rtp
import rtsp
import tls
from stub_case import Case, Stub

TRANSPORT = "RTP/AVP/TCP;unicast;interleaved=0-1"


class Requests(Case):
    """One stub for all: no case harms the next."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stub = Stub(cls.clip)
        cls.addClassCleanup(cls.stub.close)

    def test_statuses_before_a_session(self):
        c = self.client()
        for method, headers, status in (
                ("OPTIONS", {}, 200), ("PLAY", {}, 454), ("TEARDOWN", {}, 454),
                ("PAUSE", {}, 501), ("RECORD", {}, 501), ("GET_PARAMETER", {}, 454),
                ("SETUP", {"Transport": "RTP/AVP;unicast;client_port=5000-5001"}, 461),
                ("SETUP", {"Transport": "RTP/AVP;multicast"}, 461),
                ("SETUP", {}, 400),
                ("SETUP", {"Transport": TRANSPORT, "Session": "00"}, 454),
                ("DESCRIBE", {"Accept": "text/plain"}, 406),
                ("DESCRIBE", {"Require": "feature"}, 551)):
            with self.subTest(method=method, headers=headers):
                self.assertEqual(c.request(method, headers=headers).status, status)
        self.assertIn("PLAY", c.request("OPTIONS").headers["public"])
        # None of these took the session away.
        c.play()

    def test_statuses_in_a_session(self):
        c = self.client()
        c.describe()
        answer = c.setup("RTP/AVP;unicast;client_port=1-2,RTP/AVP/TCP;unicast;interleaved=4-5")
        self.assertRegex(answer.headers["transport"],
                         r"RTP/AVP/TCP;unicast;interleaved=4-5;ssrc=[0-9A-F]{8}")
        self.assertRegex(answer.headers["session"], r"[0-9a-f]{32};timeout=60")
        for method, headers, body, status in (
                ("SETUP", {"Transport": TRANSPORT, "Session": None}, b"", 455),
                ("SETUP", {"Transport": TRANSPORT}, b"", 455),
                ("PLAY", {"Range": "clock=20200101T000000Z-"}, b"", 457),
                ("PLAY", {"Session": "0" * 32}, b"", 454),
                ("PLAY", {"Session": None}, b"", 454),
                ("GET_PARAMETER", {}, b"", 200), ("SET_PARAMETER", {}, b"", 200),
                ("GET_PARAMETER", {}, b"packets_received\r\n", 451),
                ("GET_PARAMETER", {"Session": "0" * 32}, b"", 454)):
            with self.subTest(method=method, headers=headers):
                self.assertEqual(c.request(method, headers=headers, body=body).status, status)
        answer = c.request("PLAY")
        self.assertRegex(answer.headers["rtp-info"], r"url=\S+/trackID=0;seq=\d+;rtptime=\d+")
        frame = c.read_frame()
        self.assertEqual((frame.channel, rtp.rtcp_kinds(frame.payload)[0]), (5, 200))
        self.assertEqual(c.read_frame().channel, 4)

    def test_a_session_is_of_its_connection(self):
        first, second = self.client(), self.client()
        for c in (first, second):
            c.describe()
            c.setup()
        self.assertNotEqual(first.session, second.session)
        stolen = second.request("PLAY", headers={"Session": first.session})
        self.assertEqual(stolen.status, 454)

    def test_bound_to_one_camera_for_life(self):
        c = self.client()
        c.describe()
        base = c.url[:-len("front")]
        unknown = self.client("nowhere").request("DESCRIBE")
        self.assertEqual(unknown.status, 404)
        for name in ("back", "front/sub", "nowhere", "Front", "front%00", ""):
            answer = c.request("DESCRIBE", base + name)
            self.assertEqual(answer.without_cseq(), unknown.without_cseq(), name)
        c.setup()
        self.assertEqual(c.request("PLAY", base + "back").without_cseq(), unknown.without_cseq())

    def test_denials(self):
        for camera, status in (("busy", 453), ("dark", 503), ("nowhere", 404), ("front", 401)):
            c = self.client(camera, token="secret" if status != 401 else "wrong")
            answer = c.request("DESCRIBE")
            self.assertEqual(answer.status, status)
            self.assertEqual("www-authenticate" in answer.headers, status == 401)
            # Asking again is possible.
            self.assertEqual(c.request("DESCRIBE").status, status)

    def test_the_first_answer_may_be_401(self):
        c = self.client(token=None)
        answer = c.request("DESCRIBE")
        self.assertEqual(answer.status, 401)
        self.assertRegex(answer.headers["www-authenticate"], r"^Basic realm=")
        c.authorize("owner", "secret")
        c.play()

    def test_requests_behind_one_that_waits_are_answered_in_order(self):
        c = self.client()
        data = b"".join(c.format_request(m) for m in ("OPTIONS", "DESCRIBE", "OPTIONS"))
        c.send(data + b"$\x01\0\1x" + c.format_request("OPTIONS"))
        answers = [c.read_response() for _ in range(4)]
        self.assertEqual([a.headers["cseq"] for a in answers], ["1", "2", "3", "4"])
        self.assertEqual([a.status for a in answers], [200] * 4)
        self.assertIn(b"m=video", answers[1].body)

    def test_answers_that_are_not_taken_stop_the_requests(self):
        c = self.client(receive_buffer=4096)
        c.describe()
        c.setup()
        session = self.stub.children()[-1]
        n, end = 0, time.monotonic() + 2
        c.connection.settimeout(0.3)
        try:
            while time.monotonic() < end:
                c.send(b"".join(c.format_request("GET_PARAMETER") for _ in range(100)))
                n += 100
        except TimeoutError:
            pass
        status = pathlib.Path(f"/proc/{session}/status").read_text()
        if not harness.SANITIZED:
            self.assertLess(int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]), 2048)
        # All that were sent whole are answered in the end.
        for _ in range(n):
            self.assertEqual(c.read_response().status, 200)

    def https(self, method, path, credential="owner:secret"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        c = http.client.HTTPSConnection("127.0.0.1", self.stub.https, context=context, timeout=5)
        self.addCleanup(c.close)
        headers = {"Authorization": rtsp.basic(*credential.split(":"))} if credential else {}
        c.request(method, path, headers=headers)
        answer = c.getresponse()
        answer.data = answer.read()
        return answer

    def test_the_list_of_cameras(self):
        answer = self.https("GET", "/api/cameras")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.getheader("Cache-Control"), "no-store, private")
        self.assertEqual(json.loads(answer.data), {"cameras": [
            {"name": "front", "uuid": "01020304-0506-0708-0000-000000000000",
             "rights": ["live", "still"], "streams": ["main", "sub"], "online": True},
            {"name": "back", "uuid": "00000000-0000-0000-0000-000000000000",
             "rights": ["still"], "streams": [], "online": False}]})
        head = self.https("HEAD", "/api/cameras")
        self.assertEqual((head.status, head.data), (200, b""))
        self.assertEqual(head.getheader("Content-Length"), str(len(answer.data)))

    def test_http_statuses(self):
        for method, path, credential, status in (
                ("GET", "/api/cameras", None, 401), ("GET", "/api/nothing", None, 401),
                ("GET", "/cameras/front/live.mp4", None, 401),
                ("GET", "/api/cameras", "owner:wrong", 401),
                ("GET", "/api/nothing", "owner:secret", 404), ("GET", "/nothing", None, 404),
                ("POST", "/api/cameras", "owner:secret", 405),
                ("PUT", "/api/cameras", "owner:secret", 501)):
            with self.subTest(path=path, method=method):
                self.assertEqual(self.https(method, path, credential).status, status)

    def test_who_opens_the_address_in_a_browser_learns_the_same_whoever_it_is(self):
        answers = [self.https("GET", "/", credential)
                   for credential in (None, "owner:secret", "owner:wrong", "nobody:x")]
        self.assertEqual({a.status for a in answers}, {404})
        self.assertIn(b"There is no page here yet", answers[0].data)
        self.assertEqual(len({(a.data, str(a.headers)) for a in answers}), 1)

    def test_a_failed_handshake_is_told_by_an_alert(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection(("127.0.0.1", self.stub.rtsps)) as tcp:
            with self.assertRaisesRegex(ssl.SSLError, "ALERT"):
                context.wrap_socket(tcp)

    def test_garbage_is_answered_in_the_language_of_the_port(self):
        for port, begin in ((self.stub.rtsps, b"RTSP/1.0 400 "), (self.stub.https, b"HTTP/1.1 400 ")):
            with tls.Connection("127.0.0.1", port) as c:
                c.send(b"\x01\x02\x03\r\n\r\n")
                self.assertTrue(c.recv().startswith(begin))


if __name__ == "__main__":
    unittest.main()
