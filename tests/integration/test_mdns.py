# SPDX-License-Identifier: LGPL-2.1-or-later
"""Announcements on the network: only when asked for, by whoever is there, and taken back."""

import os
import pathlib
import signal
import socket
import subprocess
import unittest

import harness
import mdns

HOST = socket.gethostname()[:63]
TXT = [list(b"txtvers=1")]


class Mdns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=1, listen="0.0.0.0"))
        cls.bus = cls.demo.info["bus"]
        cls.config = pathlib.Path(cls.demo.info["server_cert"]).parent / "config" / "camward.conf"

    def setUp(self):
        self.addCleanup(self.configure, None)

    def configure(self, text):
        if text is None:
            self.config.unlink(missing_ok=True)
        else:
            self.config.write_text(text)
            self.config.chmod(0o644)
        os.kill(self.demo.info["pids"]["broker"], signal.SIGHUP)

    def logged(self, text, after=0):
        return harness.wait_until(lambda: text in self.demo.log.read_text()[after:], 20, text)

    def length(self):
        return len(self.demo.log.read_text())

    def announced(self, avahi, n, name=HOST):
        """What the entry group has, once it is committed for the n-th time."""
        avahi.wait("Commit", n, avahi.group)
        return [[a[3], a[4], a[7], a[8]] for a in avahi.calls("AddService", avahi.group)[-2:]]

    def test_off_unless_asked_for(self):
        with mdns.Avahi(self.bus) as avahi, mdns.Resolved(self.bus) as resolved:
            self.configure("[mdns]\nannounce=no\nname=Nobody\n")
            self.demo.ctl("status")
            self.assertEqual(avahi.calls("EntryGroupNew"), [])
            self.assertEqual(resolved.calls("RegisterService"), [])

    def test_by_avahi_with_nothing_of_cameras(self):
        with mdns.Avahi(self.bus) as avahi:
            before = self.length()
            self.configure("[mdns]\nannounce=yes\nrtsps-port=1322\n")
            self.assertEqual(self.announced(avahi, 1),
                             [[HOST, "_rtsps._tcp", 1322, TXT],
                              [HOST, "_https._tcp", self.demo.info["https_port"], TXT]])
            avahi.tell_group(avahi.ESTABLISHED)
            self.logged(f"announced as '{HOST}' by Avahi", before)
            self.configure("[mdns]\nannounce=no\n")
            avahi.wait("Free", 1, avahi.group)

    def test_a_name_that_another_has_is_given_up(self):
        with mdns.Avahi(self.bus) as avahi:
            before = self.length()
            self.configure("[mdns]\nannounce=yes\nname=100% here\n")
            self.assertEqual(self.announced(avahi, 1)[0][0], "100% here")
            avahi.tell_group(avahi.COLLISION)
            self.assertEqual([a[0] for a in self.announced(avahi, 2)], ["100% here #2"] * 2)
            self.assertEqual(len(avahi.calls("Free", avahi.group)), 1)
            avahi.tell_group(avahi.ESTABLISHED)
            self.logged("announced as '100% here #2' by Avahi", before)

    def test_it_is_announced_anew_when_the_machine_has_another_name(self):
        with mdns.Avahi(self.bus) as avahi:
            self.configure("[mdns]\nannounce=yes\n")
            self.announced(avahi, 1)
            avahi.tell_server(avahi.COLLISION)
            avahi.wait("Free", 1, avahi.group)
            avahi.tell_server(avahi.RUNNING)
            self.announced(avahi, 2)

    def test_a_daemon_that_starts_again_is_told_again(self):
        self.configure("[mdns]\nannounce=yes\n")
        self.logged("neither Avahi nor systemd-resolved is running")
        for _ in range(2):
            with mdns.Avahi(self.bus) as avahi:
                self.announced(avahi, 1)
        with mdns.Resolved(self.bus) as resolved:
            resolved.wait("RegisterService", 2)
            # Avahi goes first, and systemd-resolved is told to forget.
            with mdns.Avahi(self.bus) as avahi:
                self.announced(avahi, 1)
                resolved.wait("UnregisterService", 2)
        self.demo.ctl("status")

    def test_by_resolved(self):
        with mdns.Resolved(self.bus) as resolved:
            before = self.length()
            self.configure("[mdns]\nannounce=yes\nname=100% here\n")
            calls, info = resolved.wait("RegisterService", 2), self.demo.info
            self.assertEqual(calls[0][:6], ["camward-rtsps", "100%% here", "_rtsps._tcp", info["rtsps_port"], 0, 0])
            self.assertEqual(calls[1][:6], ["camward-https", "100%% here", "_https._tcp", info["https_port"], 0, 0])
            self.assertEqual(calls[0][6], [{"txtvers": list(b"1")}])
            self.logged("announced as '100% here' by systemd-resolved", before)
            resolved.forget()
            resolved.tell_conflict("/org/freedesktop/resolve1/dnssd/camward_2drtsps")
            calls = resolved.wait("RegisterService", 2)
            self.assertEqual(calls[0][1], "100%% here #2")
            self.configure(None)
            self.assertIn(["/org/freedesktop/resolve1/dnssd/camward_2dhttps"],
                          resolved.wait("UnregisterService", 4))

    def test_what_a_former_run_left_is_replaced(self):
        with mdns.Resolved(self.bus) as resolved:
            resolved.answer("self.n = getattr(self, 'n', 0) + 1\n"
                            "if self.n == 1:\n"
                            "    raise dbus.exceptions.DBusException('it is there', name="
                            "'org.freedesktop.resolve1.DnssdServiceExists')\n"
                            "ret = dbus.ObjectPath('/x')")
            self.configure("[mdns]\nannounce=yes\n")
            calls = resolved.wait("RegisterService", 3)
            self.assertEqual([c[0] for c in calls],
                             ["camward-rtsps", "camward-rtsps", "camward-https"])
            self.assertEqual(resolved.calls("UnregisterService"),
                             [["/org/freedesktop/resolve1/dnssd/camward_2drtsps"]])

    def test_a_refusal_is_a_warning(self):
        with mdns.Resolved(self.bus) as resolved:
            resolved.fail("org.freedesktop.DBus.Error.NotSupported", "no multicast here")
            before = self.length()
            self.configure("[mdns]\nannounce=yes\n")
            self.logged("not announced on the network: systemd-resolved: no multicast here", before)
        self.demo.ctl("status")

    def test_a_signal_of_somebody_else_is_nothing(self):
        with mdns.Avahi(self.bus) as avahi:
            self.configure("[mdns]\nannounce=yes\n")
            self.announced(avahi, 1)
            for path, interface in ((avahi.group, avahi.entry_group), ("/", avahi.interface)):
                subprocess.run(["busctl", "--address", self.bus, "emit",
                                "--destination=org.camward.Camward1", path, interface,
                                "StateChanged", "is", "3", ""], check=True)
            self.demo.ctl("status")
            self.assertEqual(avahi.calls("Free", avahi.group), [])

    def test_without_a_gate_nothing_is_announced(self):
        with mdns.Avahi(self.bus) as avahi:
            self.configure("[mdns]\nannounce=yes\n")
            there = self.announced(avahi, 1)
            gate = self.demo.info["pids"]["gate"]
            os.kill(gate, signal.SIGKILL)
            avahi.wait("Free", 1, avahi.group)
            # The demo starts it again, and it says where it listens.
            self.assertEqual(self.announced(avahi, 2), there)
            self.assertEqual(len(avahi.calls("Free", avahi.group)), 1)
            harness.wait_until(lambda: self.demo.info["pids"]["gate"] != gate, 20, "the new gate")

    def test_a_mistake_in_the_file_changes_nothing(self):
        with mdns.Avahi(self.bus) as avahi:
            self.configure("[mdns]\nannounce=yes\n")
            self.announced(avahi, 1)
            for text, says in (("[mdns]\nannounce=maybe\n", "camward.conf:2: announce=maybe"),
                               ("[mdns]\nname=\n", "camward.conf:2: name="),
                               ("[mdns]\nname=" + "x" * 64 + "\n", "camward.conf:2: name=xxx"),
                               ("[mdns]\nrtsps-port=0\n", "camward.conf:2: rtsps-port=0"),
                               ("[mdns]\nports=1\n", "[mdns] has no 'ports'"),
                               ("[mdns]\nannounce=no\nannounce=no\n", "is given twice"),
                               ("[other]\nannounce=no\n", "there is no section [other]")):
                before = self.length()
                self.configure(text)
                self.logged(says, before)
            self.assertEqual(avahi.calls("Free", avahi.group), [])


