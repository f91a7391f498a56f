# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faults on purpose (service/base/fault.h): whatever is mixed up within the service, the session's
tripwire or the viewer's check finds it before a frame is shown.

Needs a build with -Dfaults=true in CAMWARD_BUILD; ./check integration makes one."""

import contextlib
import json
import pathlib
import queue
import sqlite3
import subprocess
import threading
import time
import unittest

import harness
import rtsp
import sealed_viewer
import shaping_proxy
import tls
from view_case import View

OPENED, CLOSED, TRIPWIRE, SWITCHED = 1, 2, 5, 6  # the ledger's kinds
OK, UNREACHABLE, REFUSED = 0, 2, 4  # camward-view's exit status


class Faults(unittest.TestCase):
    def start(self, fault, cameras=2, **options):
        demo = harness.Demo(cameras=cameras, environment={"CAMWARD_FAULT": fault}, **options)
        demo.__enter__()
        self.addCleanup(demo.__exit__, None, None, None)
        self.assertIn(f"CAMWARD_FAULT={fault}", demo.log.read_text(), "no build with -Dfaults=true")
        return demo

    def viewer(self, demo, camera, name="owner"):
        info = demo.info
        client = rtsp.Client("127.0.0.1", info["rtsps_port"], camera, info["spki_sha256"],
                             timeout=8.0)
        self.addCleanup(client.close)
        client.authorize(name, demo.token(name))
        return client

    def watching(self, demo, camera):
        client = self.viewer(demo, camera)
        client.play()
        self.assertEqual(len(list(client.access_units(count=5))), 5)
        return client

    def events(self, demo):
        """camwardctl watch --json, from now on."""
        watch = subprocess.Popen(
            [str(harness.BUILD / "service/ctl/camwardctl"), "watch", "--json"], text=True,
            stdout=subprocess.PIPE, env={"DBUS_SYSTEM_BUS_ADDRESS": demo.info["bus"]})
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)
        self.assertEqual(json.loads(watch.stdout.readline())["event"], "watching")
        events = queue.SimpleQueue()
        threading.Thread(target=lambda: [events.put(json.loads(line)) for line in watch.stdout],
                         daemon=True).start()
        return events

    def tripwire(self, events, seconds=20):
        """The next one, or None."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                event = events.get(timeout=left)
            except queue.Empty:
                break
            if event["event"] == "tripwire":
                return event
        return None

    def assert_shown_nothing(self, client):
        """Neither a description nor a frame: the connection is cut before."""
        with self.assertRaises(tls.Ended):
            client.play()
        self.assertEqual(list(client.frames), [])

    def assert_tripwire(self, demo, events, camera, seconds=20):
        event = self.tripwire(events, seconds)
        self.assertIsNotNone(event, "no tripwire")
        self.assertEqual((event["camera"], event["client"]), (camera, "owner"))
        self.assertTrue(demo.camera(camera)["suspended"])
        suspension, = demo.ctl_json("status")["suspensions"]
        self.assertEqual((suspension["kind"], suspension["name"]), ("camera", camera))
        self.assertIn("tripwire", suspension["reason"])
        self.assertIn(f"tripwire: lease {event['lease']} of owner", demo.log.read_text())
        self.assert_in_ledger(demo, event["lease"], camera)
        with self.assertRaises(rtsp.Refused) as refused:
            self.viewer(demo, camera).play()
        self.assertEqual(refused.exception.status, 404)

    def assert_in_ledger(self, demo, lease, camera):
        path = pathlib.Path(demo.info["server_cert"]).parent / "state" / "camward.db"
        # By kind: CLOSED is written when the camera has said what it had given, TRIPWIRE at once.
        def rows():
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
                found = db.execute("SELECT kind, camera, reason FROM events WHERE lease = ?"
                                   " ORDER BY kind", (lease,)).fetchall()
            found = [row for row in found if row[0] != SWITCHED]
            return found if len(found) == 3 else None
        opened, closed, tripwire = harness.wait_until(rows, 5, "the ledger's rows")
        self.assertEqual((opened[0], closed[0], closed[2]), (OPENED, CLOSED, "tripwire"))
        self.assertEqual(tripwire[:2], (TRIPWIRE, camera))

    def test_another_cameras_ring(self):
        demo = self.start("ring")
        # The first has nobody to be mixed up with.
        back = self.watching(demo, "back")
        events = self.events(demo)
        self.assert_shown_nothing(self.viewer(demo, "front"))
        self.assert_tripwire(demo, events, "front")
        self.assertEqual(len(list(back.access_units(count=30))), 30)

    def test_another_cameras_ring_at_a_change_of_streams(self):
        """What was shown before was right; with the wrong ring all ends."""
        demo = self.start("switch", size="1280x720")
        back = self.watching(demo, "back")
        self.in_thread(lambda: list(back.access_units(seconds=60)))
        events = self.events(demo)
        with shaping_proxy.Proxy("127.0.0.1", demo.info["rtsps_port"], rate=15000) as proxy:
            viewer = sealed_viewer.SealedViewer({**demo.info, "rtsps_port": proxy.port},
                                                "front/auto", "owner", demo.token("owner"),
                                                timeout=60)
            self.addCleanup(viewer.close)
            viewer.play()
            shown = set()
            self.in_thread(lambda: shown.update(verdict for verdict, _ in viewer.units()))
            self.assert_tripwire(demo, events, "front", 60)
        # What waited in so slow a connection's buffers is old when it comes.
        self.assertEqual(shown - {"valid", "stale", "waiting"}, set())

    def in_thread(self, read):
        def run():
            with contextlib.suppress(tls.Ended, OSError):
                read()
        threading.Thread(target=run, daemon=True).start()

    def test_the_ring_of_an_epoch_that_is_over(self):
        demo = self.start("epoch")
        self.watching(demo, "front").close()
        harness.wait_until(lambda: demo.camera("front")["condition"] == "idle", 10, "the end")
        events = self.events(demo)
        self.assert_shown_nothing(self.viewer(demo, "front"))
        self.assert_tripwire(demo, events, "front")

    def test_another_sessions_lease(self):
        demo = self.start("lease")
        events = self.events(demo)
        # Both wait for their camera; the one granted first has its answer go to the other. They are
        # not always there together.
        for _ in range(8):
            clients = {name: self.viewer(demo, name) for name in ("front", "back")}
            for client in clients.values():
                client.send(client.format_request("DESCRIBE"))
            event = self.tripwire(events, 3)
            if event:
                break
            for client in clients.values():
                client.close()
            for name in clients:
                harness.wait_until(lambda: demo.camera(name)["condition"] == "idle", 10, "the end")
        self.assertIsNotNone(event, "no tripwire")
        wrong = clients[event["camera"]]
        with self.assertRaises(tls.Ended):
            wrong.read_response()
        self.assertEqual(list(wrong.frames), [])
        self.assertTrue(demo.camera(event["camera"])["suspended"])

    def test_the_key_of_an_epoch_that_is_over(self):
        demo = self.start("key")
        def visit():
            viewer = sealed_viewer.SealedViewer(demo.info, "front", "owner", demo.token("owner"))
            self.addCleanup(viewer.close)
            viewer.play()
            unit = next(viewer.client.access_units(count=1)).data
            viewer.close()
            alone = sealed_viewer.verifier(demo.info, "front", "relay")
            return viewer.said, alone.unit(unit, *sealed_viewer.now())[0]
        # In the first epoch the key is the right one.
        self.assertEqual(visit(), ("valid", "valid"))
        harness.wait_until(lambda: demo.camera("front")["condition"] == "idle", 10, "the end")
        self.assertEqual(visit(), ("statement", "signature"))

    def view(self, demo, camera, *arguments):
        """camward-view's report; it has shown nothing that is not valid, and says so."""
        info = demo.info
        return View(f"rtsps://owner@127.0.0.1:{info['rtsps_port']}/{camera}", "--pin",
                    f"sha256/{info['spki_sha256']}", "--seal-root", info["seal_root"], "--once",
                    *arguments, token=demo.token("owner"))

    def test_the_viewer_shows_no_frame_of_an_old_key(self):
        demo = self.start("key")
        idle = lambda: demo.camera("front")["condition"] == "idle"
        view = self.view(demo, "front", "--frames", 5)
        self.assertEqual((view.status, view.frames["valid"]), (OK, 5), view.errors)
        # With a statement the lease is refused; without, the first frame is.
        for options, verdict in (((), "statement"), (("--relay",), "signature")):
            harness.wait_until(idle, 10, "the end")
            view = self.view(demo, "front", "--on-refusal", "exit", *options)
            self.assertEqual((view.status, view.frames["valid"]), (REFUSED, 0), view.errors)
            self.assertEqual(view.report["refused_by"], {verdict: 1})

    def test_the_viewer_shows_no_frame_of_an_old_ring(self):
        demo = self.start("epoch")
        view = self.view(demo, "front", "--frames", 5)
        self.assertEqual((view.status, view.frames["valid"]), (OK, 5), view.errors)
        harness.wait_until(lambda: demo.camera("front")["condition"] == "idle", 10, "the end")
        view = self.view(demo, "front")
        self.assertEqual((view.status, view.frames["valid"]), (UNREACHABLE, 0), view.errors)
        self.assertTrue(demo.camera("front")["suspended"])


if __name__ == "__main__":
    unittest.main()
