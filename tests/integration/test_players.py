# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real players see the camera that they asked for, and only whom it was granted to."""

import pathlib
import subprocess
import tempfile
import time
import unittest

import harness  # first: it knows where the others are
import coded_picture
import pictures
import players
import rtsp

SIZE = (640, 360)
CAMERAS = ("front", "back", "cam2")


class Players(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=3))

    def assert_plays(self, result, camera):
        self.assertTrue(result.ok, f"{result.stderr}\n{result.tally}")
        self.assertEqual(list(result.tally["tags"]), [self.demo.tag(camera)])
        self.assertEqual(result.tally["not_rising"], 0, result.tally)
        self.assertGreaterEqual(result.tally["frames"], 30)

    def test_ffmpeg_plays_each_camera_and_sees_only_it(self):
        for camera in CAMERAS:
            with self.subTest(camera=camera):
                result = players.ffmpeg(self.demo.url("owner", camera), 40, SIZE)
                self.assert_plays(result, camera)

    def test_gstreamer_plays_each_camera_trying_udp_first(self):
        for camera in CAMERAS:
            with self.subTest(camera=camera):
                result = players.gstreamer(self.demo.url("owner", camera), 40, SIZE)
                self.assert_plays(result, camera)

    def test_ffprobe_tells_what_it_is(self):
        for camera in CAMERAS:
            with self.subTest(camera=camera):
                streams, result = players.ffprobe(self.demo.url("owner", camera))
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(len(streams), 1)
                self.assertEqual(streams[0]["codec_name"], "h264")
                self.assertEqual((streams[0]["width"], streams[0]["height"]), SIZE)

    def test_the_guest_plays_the_first_camera_only(self):
        self.assert_plays(players.ffmpeg(self.demo.url("guest", "front"), 40, SIZE), "front")
        for camera in CAMERAS[1:]:
            result = players.ffmpeg(self.demo.url("guest", camera), 5, SIZE)
            self.assertNotEqual(result.returncode, 0)
            self.assertEqual(result.tally["frames"], 0)
            self.assertIn("404", result.stderr)

    def test_the_stranger_plays_nothing(self):
        for play in (players.ffmpeg, players.gstreamer):
            result = play(self.demo.url("stranger", "front"), 5, SIZE)
            self.assertNotEqual(result.returncode, 0)
            self.assertEqual(result.tally["frames"], 0)

    def test_rtsp_uris_inside_tls_are_served(self):
        info = self.demo.info
        with rtsp.Client("127.0.0.1", info["rtsps_port"], "front", info["spki_sha256"]) as client:
            client.authorize("owner", self.demo.token("owner"))
            client.url = client.url.replace("rtsps://", "rtsp://")
            client.play()
            self.assertEqual(len(list(client.access_units(count=5))), 5)

    def test_a_joiner_starts_with_a_keyframe_at_once(self):
        info = self.demo.info
        with rtsp.Client("127.0.0.1", info["rtsps_port"], "front", info["spki_sha256"]) as first:
            first.authorize("owner", self.demo.token("owner"))
            first.play()
            next(first.access_units(count=1))
            with rtsp.Client("127.0.0.1", info["rtsps_port"], "front",
                             info["spki_sha256"]) as second:
                second.authorize("owner", self.demo.token("owner"))
                second.play()
                began = time.monotonic()
                unit = next(second.access_units(count=1))
                self.assertTrue(unit.keyframe)
                self.assertLess(time.monotonic() - began, 1.5)

    def test_nobody_watches_and_the_camera_stops(self):
        harness.wait_until(lambda: not self.demo.leases(), what="the end of all leases")
        harness.wait_until(lambda: self.demo.camera("front")["condition"] == "idle", 6,
                           "the camera's stop")


