# SPDX-License-Identifier: LGPL-2.1-or-later
"""How sessions end, and what their gate does when one has crashed.

With the real broker: test_ends, test_crashes."""

import os
import pathlib
import select
import signal
import time
import unittest

import harness
import rtp
from stub_case import (DONE_SERVER, DONE_SILENT, DONE_STALLED, DONE_VIEWER, EXIT_LINK, FAILED,
                       ORDERLY, SIGNAL, Case, Stub, make_clip)


class Ends(Case):
    def test_a_lost_broker_ends_everything_at_once(self):
        stub = self.start()
        viewers = [self.player(), self.player()]
        children = stub.children()
        self.assertEqual(len(children), 2)
        stub.tell("drop")
        for viewer in viewers:
            self.assertEqual(viewer.wait_end(3)[0].how, "rst")
        harness.wait_until(lambda: not os.path.exists(f"/proc/{stub.gate}") or "Z" in
                           pathlib.Path(f"/proc/{stub.gate}/stat").read_text().split()[2],
                           what="the end of the gate")
        self.assertFalse([pid for pid in children if os.path.exists(f"/proc/{pid}")])

    def test_a_lost_link_ends_the_session_at_once(self):
        stub = self.start()
        viewer = self.player()
        stub.tell("hangup")
        self.assertEqual(viewer.wait_end(3)[0].how, "rst")
        stub.event(rf"exited 1 {FAILED} {EXIT_LINK}")

    def test_a_killed_gate_takes_its_sessions_along(self):
        stub = self.start()
        viewer = self.player()
        os.kill(stub.gate, signal.SIGKILL)
        self.assertEqual(viewer.wait_end(3)[0].how, "rst")

    def test_the_broker_has_a_session_killed(self):
        stub = self.start()
        viewer = self.player()
        stub.tell("kill")
        self.assertEqual(viewer.wait_end(3)[0].how, "rst")
        stub.event(rf"exited 1 {SIGNAL} {int(signal.SIGKILL)}")

    def test_an_orderly_end_has_bye_and_close_notify(self):
        stub = self.start()
        viewer = self.player()
        stub.tell("end")
        ended, frames = viewer.wait_end(3)
        self.assertEqual(ended.how, "close_notify")
        kinds = [rtp.rtcp_kinds(f.payload) for f in frames if f.channel == 1]
        self.assertIn(203, kinds[-1])
        self.assertEqual(frames[-1].channel, 1, "something came after BYE")
        viewer.close()
        stub.event(rf"done 1 {DONE_SERVER}")
        stub.event(rf"exited 1 {ORDERLY} 0")

    def test_a_viewer_that_does_not_close_is_reset(self):
        stub = self.start()
        viewer = self.player()
        stub.tell("end")
        self.assertEqual(viewer.wait_end(3)[0].how, "close_notify")
        stub.event(rf"exited 1 {ORDERLY} 0", timeout=3)
        time.sleep(0.1)
        with self.assertRaises(ConnectionError):
            viewer.connection.tcp.send(b"x")
            time.sleep(0.1)
            viewer.connection.tcp.send(b"x")

    def test_teardown(self):
        stub = self.start()
        viewer = self.player()
        viewer.teardown()
        self.assertEqual(viewer.wait_end(3)[0].how, "close_notify")
        viewer.close()
        stub.event(rf"done 1 {DONE_VIEWER}")
        stub.event(rf"exited 1 {ORDERLY} 0")

    def test_viewers_that_just_go(self):
        stub = self.start()
        for end in ("close", "abort"):
            viewer = self.player()
            getattr(viewer, end)()
            stub.event(rf"done \d+ {DONE_VIEWER}")
            stub.event(rf"exited \d+ {ORDERLY} 0")

    def test_a_viewer_that_takes_nothing_is_ended(self):
        stub = self.start()
        viewer = self.player(units=1, receive_buffer=4096)
        began = time.monotonic()
        stub.event(rf"done 1 {DONE_STALLED}", timeout=30)
        self.assertGreater(time.monotonic() - began, 3.5)
        stub.event(rf"exited 1 {ORDERLY} 0")
        # It is told, though it reads nothing.
        poll = select.poll()
        poll.register(viewer.connection.tcp, 0)
        self.assertEqual([events & select.POLLHUP for _, events in poll.poll(5000)],
                         [select.POLLHUP])

    def test_a_viewer_that_takes_nothing_of_little_is_ended(self):
        clip = pathlib.Path(self.directory) / "grey.h264"
        make_clip(clip, picture="color=gray:size=64x64")
        self.stub = Stub(clip)
        self.addCleanup(self.stub.close)
        self.player(units=1, receive_buffer=4096)
        self.stub.event(rf"done 1 {DONE_STALLED}", timeout=30)
        c = self.stub.counters("1")
        self.assertEqual((c["late"], c["overrun"]), (0, 0), "the kernel did not hold it all")

    def test_a_slow_viewer_with_a_small_buffer_goes_on(self):
        stub = self.start()
        viewer = self.player(units=1, receive_buffer=8192)
        taken = self.take(viewer.connection.tcp, 15_000, 8)
        self.assertGreater(taken, 60_000)
        viewer.abort()
        self.assertEqual(stub.event(r"done 1 (\d)")[1], str(DONE_VIEWER))

    @staticmethod
    def take(sock, rate, seconds):
        """Reads that many bytes/s and decrypts nothing; how many there were."""
        began, taken = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            if taken < passed * rate:
                taken += len(sock.recv(500))
            else:
                time.sleep(0.005)
        return taken

    def test_a_lease_that_is_not_played_is_given_back(self):
        stub = self.start()
        viewer = self.client(timeout=30)
        began = time.monotonic()
        viewer.describe()
        viewer.setup()
        self.assertEqual(viewer.wait_end(30)[0].how, "close_notify")
        self.assertGreaterEqual(time.monotonic() - began, 10)
        stub.event(rf"done 1 {DONE_SILENT}")


