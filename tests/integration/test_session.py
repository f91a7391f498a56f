# SPDX-License-Identifier: LGPL-2.1-or-later
"""The gate and its sessions against a broker that misbehaves (stub-broker.c), and the answers that
need no camera's picture to be judged. With the real broker: test_refusals, test_ends, ..."""

import http.client
import json
import os
import pathlib
import queue
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

import harness
import demo
import rtp
import rtsp
import tls

ORDERLY, FAILED, SIGNAL = 1, 2, 3  # enum gate_exit
EXIT_LINK, EXIT_TRIPWIRE = 2, 4  # enum session_exit
DONE_VIEWER, DONE_SILENT, DONE_STALLED, DONE_PROTOCOL, DONE_SERVER = 1, 2, 3, 4, 5
DENIED_CREDENTIAL = 1
TRANSPORT = "RTP/AVP/TCP;unicast;interleaved=0-1"


def free_port():
    with socket.socket(socket.AF_INET6) as s:
        s.bind(("::", 0))
        return s.getsockname()[1]


def make_clip(path, bitrate="4000k", picture="testsrc2=size=640x360"):
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
                    f"{picture}:rate=30:duration=4", "-pix_fmt", "yuv420p", "-c:v",
                    "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-bf", "0", "-g",
                    "30", "-b:v", bitrate, "-f", "h264", str(path)], check=True)


class Stub:
    """A running stub-broker with its gate. Events are lines; see stub-broker.c."""

    def __init__(self, clip, *arguments, fault=None, exempt=demo.LOOPBACK):
        self.rtsps, self.https = free_port(), free_port()
        command = [str(harness.BUILD / "tests/integration/stub-broker"),
                   str(harness.BUILD / "service/session/camward-gate"), str(clip),
                   str(self.rtsps), str(self.https)]
        command += ["--fault", fault] if fault else []
        command += ["--penalty-exempt", exempt] if exempt else []
        self.popen = subprocess.Popen([*command, *arguments], text=True, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, bufsize=1)
        self.lines, self.seen = queue.Queue(), []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.gate = int(self.event(r"gate (\d+)")[1])

    def _read(self):
        for line in self.popen.stdout:
            self.lines.put(line.rstrip("\n"))

    def event(self, pattern, timeout=10.0):
        """The match of the first line to come that matches whole."""
        end = time.monotonic() + timeout
        while True:
            try:
                line = self.lines.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {pattern!r} but {self.seen[-20:]}") from None
            self.seen.append(line)
            if match := re.fullmatch(pattern, line):
                return match

    def counters(self, connection=None):
        line = self.event(rf"counters {connection or '.*?'} (.*)")[1].split()
        return dict(zip(line[::2], map(int, line[1::2])))

    def tell(self, command):
        self.popen.stdin.write(command + "\n")
        self.popen.stdin.flush()

    def children(self):
        path = pathlib.Path(f"/proc/{self.gate}/task/{self.gate}/children")
        return [int(pid) for pid in path.read_text().split()] if path.exists() else []

    def close(self):
        if self.popen.poll() is None:
            self.popen.stdin.close()
            self.popen.wait(10)
        self.reader.join()
        self.popen.stdout.close()


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.clip = pathlib.Path(cls.directory) / "clip.h264"
        make_clip(cls.clip)

    def start(self, *arguments, fault=None):
        self.stub = Stub(self.clip, *arguments, fault=fault)
        self.addCleanup(self.stub.close)
        return self.stub

    def client(self, camera="front", token="secret", **connection):
        c = rtsp.Client("127.0.0.1", self.stub.rtsps, camera, **connection)
        self.addCleanup(c.close)
        if token:
            c.authorize("owner", token)
        return c

    def player(self, units=3, **connection):
        c = self.client(**connection)
        c.play()
        self.assertEqual(len(list(c.access_units(count=units))), units)
        return c

    def number(self):
        return self.stub.event(r"connection (\d+) .*")[1]


