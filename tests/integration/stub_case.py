# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests share that need a broker which misbehaves: stub-broker.c, its gate, and viewers."""

import pathlib
import queue
import re
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import harness
import demo
import rtsp

ORDERLY, FAILED, SIGNAL = 1, 2, 3  # enum gate_exit
EXIT_LINK, EXIT_TRIPWIRE = 2, 4  # enum session_exit
DONE_VIEWER, DONE_SILENT, DONE_STALLED, DONE_PROTOCOL, DONE_SERVER = 1, 2, 3, 4, 5


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