class Crashes(Case):
    def test_the_gate_is_anew_after_each_crash_and_nothing_is_lost(self):
        stub = self.start()
        viewers = [self.player()]
        for _ in range(3):
            victim = self.player()
            child = stub.children()[-1]
            layout = self.layout(stub.gate)
            os.kill(child, signal.SIGSYS)
            self.assertEqual(victim.wait_end(3)[0].how, "rst")
            stub.event(rf"exited \d+ {SIGNAL} {int(signal.SIGSYS)}")
            viewers.append(self.player())
            self.assertNotEqual(self.layout(stub.gate), layout)
        for viewer in viewers:
            self.assertEqual(len(list(viewer.access_units(count=10))), 10)
        # Numbers go on; the end of a child from before is still noticed.
        self.assertEqual(len(stub.children()), 4)
        viewers[0].close()
        stub.event(rf"exited 1 {ORDERLY} 0")
        os.kill(stub.gate, signal.SIGTERM)
        for viewer in viewers[1:]:
            viewer.wait_end(3)

    def layout(self, pid):
        maps = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
        return next(line for line in maps if line.endswith("/camward-gate"))

    def test_a_killed_session_is_no_crash(self):
        stub = self.start()
        self.player()
        layout = self.layout(stub.gate)
        os.kill(stub.children()[0], signal.SIGKILL)
        stub.event(rf"exited 1 {SIGNAL} {int(signal.SIGKILL)}")
        self.player()
        self.assertEqual(self.layout(stub.gate), layout)

    def test_no_descriptor_is_left_over_by_an_execution(self):
        stub = self.start()
        def count():
            return len(os.listdir(f"/proc/{stub.gate}/fd"))
        self.player().close()
        stub.event(rf"exited 1 {ORDERLY} 0")
        time.sleep(0.1)  # the end of a child is told before its pidfd is closed
        before = count()
        for _ in range(3):
            self.player()
            os.kill(stub.children()[-1], signal.SIGABRT)
            stub.event(rf"exited \d+ {SIGNAL} {int(signal.SIGABRT)}")
            self.player().close()
            stub.event(rf"exited \d+ {ORDERLY} 0")
            harness.wait_until(lambda: count() == before, what="as few descriptors as before")


if __name__ == "__main__":
    unittest.main()
