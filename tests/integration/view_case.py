# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of camward-view and camward-verify share: a sealing server and the two programs."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import harness

VIEW = harness.BUILD / "service/view/camward-view"
VERIFY = harness.BUILD / "service/view/camward-verify"
SERVER = harness.TOP / "tests/support/sealing_server.py"
TOKEN = "secret"


def make_clip(path, seconds=4):
    """One slice a picture, a keyframe every 15."""
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i",
                    f"testsrc2=size=320x240:rate=30:duration={seconds}", "-pix_fmt", "yuv420p",
                    "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-bf", "0",
                    "-g", "15", "-x264-params", "slices=1:sliced-threads=0", "-f", "h264",
                    str(path)], check=True)


class SealingServer:
    """sealing_server.py in a process of its own: it needs Debian's interpreter."""

    def __init__(self, clip, *arguments):
        self.arguments = [str(clip), *map(str, arguments)]

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="camward-test-")
        self.directory = pathlib.Path(self.temporary.name)
        file, self.log = self.directory / "server.json", self.directory / "log"
        self.log.touch()
        self.popen = subprocess.Popen(["/usr/bin/python3", str(SERVER), *self.arguments, "--json",
                                       str(file), "--log", str(self.log)],
                                      stdin=subprocess.DEVNULL)
        harness.wait_until(lambda: file.exists() or self.popen.poll() is not None, 30,
                           "the sealing server's start")
        self.info = json.loads(file.read_text())
        return self

    def __exit__(self, *_):
        self.popen.kill()
        self.popen.wait()
        self.temporary.cleanup()

    @property
    def url(self):
        return f"rtsps://owner@127.0.0.1:{self.info['port']}/front"

    @property
    def trust(self):
        return ["--pin", f"sha256/{self.info['pin']}", "--seal-root", self.info["seal_root"]]

    def view(self, *arguments, trust=None, url=None, json_file=None, **keywords):
        return View(url or self.url, *(self.trust if trust is None else trust), *arguments,
                    json_file=json_file, **keywords)


class View:
    """A finished run of camward-view: status, report, errors (its standard error), output."""

    def __init__(self, url, *arguments, token=TOKEN, json_file=None, timeout=60, stdin=b""):
        option = f"--json={json_file}" if json_file else "--json"
        environment = dict(os.environ)
        environment.pop("CAMWARD_TOKEN", None)
        if token is not None:
            environment["CAMWARD_TOKEN"] = token
        done = subprocess.run([str(VIEW), option, *map(str, arguments), url], timeout=timeout,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                              input=stdin, check=False)
        self.status, self.output = done.returncode, done.stdout
        self.errors = done.stderr.decode()
        text = json_file.read_text() if json_file else done.stdout.decode(errors="replace")
        lines = [line for line in text.splitlines() if line.startswith("{")]
        self.reports = [json.loads(line) for line in lines]
        self.report = self.reports[-1] if self.reports else None

    @property
    def frames(self):
        return self.report["frames"]


def verify(file, root, *arguments):
    """(exit status, findings) of camward-verify."""
    done = subprocess.run([str(VERIFY), "--json", "--seal-root", root, *arguments, str(file)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, text=True, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


class ViewCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="camward-test-")
        cls.addClassCleanup(cls.directory.cleanup)
        cls.clip = pathlib.Path(cls.directory.name) / "clip.h264"
        make_clip(cls.clip)

    def path(self, name):
        return pathlib.Path(self.directory.name) / f"{self.id().rsplit('.', 1)[-1]}-{name}"
