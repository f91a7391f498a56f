# SPDX-License-Identifier: LGPL-2.1-or-later
"""The small stream: rtsps://HOST/CAMERA/sub."""

import http.client
import json
import pathlib
import ssl
import tempfile
import unittest

import harness  # first: it knows where the others are
import players
import rtsp
import sealed_viewer
from view_case import View

SIZE = (640, 360)
SMALL = (320, 180)  # by default, of SIZE


class Sub(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=3, fps=15))

    def viewer(self, camera, client="owner", token=None):
        c = rtsp.Client("127.0.0.1", self.demo.info["rtsps_port"], camera,
                        self.demo.info["spki_sha256"])
        self.addCleanup(c.close)
        c.authorize(client, token or self.demo.token(client))
        return c

    def playing(self, camera, **who):
        c = self.viewer(camera, **who)
        c.play()
        return c

    def assert_plays(self, result, camera):
        self.assertTrue(result.ok, f"{result.stderr}\n{result.tally}")
        self.assertEqual(list(result.tally["tags"]), [self.demo.tag(camera)])
        self.assertEqual(result.tally["not_rising"], 0, result.tally)

    def test_real_players_see_the_whole_picture_smaller(self):
        for camera in ("front", "back"):
            url = self.demo.url("owner", f"{camera}/sub")
            streams, result = players.ffprobe(url)
            self.assertEqual((streams[0]["width"], streams[0]["height"]), SMALL, result.stderr)
            self.assert_plays(players.ffmpeg(url, 20, SIZE, enlarge=True), camera)
            self.assert_plays(players.gstreamer(url, 20, SIZE, decoder=players.enlarged(SIZE)),
                              camera)

    def streams(self, camera):
        found, = [c for c in self.demo.ctl_json("cameras")["cameras"] if c["name"] == camera]
        return {s["name"]: s for s in found["streams"]}

    def test_which_streams_there_are_and_run_is_told(self):
        viewer = self.playing("cam2/sub")
        list(viewer.access_units(count=2))
        streams = self.streams("cam2")
        self.assertEqual(list(streams), ["main", "sub"])
        self.assertEqual(streams["sub"], {"name": "sub", "codec": "H264", "width": SMALL[0],
                                          "height": SMALL[1], "running": True})
        self.assertIs(streams["main"]["running"], False)
        self.assertIn("; sub 320x180", self.demo.ctl("status").stdout)
        viewer.close()
        harness.wait_until(lambda: not self.streams("cam2")["sub"]["running"], 20, "the sub's end")
        self.assertNotIn("; sub", self.demo.ctl("status").stdout)

    def test_each_frame_is_sealed_as_sub(self):
        viewer = sealed_viewer.SealedViewer(self.demo.info, "front/sub", "owner",
                                            self.demo.token("owner"))
        self.addCleanup(viewer.close)
        viewer.play()
        self.assertEqual(viewer.said, "valid")
        self.assertEqual(viewer.statement[1], 1)
        found = list(viewer.units(count=30))
        self.assertEqual({verdict for verdict, _ in found}, {"valid"})
        self.assertEqual({seal.stream for _, seal in found}, {1})

    def test_camward_view_takes_it(self):
        info = self.demo.info
        with tempfile.TemporaryDirectory(prefix="camward-test-") as directory:
            view = View(f"rtsps://owner@127.0.0.1:{info['rtsps_port']}/front/sub", "--pin",
                        f"sha256/{info['spki_sha256']}", "--seal-root", info["seal_root"],
                        "--frames", 30, token=self.demo.token("owner"),
                        json_file=pathlib.Path(directory) / "json")
            self.assertEqual(view.status, 0, view.errors)
            self.assertEqual(view.frames["valid"], 30)

    def test_it_is_made_only_while_somebody_takes_it(self):
        """The other stream loses nothing by its coming and going, nor does it stop for it."""
        main = sealed_viewer.SealedViewer(self.demo.info, "back", "owner",
                                          self.demo.token("owner"))
        self.addCleanup(main.close)
        main.play()
        for _ in range(2):
            sub = self.playing("back/sub")
            self.assertEqual(sorted(l["stream"] for l in self.demo.leases()
                                    if l["camera"] == "back"), ["main", "sub"])
            first = next(iter(sub.access_units(count=1)))
            self.assertTrue(first.keyframe)
            sub.close()
        found = list(main.units(count=90))  # longer than a stream is kept without a taker
        self.assertEqual({verdict for verdict, _ in found}, {"valid"})
        numbers = [seal.sequence for _, seal in found]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 90)))
        # A stream that is made again goes on where it was: no number comes twice in an epoch.
        again = sealed_viewer.SealedViewer(self.demo.info, "back/sub", "owner",
                                           self.demo.token("owner"))
        self.addCleanup(again.close)
        again.play()
        verdict, seal = next(again.units(count=1))
        self.assertEqual((verdict, seal.epoch), ("valid", found[-1][1].epoch))
        self.assertGreater(seal.sequence, 2)

    def test_its_size_rate_and_bitrate_can_be_chosen(self):
        self.demo.ctl("camera", "set", "cam2", "sub_size=160x90", "sub_fps=5",
                      "sub_bitrate=64000")
        self.addCleanup(self.demo.ctl, "camera", "set", "cam2", "sub_size=default",
                        "sub_fps=default", "sub_bitrate=default")
        # Made anew, it has them; main need not rest for it.
        self.playing("cam2")
        harness.wait_until(lambda: self.sub_size("cam2") == (160, 90), 15, "the new size")
        sub = self.playing("cam2/sub")
        units = list(sub.access_units(count=12))
        steps = [(b.timestamp - a.timestamp) % 2**32 / 90000
                 for a, b in zip(units[2:], units[3:])]
        self.assertAlmostEqual(sum(steps) / len(steps), 0.2, delta=0.03)

    def sub_size(self, camera):
        streams, _ = players.ffprobe(self.demo.url("owner", f"{camera}/sub"))
        return streams[0]["width"], streams[0]["height"]

    def test_a_grant_of_sub_alone_shows_nothing_else(self):
        token = self.demo.ctl_json("client", "add", "small")["token"]
        self.demo.ctl("grant", "small", "front", "live", "--only-sub")
        self.addCleanup(self.demo.ctl, "client", "remove", "small")
        self.assertTrue(next(iter(self.playing("front/sub", client="small", token=token)
                                  .access_units(count=1))).keyframe)
        answers = {self.viewer(camera, "small", token).request("DESCRIBE").without_cseq()
                   for camera in ("front", "front/auto", "back", "back/sub", "nowhere",
                                  "nowhere/sub", "front/sub/sub")}
        self.assertEqual(len(answers), 1, answers)
        self.assertIn(b"404", next(iter(answers)))
        self.assertEqual([(c["name"], c["streams"]) for c in self.cameras("small", token)],
                         [("front", ["sub"])])
        self.assertEqual([c["streams"] for c in
                          self.cameras("owner", self.demo.token("owner"))],
                         [["main", "sub"]] * 3)

    def cameras(self, client, token):
        """What /api/cameras tells."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.demo.info["https_port"], timeout=20,
            context=ssl._create_unverified_context())
        self.addCleanup(connection.close)
        connection.request("GET", "/api/cameras",
                           headers={"Authorization": rtsp.basic(client, token)})
        return json.load(connection.getresponse())["cameras"]


if __name__ == "__main__":
    unittest.main()
