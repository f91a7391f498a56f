# SPDX-License-Identifier: LGPL-2.1-or-later
"""Local subscribers: who is one, what each gets, and that whatever ends it leaves nothing to see.

The subscribers are programs of their own on the private bus; the cameras draw the coded picture."""

import os
import pwd
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

import harness
import coded_picture
import subscriber
import test_agent
from subscriber import Ended, Refused, Subscriber

ERROR = "org.camward.Camward1.Error."
ROOT = os.geteuid() == 0


def others():
    """Users of this machine who are neither root nor the service."""
    return [p.pw_uid for p in pwd.getpwall() if p.pw_uid and p.pw_name in ("daemon", "bin", "sys")]


class WithDemo(unittest.TestCase):
    cameras = 2

    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=cls.cameras, size="320x240"))
        cls.bus = cls.demo.info["bus"]
        cls.demo.ctl("client", "add", "recorder")
        cls.demo.ctl("client", "user", "recorder", str(os.geteuid()))

    def setUp(self):
        self.demo.ctl("grant", "recorder", "front", "live,raw")
        self.addCleanup(self.demo.ctl, "revoke", "recorder", "front", check=False)

    def subscribe(self, camera="front", **options):
        s = Subscriber(self.bus, camera, **options)
        self.addCleanup(s.close)
        return s

    def refused(self, camera="front", **options):
        with self.assertRaises(Refused) as caught:
            self.subscribe(camera, **options)
        return caught.exception.args

    def assert_empty(self, s):
        """With the reply, or within moments if the machine has much to do."""
        harness.wait_until(lambda: os.fstat(s.memory).st_size == 0, what="the emptying")
        self.assertEqual(s.read(0, 1), b"")

    def decoded(self, s, n):
        """(tag, counter) of each of n raw pictures."""
        decoder = coded_picture.Decoder(s.format.width, s.format.height)
        return [decoder.decode(frame.data) for frame in s.frames(n)]


