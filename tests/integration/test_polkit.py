# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may call a method: polkit decides, except about root and the service's own user.

polkit is a stand-in that allows or denies, or is not there; at the end it is polkitd itself."""

import os
import pathlib
import pwd
import re
import shutil
import subprocess
import tempfile
import unittest

import harness
import polkit
import rtsp
import test_dbus_xml
import tls
from polkit_case import (ABSENT, ACTIONS, DENIED, ERASE, MUST_ASK, SUSPEND, Watching, WithPolkit,
                         methods)
from test_dbus_xml import NAME, ROOT, VALUES


class Table(unittest.TestCase):
    def test_every_method_has_an_action_and_every_action_a_method(self):
        self.assertEqual({(kind, method) for kind, method, _ in methods()}, set(ACTIONS))
        policy = (test_dbus_xml.XML / f"{NAME}.policy").read_text()
        self.assertEqual(set(re.findall(r'<action id="([^"]+)">', policy)), set(ACTIONS.values()))
        owners = re.findall(r'policykit.owner">([^<]+)<', policy)
        self.assertEqual(owners, ["unix-user:camward"] * len(set(ACTIONS.values())))


class Absent(WithPolkit):
    def test_every_method_is_refused(self):
        self.every_method(ABSENT, self.uid)

    def test_root_and_the_services_user_need_no_polkit(self):
        self.each_succeeds(None)
        self.each_succeeds(self.service)

    def test_nobody_else_can_stand_for_polkit(self):
        done = self.busctl("call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus", "RequestName", "su", polkit.NAME, "0",
                           uid=self.uid, check=False)
        self.refused(done, DENIED)


class Deciding(WithPolkit):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.polkit = cls.enterClassContext(polkit.StandIn(cls.info["bus"]))
        directory = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        directory.chmod(0o755)
        cls.ctl = shutil.copy(harness.BUILD / "service/ctl/camwardctl", directory)

    def setUp(self):
        self.polkit.allow()
        self.polkit.hang(False)

    def test_denying_every_method_is_refused(self):
        self.every_method(DENIED, self.uid)
        self.every_method(DENIED, self.uid, interactive=True)

    def test_denying_root_and_the_services_user_are_not_asked_about(self):
        self.polkit.hang()
        self.each_succeeds(None)
        self.each_succeeds(self.service)
        self.assertFalse(self.polkit.is_hanging())

    def test_allowing_every_method_does_its_work(self):
        self.each_succeeds(self.uid, lambda action: self.polkit.allow(action))

    def test_no_action_stands_for_another(self):
        every = set(ACTIONS.values())
        before = self.everything()
        for kind, method, types in methods():
            with self.subTest(f"{kind}.{method}"):
                self.polkit.allow(*(every - {ACTIONS[kind, method]}))
                values = [value for t in types for value in VALUES[t]]
                self.refused(self.call(kind, method, "".join(types), values, uid=self.uid), DENIED)
        self.assertEqual(self.everything(), before)

    def test_camwardctl_says_what_to_do(self):
        def run(*arguments):
            return subprocess.run(
                ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups",
                 self.ctl, *arguments], text=True, stdin=subprocess.DEVNULL, cwd="/",
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20,
                env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.info["bus"]))

        done = run("suspend", "all", "--reason", "x")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (
            1, "", "camwardctl: You are not allowed to run 'camwardctl suspend': ask an"
            " administrator, or join the group camward.\n"))
        self.polkit.allow(SUSPEND)
        self.assertEqual(run("suspend", "client", "guest", "--reason", "x").returncode, 0)
        self.assertEqual(run("resume", "client", "guest").returncode, 0)

    def test_an_allowed_suspension_ends_the_delivery_before_the_reply(self):
        viewer, _ = self.a_viewer()
        self.polkit.allow(SUSPEND)
        done = self.call("Manager", "Suspend", "sss", ["client", "owner", "x"], uid=self.uid)
        self.addCleanup(self.viewer_again)
        self.demo.ctl("resume", "client", "owner")
        self.assertEqual((done.stdout.strip(), done.stderr), ("u 2", ""))
        with self.assertRaises(tls.Ended):
            list(viewer.access_units(seconds=10))

    @classmethod
    def viewer_again(cls):
        cls.viewer.close()
        cls.viewer = rtsp.Client("127.0.0.1", cls.info["rtsps_port"], "front",
                                 cls.info["spki_sha256"])
        cls.addClassCleanup(cls.viewer.close)
        cls.viewer.authorize("owner", cls.demo.token("owner"))
        cls.viewer.play()
        list(cls.viewer.access_units(count=2))
        cls.watching = Watching(cls.viewer)
        lease, = cls.demo.leases()
        cls.paths["Lease"] = f"{ROOT}/lease/{lease['id']}"


@unittest.skipUnless(polkit.POLKITD.exists(), "polkitd is not installed")
class Polkitd(WithPolkit):
    """polkitd itself, with our actions and our rule."""

    def polkitd(self, members):
        names = [pwd.getpwuid(uid).pw_name for uid in members]
        self.enterContext(polkit.Real(self.info["bus"], test_dbus_xml.XML / f"{NAME}.policy",
                                      test_dbus_xml.XML / "50-camward.rules",
                                      pwd.getpwuid(self.service).pw_name, names))

    def test_a_member_of_the_group_may_do_everything_but_erase_it(self):
        self.polkitd([self.uid])
        self.each_succeeds(self.uid, but=[ERASE])
        self.refused(self.call("Manager", "Erase", "s", ["x"], uid=self.uid), MUST_ASK)

    def test_anybody_else_would_have_to_be_an_administrator(self):
        self.polkitd([self.uid2])
        self.every_method(MUST_ASK, self.uid)


if __name__ == "__main__":
    unittest.main()
