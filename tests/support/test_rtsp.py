# SPDX-License-Identifier: LGPL-2.1-or-later
import socket
import struct
import tempfile
import unittest

import fake_server
import rtp
import rtsp
import tls


def serve_units(units, end):
    """A server's conversation: up to PLAY, then these bytes, then end(tls socket)."""
    def serve(sock, _):
        if fake_server.answer_until_play(sock):
            for unit in units:
                sock.sendall(unit)
            end(sock)
    return serve


def end_orderly(sock):
    sock.unwrap()


def end_fin(sock):
    socket.socket.shutdown(sock, socket.SHUT_WR)
    sock.recv(1)


def end_reset(sock):
    sock.recv(1)  # a reset throws away what is still on its way
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class RtspTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.certificate = fake_server.make_certificate(cls.directory.name)

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def connect(self, units=(), end=end_orderly, camera="front", token="secret", **options):
        server = fake_server.FakeServer(self.certificate, serve_units(units, end))
        self.addCleanup(server.close)
        client = rtsp.Client("127.0.0.1", server.port, camera, **options)
        self.addCleanup(client.close)
        if token:
            client.authorize("owner", token)
        return client

    def test_the_pin_decides(self):
        client = self.connect()
        pin = tls.spki_sha256(client.connection.certificate)
        self.connect(pin=pin)
        with self.assertRaises(tls.PinMismatch):
            self.connect(pin="A" * 43 + "=")

    def test_plays_and_reads_access_units(self):
        client = self.connect(fake_server.access_units(25, size=5000))
        client.play()
        units = list(client.access_units(count=15)) + list(client.access_units(count=10))
        self.assertEqual([i for i, u in enumerate(units) if u.keyframe], [0, 10, 20])
        self.assertEqual([u.timestamp for u in units], [i * 3000 for i in range(25)])
        self.assertEqual(units[1].data, rtp.START_CODE + b"\x61" + b"\1" * 5000)
        self.assertTrue(units[0].data.startswith(rtp.START_CODE + b"\x67"))

    def test_refusals_carry_their_status(self):
        for camera, token, status in (("front", None, 401), ("other", "secret", 404)):
            with self.assertRaises(rtsp.Refused) as caught:
                self.connect(camera=camera, token=token).play()
            self.assertEqual(caught.exception.status, status)

    def test_a_broken_stream_is_noticed(self):
        good = fake_server.access_units(4)
        swapped = [good[0], good[2], good[1]]
        other = fake_server.interleaved(fake_server.rtp_packet(65504, 3000, b"\x61a", True, ssrc=8))
        short = fake_server.interleaved(b"\x80" * 5)
        for units, what in ((swapped, "sequence"), ([good[0], other], "ssrc"),
                            ([good[0], short], "not a plain RTP packet")):
            client = self.connect(units)
            client.play()
            with self.assertRaisesRegex(rtp.RtpError, what):
                list(client.access_units())

    def test_tells_how_a_connection_ended(self):
        for end, how in ((end_orderly, "close_notify"), (end_fin, "fin"), (end_reset, "rst")):
            client = self.connect(fake_server.access_units(2, size=100), end)
            client.play()
            if how == "rst":
                first = [client.read_frame() for _ in range(3)]
                client.send(b"$")
            ended, frames = client.wait_end()
            self.assertEqual(ended.how, how)
            self.assertEqual(len(first + frames if how == "rst" else frames), 3)

    def test_bad_answers_are_refused(self):
        for answer in (b"RTSP/1.0 2000 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n",
                       b"RTSP/1.0 200 OK\r\nCSeq : 1\r\n\r\n",
                       b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nCSeq: 1\r\n\r\n",
                       b"RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n"):
            server = fake_server.FakeServer(self.certificate,
                                            lambda sock, _, a=answer: (sock.sendall(a),
                                                                       sock.recv(9999)))
            self.addCleanup(server.close)
            with rtsp.Client("127.0.0.1", server.port) as client, \
                    self.assertRaises(rtsp.BadResponse):
                client.request("OPTIONS")

    def test_nothing_from_the_server_is_a_timeout(self):
        client = self.connect(end=lambda sock: sock.recv(1))
        client.play()
        with self.assertRaises(TimeoutError):
            client.read_frame(timeout=0.2)

    def test_responses_compare_without_cseq(self):
        client = self.connect(camera="other")
        first, second = client.request("DESCRIBE"), client.request("DESCRIBE")
        self.assertNotEqual(first.raw, second.raw)
        self.assertEqual(first.without_cseq(), second.without_cseq())


class DepacketizerTest(unittest.TestCase):
    def push(self, *payloads):
        depacketizer = rtp.Depacketizer()
        for i, payload in enumerate(payloads):
            depacketizer.push(rtp.Packet(i == len(payloads) - 1, 96, i, 0, 1, payload))

    def test_malformed_payloads(self):
        for payloads in ([b"\x7c\x45a"],                       # an FU-A that goes on with nothing
                         [b"\x7c\xc5a"],                       # start and end at once
                         [b"\x7c\x85a"],                       # marker before its end
                         [b"\x7c\x85a", b"\x61a"],             # not finished
                         [b"\x7c\x85a", b"\x7c\x41a"],         # of another NAL unit
                         [b"\x7c\x85"], [b"\x78\0"], [b"\x78\0\5ab"], [b"\x78\0\0"], [b"\x60"]):
            with self.subTest(payloads), self.assertRaises(rtp.RtpError):
                self.push(*payloads)

    def test_rtcp(self):
        self.assertEqual(rtp.rtcp_kinds(b"\x80\xc8\0\1abcd\x81\xca\0\0"), [200, 202])
        with self.assertRaises(rtp.RtpError):
            rtp.rtcp_kinds(b"\x80\xc8\0\2abcd")


if __name__ == "__main__":
    unittest.main()