class Frames(WithDemo):
    def test_encoded_frames_are_whole_and_sealed(self):
        s = self.subscribe()
        self.assertEqual((s.camera, s.uuid), ("front", self.demo.uuid("front").replace("-", "")))
        self.assertEqual((s.right, s.stream, s.format.codec), (subscriber.LIVE, 0, 1))
        frames = list(s.frames(45))
        self.assertTrue(frames[0].flags & subscriber.KEYFRAME)
        self.assertEqual([f.sequence for f in frames],
                         list(range(frames[0].sequence, frames[0].sequence + len(frames))))
        self.assertEqual(sum(f.dropped + f.skipped for f in frames[1:]), 0)
        stream = b"".join(f.data for f in frames)
        with tempfile.NamedTemporaryFile(suffix=".h264") as file:
            file.write(stream)
            file.flush()
            verdict = subprocess.run(
                [str(harness.BUILD / "service/view/camward-verify"), "--seal-root",
                 self.demo.info["seal_root"], "--camera", self.demo.uuid("front"), file.name],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, text=True)
        self.assertEqual(verdict.returncode, 0, verdict.stdout)
        decoded = subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "h264", "-i", "-", "-f", "rawvideo", "-pix_fmt",
             "yuv420p", "-"], input=stream, stdout=subprocess.PIPE, timeout=60, check=True).stdout
        size = 320 * 240 * 3 // 2
        decoder = coded_picture.Decoder(320, 240)
        pictures = [decoder.decode(decoded[i:i + size]) for i in range(0, len(decoded), size)]
        self.assertEqual(len(pictures), len(frames))
        self.assertEqual({tag for tag, _ in pictures}, {self.demo.tag("front")})

    def test_raw_frames_are_the_cameras(self):
        s = self.subscribe(right="raw")
        self.assertEqual(s.format.fourcc.to_bytes(4, "little"), b"YU12")
        self.assertEqual((s.format.width, s.format.height), (320, 240))
        pictures = self.decoded(s, 30)
        self.assertEqual({tag for tag, _ in pictures}, {self.demo.tag("front")})
        counters = [counter for _, counter in pictures]
        self.assertEqual(counters, sorted(set(counters)))

    def test_who_comes_later_begins_with_the_newest_keyframe(self):
        first = self.subscribe()
        reader = first.frames(10**6)
        seen = [next(reader) for _ in range(40)]
        newest = max(f.sequence for f in seen if f.flags & subscriber.KEYFRAME)
        second = self.subscribe()
        frame = second.frame()
        self.assertTrue(frame.flags & subscriber.KEYFRAME)
        self.assertGreaterEqual(frame.sequence, newest)
        second.release(frame)
        later = [f.sequence for f in second.frames(60)]
        self.assertEqual(later, list(range(frame.sequence + 1, frame.sequence + 61)))

    def test_each_has_memory_of_its_own(self):
        subscribers = [self.subscribe(right=right) for right in ("live", "raw", "live")]
        self.assertEqual(len({os.fstat(s.memory).st_ino for s in subscribers}), 3)
        for s in subscribers:
            list(s.frames(10))
        subscribers[0].close()
        for s in subscribers[1:]:
            list(s.frames(10))

    def test_a_lease_like_any_other(self):
        s = self.subscribe()
        list(s.frames(10))
        lease, = self.demo.leases()
        self.assertEqual((lease["client"], lease["camera"], lease["right"], lease["protocol"],
                          lease["peer"], lease["state"]),
                         ("recorder", "front", "live", "local", f"user {os.geteuid()}", "running"))
        self.assertGreaterEqual(lease["delivered"], 10)
        self.assertEqual(lease["offered"] - sum(lease["skipped"].values()), lease["delivered"])
        self.assertEqual(self.demo.camera("front")["viewers"], 1)

    @unittest.skipUnless(ROOT, "becoming another user needs root")
    def test_the_ledger_says_who_had_what(self):
        uid = others()[0]
        self.demo.ctl("client", "add", "archive")
        self.addCleanup(self.demo.ctl, "client", "remove", "archive")
        self.demo.ctl("client", "user", "archive", str(uid))
        self.demo.ctl("grant", "archive", "front", "raw")
        s = self.subscribe(uid=uid, right="raw")
        given_back = list(s.frames(10))
        kept = s.frame()
        harness.wait_until(lambda: self.demo.leases()[0]["delivered"] > 11, what="more frames")
        self.demo.ctl("revoke", "archive", "front")

        def delivery():
            done = self.demo.ctl_json("exposure", "--client", "archive", "--since", "-1h")
            return [record for record in done["deliveries"] if record["to"]]

        harness.wait_until(delivery, what="the row")
        record, = delivery()
        self.assertEqual((record["client"], record["address"], record["uncertain"]),
                         ("archive", f"user {uid}", False))
        self.assertEqual(record["frames_low"], len(given_back))
        self.assertGreater(record["frames_high"], len(given_back) + 1)
        self.assertGreaterEqual(record["exposed"], record["frames_high"])
        self.assertEqual(record["first_frame"], given_back[0].sequence)
        self.assertGreaterEqual(record["last_frame"], kept.sequence)

    def test_the_device_closes_after_the_last(self):
        self.subscribe().close()
        harness.wait_until(lambda: self.demo.camera("front")["condition"] == "idle",
                           what="the closing")
        self.assertEqual(self.demo.leases(), [])


