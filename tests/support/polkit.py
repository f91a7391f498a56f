# SPDX-License-Identifier: LGPL-2.1-or-later
"""polkit on a private bus: two stand-ins made with python-dbusmock, and polkit itself.

python-dbusmock needs the distribution's own interpreter, so the stand-ins are processes.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

NAME = "org.freedesktop.PolicyKit1"
PATH = "/org/freedesktop/PolicyKit1/Authority"
INTERFACE = "org.freedesktop.PolicyKit1.Authority"
MOCK = "org.freedesktop.DBus.Mock"
POLKITD = pathlib.Path("/usr/lib/polkit-1/polkitd")


class Process:
    """Has a name on the bus, polkit's, from __enter__ to __exit__."""

    name = NAME
    command = ()

    def __init__(self, bus):
        self.bus = bus
        self.popen = None

    def __enter__(self):
        self.popen = subprocess.Popen(self.command, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                      cwd="/", env=dict(os.environ,
                                                        DBUS_SYSTEM_BUS_ADDRESS=self.bus))
        end = time.monotonic() + 20
        while self.busctl("status", self.name, check=False).returncode != 0:
            if self.popen.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise AssertionError(f"{self.command} did not come up")
            time.sleep(0.05)
        return self

    def __exit__(self, *exception):
        self.popen.kill()
        self.popen.wait()
        while self.busctl("status", self.name, check=False).returncode == 0:
            time.sleep(0.02)

    def busctl(self, *arguments, check=True):
        return subprocess.run(["busctl", "--address", self.bus, *arguments], text=True, check=check,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=20)

    def mock(self, method, *arguments):
        done = self.busctl("--json=short", "call", NAME, PATH, MOCK, method, *arguments)
        return json.loads(done.stdout)["data"] if done.stdout.strip() else None


class StandIn(Process):
    """Allows actions by name, and hangs when told to."""

    command = ("/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "polkitd")

    def allow(self, *actions):
        self.mock("SetAllowed", "as", str(len(actions)), *actions)

    def hang(self, hanging=True):
        self.mock("SimulateHang", "b", "true" if hanging else "false")

    def release(self):
        self.mock("ReleaseHangingCalls")

    def is_hanging(self):
        return self.mock("HaveHangingCalls")[0]


class Recorder(Process):
    """Answers every question alike, whatever the answer is, and remembers what it was asked."""

    command = ("/usr/bin/python3", "-m", "dbusmock", "--system", NAME, PATH, INTERFACE)

    def answer(self, signature, code):
        for method, takes, gives, does in (
                ("CheckAuthorization", "(sa{sv})sa{ss}us", signature, code),
                ("CancelCheckAuthorization", "s", "", "")):
            self.mock("AddMethod", "sssss", INTERFACE, method, takes, gives, does)
        self.mock("ClearCalls")

    def asked(self, method="CheckAuthorization"):
        """The arguments of each call, as busctl's JSON has variants."""
        calls = self.mock("GetMethodCalls", "s", method)[0]
        return [[one["data"] for one in arguments] for _, arguments in calls]


class Real(Process):
    """polkitd itself, with camward's actions and rules and a group camward of its own.

    The actions' owner is the user that the service runs as here."""

    def __init__(self, bus, policy, rules, owner, members):
        super().__init__(bus)
        self.temporary = tempfile.TemporaryDirectory(prefix="camward-polkit-")
        top = pathlib.Path(self.temporary.name)
        top.chmod(0o755)
        for name in ("actions", "rules", "none"):
            (top / name).mkdir()
        shutil.copy(rules, top / "rules")
        (top / "actions" / policy.name).write_text(
            policy.read_text().replace("unix-user:camward<", f"unix-user:{owner}<"))
        (top / "group").write_text("".join(
            line for line in pathlib.Path("/etc/group").read_text().splitlines(True)
            if not line.startswith("camward:")) +
            f"camward:x:64999:{','.join(members)}\n")
        binds = ((top / "actions", "/usr/share/polkit-1/actions"),
                 (top / "rules", "/usr/share/polkit-1/rules.d"),
                 (top / "none", "/etc/polkit-1/rules.d"), (top / "group", "/etc/group"))
        script = " && ".join(f"mount --bind {a} {b}" for a, b in binds)
        self.command = ("unshare", "--mount", "sh", "-c",
                        f"{script} && exec {POLKITD} --no-debug")

    def __exit__(self, *exception):
        super().__exit__()
        self.temporary.cleanup()
