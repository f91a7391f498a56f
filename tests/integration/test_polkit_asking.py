# SPDX-License-Identifier: LGPL-2.1-or-later
"""What polkit is asked, and a polkit that hangs, answers nonsense or dies.

Nobody waits for it but who asked, and nothing but a yes in time is one."""

import pwd
import subprocess
import time
import unittest

import harness
import polkit
from polkit_case import (ACTIONS, FAILING, IN_ALL, MUST_ASK, NONSENSE, PER_CALLER, SILENT, TIMEOUT,
                         TOO_MANY, WithPolkit, methods)
from test_dbus_xml import ROOT, VALUES


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


if __name__ == "__main__":
    unittest.main()