class Tripwire(Case):
    """A ring that is not what was asked for and granted: not one byte, and the end."""

    def check(self, fault):
        stub = self.start(fault=fault)
        c = self.client()
        c.send(c.format_request("DESCRIBE"))
        with self.assertRaises(tls.Ended) as ended:
            c.read()
        self.assertEqual(ended.exception.how, "rst")
        stub.event(rf"exited 1 {FAILED} {EXIT_TRIPWIRE}")
        counters = next(line for line in stub.seen if line.startswith("counters"))
        self.assertIn("intent 0 done 0", counters)

    def test_another_cameras_name(self):
        self.check("name")

    def test_another_cameras_uuid(self):
        self.check("uuid")

    def test_another_epoch(self):
        self.check("epoch")

    def test_another_stream(self):
        self.check("stream")

    def test_a_grant_that_nobody_asked_for_ends_the_session(self):
        stub = self.start(fault="answer")
        with self.assertRaises((tls.Ended, OSError)):
            tls.Connection("127.0.0.1", stub.rtsps)
        stub.event(rf"exited 1 {FAILED} {EXIT_LINK}")


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
        stub.event(rf"done 1 {DONE_STALLED}", timeout=15)
        self.assertGreater(time.monotonic() - began, 3.5)
        stub.event(rf"exited 1 {ORDERLY} 0")

    def test_a_viewer_that_takes_nothing_of_little_is_ended(self):
        clip = pathlib.Path(self.directory) / "grey.h264"
        make_clip(clip, picture="color=gray:size=64x64")
        self.stub = Stub(clip)
        self.addCleanup(self.stub.close)
        self.player(units=1, receive_buffer=4096)
        self.stub.event(rf"done 1 {DONE_STALLED}", timeout=15)
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
        viewer = self.client(timeout=15)
        viewer.describe()
        viewer.setup()
        began = time.monotonic()
        self.assertEqual(viewer.wait_end(15)[0].how, "close_notify")
        self.assertAlmostEqual(time.monotonic() - began, 10, delta=1.5)
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


class Counters(Case):
    def check(self, c):
        skipped = c["late"] + c["overrun"] + c["join"]
        self.assertEqual(c["offered"], c["done"] + skipped)
        self.assertIn(c["intent"] - c["done"], (0, 1))

    def test_every_unit_is_counted_once(self):
        stub = self.start()
        viewer = self.player(units=60)
        stub.tell("kill")
        _, late = viewer.wait_end(3)
        c = stub.counters("1")
        self.check(c)
        self.assertEqual(c["late"] + c["overrun"] + c["join"], 0)
        received = 60 + sum(1 for f in late if f.channel == 0 and rtp.parse(f.payload).marker)
        self.assertLessEqual(received, c["intent"])
        self.assertGreaterEqual(received, c["done"] - 1)
        self.assertEqual(c["last"] - c["first"] + 1, c["intent"])

    def test_a_slow_viewer_skips_and_goes_on_at_a_keyframe(self):
        make_clip(fat := pathlib.Path(self.directory) / "fat.h264", "30M")
        self.stub = Stub(fat)
        self.addCleanup(self.stub.close)
        viewer = self.player(units=1, receive_buffer=8192)
        time.sleep(3.2)
        list(viewer.access_units(seconds=3))
        self.stub.tell("kill")
        viewer.wait_end(3)
        c = self.stub.counters("1")
        self.check(c)
        self.assertGreater(c["late"] + c["overrun"], 30)

    def test_a_joiner_waits_for_a_fresh_keyframe(self):
        stub = self.start()
        self.player().close()
        stub.tell("freeze")
        time.sleep(2.3)  # MaxFrameAge and some more
        viewer = self.client()
        viewer.play()
        with self.assertRaises(TimeoutError):
            next(viewer.access_units(count=1, timeout=0.5))
        stub.tell("thaw")
        unit = next(viewer.access_units(count=1, timeout=3))
        self.assertTrue(unit.keyframe)


