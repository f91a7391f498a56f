# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole stack for one test class: ./demo's launcher on free ports, and what its JSON says.

    with Demo(cameras=2) as demo:
        demo.ctl("revoke", "owner", "front")
        rtsp = demo.viewer("owner", "front")
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CAMWARD_BUILD", TOP / "build"))
SANITIZED = bool(os.environ.get("CAMWARD_SANITIZED"))
sys.path.insert(0, str(TOP / "tests/support"))

START_TIMEOUT = 60


def wait_until(condition, timeout=10.0, what="the condition"):
    """The condition's first true value; an AssertionError that names it otherwise."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come true within {timeout} s")


class Demo:
    def __init__(self, cameras=2, source="pattern", size="640x360", fps=30, directory=None,
                 environment=None, penalties=False, listen="127.0.0.1"):
        self.arguments = ["--cameras", str(cameras), "--source", source, "--size", size,
                          "--fps", str(fps), "--rtsps-port", "0", "--https-port", "0",
                          "--listen", listen, "--no-install", "--build", str(BUILD)]
        if penalties:
            self.arguments.append("--penalties")
        if directory:
            self.arguments += ["--dir", str(directory)]
        self.environment = environment or {}
        self.popen = None
        self.output = None

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="camward-test-")
        self.json = pathlib.Path(self.temporary.name) / "demo.json"
        self.log = pathlib.Path(self.temporary.name) / "log"
        with self.log.open("w") as log:
            self.popen = subprocess.Popen(
                [sys.executable, str(TOP / "tests/support/demo.py"), *self.arguments, "--json",
                 str(self.json)], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env=dict(os.environ, **self.environment))
        end = time.monotonic() + START_TIMEOUT
        while not self.json.exists():
            if self.popen.poll() is not None or time.monotonic() > end:
                text = self.log.read_text()
                self.__exit__(None, None, None)
                raise AssertionError(f"the demo did not start:\n{text}")
            time.sleep(0.05)
        return self

    def __exit__(self, *exception):
        if self.popen and self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(30)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        self.output = self.log.read_text()
        if exception[0] is not None:
            print(self.output, file=sys.stderr)
        self.temporary.cleanup()
        return False

    @property
    def info(self):
        return json.loads(self.json.read_text())

    def token(self, client):
        return next(c["token"] for c in self.info["clients"] if c["name"] == client)

    def uuid(self, camera):
        return next(c["uuid"] for c in self.info["cameras"] if c["name"] == camera)

    def tag(self, camera):
        """What the coded picture carries: the first four bytes of the uuid, as hexadecimal."""
        return self.uuid(camera).replace("-", "")[:8]

    def url(self, client, camera, token=None):
        token = self.token(client) if token is None else token
        return f"rtsps://{client}:{token}@127.0.0.1:{self.info['rtsps_port']}/{camera}"

    def ctl(self, *arguments, check=True, timeout=30):
        done = subprocess.run([str(BUILD / "service/ctl/camwardctl"), *arguments], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=timeout,
                              env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.info["bus"]))
        if check and done.returncode != 0:
            raise AssertionError(f"camwardctl {' '.join(arguments)}: {done.returncode}:"
                                 f" {done.stderr}{done.stdout}")
        return done

    def ctl_json(self, *arguments):
        return json.loads(self.ctl(*arguments, "--json").stdout)

    def leases(self):
        return self.ctl_json("leases")["leases"]

    def camera(self, name):
        return next(c for c in self.ctl_json("cameras")["cameras"] if c["name"] == name)

    def sessions(self):
        """Process ids of the gate's children, one a connection."""
        gate = self.info["pids"]["gate"]
        text = pathlib.Path(f"/proc/{gate}/task/{gate}/children").read_text()
        return [int(pid) for pid in text.split()]
