# SPDX-License-Identifier: LGPL-2.1-or-later
"""The interfaces on the bus are those of dbus/*.xml, and none of their methods is for everybody.

The XML is the documentation: it must not drift from the service. The methods are taken from it, so
a new one is tested without anybody thinking of it."""

import os
import pwd
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

import harness
import rtsp

NAME = "org.camward.Camward1"
ROOT = "/org/camward/Camward1"
XML = harness.TOP / "dbus"
KINDS = ("Manager", "Camera", "Client", "Integration", "Grant", "Lease")
OTHERS = ("Agent",)  # implemented by those who call
STANDARD = {"org.freedesktop.DBus.Peer", "org.freedesktop.DBus.Introspectable",
            "org.freedesktop.DBus.Properties", "org.freedesktop.DBus.ObjectManager"}
LOOKING = {("org.freedesktop.DBus.Properties", "Get"), ("org.freedesktop.DBus.Properties", "GetAll"),
           ("org.freedesktop.DBus.ObjectManager", "GetManagedObjects"),
           ("org.freedesktop.DBus.Introspectable", "Introspect"),
           ("org.freedesktop.DBus.Peer", "Ping"), ("org.freedesktop.DBus.Peer", "GetMachineId")}
EMITS = "org.freedesktop.DBus.Property.EmitsChangedSignal"

# What the group camward-local may call, too: the service decides by who that is, not polkit.
LOCAL = {(f"{NAME}.Camera", "Subscribe")}

# Something of each type that a method might take, as busctl's arguments.
VALUES = {"s": ["x"], "o": ["/x"], "t": ["1"], "u": ["1"], "i": ["1"], "b": ["true"], "as": ["1", "live"], "a{sv}": ["0"],
          "ay": ["0"]}


def normal_annotations(element, default):
    annotations = {a.get("name"): a.get("value") for a in element.findall("annotation")}
    return tuple(sorted({**default, **annotations}.items()))


def normal_arguments(element):
    default = "in" if element.tag == "method" else "out"
    return tuple((a.get("type"), a.get("direction", default), a.get("name", ""))
                 for a in element.findall("arg"))


def normal_interface(interface):
    """Everything that a caller can tell apart, in no order."""
    members = set()
    for element in interface:
        if element.tag == "annotation":
            continue
        default = {EMITS: "true"} if element.tag == "property" else {}
        members.add((element.tag, element.get("name"), element.get("type"), element.get("access"),
                     normal_arguments(element), normal_annotations(element, default)))
    return members


def checked_in(kind):
    tree = ElementTree.parse(XML / f"{NAME}.{kind}.xml")
    interface, = tree.getroot().findall("interface")
    return interface


class WithObjects(unittest.TestCase):
    """A running service that has at least one object of each kind."""

    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=1))
        cls.info = cls.demo.info
        cls.viewer = rtsp.Client("127.0.0.1", cls.info["rtsps_port"], "front",
                                 cls.info["spki_sha256"])
        cls.addClassCleanup(cls.viewer.close)
        cls.viewer.authorize("owner", cls.demo.token("owner"))
        cls.viewer.play()
        list(cls.viewer.access_units(count=2))
        cls.demo.ctl("integration", "add", "nest")
        paths = cls.busctl("tree", "--list", NAME).stdout.split()
        cls.paths = {"Manager": ROOT}
        for kind in KINDS[1:]:
            cls.paths[kind] = next(p for p in paths if p.startswith(f"{ROOT}/{kind.lower()}/"))

    @classmethod
    def busctl(cls, *arguments, uid=None, check=True):
        become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
        done = subprocess.run([*become, "busctl", "--address", cls.info["bus"], *arguments],
                              text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=20, cwd="/")
        if check and done.returncode != 0:
            raise AssertionError(f"busctl {' '.join(arguments)}: {done.stderr}")
        return done

    def introspect(self, path):
        text = self.busctl("introspect", "--xml-interface", NAME, path).stdout
        return {i.get("name"): i for i in ElementTree.fromstring(text).findall("interface")}


class Xml(WithObjects):
    def test_each_interface_is_as_checked_in(self):
        for kind in KINDS:
            with self.subTest(kind):
                served = self.introspect(self.paths[kind])[f"{NAME}.{kind}"]
                self.assertEqual(normal_interface(served), normal_interface(checked_in(kind)))

    def test_no_object_has_anything_more(self):
        for kind, path in self.paths.items():
            self.assertEqual(set(self.introspect(path)) - STANDARD, {f"{NAME}.{kind}"}, path)

    def test_every_object_is_of_a_known_kind(self):
        branches = {ROOT, *(f"{ROOT}/{kind.lower()}" for kind in KINDS[1:])}
        for path in self.busctl("tree", "--list", NAME).stdout.split():
            if not ROOT.startswith(path) and path not in branches:
                self.assertIn(path.rsplit("/", 1)[0], branches, path)

    def test_each_file_is_well_formed_and_complete(self):
        self.assertEqual({p.name for p in XML.glob("*.xml")},
                         {f"{NAME}.{kind}.xml" for kind in KINDS + OTHERS})
        for kind in KINDS + OTHERS:
            subprocess.run(["xmllint", "--noout", "--nonet", str(XML / f"{NAME}.{kind}.xml")],
                           check=True, timeout=20)

    def test_each_method_and_its_errors_are_documented(self):
        errors = (XML / "names.h").read_text()
        for kind in KINDS + OTHERS:
            text = (XML / f"{NAME}.{kind}.xml").read_text()
            for method in checked_in(kind).findall("method"):
                head = text[:text.index(f'<method name="{method.get("name")}">')]
                comment = head[head.rindex("<!--"):]
                self.assertIn(f"{method.get('name')}:", comment)
                self.assertIn("Possible errors:", comment)
                for argument in method.findall("arg"):
                    self.assertIn(f"@{argument.get('name')}:", comment)
                listed = " ".join(comment.partition("Possible errors:")[2].split())
                if kind in OTHERS:
                    continue
                for error in listed.removesuffix("-->").split(","):
                    self.assertIn(f'.Error.{error.split("(")[0].strip()}"', errors)


