# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import tempfile
import time
import unittest

import fake_server
import tls

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CAMWARD_BUILD", TOP / "build"))
CLIENT = BUILD / "tests/support/load-client"


class LoadClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not CLIENT.exists():
            raise AssertionError(f"{CLIENT} is not built; CAMWARD_BUILD names the build directory")
        cls.directory = tempfile.TemporaryDirectory()
        cls.certificate = fake_server.make_certificate(cls.directory.name)

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def run_client(self, stream, *arguments, token="secret", camera="front", seconds=2):
        """(exit status, report). stream(socket): the server's conversation from PLAY on."""
        def serve(sock, _):
            if fake_server.answer_until_play(sock) == "PLAY":
                stream(sock)
        server = fake_server.FakeServer(self.certificate, serve)
        self.addCleanup(server.close)
        out = subprocess.run([CLIENT, "--port", str(server.port), "--client", "owner", "--token",
                              token, "--camera", camera, "--seconds", str(seconds), "--warm-up",
                              "0", *arguments], capture_output=True, timeout=30, check=False)
        self.assertEqual(out.stderr, b"")
        return out.returncode, json.loads(out.stdout)

    @staticmethod
    def paced(units, interval=1 / 30):
        """Sends a unit an interval, at its time, and waits for the viewer's end."""
        def stream(sock):
            start = time.monotonic()
            for i, unit in enumerate(units):
                time.sleep(max(0, start + i * interval - time.monotonic()))
                sock.sendall(unit)
            fake_server.answer_until_play(sock)
        return stream

    def test_several_viewers_of_a_good_stream(self):
        status, report = self.run_client(self.paced(fake_server.access_units(45, size=17000)),
                                         "--viewers", "3")
        self.assertEqual((status, report["stream_errors"]), (0, 0), report)
        self.assertEqual((report["viewers"], report["played"]), (3, 3))
        self.assertEqual((report["access_units"], report["keyframes"]), (135, 15))
        self.assertEqual(report["ends"], {"finished": 3})
        self.assertEqual(report["lateness_ms"]["n"], 135)
        self.assertLess(report["lateness_ms"]["p50"], 30)
        self.assertLess(report["first_keyframe_from_play_ms"]["max"],
                        report["first_keyframe_ms"]["max"])
        self.assertEqual(report["stream_bytes"] // 3,
                         sum(map(len, fake_server.access_units(45, size=17000))))

    def test_lateness_is_against_the_timestamps(self):
        def late(first, last):
            """Units from `first` on are held back for 300 ms, and catch up by the last one."""
            def stream(sock):
                start = time.monotonic()
                for i, unit in enumerate(fake_server.access_units(40)):
                    at = max(i, first + 9) if first <= i <= last else i
                    time.sleep(max(0, start + at / 30 - time.monotonic()))
                    sock.sendall(unit)
                fake_server.answer_until_play(sock)
            return stream
        for first in (0, 20):  # the first one of all is no better a reference than any other
            _, report = self.run_client(late(first, first + 9))
            self.assertGreater(report["lateness_ms"]["max"], 280)
            self.assertLess(report["lateness_ms"]["p50"], 100)

    def test_errors_in_the_stream_are_found(self):
        good = fake_server.access_units(12)
        frame = fake_server.interleaved
        packet = fake_server.rtp_packet
        cases = {
            "out_of_sequence": good[:5] + good[6:],
            "not_rising": [frame(packet(1, 9000, b"\x65a", True)),
                           frame(packet(2, 9000, b"\x61a", True))],
            "malformed": good[:3] + [frame(b"\x80\x60")] + good[3:],
        }
        for key, units in cases.items():
            with self.subTest(key):
                status, report = self.run_client(self.paced(units, 0), seconds=1)
                self.assertEqual(status, 1)
                self.assertEqual(report["each"][0][key], 1, report["each"])
                self.assertEqual(report["stream_errors"], 1)

    def test_garbage_is_a_protocol_error(self):
        status, report = self.run_client(lambda s: (s.sendall(b"garbage\r\n\r\n"), s.recv(1)))
        self.assertEqual((status, report["ends"]), (1, {"protocol_error": 1}))

    def test_refusals(self):
        for options, code in (({"token": "wrong"}, "401"), ({"camera": "other"}, "404")):
            status, report = self.run_client(lambda sock: None, "--viewers", "2", **options)
            self.assertEqual((status, report["refusals"]), (1, {code: 2}))
            self.assertEqual((report["ends"], report["played"]), ({"refused": 2}, 0))

    def test_ends_and_their_time(self):
        def orderly(sock):
            sock.unwrap()

        def fin(sock):
            socket.socket.shutdown(sock, socket.SHUT_WR)
            socket.socket.recv(sock, 1)

        def reset(sock):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        for end, how in ((orderly, "close_notify"), (fin, "fin"), (reset, "rst")):
            times = []

            def stream(sock):
                sock.sendall(b"".join(fake_server.access_units(3)))
                time.sleep(0.3)
                times.append(time.time())
                end(sock)
            status, report = self.run_client(stream)
            self.assertEqual((status, report["ends"]), (1, {how: 1}))
            viewer = report["each"][0]
            self.assertAlmostEqual(viewer["end_realtime_us"] / 1e6, times[0], delta=0.25)
            self.assertAlmostEqual(viewer["last_bytes_realtime_us"] / 1e6, times[0], delta=0.6)

    def test_a_stalled_viewer_stops_reading_and_sees_a_reset(self):
        sent = []

        def stream(sock):
            sock.settimeout(0.5)
            try:
                for unit in fake_server.access_units(4000, size=20000):
                    sock.sendall(unit)
                    sent.append(len(unit))
            except (TimeoutError, ssl.SSLError):
                pass
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        _, report = self.run_client(stream, "--stalled", "1", "--receive-buffer", "65536",
                                    seconds=10)
        self.assertLess(sum(sent), 40_000_000)
        viewer = report["each"][0]
        self.assertEqual((viewer["stalled"], viewer["end"]), (True, "rst"))
        self.assertLess(viewer["stream_bytes"], 1_000_000)

    def test_rate_limit(self):
        _, report = self.run_client(self.paced(fake_server.access_units(900, size=20000), 0),
                                    "--rate-limit", "500000", "--receive-buffer", "32768",
                                    seconds=2)
        self.assertGreater(report["tcp_bytes"], 800_000)
        self.assertLess(report["tcp_bytes"], 1_150_000)
        self.assertEqual(report["stream_errors"], 0)

    def test_pin(self):
        certificate = ssl.PEM_cert_to_DER_cert(pathlib.Path(self.certificate[0]).read_text())
        units = self.paced(fake_server.access_units(5))
        status, _ = self.run_client(units, "--pin", tls.spki_sha256(certificate), seconds=1)
        self.assertEqual(status, 0)
        status, report = self.run_client(units, "--pin", "A" * 43 + "=")
        self.assertEqual((status, report["ends"]), (1, {"tls_error": 1}))

    def test_a_refused_connection(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        out = subprocess.run([CLIENT, "--port", str(port), "--client", "a", "--token", "b"],
                             capture_output=True, timeout=30, check=False)
        self.assertEqual((out.returncode, json.loads(out.stdout)["ends"]), (1, {"rst": 1}))

    def test_sizes_and_announcements(self):
        units = fake_server.access_units(20, size=9000)
        with tempfile.NamedTemporaryFile("r") as sizes, tempfile.NamedTemporaryFile() as report:
            server = fake_server.FakeServer(self.certificate, lambda sock, _: (
                fake_server.answer_until_play(sock), self.paced(units)(sock)))
            self.addCleanup(server.close)
            out = subprocess.run([CLIENT, "--port", str(server.port), "--client", "owner",
                                  "--token", "secret", "--seconds", "2", "--warm-up", "1",
                                  "--announce", "--sizes", sizes.name, "--json", report.name],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                 timeout=30, check=True)
            self.assertEqual([int(line) for line in sizes], [len(u) for u in units])
            total = json.load(report)["tcp_bytes"]
        (start, at_start), (end, at_end) = (line.split() for line in out.stdout.splitlines())
        self.assertEqual((start, end, int(at_end)), ("start", "end", total))
        self.assertGreater(int(at_start), sum(map(len, units)))

    def test_help_and_misuse(self):
        self.assertEqual(subprocess.run([CLIENT, "--help"], capture_output=True,
                                        check=False).returncode, 0)
        for arguments in ([], ["--client", "a", "--token", "b", "--viewers", "0"],
                          ["--client", "a", "--token", "b", "--viewers", "x"], ["--nonsense"]):
            self.assertEqual(subprocess.run([CLIENT, *arguments], capture_output=True,
                                            check=False).returncode, 2)


if __name__ == "__main__":
    unittest.main()
