# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every method that polkit has a say in, the action that it needs, and callers that are not root.

The methods are taken from dbus/*.xml, and which action each needs from the table below; a method
that is in one and not in the other fails the tests."""

import os
import pwd
import subprocess
import threading
import unittest

import harness
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