class Stop(unittest.TestCase):
    def test_what_only_this_machine_reaches_is_not_announced(self):
        with harness.Demo(cameras=1) as demo, mdns.Avahi(demo.info["bus"]) as avahi:
            config = (pathlib.Path(demo.info["server_cert"]).parent / "config" / "camward.conf")
            config.write_text("[mdns]\nannounce=yes\n")
            os.kill(demo.info["pids"]["broker"], signal.SIGHUP)
            harness.wait_until(lambda: "the gate listens on this machine only" in
                               demo.log.read_text(), 20, "the warning")
            self.assertEqual(avahi.calls("EntryGroupNew"), [])
            # What is before it is for the administrator to say.
            config.write_text("[mdns]\nannounce=yes\nhttps-port=443\n")
            os.kill(demo.info["pids"]["broker"], signal.SIGHUP)
            avahi.wait("Commit", 1, avahi.group)
            self.assertEqual([[a[4], a[7]] for a in avahi.calls("AddService", avahi.group)],
                             [["_https._tcp", 443]])

    def test_it_is_taken_back_at_the_end(self):
        for daemon, path, method, n in ((mdns.Avahi, mdns.Avahi.group, "Free", 1),
                                        (mdns.Resolved, None, "UnregisterService", 2)):
            with self.subTest(daemon.name), \
                    harness.Demo(cameras=1, listen="0.0.0.0") as demo:
                (pathlib.Path(demo.info["server_cert"]).parent / "config" /
                 "camward.conf").write_text("[mdns]\nannounce=yes\n")
                with daemon(demo.info["bus"]) as one:
                    os.kill(demo.info["pids"]["broker"], signal.SIGHUP)
                    one.wait("Commit" if path else "RegisterService", 1 if path else 2, path)
                    os.kill(demo.info["pids"]["broker"], signal.SIGTERM)
                    one.wait(method, n, path)


if __name__ == "__main__":
    unittest.main()
