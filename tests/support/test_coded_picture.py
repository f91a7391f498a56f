# SPDX-License-Identifier: LGPL-2.1-or-later
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import coded_picture
import fake_server
import players

TAG = "01fe8037"
OTHER = "c0ffee00"


class CodedPictureTest(unittest.TestCase):
    def test_checksum_is_the_catalogued_one(self):
        self.assertEqual(coded_picture.crc16(b"123456789"), 0x29B1)

    def test_layout_is_the_contract(self):
        frame = coded_picture.draw(640, 360, TAG, 1)
        row = [frame[8 * 640 + 16 * i + 8] for i in range(40)]
        self.assertEqual(row[:16], [235, 16, 235, 16, 235, 235, 16, 16,   # 0xAC
                                    16, 16, 16, 16, 16, 16, 16, 235])     # 0x01
        # Bit 40 is the first of the counter and opens the second row of blocks.
        self.assertEqual([frame[24 * 640 + 16 * i] for i in (0, 30, 31)], [16, 16, 235])

    def test_reads_what_was_drawn(self):
        for size in ((640, 360), (1280, 720), (176, 144)):
            decoder = coded_picture.Decoder(*size)
            for counter in (0, 1, 0x80000001, 0xFFFFFFFF):
                self.assertEqual(decoder.decode(coded_picture.draw(*size, TAG, counter)),
                                 (TAG, counter))

    def test_no_room_for_the_code(self):
        for size in ((640, 16), (8, 9999)):
            with self.assertRaises(ValueError):
                coded_picture.Decoder(*size)

    def test_every_single_wrong_block_is_noticed(self):
        decoder = coded_picture.Decoder(640, 360)
        for bit in range(coded_picture.BITS):
            frame = coded_picture.draw(640, 360, TAG, 77)
            x, y = bit % 40 * 16, bit // 40 * 16
            for line in range(y, y + 16):
                at = line * 640 + x
                frame[at:at + 16] = bytes(251 - v for v in frame[at:at + 16])
            self.assertIsNone(decoder.decode(frame))

    def test_tally(self):
        size = (176, 144)
        codes = [(TAG, 5), (TAG, 6), (OTHER, 1), (TAG, 9), (TAG, 9), (TAG, 2), (OTHER, 2)]
        frames = b"".join(coded_picture.draw(*size, *c) for c in codes) + bytes(176 * 144 + 100)
        tally = coded_picture.read_stream(io.BytesIO(frames), *size).result()
        self.assertEqual(tally, {
            "frames": 8, "tags": {TAG: 5, OTHER: 2},
            "counters": {TAG: {"first": 5, "last": 2}, OTHER: {"first": 1, "last": 2}},
            "not_rising": 2, "gaps": 1, "missing": 2, "crc_errors": 1})

    def test_program(self):
        size = (176, 144)
        frames = b"".join(coded_picture.draw(*size, TAG, i) + bytes(2 * 88 * 72) for i in range(3))
        out = subprocess.run([sys.executable, coded_picture.__file__, "--size", "176x144",
                              "--pixels", "i420"], input=frames, capture_output=True, check=True)
        self.assertEqual(json.loads(out.stdout)["tags"], {TAG: 3})


class PlayersTest(unittest.TestCase):
    """Real decoders on a file that was encoded harder than a camera's stream would be."""

    SIZE = (640, 360)

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.clip = str(pathlib.Path(cls.directory.name) / "clip.h264")
        frames = b"".join(coded_picture.draw(*cls.SIZE, TAG, 100 + i) for i in range(20))
        subprocess.run(["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "gray", "-s",
                        "640x360", "-i", "pipe:0", "-pix_fmt", "yuv420p", "-c:v", "libx264",
                        "-preset", "ultrafast", "-tune", "zerolatency", "-crf", "40", cls.clip],
                       input=frames, check=True)

    @classmethod
    def tearDownClass(cls):
        cls.directory.cleanup()

    def test_ffmpeg(self):
        result = players.ffmpeg(self.clip, frames=12, size=self.SIZE)
        self.assertTrue(result.ok, result)
        self.assertEqual(result.tally["counters"], {TAG: {"first": 100, "last": 111}})
        self.assertLess(result.first_frame, result.seconds)

    def serve(self, end):
        """rtsps:// URL of the clip, sent once and as fast as it goes; then end(socket)."""
        pictures = fake_server.split_pictures(pathlib.Path(self.clip).read_bytes())

        def serve(sock, _):
            if fake_server.answer_until_play(sock) == "PLAY":
                for unit in fake_server.packetize(pictures):
                    sock.sendall(unit)
                end(sock)
        certificate = fake_server.make_certificate(self.directory.name)
        server = fake_server.FakeServer(certificate, serve)
        self.addCleanup(server.close)
        return players.url({"host": "127.0.0.1", "rtsps_port": server.port,
                            "clients": [{"name": "owner", "token": "secret"}]}, "front", "owner")

    def test_ffmpeg_over_rtsps(self):
        result = players.ffmpeg(self.serve(lambda _: time.sleep(1)), frames=15, size=self.SIZE)
        self.assertTrue(result.ok, result)
        self.assertEqual((result.tally["tags"], result.tally["gaps"]), ({TAG: 15}, 0))

    def test_gstreamer_over_rtsps(self):
        result = players.gstreamer(self.serve(fake_server.answer_until_play), frames=15,
                                   size=self.SIZE)
        self.assertTrue(result.ok, result)
        self.assertEqual((result.tally["tags"], result.tally["gaps"]), ({TAG: 15}, 0))

    def test_decode_annexb(self):
        data = pathlib.Path(self.clip).read_bytes()
        result = players.decode_annexb(data, size=self.SIZE)
        self.assertEqual((result.ok, result.tally["frames"]), (True, 20))

    def test_the_wrong_size_is_noticed(self):
        self.assertFalse(players.ffmpeg(self.clip, size=(320, 360)).ok)

    def test_ffprobe(self):
        streams, result = players.ffprobe(self.clip)
        self.assertEqual((result.returncode, streams[0]["width"]), (0, 640))
        streams, result = players.ffprobe(self.clip + ".absent")
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(streams, [])
        self.assertIn("No such file", result.stderr)

    def test_time_limit(self):
        result = players.ffmpeg("color=gray:size=640x360", frames=None, size=self.SIZE,
                                time_limit=2, options=("-re", "-f", "lavfi"))
        self.assertTrue(result.timed_out)
        self.assertFalse(result.ok)
        self.assertGreater(result.tally["frames"], 0)

    def test_gstreamer_on_nothing_fails(self):
        result = players.gstreamer("rtsps://127.0.0.1:1/front", time_limit=20)
        self.assertFalse(result.ok)
        self.assertEqual(result.tally["frames"], 0)


if __name__ == "__main__":
    unittest.main()