class Requests(Case):
    """One stub for all: no case harms the next."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stub = Stub(cls.clip)
        cls.addClassCleanup(cls.stub.close)

    def test_statuses_before_a_session(self):
        c = self.client()
        for method, headers, status in (
                ("OPTIONS", {}, 200), ("PLAY", {}, 454), ("TEARDOWN", {}, 454),
                ("PAUSE", {}, 501), ("RECORD", {}, 501), ("GET_PARAMETER", {}, 454),
                ("SETUP", {"Transport": "RTP/AVP;unicast;client_port=5000-5001"}, 461),
                ("SETUP", {"Transport": "RTP/AVP;multicast"}, 461),
                ("SETUP", {}, 400),
                ("SETUP", {"Transport": TRANSPORT, "Session": "00"}, 454),
                ("DESCRIBE", {"Accept": "text/plain"}, 406),
                ("DESCRIBE", {"Require": "feature"}, 551)):
            with self.subTest(method=method, headers=headers):
                self.assertEqual(c.request(method, headers=headers).status, status)
        self.assertIn("PLAY", c.request("OPTIONS").headers["public"])
        # None of these took the session away.
        c.play()

    def test_statuses_in_a_session(self):
        c = self.client()
        c.describe()
        answer = c.setup("RTP/AVP;unicast;client_port=1-2,RTP/AVP/TCP;unicast;interleaved=4-5")
        self.assertRegex(answer.headers["transport"],
                         r"RTP/AVP/TCP;unicast;interleaved=4-5;ssrc=[0-9A-F]{8}")
        self.assertRegex(answer.headers["session"], r"[0-9a-f]{32};timeout=60")
        for method, headers, body, status in (
                ("SETUP", {"Transport": TRANSPORT, "Session": None}, b"", 455),
                ("SETUP", {"Transport": TRANSPORT}, b"", 455),
                ("PLAY", {"Range": "clock=20200101T000000Z-"}, b"", 457),
                ("PLAY", {"Session": "0" * 32}, b"", 454),
                ("PLAY", {"Session": None}, b"", 454),
                ("GET_PARAMETER", {}, b"", 200), ("SET_PARAMETER", {}, b"", 200),
                ("GET_PARAMETER", {}, b"packets_received\r\n", 451),
                ("GET_PARAMETER", {"Session": "0" * 32}, b"", 454)):
            with self.subTest(method=method, headers=headers):
                self.assertEqual(c.request(method, headers=headers, body=body).status, status)
        answer = c.request("PLAY")
        self.assertRegex(answer.headers["rtp-info"], r"url=\S+/trackID=0;seq=\d+;rtptime=\d+")
        frame = c.read_frame()
        self.assertEqual((frame.channel, rtp.rtcp_kinds(frame.payload)[0]), (5, 200))
        self.assertEqual(c.read_frame().channel, 4)

    def test_a_session_is_of_its_connection(self):
        first, second = self.client(), self.client()
        for c in (first, second):
            c.describe()
            c.setup()
        self.assertNotEqual(first.session, second.session)
        stolen = second.request("PLAY", headers={"Session": first.session})
        self.assertEqual(stolen.status, 454)

    def test_bound_to_one_camera_for_life(self):
        c = self.client()
        c.describe()
        base = c.url[:-len("front")]
        unknown = self.client("nowhere").request("DESCRIBE")
        self.assertEqual(unknown.status, 404)
        for name in ("back", "front/sub", "nowhere", "Front", "front%00", ""):
            answer = c.request("DESCRIBE", base + name)
            self.assertEqual(answer.without_cseq(), unknown.without_cseq(), name)
        c.setup()
        self.assertEqual(c.request("PLAY", base + "back").without_cseq(), unknown.without_cseq())

    def test_denials(self):
        for camera, status in (("busy", 453), ("dark", 503), ("nowhere", 404), ("front", 401)):
            c = self.client(camera, token="secret" if status != 401 else "wrong")
            answer = c.request("DESCRIBE")
            self.assertEqual(answer.status, status)
            self.assertEqual("www-authenticate" in answer.headers, status == 401)
            # Asking again is possible.
            self.assertEqual(c.request("DESCRIBE").status, status)

    def test_the_first_answer_may_be_401(self):
        c = self.client(token=None)
        answer = c.request("DESCRIBE")
        self.assertEqual(answer.status, 401)
        self.assertRegex(answer.headers["www-authenticate"], r"^Basic realm=")
        c.authorize("owner", "secret")
        c.play()

    def test_requests_behind_one_that_waits_are_answered_in_order(self):
        c = self.client()
        data = b"".join(c.format_request(m) for m in ("OPTIONS", "DESCRIBE", "OPTIONS"))
        c.send(data + b"$\x01\0\1x" + c.format_request("OPTIONS"))
        answers = [c.read_response() for _ in range(4)]
        self.assertEqual([a.headers["cseq"] for a in answers], ["1", "2", "3", "4"])
        self.assertEqual([a.status for a in answers], [200] * 4)
        self.assertIn(b"m=video", answers[1].body)

    def test_answers_that_are_not_taken_stop_the_requests(self):
        c = self.client(receive_buffer=4096)
        c.describe()
        c.setup()
        session = self.stub.children()[-1]
        n, end = 0, time.monotonic() + 2
        c.connection.settimeout(0.3)
        try:
            while time.monotonic() < end:
                c.send(b"".join(c.format_request("GET_PARAMETER") for _ in range(100)))
                n += 100
        except TimeoutError:
            pass
        status = pathlib.Path(f"/proc/{session}/status").read_text()
        if not harness.SANITIZED:
            self.assertLess(int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]), 2048)
        # All that were sent whole are answered in the end.
        for _ in range(n):
            self.assertEqual(c.read_response().status, 200)

    def https(self, method, path, credential="owner:secret"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        c = http.client.HTTPSConnection("127.0.0.1", self.stub.https, context=context, timeout=5)
        self.addCleanup(c.close)
        headers = {"Authorization": rtsp.basic(*credential.split(":"))} if credential else {}
        c.request(method, path, headers=headers)
        answer = c.getresponse()
        answer.data = answer.read()
        return answer

    def test_the_list_of_cameras(self):
        answer = self.https("GET", "/api/cameras")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.getheader("Cache-Control"), "no-store, private")
        self.assertEqual(json.loads(answer.data), {"cameras": [
            {"name": "front", "uuid": "01020304-0506-0708-0000-000000000000",
             "rights": ["live", "still"], "streams": ["main", "sub"], "online": True},
            {"name": "back", "uuid": "00000000-0000-0000-0000-000000000000",
             "rights": ["still"], "streams": [], "online": False}]})
        head = self.https("HEAD", "/api/cameras")
        self.assertEqual((head.status, head.data), (200, b""))
        self.assertEqual(head.getheader("Content-Length"), str(len(answer.data)))

    def test_http_statuses(self):
        for method, path, credential, status in (
                ("GET", "/api/cameras", None, 401), ("GET", "/api/nothing", None, 401),
                ("GET", "/cameras/front/live.mp4", None, 401),
                ("GET", "/api/cameras", "owner:wrong", 401),
                ("GET", "/api/nothing", "owner:secret", 404), ("GET", "/nothing", None, 404),
                ("POST", "/api/cameras", "owner:secret", 405),
                ("PUT", "/api/cameras", "owner:secret", 501)):
            with self.subTest(path=path, method=method):
                self.assertEqual(self.https(method, path, credential).status, status)

    def test_a_failed_handshake_is_told_by_an_alert(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection(("127.0.0.1", self.stub.rtsps)) as tcp:
            with self.assertRaisesRegex(ssl.SSLError, "ALERT"):
                context.wrap_socket(tcp)

    def test_garbage_is_answered_in_the_language_of_the_port(self):
        for port, begin in ((self.stub.rtsps, b"RTSP/1.0 400 "), (self.stub.https, b"HTTP/1.1 400 ")):
            with tls.Connection("127.0.0.1", port) as c:
                c.send(b"\x01\x02\x03\r\n\r\n")
                self.assertTrue(c.recv().startswith(begin))


class Limits(Case):
    def test_grace(self):
        stub = self.start("--grace", "1")
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", stub.rtsps)) as silent, \
                tls.Connection("127.0.0.1", stub.rtsps) as idle:
            with self.assertRaises(tls.Ended) as ended:
                idle.recv()
            self.assertEqual(ended.exception.how, "close_notify")
            silent.settimeout(5)
            with self.assertRaises(ConnectionResetError):
                silent.recv(1)
        self.assertLess(time.monotonic() - began, 2.5)

    def test_waiting_for_an_agent_is_not_idling(self):
        self.start("--grace", "1")
        c = self.client("ask")
        c.send(c.format_request("DESCRIBE"))
        with self.assertRaises(TimeoutError):
            c.read(4)

    def test_a_stopped_session_is_killed_after_its_grace(self):
        stub = self.start("--grace", "1")
        with tls.Connection("127.0.0.1", stub.rtsps) as idle:
            os.kill(stub.children()[0], signal.SIGSTOP)
            with self.assertRaises(tls.Ended) as ended:
                idle.recv()
            self.assertEqual(ended.exception.how, "rst")
        stub.event(rf"exited 1 {SIGNAL} {int(signal.SIGKILL)}")

    def test_pending_ones_of_a_source_make_room_and_viewers_stay(self):
        stub = self.start("--max-pending-per-source", "3", "--max-connections", "6")
        viewers = [self.player(), self.player()]
        idle = [socket.create_connection(("127.0.0.1", stub.rtsps)) for _ in range(3)]
        self.addCleanup(lambda: [s.close() for s in idle])
        harness.wait_until(lambda: len(stub.children()) == 5)
        with self.assertRaises((tls.Ended, OSError)):
            tls.Connection("127.0.0.1", stub.rtsps)
        time.sleep(1.1)
        viewers.append(self.player())
        idle[0].settimeout(3)
        with self.assertRaises(ConnectionResetError):
            idle[0].recv(1)
        for viewer in viewers:
            self.assertEqual(len(list(viewer.access_units(count=5))), 5)

    def test_the_command_line(self):
        gate = str(harness.BUILD / "service/session/camward-gate")

        def run(*arguments):
            return subprocess.run([gate, *arguments], text=True, capture_output=True, timeout=5)
        self.assertIn("--max-pending", run("--help").stdout)
        self.assertRegex(run("--version").stdout, r"^camward-gate \d")
        for bad in (["--grace", "0"], ["--grace", "x"], ["--max-connections", "99999"],
                    ["--frob"], ["word"], []):
            done = run(*bad)
            self.assertEqual(done.returncode, 1)
            self.assertIn("camward-gate", done.stderr)


if __name__ == "__main__":
    unittest.main()
