# SPDX-License-Identifier: LGPL-2.1-or-later
"""Integrations, and clients that get another name or another integration, by camwardctl."""

import unittest

from ctl_case import WithDemo, now

INTEGRATION = {"name": str, "created": str, "source": str, "suspended": bool, "clients": list}


class Identities(WithDemo):
    def integration(self, name):
        found = [i for i in self.demo.ctl_json("integrations")["integrations"]
                 if i["name"] == name]
        return found[0] if found else None

    def add_integration(self, name):
        self.demo.ctl("integration", "add", name)
        self.addCleanup(self.demo.ctl, "integration", "remove", name, check=False)

    def test_integrations_come_and_go(self):
        self.assertEqual(self.demo.ctl_json("integration", "add", "nest"), {"integration": "nest"})
        self.assert_shape(self.integration("nest"), INTEGRATION)
        self.assertIn("already", self.refused("integration", "add", "nest"))
        self.client("hub", "nest")
        self.assertEqual(self.integration("nest")["clients"], ["hub"])
        self.assertRegex(self.says("integrations"), r"(?m)^nest +.* no +hub$")
        self.assertIn("has clients", self.refused("integration", "remove", "nest"))
        self.demo.ctl("client", "move", "hub", "--out")
        self.demo.ctl("grant", "--integration", "nest", "front", "live")
        self.assertEqual(self.demo.ctl_json("integration", "remove", "nest"),
                         {"integration": "nest", "grants_removed": 1})
        self.assertIn("no integration 'nest'", self.refused("integration", "remove", "nest"))
        self.assertIsNone(self.integration("nest"))

    def test_a_client_makes_its_integration(self):
        self.client("first", "made-by-it")
        self.assertEqual(self.integration("made-by-it")["clients"], ["first"])

    def test_rename_keeps_who_watches(self):
        self.add_integration("old")
        token = self.client("keeps", "old")
        self.demo.ctl("grant", "--integration", "old", "front", "live")
        watched, _ = self.viewer("front", "keeps", token)
        self.assertEqual(self.demo.ctl_json("integration", "rename", "old", "new"),
                         {"integration": "new"})
        self.addCleanup(self.demo.ctl, "integration", "remove", "new", check=False)
        list(watched.access_units(count=10))
        self.assertEqual(self.status("front", "keeps", token), 200)
        self.assertIsNone(self.integration("old"))
        self.assertEqual(self.integration("new")["clients"], ["keeps"])
        self.assertIn("all of new", self.says("grants"))

    def test_moving_ends_what_only_the_old_one_gave(self):
        self.add_integration("gives")
        self.add_integration("gives-not")
        token = self.client("moves", "gives")
        self.demo.ctl("grant", "--integration", "gives", "front", "live")
        watched, _ = self.viewer("front", "moves", token)
        self.assertEqual(self.demo.ctl_json("client", "move", "moves", "gives-not"),
                         {"client": "moves", "integration": "gives-not", "leases_ended": 1})
        watched.wait_end(3)
        self.assertEqual(self.status("front", "moves", token), 404)
        self.assertIn("is of gives from now on", self.says("client", "move", "moves", "gives"))
        self.assertEqual(self.status("front", "moves", token), 200)
        self.assertIn("no integration 'x'", self.refused("client", "move", "moves", "x"))

    def test_nobody_leaves_a_suspended_integration(self):
        self.add_integration("shut")
        self.client("stays", "shut")
        self.demo.ctl("suspend", "integration", "shut", "--reason", "test")
        self.addCleanup(self.demo.ctl, "resume", "integration", "shut", check=False)
        self.assertTrue(self.integration("shut")["suspended"])
        self.assertIn("resume it first", self.refused("client", "move", "stays", "--out"))

    def test_a_renamed_client_says_its_new_name(self):
        token = self.client("before")
        self.addCleanup(self.demo.ctl, "client", "remove", "after", check=False)
        self.demo.ctl("grant", "before", "front", "live")
        watched, _ = self.viewer("front", "before", token)
        self.assertEqual(self.demo.ctl_json("client", "rename", "before", "after"),
                         {"client": "after", "leases_ended": 1})
        watched.wait_end(3)
        self.assertEqual(self.status("front", "before", token), 401)
        self.assertEqual(self.status("front", "after", token), 200)
        self.assertEqual(self.grant_of("after", "front")["rights"], ["live"])
        self.assertIn("owner", self.refused("client", "rename", "after", "owner"))

    def tokens(self, name):
        return next(c["tokens"] for c in self.demo.ctl_json("clients")["clients"]
                    if c["name"] == name)

    def test_rotation_ends_the_old_token_once_there_was_time(self):
        old = self.client("turns")
        self.demo.ctl("grant", "turns", "front", "live")
        watched, _ = self.viewer("front", "turns", old)
        new = self.demo.ctl_json("client", "token", "turns", "--rotate", "--overlap", "+3s")
        list(watched.access_units(count=3))
        self.assertEqual(self.status("front", "turns", new["token"]), 200)
        watched.wait_end(10)
        self.assertEqual(self.status("front", "turns", old), 401)
        self.assertEqual(self.status("front", "turns", new["token"]), 200)
        ends = {t["id"]: t["expires"] for t in self.tokens("turns")}
        self.assertIsNone(ends.pop(new["id"]))
        self.assertNotIn(None, ends.values())
        for token in self.tokens("turns"):
            self.assert_time(token["used"], now(), 30)
        self.refused("client", "token", "turns", "--remove", "999")

    def test_a_token_that_ends_sooner_is_not_lengthened(self):
        self.client("soon")
        first = self.demo.ctl_json("client", "token", "soon", "--expires", "+1h")
        self.demo.ctl("client", "token", "soon", "--rotate")
        ends = {t["id"]: t["expires"] for t in self.tokens("soon")}
        self.assertEqual(ends[first["id"]], first["expires"])
        self.assertEqual(len([e for e in ends.values() if e is None]), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
