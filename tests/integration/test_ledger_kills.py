# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sessions and the broker are killed at any moment: what the ledger says always contains what the
viewer received.

Viewers record themselves how many whole frames they got. Of what a killed session handed to the
kernel nothing is vague: frames begun and frames done differ by one at most.

The long run, some 15 minutes:
    CAMWARD_KILLS=10000 CAMWARD_BROKER_KILLS=200 python3 -m unittest -v test_ledger_kills
"""

import collections
import os
import random
import signal
import threading
import time
import unittest

import harness
import ledger
import rtp
import rtsp
import tls

KILLS = int(os.environ.get("CAMWARD_KILLS", 200))
BROKER_KILLS = int(os.environ.get("CAMWARD_BROKER_KILLS", 5))
VIEWERS = 6
CLOSED = 2
FAILURES = (OSError, TimeoutError, rtsp.Refused, rtsp.BadResponse, rtp.RtpError, tls.Ended)

Received = collections.namedtuple("Received", "port frames begun ended")


class Viewer(threading.Thread):
    """Watches, is cut off, watches again; remembers what it received by its port."""

    def __init__(self, demo, stop):
        super().__init__(daemon=True)
        self.demo, self.stop, self.watched = demo, stop, []
        self.start()

    def run(self):
        while not self.stop.is_set():
            try:
                self.watch()
            except FAILURES:
                self.stop.wait(0.02)  # the service comes again

    def watch(self):
        info = self.demo.info
        begun, frames, port = time.time(), 0, None
        client = rtsp.Client("127.0.0.1", info["rtsps_port"], "front", info["spki_sha256"])
        try:
            port = client.connection.tcp.getsockname()[1]
            client.authorize("owner", self.demo.token("owner"))
            client.play()
            for _ in client.access_units(timeout=10):
                frames += 1
                if self.stop.is_set():
                    break
        finally:
            self.watched.append(Received(port, frames, begun, time.time()))
            client.abort()


class Kills(unittest.TestCase):
    def setUp(self):
        self.demo = self.enterContext(harness.Demo(cameras=1, size="320x180", fps=60))
        self.stop = threading.Event()
        self.viewers = [Viewer(self.demo, self.stop) for _ in range(VIEWERS)]
        self.addCleanup(self.stop.set)

    def finish(self):
        """Each closed lease with what its viewer had received."""
        self.stop.set()
        for viewer in self.viewers:
            viewer.join(60)
            self.assertFalse(viewer.is_alive())
        harness.wait_until(lambda: self.demo.ctl("status", check=False).returncode == 0, 60,
                           "the service")
        harness.wait_until(lambda: not self.demo.leases(), 20, "the leases' ends")
        export = harness.wait_until(self.whole_export, 20, "the ledger's last rows")
        rows = collections.defaultdict(list)
        for event in ledger.check(export):
            if event["kind"] == CLOSED:
                rows[event["peer_port"]].append(event)
        for viewer in self.viewers:
            for received in viewer.watched:
                yield received, [r for r in rows[received.port] if self.meets(r, received)]

    def whole_export(self):
        """All that was opened is closed."""
        export = self.demo.ctl("ledger", "export", timeout=120).stdout.splitlines()
        kinds = collections.Counter(event["kind"] for event in ledger.check(export))
        return export if kinds[1] == kinds[CLOSED] else None

    @staticmethod
    def meets(row, received):
        return row["since"] / 1e6 <= received.ended + 1 and row["since"] / 1e6 >= received.begun - 1

    def judge(self, row, received):
        low, high = row["frames_low"], row["frames_high"]
        self.assertLessEqual(low, received.frames, (row, received))
        self.assertGreaterEqual(high, received.frames, (row, received))

    def test_sessions(self):
        killed, end = 0, time.monotonic() + 60 + KILLS / 2
        while killed < KILLS:
            self.assertLess(time.monotonic(), end, f"only {killed} kills")
            time.sleep(random.uniform(0, 0.05))
            leases = len(self.demo.sessions())
            if leases < VIEWERS // 2:
                continue
            try:
                os.kill(random.choice(self.demo.sessions()), signal.SIGKILL)
            except (IndexError, ProcessLookupError):
                continue
            killed += 1
        n, frames, widths = 0, 0, collections.Counter()
        for received, rows in self.finish():
            if not rows:
                self.assertEqual(received.frames, 0, received)
                continue
            self.assertEqual(len(rows), 1, received)
            row, = rows
            self.judge(row, received)
            self.assertEqual(row["uncertain"], 0, row)
            self.assertIn(row["frames_high"] - row["delivered"], (0, 1), row)
            widths[row["frames_high"] - row["frames_low"]] += 1
            n += 1
            frames += received.frames
        self.assertGreater(n, 0)
        self.assertGreater(frames, 0)
        print(f"{killed} kills, {n} leases, {frames} frames received;"
              f" width of the interval: {dict(sorted(widths.items()))}")

    def test_the_broker(self):
        for _ in range(BROKER_KILLS):
            harness.wait_until(lambda: len(self.demo.leases_or_none()) == VIEWERS, 60, "viewers")
            time.sleep(random.uniform(0, 3))
            os.kill(self.demo.info["pids"]["broker"], signal.SIGKILL)
            harness.wait_until(lambda: not self.demo.leases_or_none(), 60, "the broker's end")
        n, uncertain, widths = 0, 0, []
        for received, rows in self.finish():
            if not rows:
                self.assertEqual(received.frames, 0, received)
                continue
            self.assertEqual(len(rows), 1, received)
            row, = rows
            self.judge(row, received)
            n += 1
            if row["uncertain"]:
                uncertain += 1
                widths.append(row["frames_high"] - row["frames_low"])
                self.assertEqual(row["reason"], "broker ended unexpectedly")
        self.assertGreaterEqual(uncertain, BROKER_KILLS)
        print(f"{BROKER_KILLS} kills of the broker, {n} leases, {uncertain} uncertain;"
              f" width at most {max(widths)}")


if __name__ == "__main__":
    unittest.main()
