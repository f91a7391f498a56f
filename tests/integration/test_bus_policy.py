# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bus policy, as a dbus-daemon with the defaults of a system bus keeps it.

The file's user and group are replaced by some that exist here; a stand-in has the service's name.
"""

import grp
import os
import pathlib
import pwd
import subprocess
import tempfile
import unittest

import harness
import polkit
from test_dbus_xml import KINDS, LOCAL, NAME, ROOT, VALUES, XML, checked_in

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <include>{policy}</include>
</busconfig>
"""
DENIED = "Access denied"
PROPERTIES = "org.freedesktop.DBus.Properties"


class Service(polkit.Process):
    """Has the service's name; a call that gets through finds no such method, or one."""

    name = NAME
    command = ("/usr/bin/python3", "-m", "dbusmock", "--system", NAME, ROOT, f"{NAME}.Manager")


# Takes the service's name and prints the interface and member of each signal sent to it alone.
LISTENER = f"""
import dbus, dbus.mainloop.glib
from gi.repository import GLib
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
def heard(bus, m):
    if m.get_type() == 4 and m.get_interface() != "org.freedesktop.DBus":
        print(m.get_interface(), m.get_member(), flush=True)
bus.add_message_filter(heard)
bus.add_match_string("type='signal',member='StateChanged'")
bus.request_name("{NAME}", 6)
print("ready", flush=True)
GLib.MainLoop().run()
"""


# Prints the interface and member of each signal that the bus passes on.
HEARER = """
import dbus, dbus.mainloop.glib
from gi.repository import GLib
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
def heard(bus, m):
    if m.get_type() == 4 and m.get_interface() != "org.freedesktop.DBus":
        print(m.get_interface(), m.get_member(), flush=True)
bus.add_message_filter(heard)
bus.add_match_string("type='signal'")
print("ready", flush=True)
GLib.MainLoop().run()
"""


def someone(but=()):
    """(uid, group's name) of a user whose group has that one alone as its own, and its number."""
    for p in pwd.getpwall():
        if p.pw_uid and p.pw_uid not in but and p.pw_gid == p.pw_uid and \
                not [g for g in grp.getgrall() if p.pw_name in g.gr_mem]:
            return p.pw_uid, grp.getgrgid(p.pw_gid).gr_name
    raise AssertionError("there are not enough users")