class Identity(WithDemo):
    def test_what_is_not_granted_is_as_what_does_not_exist(self):
        self.demo.ctl("grant", "recorder", "back", "still")
        self.addCleanup(self.demo.ctl, "revoke", "recorder", "back")
        answers = {(name, sentence.replace(camera, "X"))
                   for camera, options in (("back", {}), ("nowhere", {}), ("cam9", {"right": "raw"}))
                   for name, sentence in [self.refused(camera, **options)]}
        self.assertEqual(answers, {(ERROR + "NoSuchCamera",
                                    "There is no camera 'X' for this client")})
        self.demo.ctl("suspend", "camera", "front", "--reason", "x")
        self.addCleanup(self.demo.ctl, "resume", "camera", "front")
        self.assertEqual(self.refused()[0], ERROR + "NoSuchCamera")

    def test_rights_are_granted_each_by_itself(self):
        self.demo.ctl("revoke", "recorder", "front")
        self.demo.ctl("grant", "recorder", "front", "live")
        self.subscribe()
        self.assertEqual(self.refused(right="raw")[0], ERROR + "NoSuchCamera")
        self.assertEqual(self.refused(right="still")[0], ERROR + "InvalidRights")
        self.assertEqual(self.refused(stream="other")[0], ERROR + "InvalidLimits")
        self.assertEqual(self.refused(nonsense="x")[0], ERROR + "InvalidLimits")

    @unittest.skipUnless(ROOT, "becoming another user needs root")
    def test_nobody_is_a_client_by_its_name(self):
        uid, other = others()[:2]
        for who in ({}, {"client": "recorder"}, {"client": "owner"}, {"client": "no-such"}):
            name, sentence = self.refused(uid=uid, **who)
            self.assertEqual(name, "org.freedesktop.DBus.Error.AccessDenied")
            self.assertIn("is no client, or not this one", sentence)
        self.demo.ctl("client", "add", "archive")
        self.demo.ctl("client", "user", "archive", str(uid))
        self.addCleanup(self.demo.ctl, "client", "remove", "archive")
        self.assertEqual(self.refused(uid=uid)[0], ERROR + "NoSuchCamera")
        self.demo.ctl("grant", "archive", "back", "live")
        self.assertEqual(self.subscribe("back", uid=uid).camera, "back")
        self.assertEqual(self.refused("back")[0], ERROR + "NoSuchCamera")
        self.assertEqual(self.refused("back", uid=other)[0],
                         "org.freedesktop.DBus.Error.AccessDenied")

    def test_who_is_several_says_which(self):
        self.demo.ctl("client", "add", "second")
        self.demo.ctl("client", "user", "second", str(os.geteuid()))
        self.addCleanup(self.demo.ctl, "client", "remove", "second")
        self.assertEqual(self.refused()[0], ERROR + "NoSuchClient")
        self.assertEqual(self.refused(client="second")[0], ERROR + "NoSuchCamera")
        self.subscribe(client="recorder")

    def test_root_is_nobody_unless_it_is_bound(self):
        self.demo.ctl("client", "user", "recorder", "--remove")
        self.addCleanup(self.demo.ctl, "client", "user", "recorder", str(os.geteuid()))
        self.assertEqual(self.refused()[0], "org.freedesktop.DBus.Error.AccessDenied")


