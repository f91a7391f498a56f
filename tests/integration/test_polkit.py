# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may call a method: polkit decides, except about root and the service's own user.

Every method is taken from dbus/*.xml, and which action it needs from the table below; a method that
is in one and not in the other fails the tests. polkit is a stand-in that allows, denies, hangs,
answers nonsense or is not there; at the end it is polkitd itself."""

import os
import pathlib
import pwd
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

import harness
import polkit
import rtsp
import test_dbus_xml
import tls
from test_dbus_xml import KINDS, LOCAL, NAME, ROOT, VALUES, checked_in

CLIENTS, GRANTS, CAMERAS, SUSPEND, END, AGENT, READ, ERASE = (f"{NAME}.{action}" for action in (
    "manage-clients", "manage-grants", "manage-cameras", "suspend", "end-lease",
    "be-agent", "read-ledger", "erase"))
ACTIONS = {
    ("Camera", "Adopt"): CAMERAS, ("Camera", "Rename"): CAMERAS, ("Camera", "Forget"): CAMERAS,
    ("Camera", "Configure"): CAMERAS, ("Camera", "SetControl"): CAMERAS,
    ("Manager", "AddClient"): CLIENTS, ("Manager", "RemoveClient"): CLIENTS,
    ("Manager", "AddGrant"): GRANTS, ("Manager", "Revoke"): GRANTS,
    ("Manager", "Suspend"): SUSPEND, ("Manager", "Resume"): SUSPEND,
    ("Manager", "RegisterAgent"): AGENT, ("Manager", "UnregisterAgent"): AGENT,
    ("Manager", "ReadLedger"): READ, ("Manager", "LedgerEnds"): READ,
    ("Client", "AddToken"): CLIENTS, ("Client", "RemoveToken"): CLIENTS,
    ("Client", "BindUser"): CLIENTS, ("Client", "UnbindUser"): CLIENTS,
    ("Client", "Pin"): CLIENTS, ("Client", "IssueCertificate"): CLIENTS,
    ("Client", "Unpin"): CLIENTS,
    ("Manager", "Backup"): ERASE, ("Manager", "BeginRestore"): ERASE,
    ("Manager", "Restore"): ERASE,
    ("Manager", "Erase"): ERASE, ("Manager", "RenewIdentity"): ERASE,
    ("Client", "Rename"): CLIENTS, ("Client", "Move"): CLIENTS,
    ("Manager", "AddIntegration"): CLIENTS, ("Integration", "Rename"): CLIENTS,
    ("Integration", "Remove"): CLIENTS,
    ("Client", "Remove"): CLIENTS, ("Grant", "Revoke"): GRANTS, ("Lease", "End"): END,
}
PIN = "A" * 43 + "="
DENIED = "Call failed: Access denied"  # what busctl makes of AccessDenied
MUST_ASK = "Access is denied until a person has proved to be an administrator"
ABSENT = "polkit, which could allow it, is not running"
SILENT = "polkit, which could allow it, does not answer"
NONSENSE = "what polkit answered makes no sense"
FAILING = "polkit, which could allow it, fails"
TOO_MANY = "too many calls wait for polkit's answer"
PER_CALLER, IN_ALL = 8, 64
TIMEOUT = 5  # seconds, when nobody may be asked


def methods():
    for kind in KINDS:
        for method in checked_in(kind).findall("method"):
            types = [a.get("type") for a in method.findall("arg") if a.get("direction") == "in"]
            if (f"{NAME}.{kind}", method.get("name")) in LOCAL:  # polkit has no say in it
                continue
            yield kind, method.get("name"), types


class Watching(threading.Thread):
    """Takes a viewer's pictures, so that it is not ended for taking none, and counts them."""

    def __init__(self, viewer):
        super().__init__(daemon=True)
        self.viewer = viewer
        self.count = 0
        self.start()

    def run(self):
        try:
            for _ in self.viewer.access_units():
                self.count += 1
        except (tls.Ended, OSError, ValueError):  # cut off, or closed by the test
            pass

    def goes_on(self):
        enough = self.count + 3
        harness.wait_until(lambda: self.count >= enough, what="the viewer's next picture")


@unittest.skipIf(os.geteuid() != 0, "becoming another user needs root")
class WithPolkit(test_dbus_xml.WithObjects):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.watching = Watching(cls.viewer)
        cls.service = os.stat(f"/proc/{cls.info['pids']['broker']}").st_uid
        polkitd = {p.pw_uid for p in pwd.getpwall() if p.pw_name == "polkitd"}
        cls.uids = [p.pw_uid for p in pwd.getpwall()
                    if p.pw_uid not in {0, cls.service} | polkitd]
        cls.uid, cls.uid2 = cls.uids[:2]

    def command(self, kind, method, signature, values, uid=None, path=None, interactive=False):
        become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
        ask = "yes" if interactive else "no"
        return [*become, "busctl", "--address", self.info["bus"],
                f"--allow-interactive-authorization={ask}", "call", NAME,
                path or self.paths[kind], f"{NAME}.{kind}", method,
                *([signature, *values] if signature else [])]

    def call(self, *arguments, **more):
        return subprocess.run(self.command(*arguments, **more), text=True, cwd="/",
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=30)

    def begin(self, *arguments, **more):
        popen = subprocess.Popen(self.command(*arguments, **more), text=True, cwd="/",
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        self.addCleanup(self.stop, popen)
        return popen

    @staticmethod
    def stop(popen):
        popen.kill()
        popen.communicate()

    def refused(self, done, sentence):
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(sentence, done.stderr)

    def every_method(self, sentence, uid, interactive=False):
        """Each is refused with this sentence, and nothing has changed."""
        before = self.everything()
        for kind, method, types in methods():
            with self.subTest(f"{kind}.{method}"):
                values = [value for t in types for value in VALUES[t]]
                self.refused(self.call(kind, method, "".join(types), values, uid=uid,
                                       interactive=interactive), sentence)
        self.assertEqual(self.everything(), before)
        self.watching.goes_on()

    def everything(self):
        status = self.demo.ctl_json("status")
        return (self.demo.ctl_json("clients"), self.demo.ctl_json("grants"),
                status["suspensions"], [lease["id"] for lease in self.demo.leases()])

    def client(self, name):
        self.demo.ctl("client", "add", name)
        self.addCleanup(self.demo.ctl, "client", "remove", name, check=False)
        return f"{ROOT}/client/{name}"

    def a_viewer(self):
        before = {lease["id"] for lease in self.demo.leases()}
        viewer = rtsp.Client("127.0.0.1", self.info["rtsps_port"], "front",
                             self.info["spki_sha256"])
        self.addCleanup(viewer.close)
        viewer.authorize("owner", self.demo.token("owner"))
        viewer.play()
        list(viewer.access_units(count=2))
        lease, = {lease["id"] for lease in self.demo.leases()} - before
        return viewer, f"{ROOT}/lease/{lease}"

    def each_succeeds(self, uid, before=lambda action: None, but=()):
        """Every method once, with something to do."""
        done = set()

        def call(kind, method, signature, *values, path=None):
            if ACTIONS[kind, method] in but:
                return ""
            before(ACTIONS[kind, method])
            answer = self.call(kind, method, signature, values, uid=uid, path=path)
            self.assertEqual((answer.returncode, answer.stderr), (0, ""), f"{kind}.{method}")
            done.add((kind, method))
            return answer.stdout

        def told(kind, method, sentence, signature="", *values):
            """What cannot be done to this camera is said by the method, behind its door."""
            if ACTIONS[kind, method] in but:
                return
            before(ACTIONS[kind, method])
            self.refused(self.call(kind, method, signature, values, uid=uid), sentence)
            done.add((kind, method))

        told("Camera", "Adopt", "No other hardware has asked to be", "s", "x")
        told("Camera", "Rename", "has its name from whoever started the service", "s", "x")
        told("Camera", "Forget", "has its name from whoever started the service")
        told("Camera", "SetControl", "has no controls", "si", "brightness", "1")
        call("Camera", "Configure", "a{sv}", "1", "gop", "t", "30", path=self.paths["Camera"])
        _, lease = self.a_viewer()
        call("Lease", "End", "s", "enough", path=lease)
        call("Manager", "AddClient", "sa{sv}", "made", "0")
        client = f"{ROOT}/client/made"
        token = call("Client", "AddToken", "a{sv}", "0", path=client).split('"')[1]
        call("Client", "RemoveToken", "s", token, path=client)
        call("Manager", "AddGrant", "ssasa{sv}", "made", "front", "1", "live", "0")
        call("Manager", "Revoke", "ss", "made", "front")
        grant = call("Manager", "AddGrant", "ssasa{sv}", "made", "front", "1", "live", "0")
        call("Grant", "Revoke", "", path=grant.split('"')[1])
        call("Manager", "Suspend", "sss", "client", "made", "a test")
        call("Manager", "Resume", "ss", "client", "made")
        call("Manager", "ReadLedger", "ta{sv}", "0", "0")
        call("Manager", "LedgerEnds", "")
        call("Manager", "RegisterAgent", "o", "/agent")
        told("Manager", "UnregisterAgent", "The caller is not the agent")
        call("Client", "BindUser", "u", "1", path=client)
        call("Client", "UnbindUser", "", path=client)
        call("Client", "Pin", "sa{sv}", PIN, "0", path=client)
        call("Client", "Unpin", "s", PIN, path=client)
        told("Client", "IssueCertificate", "The request is not one", "aya{sv}", "0", "0")
        call("Manager", "Backup", "b", "false")
        call("Manager", "BeginRestore", "")
        told("Manager", "Restore", "There is nothing to restore", "s", "x")
        told("Manager", "Erase", "not the fingerprint of this device", "s", "x")
        told("Manager", "RenewIdentity", "not the fingerprint of this device", "s", "x")
        call("Manager", "AddIntegration", "s", "joined")
        call("Client", "Move", "s", "joined", path=client)
        call("Client", "Move", "s", "", path=client)
        call("Client", "Rename", "s", "made-anew", path=client)
        client = f"{ROOT}/client/made_2danew"
        call("Integration", "Rename", "s", "left", path=f"{ROOT}/integration/joined")
        call("Integration", "Remove", "", path=f"{ROOT}/integration/left")
        call("Client", "Remove", "", path=client)
        call("Manager", "AddClient", "sa{sv}", "made", "0")
        call("Manager", "RemoveClient", "s", "made")
        self.assertEqual(done, {m for m, action in ACTIONS.items() if action not in but})


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


class Hanging(WithPolkit):
    def setUp(self):
        self.polkit = self.enterContext(polkit.StandIn(self.info["bus"]))
        self.polkit.allow(*set(ACTIONS.values()))
        self.polkit.hang()

    def asked(self, *arguments, **more):
        """A call that polkit is being asked about."""
        popen = self.begin(*arguments, **more)
        harness.wait_until(self.polkit.is_hanging, what="the question")
        return popen

    def answered(self, popen):
        self.polkit.release()
        out, err = popen.communicate(timeout=10)
        return subprocess.CompletedProcess(popen.args, popen.returncode, out, err)

    def test_every_method_is_refused_in_time_and_delays_nobody(self):
        before = self.everything()
        began = time.monotonic()
        calls = [self.begin(kind, method, "".join(types), [v for t in types for v in VALUES[t]],
                            uid=uid)
                 for (kind, method, types), uid in
                 zip(methods(), [uid for uid in self.uids for _ in range(PER_CALLER)])]
        self.assertEqual(len(calls), len(ACTIONS))
        harness.wait_until(self.polkit.is_hanging, what="the questions")
        slowest = 0.0
        for _ in range(10):
            one = time.monotonic()
            self.demo.ctl("suspend", "client", "guest", "--reason", "x")
            self.demo.ctl("resume", "client", "guest")
            slowest = max(slowest, time.monotonic() - one)
        self.assertLess(slowest, 2.5)
        self.watching.goes_on()
        for popen in calls:
            out, err = popen.communicate(timeout=TIMEOUT * 3)
            self.assertIn(SILENT, err)
            self.assertEqual((popen.returncode != 0, out), (True, ""))
        self.assertGreaterEqual(time.monotonic() - began, TIMEOUT - 0.5)
        self.assertEqual(self.everything(), before)
        self.polkit.release()  # too late
        self.demo.ctl("status")
        self.assertEqual(self.everything(), before)

    def test_one_caller_cannot_ask_without_bound(self):
        arguments = "Manager", "Suspend", "sss", ["client", "guest", "x"]
        calls = [self.begin(*arguments, uid=self.uid, interactive=True)
                 for _ in range(PER_CALLER + 1)]
        refused = harness.wait_until(lambda: next((c for c in calls if c.poll() is not None), None),
                                     what="the bound")
        self.assertIn(TOO_MANY, refused.communicate()[1])
        self.assertEqual([c.poll() for c in calls if c is not refused], [None] * PER_CALLER)
        self.refused(self.call(*arguments, uid=self.uid2), SILENT)
        for popen in calls:
            self.stop(popen)
        self.refused(self.call(*arguments, uid=self.uid), SILENT)
        self.assertEqual(self.demo.ctl_json("status")["suspensions"], [])

    def test_many_callers_together_cannot_either(self):
        arguments = "Manager", "Suspend", "sss", ["client", "guest", "x"]
        uids = [p.pw_uid for p in pwd.getpwall() if p.pw_uid not in (0, self.service)]
        calls = [self.begin(*arguments, uid=uid, interactive=True)
                 for uid in uids[:IN_ALL // PER_CALLER] for _ in range(PER_CALLER)]
        calls.append(self.begin(*arguments, uid=uids[IN_ALL // PER_CALLER], interactive=True))
        refused = harness.wait_until(lambda: next((c for c in calls if c.poll() is not None), None),
                                     20, "the bound")
        self.assertIn(TOO_MANY, refused.communicate()[1])
        self.assertEqual([c.poll() for c in calls if c is not refused], [None] * IN_ALL)
        self.demo.ctl("suspend", "client", "guest", "--reason", "x")
        self.demo.ctl("resume", "client", "guest")

    def test_a_caller_that_left_is_dropped(self):
        popen = self.asked("Manager", "Suspend", "sss", ["client", "guest", "x"], uid=self.uid)
        self.stop(popen)
        self.demo.ctl("status")
        self.polkit.release()
        time.sleep(0.3)
        self.assertEqual(self.demo.ctl_json("status")["suspensions"], [])

    def test_a_late_yes_counts_within_the_time(self):
        popen = self.asked("Manager", "Suspend", "sss", ["client", "guest", "x"], uid=self.uid)
        self.assertEqual(self.demo.ctl_json("status")["suspensions"], [])
        self.assertEqual(self.answered(popen).stdout, "u 0\n")
        self.demo.ctl("resume", "client", "guest")

    def test_what_has_gone_meanwhile_is_said(self):
        client = self.client("brief")
        popen = self.asked("Client", "AddToken", "a{sv}", ["0"], uid=self.uid, path=client)
        self.demo.ctl("client", "remove", "brief")
        self.refused(self.answered(popen), "There is no client 'brief'")

        self.client("brief")
        self.demo.ctl("grant", "brief", "front", "live")
        grant = next(g["id"] for g in self.demo.ctl_json("grants")["grants"]
                     if g["client"] == "brief")
        popen = self.asked("Grant", "Revoke", "", [], uid=self.uid, path=f"{ROOT}/grant/{grant}")
        self.demo.ctl("revoke", "brief", "front")
        self.refused(self.answered(popen), "There is no such grant")

        _, lease = self.a_viewer()
        popen = self.asked("Lease", "End", "s", ["x"], uid=self.uid, path=lease)
        self.demo.ctl("lease", "end", lease.rpartition("/")[2])
        self.refused(self.answered(popen), "There is no lease")

    def test_another_one_of_the_same_name_is_not_touched(self):
        client = self.client("brief")
        for kind, method, signature, values, path in (
                ("Client", "Remove", "", [], client),
                ("Client", "AddToken", "a{sv}", ["0"], client),
                ("Manager", "RemoveClient", "s", ["brief"], None),
                ("Manager", "AddGrant", "ssasa{sv}", ["brief", "front", "1", "live", "0"], None)):
            with self.subTest(f"{kind}.{method}"):
                popen = self.asked(kind, method, signature, values, uid=self.uid, path=path)
                self.demo.ctl("client", "remove", "brief")
                self.demo.ctl("client", "add", "brief")
                before = self.everything()
                self.refused(self.answered(popen), "Another one has taken this name")
                self.assertEqual(self.everything(), before)

    def test_polkit_that_dies_denies(self):
        popen = self.asked("Manager", "Suspend", "sss", ["client", "guest", "x"], uid=self.uid)
        self.polkit.popen.kill()
        self.assertIn(SILENT, popen.communicate(timeout=TIMEOUT * 2)[1])
        self.assertEqual(self.demo.ctl_json("status")["suspensions"], [])


class Asking(WithPolkit):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.polkit = cls.enterClassContext(polkit.Recorder(cls.info["bus"]))

    def test_nonsense_is_a_no(self):
        for signature, code, sentence in (
                ("s", "ret = 'yes'", NONSENSE), ("b", "ret = True", NONSENSE),
                ("", "", NONSENSE), ("(bb)", "ret = (True, False)", NONSENSE),
                ("bba{ss}", "ret = (True, False, {'a': 'b'})", NONSENSE),
                ("(bba{ss})", "ret = (True, True, {'a': 'b'})", NONSENSE),
                ("(bba{ss})", "raise Exception('no')", FAILING),
                ("(bba{ss})", "ret = (False, True, {'a': 'b'})", MUST_ASK)):
            with self.subTest(signature=signature, code=code):
                self.polkit.answer(signature, code)
                self.every_method(sentence, self.uid)
                self.assertEqual(len(self.polkit.asked()), len(ACTIONS))

    def test_what_polkit_is_asked(self):
        self.polkit.answer("(bba{ss})", "ret = (False, False, {'a': 'b'})")
        grant = self.demo.ctl_json("grants")["grants"][0]
        both = {"client": "owner", "camera": "front"}
        for kind, method, signature, values, details in (
                ("Manager", "AddClient", "sa{sv}", ["new", "0"], {"client": "new"}),
                ("Manager", "RemoveClient", "s", ["owner"], {"client": "owner"}),
                ("Manager", "RemoveClient", "s", ["no name"], {}),
                ("Manager", "AddGrant", "ssasa{sv}", ["owner", "front", "0", "0"], both),
                ("Manager", "Revoke", "ss", ["owner", "front"], both),
                ("Manager", "Suspend", "sss", ["camera", "front", "x"], {"camera": "front"}),
                ("Manager", "Suspend", "sss", ["client", "guest", "x"], {"client": "guest"}),
                ("Manager", "Resume", "ss", ["all", ""], {}),
                ("Lease", "End", "s", ["x"], both)):
            with self.subTest(f"{kind}.{method}", values=values):
                self.asks(kind, method, signature, values, details)
        self.asks("Grant", "Revoke", "", [], {"client": grant["client"],
                                              "camera": grant["camera"]},
                  path=f"{ROOT}/grant/{grant['id']}")
        for method, signature, values in (("AddToken", "a{sv}", ["0"]), ("Remove", "", []),
                                          ("RemoveToken", "s", ["1"])):
            self.asks("Client", method, signature, values, {"client": "owner"},
                      path=f"{ROOT}/client/owner")

    def asks(self, kind, method, signature, values, details, path=None):
        for interactive in (False, True):
            self.polkit.mock("ClearCalls")
            self.call(kind, method, signature, values, uid=self.uid, path=path,
                      interactive=interactive)
            (subject, subject_details), action, told, flags, serial = self.polkit.asked()[0]
            self.assertEqual(subject, "system-bus-name")
            self.assertRegex(subject_details["name"]["data"], r"\A:1\.\d+\Z")
            self.assertEqual(action, ACTIONS[kind, method])
            self.assertEqual(told, details)
            self.assertEqual(flags, int(interactive))
            self.assertNotEqual(serial, "")

    def test_polkit_is_told_when_the_caller_leaves(self):
        self.polkit.answer("(bba{ss})", "time.sleep(1.5); ret = (True, False, {'a': 'b'})")
        popen = self.begin("Manager", "Suspend", "sss", ["client", "guest", "x"], uid=self.uid,
                           interactive=True)
        time.sleep(0.7)
        self.stop(popen)
        harness.wait_until(lambda: self.polkit.asked("CancelCheckAuthorization"), what="CANCEL")
        (_, _, _, _, serial), = self.polkit.asked()
        self.assertEqual(self.polkit.asked("CancelCheckAuthorization"), [[serial]])
        self.assertEqual(self.demo.ctl_json("status")["suspensions"], [])


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