class Clip(unittest.TestCase):
    def test_a_file_is_played_as_a_camera_that_encodes_itself(self):
        with tempfile.TemporaryDirectory() as directory:
            clip = pathlib.Path(directory) / "clip.h264"
            subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
                            "testsrc=size=640x360:rate=25:duration=2", "-pix_fmt", "yuv420p",
                            "-c:v", "libx264",
                            "-profile:v", "baseline", "-bf", "0", "-g", "25", "-f", "h264", clip],
                           check=True)
            with harness.Demo(cameras=1, source=f"clip:{clip}") as demo:
                streams, result = players.ffprobe(demo.url("owner", "front"))
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(streams[0]["width"], 640)
                done = players.ffmpeg(demo.url("owner", "front"), 100, SIZE)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(done.tally["frames"], 100)
                self.assertEqual(demo.camera("front")["path"], "passthrough")


class Mjpeg(unittest.TestCase):
    """A camera that gives JPEG pictures: they reach every player as they are."""

    TAG, N = "c0ffee01", 90

    @classmethod
    def setUpClass(cls):
        directory = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.clip = directory / "clip.mjpeg"
        frames = b"".join(bytes(coded_picture.draw(*SIZE, cls.TAG, i)) for i in range(cls.N))
        subprocess.run(["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "gray", "-s",
                        "640x360", "-i", "pipe:0", "-pix_fmt", "yuvj420p", "-c:v", "mjpeg",
                        "-huffman", "default", "-q:v", "3", "-f", "mjpeg", cls.clip],
                       input=frames, check=True)
        cls.demo = cls.enterClassContext(harness.Demo(cameras=1, source=f"clip:{cls.clip}"))

    def assert_plays(self, result):
        self.assertTrue(result.ok, f"{result.stderr}\n{result.tally}")
        self.assertEqual(result.tally["frames"], 40)
        self.assertEqual(list(result.tally["tags"]), [self.TAG])
        self.assertEqual(result.tally["gaps"], 0)
        self.assertLessEqual(result.tally["not_rising"], 1)  # where the clip begins again

    def test_ffmpeg_plays_it(self):
        self.assert_plays(players.ffmpeg(self.demo.url("owner", "front"), 40, SIZE))

    def test_gstreamer_plays_it(self):
        self.assert_plays(players.gstreamer(self.demo.url("owner", "front"), 40, SIZE,
                                            decoder=players.MJPEG))

    def test_ffprobe_tells_what_it_is(self):
        streams, result = players.ffprobe(self.demo.url("owner", "front"))
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual([s["codec_name"] for s in streams], ["mjpeg"])
        self.assertEqual((streams[0]["width"], streams[0]["height"]), SIZE)
        self.assertEqual(streams[0]["r_frame_rate"], "30/1")

    def test_no_byte_of_a_picture_is_changed(self):
        for player in ("ffmpeg", "gstreamer"):
            with self.subTest(player=player):
                received = self.clip.with_name(player)
                players.record_mjpeg(player, self.demo.url("owner", "front"), 120, received)
                result = pictures.compare("mjpeg", self.clip.read_bytes(), received.read_bytes())
                self.assertEqual(result["given"], self.N)
                self.assertGreaterEqual(result["received"], 119)
                self.assertEqual((result["unknown"], result["gaps"]), (0, 0), result)

    def test_decoded_it_is_what_the_file_shows(self):
        def hashes(*arguments):
            done = subprocess.run(["ffmpeg", "-v", "error", *arguments, "-f", "framemd5", "-"],
                                  capture_output=True, text=True, check=True)
            return [line.split()[-1] for line in done.stdout.splitlines() if line[0] != "#"]

        given = hashes("-i", self.clip)
        self.assertEqual(len(set(given)), self.N)
        got = hashes("-rtsp_transport", "tcp", "-i", self.demo.url("owner", "front"),
                     "-frames:v", "30")
        self.assertEqual(len(got), 30)
        self.assertEqual([h for h in got if h not in given], [])

    def test_the_path_is_told(self):
        players.ffmpeg(self.demo.url("owner", "front"), 5, SIZE)
        camera = self.demo.camera("front")
        self.assertEqual(camera["path"], "passthrough")
        self.assertEqual(camera["reason"], "the camera encodes JPEG itself")
        self.assertEqual(camera["format"], "MJPG")


if __name__ == "__main__":
    unittest.main()