class Ends(WithDemo):
    """What ends it ends it before its own reply: then nothing new comes, and what was there goes."""

    def assert_over(self, s, what=None):
        """Must be called right after the reply."""
        self.assert_empty(s)
        self.assertTrue(s.has_ended(5), what)
        harness.wait_until(lambda: not [l for l in self.demo.leases()
                                        if s.lease.endswith(f"_3{l['id']}")], what="the lease")

    def test_each_way_to_take_access_away(self):
        ways = {
            "revoke": (["revoke", "recorder", "front"], ["grant", "recorder", "front", "live,raw"]),
            "camera": (["suspend", "camera", "front", "--reason", "x"], ["resume", "camera", "front"]),
            "client": (["suspend", "client", "recorder", "--reason", "x"], ["resume", "client", "recorder"]),
            "all": (["suspend", "all", "--reason", "x"], ["resume", "all"]),
            "user": (["client", "user", "recorder", "--remove"],
                     ["client", "user", "recorder", str(os.geteuid())]),
        }
        for way, (end, mend) in ways.items():
            for right in ("live", "raw"):
                with self.subTest(way, right=right):
                    s = self.subscribe(right=right)
                    list(s.frames(5))
                    self.demo.ctl(*end)
                    self.assert_over(s, way)
                    self.demo.ctl(*mend)
                    s.close()

    def test_lease_end(self):
        s = self.subscribe()
        list(s.frames(3))
        self.demo.ctl("lease", "end", str(self.demo.leases()[0]["id"]))
        self.assert_over(s)

    def test_the_grant_expires(self):
        self.demo.ctl("revoke", "recorder", "front")
        self.demo.ctl("grant", "recorder", "front", "live,raw", "--until", "+4s")
        s = self.subscribe(right="raw")
        self.assertTrue(self.reads_to_its_end(s, 20))
        self.assert_empty(s)

    def reads_to_its_end(self, s, timeout):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            try:
                s.release(s.frame())
            except Ended:
                return True
        return False

    def test_the_caller_leaves_the_bus(self):
        s = self.subscribe()
        list(s.frames(3))
        s.leave()
        self.assertTrue(s.has_ended(10))
        self.assert_empty(s)

    def test_the_socket_is_closed(self):
        s = self.subscribe()
        list(s.frames(3))
        s.socket.close()
        harness.wait_until(lambda: self.demo.leases() == [], what="the end of the lease")
        self.assert_empty(s)
        s.socket = None

    def test_the_camera_dies(self):
        s = self.subscribe("front", right="raw")
        list(s.frames(3))
        os.kill(self.demo.info["pids"]["cameras"][0], signal.SIGKILL)
        self.assertTrue(s.has_ended(10))
        self.assert_empty(s)
        harness.wait_until(lambda: self.demo.camera("front")["condition"] == "idle",
                           what="the camera's return")

    def test_a_mapping_is_no_way_around(self):
        """A program that has mapped the memory, and looks as often as it can: after the reply it
        sees nothing, for the kernel has taken the pages away."""
        s = self.subscribe()
        list(s.frames(5))
        program = ("import mmap, os, sys\n"
                   "m = mmap.mmap(int(sys.argv[1]), 0, prot=mmap.PROT_READ)\n"
                   "print(len(bytes(m[:4096])), flush=True)\n"
                   "sys.stdin.readline()\n"
                   "print(bytes(m[:4096]), flush=True)\n")
        with subprocess.Popen(["/usr/bin/python3", "-c", program, str(s.memory)], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              pass_fds=[s.memory]) as p:
            self.assertEqual(p.stdout.readline(), "4096\n")
            self.demo.ctl("revoke", "recorder", "front")
            self.assert_empty(s)
            p.stdin.write("\n")
            p.stdin.flush()
            self.assertEqual(p.stdout.read(), "")
            self.assertEqual(p.wait(10), -signal.SIGBUS)

    def test_a_reader_at_full_speed_sees_nothing_new_after_the_reply(self):
        s = self.subscribe(right="raw")
        size = s.size
        list(s.frames(3))
        self.demo.ctl("revoke", "recorder", "front")
        last = s.read(0, size)
        while True:
            data = s.read(0, size)
            if not data:
                break
            if len(data) == size:  # a read that is overtaken by the emptying is short
                self.assertEqual(data, last)
        self.assert_empty(s)


class Example(WithDemo):
    """docs/examples/subscribe.c, which shows how it is done."""

    program = harness.BUILD / "docs/examples/subscribe"

    def run_example(self, *arguments):
        p = subprocess.Popen([str(self.program), *arguments], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.bus))
        self.addCleanup(p.stderr.close)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    def test_raw_pictures_until_it_is_revoked(self):
        p = self.run_example("--raw", "front")
        self.assertEqual(p.stderr.readline(), b"subscribe: front, 320x240, I420\n")
        decoder = coded_picture.Decoder(320, 240)
        size = 320 * 240 * 3 // 2
        for _ in range(20):
            self.assertEqual(decoder.decode(p.stdout.read(size))[0], self.demo.tag("front"))
        self.demo.ctl("revoke", "recorder", "front")
        while p.stdout.read(size):
            pass
        self.assertEqual(p.wait(10), 0)

    def test_encoded_frames_and_an_end_in_order(self):
        p = self.run_example("--client", "recorder", "front")
        self.assertEqual(p.stderr.readline(), b"subscribe: front, 320x240, H.264\n")
        self.assertEqual(p.stdout.read(5), b"\0\0\0\1\x67")
        p.stdout.close()
        self.assertIn(p.wait(10), (0, -signal.SIGPIPE))
        harness.wait_until(lambda: self.demo.leases() == [], what="the end of the lease")

    def test_it_says_why_not(self):
        p = self.run_example("back")
        self.assertEqual(p.stderr.read(),
                         b"subscribe: There is no camera 'back' for this client\n")
        self.assertEqual(p.wait(10), 1)
        self.assertEqual(self.run_example().wait(10), 2)


