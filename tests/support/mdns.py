# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stand-ins for Avahi and systemd-resolved on a private bus, made with python-dbusmock. They
remember what they were asked; what they would signal, the test has them signal."""

import json
import pathlib
import tempfile
import time

import polkit

MOCK = polkit.MOCK

# What has to be there before the name is.
TEMPLATE = """
BUS_NAME = {name!r}
MAIN_OBJ = {path!r}
MAIN_IFACE = {interface!r}
SYSTEM_BUS = True

def load(mock, parameters):
{load}
"""


class Daemon(polkit.Process):
    path = "/"
    interface = ""
    load = ""

    def __enter__(self):
        self.template = tempfile.NamedTemporaryFile("w", prefix="camward-mdns-", suffix=".py")
        load = "".join(f"    {line}\n" for line in self.load.splitlines())
        self.template.write(TEMPLATE.format(name=self.name, path=self.path,
                                            interface=self.interface, load=load))
        self.template.flush()
        self.command = ("/usr/bin/python3", "-m", "dbusmock", "--system", "--template",
                        str(pathlib.Path(self.template.name)))
        return super().__enter__()

    def __exit__(self, *exception):
        super().__exit__(*exception)
        self.template.close()

    def at(self, path, method, *arguments):
        done = self.busctl("--json=short", "call", self.name, path, MOCK, method, *arguments)
        return json.loads(done.stdout)["data"] if done.stdout.strip() else None

    def calls(self, method, path=None):
        """The arguments of each call of the method."""
        calls = self.at(path or self.path, "GetMethodCalls", "s", method)[0]
        return [[one["data"] for one in arguments] for _, arguments in calls]

    def wait(self, method, n=1, path=None):
        """The arguments of the method's calls, when there have been n."""
        end = time.monotonic() + 20
        while len(self.calls(method, path)) < n:
            if time.monotonic() > end:
                raise AssertionError(f"{method} was called {len(self.calls(method, path))} times")
            time.sleep(0.05)
        return self.calls(method, path)

    def forget(self):
        self.at(self.path, "ClearCalls")


class Avahi(Daemon):
    name = "org.freedesktop.Avahi"
    interface = "org.freedesktop.Avahi.Server"
    entry_group = "org.freedesktop.Avahi.EntryGroup"
    group = "/Client0/EntryGroup0"
    load = f"""
mock.AddMethod(MAIN_IFACE, 'GetState', '', 'i', 'ret = 2')
mock.AddMethod(MAIN_IFACE, 'EntryGroupNew', '', 'o', 'ret = dbus.ObjectPath("{group}")')
mock.AddObject('{group}', '{entry_group}', {{}}, [
    ('AddService', 'iiussssqaay', '', ''), ('Commit', '', '', ''), ('Free', '', '', '')])"""
    RUNNING, ESTABLISHED, COLLISION = 2, 2, 3

    def tell_group(self, state):
        self.at(self.group, "EmitSignal", "sssav", self.entry_group, "StateChanged", "is",
                "2", "i", str(state), "s", "org.freedesktop.Avahi.Success")

    def tell_server(self, state):
        self.at("/", "EmitSignal", "sssav", self.interface, "StateChanged", "is",
                "2", "i", str(state), "s", "")


class Resolved(Daemon):
    name = "org.freedesktop.resolve1"
    path = "/org/freedesktop/resolve1"
    interface = "org.freedesktop.resolve1.Manager"
    service = "org.freedesktop.resolve1.DnssdService"
    load = """
mock.AddMethod(MAIN_IFACE, 'UnregisterService', 'o', '', '')
mock.AddMethod(MAIN_IFACE, 'RegisterService', 'sssqqqaa{say}', 'o', 'ret = dbus.ObjectPath('
               '"/org/freedesktop/resolve1/dnssd/" + args[0].replace("-", "_2d"))')"""

    def answer(self, code):
        """What RegisterService does from now on."""
        self.at(self.path, "AddMethod", "sssss", self.interface, "RegisterService",
                "sssqqqaa{say}", "o", code)

    def fail(self, error, text):
        self.answer(f"raise dbus.exceptions.DBusException('{text}', name='{error}')")

    def tell_conflict(self, path):
        self.at(self.path, "AddObject", "ssa{sv}a(ssss)", path, self.service, "0", "0")
        self.at(path, "EmitSignal", "sssav", self.service, "Conflicted", "", "0")
