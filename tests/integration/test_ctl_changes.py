# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every verb of camwardctl that changes something, its effect on viewers, and every refusal."""

import unittest

import harness
import rtsp
from ctl_case import GRANT, SUSPENSION, TOKEN, WithDemo, now


class Clients(WithDemo):
    def tokens(self, name):
        return next(c["tokens"] for c in self.demo.ctl_json("clients")["clients"]
                    if c["name"] == name)

    def test_add_shows_the_token_once_and_it_works(self):
        text = self.says("client", "add", "phone")
        self.addCleanup(self.demo.ctl, "client", "remove", "phone", check=False)
        self.assertTrue(text.startswith("Client phone is added. Its token:\n\n    "), text)
        self.assertIn("shown this once", text)
        token, = [line.strip() for line in text.splitlines() if line.startswith("    ")]
        self.assertRegex(token, TOKEN)
        self.assertEqual(self.status("front", "phone", token), 404)
        self.demo.ctl("grant", "phone", "front", "live")
        self.assertEqual(self.status("front", "phone", token), 200)

    def test_add_for_programs(self):
        made = self.demo.ctl_json("client", "add", "hub", "--integration", "nest", "--expires",
                                  "+2h")
        self.addCleanup(self.demo.ctl, "client", "remove", "hub", check=False)
        self.assert_shape(made, {"client": str, "expires": str, "token": str})
        self.assertEqual(made["client"], "hub")
        self.assert_time(made["expires"], now() + 7200)
        token, = self.tokens("hub")
        self.assertEqual(token["expires"], made["expires"])
        self.assertRegex(self.says("clients"), r"(?m)^hub +nest +.* \(until .*\)$")

    def test_quiet_prints_the_token_alone(self):
        text = self.says("client", "add", "quiet", "--quiet")
        self.addCleanup(self.demo.ctl, "client", "remove", "quiet", check=False)
        self.assertRegex(text, rf"\A{TOKEN.pattern}\n\Z")
        self.assertRegex(self.says("client", "token", "quiet", "--quiet"),
                         rf"\A{TOKEN.pattern}\n\Z")

    def test_add_twice_is_refused(self):
        self.assertIn("owner", self.refused("client", "add", "owner"))

    def test_tokens_are_added_and_removed(self):
        first = self.client("tablet")
        self.demo.ctl("grant", "tablet", "front", "live")
        made = self.demo.ctl_json("client", "token", "tablet")
        self.assert_shape(made, {"client": str, "id": str, "expires": type(None), "token": str})
        self.assertIn(made["id"], [t["id"] for t in self.tokens("tablet")])
        watched, _ = self.viewer("front", "tablet", made["token"])
        other, _ = self.viewer("front", "tablet", first)
        text = self.says("client", "token", "tablet", "--remove", made["id"])
        self.assertIn(f"Token {made['id']} of tablet is removed", text)
        watched.wait_end(3)
        list(other.access_units(count=10))
        self.assertEqual(self.status("front", "tablet", made["token"]), 401)
        self.assertEqual(len(self.tokens("tablet")), 1)
        self.assertIn(f"no token '{made['id']}'",
                      self.refused("client", "token", "tablet", "--remove", made["id"]))

    def test_a_token_for_people(self):
        self.client("desk")
        text = self.says("client", "token", "desk", "--expires", "+1d")
        self.assertRegex(text, r"\AToken \S+ of desk, until \d{4}-.*:\n\n    "
                         rf"{TOKEN.pattern}\n\nIt is shown this once")

    def test_remove_ends_who_watches(self):
        token = self.client("gone")
        self.demo.ctl("grant", "gone", "front", "live")
        watched, _ = self.viewer("front", "gone", token)
        self.assertEqual(self.demo.ctl_json("client", "remove", "gone"), {"client": "gone"})
        watched.wait_end(3)
        self.assertEqual(self.status("front", "gone", token), 401)
        self.assertNotIn("gone", self.says("clients") + self.says("grants"))
        self.refused("client", "remove", "gone")

    def test_remove_for_people(self):
        self.client("brief")
        self.assertIn("Client brief is removed", self.says("client", "remove", "brief"))

    def user(self, client):
        return next(c["user"] for c in self.demo.ctl_json("clients")["clients"]
                    if c["name"] == client)

    def test_a_user_of_this_machine_is_a_client(self):
        self.client("recorder")
        self.assertEqual(self.user("recorder"), -1)
        self.assertIn("The user daemon of this machine is client recorder",
                      self.says("client", "user", "recorder", "daemon"))
        self.assertEqual(self.user("recorder"), 1)
        self.assertRegex(self.says("clients"), r"recorder +- .* no +daemon +")
        self.assertIn("is the client 'recorder' already",
                      self.refused("client", "user", "recorder", "2"))
        self.assertEqual(self.demo.ctl_json("client", "user", "recorder", "--remove"),
                         {"client": "recorder", "user": -1})
        self.assertEqual(self.user("recorder"), -1)
        self.assertIn("No user of this machine is the client 'recorder'",
                      self.refused("client", "user", "recorder", "--remove"))
        self.says("client", "user", "recorder", "4711")
        self.assertEqual(self.user("recorder"), 4711)

    def test_no_user_is_told(self):
        self.client("lonely")
        for user in ("-1", "no-such-user", "4294967295"):
            self.assertIn("This machine has no user", self.refused("client", "user", "lonely", "--", user))
        done = self.demo.ctl("client", "user", "lonely", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("Name a user, or give --remove", done.stderr)

    def test_unknown_clients_are_told(self):
        for arguments in (("client", "remove", "nobody-here"), ("client", "token", "nobody-here"),
                          ("client", "token", "nobody-here", "--remove", "x")):
            self.assertIn("nobody-here", self.refused(*arguments))


class Cameras(WithDemo):
    """Here cameras have their names from the demo: what can be done to others, tests/vm does."""

    def test_a_name_of_the_demos_stays(self):
        before = self.demo.ctl_json("cameras")["cameras"][0]["uuid"]
        for arguments in (("rename", "front", "entrance"), ("forget", "front")):
            self.assertIn("has its name from whoever started the service",
                          self.refused("camera", *arguments))
        self.assertIn("There is a camera 'back' already",
                      self.refused("camera", "rename", "front", "back"))
        self.assertEqual(self.demo.ctl_json("cameras")["cameras"][0]["uuid"], before)

    def test_settings_are_chosen_and_taken_back(self):
        watched, _ = self.viewer()
        self.assertEqual(self.says("camera", "set", "front", "bitrate=400000", "gop=10"),
                         "bitrate, gop: from now on.\n")
        self.addCleanup(self.demo.ctl, "camera", "set", "front", "bitrate=default", "gop=default",
                        "size=default", "fps=default", "sub_size=default")
        keys = [unit.keyframe for unit in watched.access_units(count=30)]
        self.assertGreaterEqual(sum(keys), 2)
        self.assertEqual(self.demo.ctl_json("camera", "set", "front", "fps=15", "size=320x240",
                                            "sub_size=160x120"),
                         {"camera": "front", "fps": 15, "width": 320, "height": 240,
                          "sub-width": 160, "sub-height": 120,
                          "controls": {}})
        self.assertEqual(self.demo.camera("front")["configuration"],
                         {"bitrate": 400000, "gop": 10, "fps": 15, "width": 320, "height": 240,
                          "sub-width": 160, "sub-height": 120})
        watched.close()
        harness.wait_until(lambda: not self.demo.camera("front")["epoch"], what="the closing")
        self.viewer()[0].close()
        self.assertEqual(self.demo.camera("front")["width"], 320)
        self.says("camera", "set", "front", "gop=default")
        self.assertNotIn("gop", self.demo.camera("front")["configuration"])

    def test_settings_out_of_bounds_are_told(self):
        for setting in ("bitrate=9999", "fps=241", "size=15x16", "gop=3601", "sub_fps=241",
                        "sub_size=15x16", "sub_bitrate=9999"):
            self.assertIn("bitrate (10000 to 100000000 bit/s)",
                          self.refused("camera", "set", "back", setting))
        self.assertEqual(self.demo.camera("back")["configuration"], {})

    def test_a_pattern_has_no_controls(self):
        self.assertIn("its pictures do not come from a V4L2 device",
                      self.refused("camera", "set", "front", "brightness=1"))
        self.assertIn("Camera front has no controls: its pictures come from 'pattern'",
                      self.says("camera", "controls", "front"))
        self.assertEqual(self.demo.ctl_json("camera", "controls", "front"), {"controls": []})

    def test_nothing_to_adopt(self):
        self.assertIn("No other hardware has asked to be 'front'",
                      self.refused("camera", "adopt", "front"))

    def test_unknown_cameras_are_told(self):
        for arguments in (("adopt", "nowhere"), ("rename", "nowhere", "x"), ("forget", "nowhere"),
                          ("controls", "nowhere"), ("set", "nowhere", "gop=5"),
                          ("set", "nowhere", "gain=-5")):
            self.assertIn("no camera 'nowhere'", self.refused("camera", *arguments))


class Grants(WithDemo):
    def test_grant_and_revoke_by_names(self):
        token = self.client("visitor")
        text = self.says("grant", "visitor", "front", "still,live")
        number = self.grant_of("visitor", "front")["id"]
        self.assertEqual(text, "Client visitor may watch camera front (live, still)."
                         f" Grant {number}.\n")
        watched, _ = self.viewer("front", "visitor", token)
        self.assertEqual(self.says("revoke", "visitor", "front"),
                         "1 grant is revoked; 1 viewer was cut off.\n")
        watched.wait_end(3)
        self.assertEqual(self.status("front", "visitor", token), 404)
        self.assertIn("no such grant", self.refused("revoke", "visitor", "front"))

    def test_grants_for_programs(self):
        self.client("robot")
        made = self.demo.ctl_json("grant", "robot", "back", "live,raw", "--from", "+1h", "--until",
                                  "2099-01-02T10:00:00+01:00")
        self.assert_shape(made, {k: v for k, v in GRANT.items() if k not in ("created", "source")})
        self.assertEqual((made["client"], made["camera"], made["rights"], made["not_after"]),
                         ("robot", "back", ["live", "raw"], "2099-01-02T09:00:00.000000Z"))
        self.assert_time(made["not_before"], now() + 3600)
        listed = self.grant_of("robot", "back")
        self.assertEqual({k: listed[k] for k in made}, made)
        self.assertEqual(self.demo.ctl_json("revoke", "robot", "back"),
                         {"grants_removed": 1, "leases_ended": 0})

    def test_revoke_by_number(self):
        token = self.client("one")
        first = self.demo.ctl_json("grant", "one", "front", "live")["id"]
        second = self.demo.ctl_json("grant", "one", "front", "still")["id"]
        watched, _ = self.viewer("front", "one", token)
        self.assertEqual(self.demo.ctl_json("revoke", str(second)),
                         {"grants_removed": 1, "leases_ended": 0})
        list(watched.access_units(count=10))
        self.assertEqual(self.demo.ctl_json("revoke", str(first)),
                         {"grants_removed": 1, "leases_ended": 1})
        watched.wait_end(3)
        self.assertIn(f"no grant {first}", self.refused("revoke", str(first)))

    def test_all_grants_of_a_pair_go_together(self):
        self.client("pair")
        self.demo.ctl("grant", "pair", "front", "live")
        self.demo.ctl("grant", "pair", "front", "still")
        self.demo.ctl("grant", "pair", "back", "live")
        self.assertEqual(self.says("revoke", "pair", "front"),
                         "2 grants are revoked; 0 viewers were cut off.\n")
        self.assertEqual(self.grant_of("pair", "back")["rights"], ["live"])

    def test_a_grant_of_tomorrow_does_not_hold_today(self):
        token = self.client("early")
        text = self.says("grant", "early", "front", "live", "--from", "+1d")
        self.assertRegex(text, r"\(live\) from \d{4}-")
        self.assertEqual(self.status("front", "early", token), 404)

    def test_unknown_names_are_told(self):
        self.assertIn("nobody-here", self.refused("grant", "nobody-here", "front", "live"))
        self.assertIn("nowhere", self.refused("grant", "owner", "nowhere", "live"))
        self.assertIn("nobody-here", self.refused("revoke", "nobody-here", "front"))
        self.assertIn("nowhere", self.refused("revoke", "owner", "nowhere"))
        self.refused("revoke", "stranger", "front")
        self.assertIn("no grant 987654", self.refused("revoke", "987654"))


class Leases(WithDemo):
    def test_end_ends_one_viewer_and_no_other(self):
        ended, lease = self.viewer()
        other, _ = self.viewer()
        text = self.says("lease", "end", str(lease["id"]), "--reason", "wrong room")
        self.assertTrue(text.startswith(f"Lease {lease['id']} is ended."), text)
        self.assertEqual(ended.wait_end(3)[0].how, "rst")
        list(other.access_units(count=10))
        self.assertNotIn(lease["id"], [one["id"] for one in self.demo.leases()])
        self.assertIn(f"no lease {lease['id']}", self.refused("lease", "end", str(lease["id"])))

    def test_end_for_programs(self):
        ended, lease = self.viewer("back")
        self.assertEqual(self.demo.ctl_json("lease", "end", str(lease["id"])),
                         {"id": lease["id"], "reason": "ended by an administrator"})
        ended.wait_end(3)

    def test_a_lease_that_never_was(self):
        self.assertIn("no lease 987654", self.refused("lease", "end", "987654"))


class Suspensions(WithDemo):
    def setUp(self):
        # What is counted below are this test's viewers; the one before has closed its own.
        harness.wait_until(lambda: not self.demo.leases(), what="the end of earlier leases")

    def suspensions(self):
        suspensions = self.demo.ctl_json("status")["suspensions"]
        for suspension in suspensions:
            self.assert_shape(suspension, SUSPENSION)
            self.assert_time(suspension["since"], now(), 60)
        return [(s["kind"], s["name"], s["reason"]) for s in suspensions]

    def check_kind(self, scope, viewer, bystander, shown):
        """scope: words after suspend; the viewer's connection ends, the bystander's goes on."""
        watched, _ = viewer()
        spared, _ = bystander() if bystander else (None, None)
        text = self.says("suspend", *scope, "--reason", "a test")
        self.addCleanup(self.demo.ctl, "resume", *scope, check=False)
        self.assertEqual(text, f"Suspended: {shown}. 1 viewer was cut off.\n")
        watched.wait_end(3)
        if spared:
            list(spared.access_units(count=10))
        name = scope[1] if len(scope) > 1 else ""
        self.assertEqual(self.suspensions(), [(scope[0], name, "a test")])
        self.assertRegex(self.says("status"), rf"(?m)^  {shown} +since \d{{4}}-.*: a test$")
        self.refused("suspend", *scope, "--reason", "again")
        with self.assertRaises(rtsp.Refused) as refused:
            viewer()
        self.assertEqual(refused.exception.status, 404)
        self.assertEqual(self.says("resume", *scope), f"Resumed: {shown}.\n")
        self.assertEqual(self.suspensions(), [])
        viewer()[0].close()
        self.refused("resume", *scope)

    def test_a_camera(self):
        self.check_kind(["camera", "back"], lambda: self.viewer("back"), self.viewer,
                        "camera back")

    def test_a_client(self):
        self.check_kind(["client", "guest"], lambda: self.viewer("front", "guest"), self.viewer,
                        "client guest")

    def test_an_integration(self):
        token = self.client("speaker", "nest")
        self.demo.ctl("grant", "speaker", "front", "live")
        self.check_kind(["integration", "nest"], lambda: self.viewer("front", "speaker", token),
                        self.viewer, "integration nest")

    def test_everything(self):
        self.check_kind(["all"], self.viewer, None, "everything")

    def test_what_is_suspended_says_so(self):
        self.demo.ctl("suspend", "camera", "back", "--reason", "x")
        self.addCleanup(self.demo.ctl, "resume", "camera", "back", check=False)
        self.assertTrue(self.demo.camera("back")["suspended"])
        self.assertFalse(self.demo.camera("front")["suspended"])
        self.assertRegex(self.says("cameras"), r"(?m)^back +\w+, suspended ")

    def test_for_programs(self):
        self.assertEqual(self.demo.ctl_json("suspend", "client", "stranger", "--reason", "why not"),
                         {"kind": "client", "name": "stranger", "reason": "why not",
                          "leases_ended": 0})
        self.assertEqual(self.demo.ctl_json("resume", "client", "stranger"),
                         {"kind": "client", "name": "stranger"})

    def test_nobody_was_watching(self):
        self.assertEqual(self.says("suspend", "client", "stranger", "--reason", "x"),
                         "Suspended: client stranger. Nobody was watching.\n")
        self.demo.ctl("resume", "client", "stranger")

    def test_unknown_names_are_told(self):
        self.assertIn("nowhere", self.refused("suspend", "camera", "nowhere", "--reason", "x"))
        self.assertIn("nobody-here",
                      self.refused("suspend", "client", "nobody-here", "--reason", "x"))


if __name__ == "__main__":
    unittest.main()