class AskFirst(WithDemo):
    def test_a_yes_lets_it_in_until_the_agent_goes(self):
        self.demo.ctl("revoke", "recorder", "front")
        self.demo.ctl("grant", "recorder", "front", "raw", "--ask-first")
        self.assertEqual(self.refused(right="raw")[0], ERROR + "NoSuchCamera")
        agent = test_agent.Agent(self.demo)
        self.addCleanup(lambda: agent.popen.poll() is None and agent.kill())

        def say_yes():
            question = agent.question()
            self.peer = question["peer"]
            agent.answer(question, "yes")

        answers = threading.Thread(target=say_yes)
        answers.start()
        s = self.subscribe(right="raw")
        answers.join(10)
        self.assertEqual(self.peer, f"user {os.geteuid()}")
        self.assertEqual({tag for tag, _ in self.decoded(s, 5)}, {self.demo.tag("front")})
        agent.kill()
        self.assertTrue(s.has_ended(10))
        self.assert_empty(s)


class Hostile(WithDemo):
    """A subscriber that does what it must not is ended; a viewer beside it loses nothing."""

    def setUp(self):
        super().setUp()
        self.beside = self.subscribe()
        self.seen = []
        self.enough = threading.Event()
        self.reader = threading.Thread(target=self.read_beside)
        self.reader.start()
        self.addCleanup(self.reader.join, 20)
        self.addCleanup(self.enough.set)
        harness.wait_until(lambda: self.seen, what="a frame beside")

    def read_beside(self):
        while not self.enough.is_set():
            frame = self.beside.frame()
            self.beside.release(frame)
            self.seen.append(frame)

    def assert_beside_lost_nothing(self):
        n = len(self.seen)
        harness.wait_until(lambda: len(self.seen) > n + 20, timeout=20, what="frames beside")
        seen = self.seen[1:]
        self.assertEqual([f.sequence for f in seen],
                         list(range(seen[0].sequence, seen[0].sequence + len(seen))))
        self.assertEqual(sum(f.skipped for f in seen), 0)

    def assert_ended(self, s):
        harness.wait_until(lambda: len(self.demo.leases()) == 1, timeout=20,
                           what="the end of the lease")
        self.assert_empty(s)
        self.assert_beside_lost_nothing()

    def test_releases_of_what_it_does_not_hold(self):
        for right in ("live", "raw"):
            s = self.subscribe(right=right)
            frame = s.frame()
            s.release(frame._replace(sequence=frame.sequence + 10**6))
            self.assert_ended(s)

    def test_nonsense(self):
        for data in (b"x", struct.pack("=HHI", 101, 1, 16) + bytes(8) * 100,
                     subscriber.message(subscriber.FRAME, bytes(8))):
            s = self.subscribe()
            s.frame()
            s.say(data)
            self.assert_ended(s)

    def test_a_flood(self):
        s = self.subscribe()
        s.frame()
        end = time.monotonic() + 20
        try:
            while time.monotonic() < end:
                try:
                    s.say(bytes(16))
                except BlockingIOError:
                    time.sleep(0.001)
        except Ended:
            pass
        self.assert_ended(s)

    def test_never_giving_back(self):
        s = self.subscribe(right="raw")
        held = [s.frame() for _ in range(4)]
        with self.assertRaises(TimeoutError):
            s.frame(timeout=1)
        self.assert_beside_lost_nothing()
        for frame in held:  # nobody has written over them
            self.assertEqual(s.read(frame.offset, frame.length), frame.data)
        s.release(held[2])
        s.release(held[0])
        self.assertGreater(s.frame().skipped, 10)

    def test_it_cannot_write(self):
        s = self.subscribe()
        s.frame()
        with self.assertRaises(OSError):
            os.pwrite(s.memory, b"x", 0)
        with self.assertRaises(OSError):
            os.ftruncate(s.memory, 0)

    def test_too_many_of_one_user(self):
        some = [self.subscribe() for _ in range(15)]
        self.assertEqual(self.refused()[0], ERROR + "LimitReached")
        some[0].close()
        harness.wait_until(lambda: len(self.demo.leases()) == 15, what="the end of a lease")
        self.subscribe()


if __name__ == "__main__":
    unittest.main()