class Access(WithObjects):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("becoming another user needs root")
        service = os.stat(f"/proc/{self.info['pids']['broker']}").st_uid
        self.uid = next(p.pw_uid for p in pwd.getpwall() if p.pw_uid not in (0, service))

    def everything(self):
        """What the service has, without what moves by itself."""
        managed = self.demo.ctl_json("clients"), self.demo.ctl_json("grants")
        return managed, [lease["id"] for lease in self.demo.leases()], \
            self.demo.ctl_json("status")["suspensions"]

    def test_every_method_refuses_an_ordinary_user(self):
        before = self.everything()
        n = 0
        for kind in KINDS:
            for method in checked_in(kind).findall("method"):
                types = [a.get("type") for a in method.findall("arg")
                         if a.get("direction") == "in"]
                values = [value for t in types for value in VALUES[t]]
                done = self.busctl("call", NAME, self.paths[kind], f"{NAME}.{kind}",
                                   method.get("name"), "".join(types), *values, uid=self.uid,
                                   check=False)
                self.assertNotEqual(done.returncode, 0, method.get("name"))
                self.assertIn("Access", done.stderr, method.get("name"))
                n += 1
        self.assertGreaterEqual(n, 11)
        self.assertEqual(self.everything(), before)
        list(self.viewer.access_units(count=5))

    def test_no_property_can_be_written(self):
        for kind in KINDS:
            for one in checked_in(kind).findall("property"):
                self.assertEqual(one.get("access"), "read")

    def test_properties_hold_no_secret(self):
        text = self.busctl("--json=short", "call", NAME, ROOT, "org.freedesktop.DBus.ObjectManager",
                           "GetManagedObjects", uid=self.uid).stdout
        text += self.busctl("--json=short", "call", NAME, ROOT, "org.freedesktop.DBus.Properties",
                            "GetAll", "s", f"{NAME}.Manager", uid=self.uid).stdout
        self.assertIn("owner", text)
        self.assertNotIn("PRIVATE", text)
        for client in self.info["clients"]:
            self.assertNotIn(client["token"], text)


HEAR = {"receive_sender": NAME, "receive_type": "signal"}


class Policy(unittest.TestCase):
    def test_the_bus_policy_names_every_method_and_denies_the_rest(self):
        policies = ElementTree.parse(XML / f"{NAME}.conf").getroot().findall("policy")
        senders = {}
        for policy in policies:
            who, = policy.attrib.items()
            for rule in policy:
                senders.setdefault(who, []).append((rule.tag, dict(rule.attrib)))
        self.assertEqual(set(senders), {("user", "camward"), ("context", "default"),
                                        ("user", "root"), ("group", "camward"),
                                        ("group", "camward-local"),
                                        ("user", "avahi"), ("user", "systemd-resolve")})
        self.assertEqual(senders["context", "default"],
                         [("deny", {"own": NAME}), ("deny", {"send_destination": NAME}),
                          ("deny", HEAR)])
        self.assertEqual(senders["group", "camward-local"],
                         [("allow", {"send_destination": NAME, "send_interface": interface,
                                     "send_member": member}) for interface, member in LOCAL])
        self.assertEqual(senders["user", "camward"],
                         [("allow", {"own": NAME}),
                          ("allow", {"send_interface": f"{NAME}.Agent",
                                     "send_type": "method_call"})])
        self.assertEqual(senders["user", "root"], [("allow", {"send_destination": NAME}),
                                                   ("allow", HEAR)])
        for announcer in ("avahi", "systemd-resolve"):  # may tell, may not call
            for tag, rule in senders["user", announcer]:
                self.assertEqual((tag, rule["send_type"]), ("allow", "signal"))
                self.assertFalse(rule["send_interface"].startswith(NAME))
        senders["group", "camward"].remove(("allow", HEAR))
        listed = {(rule["send_interface"], rule["send_member"])
                  for tag, rule in senders["group", "camward"]
                  if tag == "allow" and rule["send_destination"] == NAME}
        self.assertEqual(len(listed), len(senders["group", "camward"]))
        self.assertEqual({rule for rule in listed if rule[0] not in STANDARD},
                         {(f"{NAME}.{kind}", method.get("name")) for kind in KINDS
                          for method in checked_in(kind).findall("method")})
        self.assertEqual({rule for rule in listed if rule[0] in STANDARD}, LOOKING)


if __name__ == "__main__":
    unittest.main()
