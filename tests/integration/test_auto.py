# SPDX-License-Identifier: LGPL-2.1-or-later
"""rtsps://HOST/CAMERA/auto: the large stream where the connection carries it, else the small one."""

import pathlib
import tempfile
import threading
import unittest

import harness  # first: it knows where the others are
import players
import rtsp
import sealed_viewer
import shaping_proxy
from view_case import View, verify

SIZE = (1280, 720)
SLOW = 15000   # bytes a second: too few for either stream, so that the buffers fill soon
LIMIT = 180    # seconds for what takes some ten


class Auto(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=2, size=f"{SIZE[0]}x{SIZE[1]}"))
        cls.directory = pathlib.Path(cls.enterClassContext(
            tempfile.TemporaryDirectory(prefix="camward-test-")))

    def proxy(self):
        return self.enterContext(shaping_proxy.Proxy("127.0.0.1", self.demo.info["rtsps_port"]))

    def lease(self, camera, stream=None):
        """Its one lease, if there is one and it has this stream."""
        found = [l for l in self.demo.leases() if l["camera"] == camera]
        return found[0] if len(found) == 1 and stream in (None, found[0]["stream"]) else None

    def assert_passed_over(self, lease):
        """What it did not get is counted. Whether as too late or by the switch is chance: of what had
        become too old the newest keyframe is kept, and nothing may wait behind that one."""
        self.assertGreater(lease["skipped"]["late"] + lease["skipped"]["switch"], 0, lease)

    def assert_told(self, lease):
        """The ledger says when it was given which stream."""
        def delivery():
            found = self.demo.ctl_json("exposure", "--camera", "front")["deliveries"]
            return next((d for d in found if d["lease"] == lease and d["to"]), None)

        told = harness.wait_until(delivery, 20, "the lease's last row")
        self.assertEqual([told["stream"], *(s["stream"] for s in told["switches"])],
                         ["main", "sub", "main"])
        times = [told["from"], *(s["time"] for s in told["switches"]), told["to"]]
        self.assertEqual(times, sorted(times))
        self.assertRegex(self.demo.ctl("exposure", "--camera", "front").stdout,
                         r"(?m)^\S.* owner +front +main, sub +\d")
        # Of who asks since when: what it was given before that, and went on getting.
        since, = self.demo.ctl_json("exposure", "--camera", "front", "--since", times[-2]
                                    )["deliveries"]
        self.assertEqual(len(since["switches"]), 2)
        self.demo.ctl("ledger", "verify")

    def assert_told_so_far(self, streams):
        running, = self.demo.ctl_json("exposure", "--camera", "front")["running"]
        self.assertEqual([running["stream"], *(s["stream"] for s in running["switches"])], streams)

    def viewer(self, proxy, camera):
        viewer = sealed_viewer.SealedViewer({**self.demo.info, "rtsps_port": proxy.port}, camera,
                                            "owner", self.demo.token("owner"), timeout=20)
        self.addCleanup(viewer.close)
        viewer.play()
        return viewer

    def test_a_viewer_that_cannot_keep_up_goes_down_and_comes_back(self):
        proxy = self.proxy()
        viewer = self.viewer(proxy, "front/auto")
        self.assertEqual((viewer.said, viewer.statement[1:3]), ("valid", b"\0\1"))
        # What waits in all the buffers of so slow a connection is old when it comes.
        viewer.verifier.max_age = LIMIT * 1_000_000
        seen, recording = [], self.directory / "auto.h264"
        with recording.open("wb") as file:
            for unit in viewer.client.access_units(seconds=LIMIT):
                file.write(b"\0\0\0\1\x09\xf0" + unit.data)
                verdict, seal = viewer.verifier.unit(unit.data, *sealed_viewer.now())
                self.assertEqual(verdict, "valid")
                if not seen or seal.stream != seen[-1]:
                    self.assertTrue(unit.keyframe)
                    seen.append(seal.stream)
                    self.assert_told_so_far(["main", "sub", "main"][:len(seen)])
                if len(seen) == 1 and seal.sequence > 60:
                    proxy.rate = SLOW
                if len(seen) == 2:
                    proxy.rate = None
                if len(seen) == 3:
                    break
        self.assertEqual(seen, [0, 1, 0])
        lease = harness.wait_until(lambda: self.lease("front", "main"), what="the lease on main")
        self.assert_passed_over(lease)
        viewer.close()
        harness.wait_until(lambda: not self.lease("front"), what="the lease's end")
        self.assert_told(lease["id"])
        # A recording of it is proven by who expects both streams, and by nobody else.
        root = self.demo.info["seal_root"]
        status, found = verify(recording, root, "--camera", "front", "--auto")
        self.assertIn(status, (0, 4), found)
        self.assertEqual([run["stream"] for run in found["epochs"]], ["main", "sub", "main"])
        status, found = verify(recording, root, "--camera", "front")
        self.assertEqual(status, 3, found)

    def test_real_players_that_decode_take_the_change(self):
        """At once, each over a connection of its own that becomes slow and is freed again."""
        results = {}
        url = self.demo.url("owner", "back/auto")

        def play(name, proxy, player, **options):
            address = url.replace(f":{self.demo.info['rtsps_port']}/", f":{proxy.port}/")
            results[name] = player(address, None, SIZE, LIMIT, **options)

        proxies = {name: self.proxy() for name in ("ffmpeg", "gstreamer")}
        threads = [
            threading.Thread(target=play, args=("ffmpeg", proxies["ffmpeg"], players.ffmpeg),
                             kwargs={"enlarge": True}),
            threading.Thread(target=play, args=("gstreamer", proxies["gstreamer"],
                                                players.gstreamer),
                             kwargs={"decoder": players.enlarged(SIZE)})]
        for thread in threads:
            thread.start()

        def all_on(stream):
            found = [l for l in self.demo.leases() if l["camera"] == "back"]
            return len(found) == 2 and all(l["stream"] == stream and l["delivered"] > 60
                                           for l in found) and found

        harness.wait_until(lambda: all_on("main"), LIMIT, "both players' beginning")
        for proxy in proxies.values():
            proxy.rate = SLOW
        harness.wait_until(lambda: all_on("sub"), LIMIT, "the way down")
        for proxy in proxies.values():
            proxy.rate = None
        found = harness.wait_until(lambda: all_on("main"), LIMIT, "the way back")
        for lease in found:
            self.assert_passed_over(lease)
        delivered = [lease["delivered"] for lease in found]
        for proxy in proxies.values():
            proxy.cut()
        for thread in threads:
            thread.join(LIMIT)
        for name, result in results.items():
            self.assertEqual(list(result.tally["tags"]), [self.demo.tag("back")], name)
            self.assertEqual(result.tally["crc_errors"], 0, (name, result.tally))
            self.assertEqual(result.tally["not_rising"], 0, (name, result.tally))
            self.assertGreater(result.tally["frames"], min(delivered) * 3 // 4, name)

    def test_camward_view_checks_it(self):
        info = self.demo.info
        view = View(f"rtsps://owner@127.0.0.1:{info['rtsps_port']}/front/auto", "--pin",
                    f"sha256/{info['spki_sha256']}", "--seal-root", info["seal_root"],
                    "--frames", 60, token=self.demo.token("owner"),
                    json_file=self.directory / "json")
        self.assertEqual(view.status, 0, view.errors)
        self.assertEqual((view.frames["valid"], view.frames["refused"]), (60, 0))

    def test_only_who_asks_for_it_gets_it(self):
        """The connection may be as slow as it will: who asked for main gets main."""
        proxy = self.proxy()
        viewer = self.viewer(proxy, "front")
        self.assertEqual(viewer.statement[1:3], b"\0\0")
        proxy.rate = SLOW
        late = lambda: (self.lease("front") or {}).get("skipped", {}).get("late")
        stop = threading.Event()

        def read():
            for unit in viewer.client.access_units(seconds=LIMIT):
                if stop.is_set():
                    break

        reader = threading.Thread(target=read)
        reader.start()
        try:
            harness.wait_until(late, LIMIT, "a frame that came too late")
            self.assertEqual(self.lease("front")["stream"], "main")
            self.assertEqual(self.lease("front")["skipped"]["switch"], 0)
        finally:
            stop.set()
            proxy.rate = None
            reader.join()

    def test_the_address_is_another_one(self):
        """A session is bound to what it asked for."""
        client = rtsp.Client("127.0.0.1", self.demo.info["rtsps_port"], "front/auto",
                             self.demo.info["spki_sha256"])
        self.addCleanup(client.close)
        client.authorize("owner", self.demo.token("owner"))
        client.describe()
        for other in ("front", "front/sub", "back/auto"):
            url = client.url.replace("front/auto", other)
            self.assertEqual(client.request("DESCRIBE", url).status, 404, other)


if __name__ == "__main__":
    unittest.main()