@unittest.skipIf(os.geteuid() != 0, "becoming another user needs root")
class BusPolicy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        top = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        top.chmod(0o755)
        cls.member, group = someone()
        cls.outsider = someone([p.pw_uid for p in pwd.getpwall()
                                if grp.getgrgid(p.pw_gid).gr_name == group])[0]
        cls.avahi = someone([cls.outsider] + [p.pw_uid for p in pwd.getpwall()
                                              if grp.getgrgid(p.pw_gid).gr_name == group])[0]
        cls.local, local = someone([cls.member, cls.outsider, cls.avahi])
        (top / "policy.conf").write_text((XML / f"{NAME}.conf").read_text()
                                         .replace('user="camward"', 'user="root"')
                                         .replace('user="avahi"',
                                                  f'user="{pwd.getpwuid(cls.avahi).pw_name}"')
                                         .replace('group="camward"', f'group="{group}"')
                                         .replace('group="camward-local"', f'group="{local}"'))
        (top / "bus.conf").write_text(CONFIG.format(socket=top / "bus",
                                                    policy=top / "policy.conf"))
        daemon = subprocess.Popen(["dbus-daemon", f"--config-file={top / 'bus.conf'}", "--nofork",
                                   "--nopidfile"], stdin=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        cls.addClassCleanup(daemon.wait)
        cls.addClassCleanup(daemon.terminate)
        harness.wait_until((top / "bus").exists, what="the bus")
        cls.bus = f"unix:path={top / 'bus'}"
        cls.enterClassContext(Service(cls.bus))

    def call(self, uid, interface, method, *arguments):
        """What the call came to: DENIED if the bus kept it back."""
        done = subprocess.run(
            ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "busctl",
             "--address", self.bus, "call", NAME, ROOT, interface, method, *arguments], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20,
            cwd="/")
        return DENIED if DENIED in done.stderr else done.stdout + done.stderr

    def methods(self):
        for kind in KINDS:
            for method in checked_in(kind).findall("method"):
                types = [a.get("type") for a in method.findall("arg")
                         if a.get("direction") == "in"]
                values = [value for t in types for value in VALUES[t]]
                yield (f"{NAME}.{kind}", method.get("name"),
                       *(["".join(types), *values] if types else []))

    def looks(self):
        yield "org.freedesktop.DBus.Introspectable", "Introspect"
        yield "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"
        yield PROPERTIES, "GetAll", "s", f"{NAME}.Manager"
        yield PROPERTIES, "Get", "ss", f"{NAME}.Manager", "Version"
        yield "org.freedesktop.DBus.Peer", "Ping"

    def test_members_of_the_group_and_root_get_through(self):
        for uid in (self.member, 0):
            for call in (*self.methods(), *self.looks()):
                with self.subTest(call, uid=uid):
                    self.assertNotEqual(self.call(uid, *call), DENIED)

    def test_others_do_not(self):
        for call in (*self.methods(), *self.looks()):
            with self.subTest(call):
                self.assertEqual(self.call(self.outsider, *call), DENIED)

    def test_local_subscribers_can_subscribe_and_nothing_else(self):
        for call in (*self.methods(), *self.looks()):
            with self.subTest(call):
                check = self.assertNotEqual if call[:2] in LOCAL else self.assertEqual
                check(self.call(self.local, *call), DENIED)

    def test_members_send_nothing_that_is_not_listed(self):
        for call in ((f"{NAME}.Manager", "Unlisted"), (f"{NAME}.Unlisted", "Suspend"),
                     (polkit.MOCK, "ClearCalls"),
                     (PROPERTIES, "Set", "ssv", f"{NAME}.Manager", "Ready", "b", "true")):
            with self.subTest(call):
                self.assertEqual(self.call(self.member, *call), DENIED)
                self.assertNotEqual(self.call(0, *call), DENIED)

    def hear(self, uid):
        """A process of that user, who asks the bus for every signal."""
        hearer = subprocess.Popen(
            ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "/usr/bin/python3",
             "-c", HEARER], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, cwd="/",
            env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.bus))
        self.addCleanup(hearer.stdout.close)
        self.addCleanup(hearer.wait)
        self.addCleanup(hearer.kill)
        self.assertEqual(hearer.stdout.readline(), "ready\n")
        return hearer

    def test_broadcasts_are_heard_by_members_of_the_group_and_root_alone(self):
        hearers = {uid: self.hear(uid) for uid in (self.outsider, self.local, self.avahi,
                                                   self.member, 0)}
        for interface, signal in ((f"{NAME}.Manager", "Denied"),
                                  ("org.freedesktop.DBus.ObjectManager", "InterfacesAdded"),
                                  (PROPERTIES, "PropertiesChanged")):
            subprocess.run(["busctl", "--address", self.bus, "call", NAME, ROOT, polkit.MOCK,
                            "EmitSignal", "sssav", interface, signal, "", "0"], check=True,
                           stdout=subprocess.DEVNULL)
        subprocess.run(["busctl", "--address", self.bus, "emit", "/x", "x.Last", "One"],
                       check=True)
        told = [f"{NAME}.Manager Denied", "org.freedesktop.DBus.ObjectManager InterfacesAdded",
                f"{PROPERTIES} PropertiesChanged"]
        for uid, hearer in hearers.items():
            with self.subTest(uid=uid):
                heard = list(iter(lambda: hearer.stdout.readline().strip(), "x.Last One"))
                self.assertEqual(heard, told if uid in (self.member, 0) else [])

    def test_of_others_avahi_alone_sends_signals(self):
        listener = subprocess.Popen(
            ["/usr/bin/python3", "-c", LISTENER], stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.bus))
        # The stand-in has lost its name to it: there is to be another one.
        self.addCleanup(lambda: self.enterClassContext(Service(self.bus)))
        self.addCleanup(listener.stdout.close)
        self.addCleanup(listener.wait)
        self.addCleanup(listener.kill)
        self.assertEqual(listener.stdout.readline(), "ready\n")
        alone, all_ = [f"--destination={NAME}"], []
        group, server = "org.freedesktop.Avahi.EntryGroup", "org.freedesktop.Avahi.Server"
        for uid, to, interface, signal in (
                (self.outsider, alone, group, "StateChanged"),
                (self.outsider, all_, server, "StateChanged"),
                (self.member, alone, group, "StateChanged"),
                (self.avahi, alone, group, "Other"),
                (self.avahi, alone, group, "StateChanged"),
                (self.avahi, all_, server, "StateChanged")):
            subprocess.run(
                ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "busctl",
                 "--address", self.bus, "emit", *to, "/x", interface, signal], check=True, cwd="/")
        subprocess.run(["busctl", "--address", self.bus, "emit", f"--destination={NAME}", "/x",
                        f"{NAME}.Last", "One"], check=True)
        last = f"{NAME}.Last One"
        heard = list(iter(lambda: listener.stdout.readline().strip(), last))
        self.assertEqual(heard, [f"{group} StateChanged", f"{server} StateChanged"])

    def test_nobody_takes_the_name(self):
        for uid in (self.member, self.outsider):
            done = subprocess.run(
                ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "busctl",
                 "--address", self.bus, "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                 "org.freedesktop.DBus", "RequestName", "su", NAME, "6"], text=True, cwd="/",
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                timeout=20)
            self.assertIn(DENIED, done.stderr)


if __name__ == "__main__":
    unittest.main()
