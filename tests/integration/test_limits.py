# SPDX-License-Identifier: LGPL-2.1-or-later
"""What limits a grant, live: hours that end under a viewer, viewers at once, whole integrations."""

import time
import unittest

import ctl_case
import harness

# Until the demo runs and somebody watches, on a busy machine.
START = 20
LATE_MAX = 1.0


class Limits(ctl_case.WithDemo):
    @classmethod
    def setUpClass(cls):
        # Hours count minutes: a zone whose minutes end when this test wants it.
        cls.second = int(time.time() + START) % 60
        cls.demo = cls.enterClassContext(
            harness.Demo(cameras=2, environment={"TZ": f"ODD00:00:{cls.second:02}"}))
        cls.info = cls.demo.info

    def next_minute(self, ahead):
        """When the zone's next minute but those too near ends."""
        end = int(time.time()) + ahead
        return end + (self.second - end) % 60

    def hours_until(self, end):
        local = [time.gmtime(t - self.second) for t in (end - 600, end)]
        return (time.strftime("%a ", local[0]).lower() + time.strftime("%H:%M-", local[0]) +
                time.strftime("%H:%M", local[1]))

    def test_hours_end_under_a_viewer(self):
        token = self.client("worker")
        end = self.next_minute(ahead=4)
        hours = self.hours_until(end)
        self.demo.ctl("grant", "worker", "front", "live", "--hours", hours)
        viewer, _ = self.viewer("front", "worker", token)
        ended, _ = viewer.wait_end(end - time.time() + 5)
        self.assertEqual(ended.how, "rst")
        self.assertLess(abs(time.time() - end), LATE_MAX)
        self.assertEqual(self.status("front", "worker", token), 404)
        self.assertIn(hours, self.says("grants"))

    def test_no_more_viewers_at_once_than_may(self):
        token = self.client("family")
        self.demo.ctl("grant", "family", "front", "live", "--max-leases", "2")
        first, _ = self.viewer("front", "family", token)
        second, _ = self.viewer("front", "family", token)
        self.assertEqual(self.status("front", "family", token), 453)
        for viewer in first, second:
            self.assertEqual(len(list(viewer.access_units(count=10))), 10)
        first.close()
        harness.wait_until(lambda: self.status("front", "family", token) == 200,
                           what="a place for another")
        self.assertEqual(len(list(second.access_units(count=10))), 10)

    def test_an_integration_is_granted_as_one(self):
        tokens = {name: self.client(name, "nest") for name in ("hub", "screen")}
        made = self.demo.ctl_json("grant", "--integration", "nest", "front", "live",
                                  "--max-leases", "1")
        self.assertEqual((made["client"], made["integration"]), ("", "nest"))
        self.addCleanup(self.demo.ctl, "revoke", str(made["id"]), check=False)
        self.assertIn("all of nest", self.says("grants"))
        viewer, _ = self.viewer("front", "hub", tokens["hub"])
        self.assertEqual(self.status("front", "screen", tokens["screen"]), 453)
        # It is not the client's own.
        self.refused("revoke", "hub", "front")
        self.assertEqual(self.demo.ctl_json("revoke", str(made["id"]))["leases_ended"], 1)
        viewer.wait_end(3)
        self.assertEqual(self.status("front", "hub", tokens["hub"]), 404)

    def test_nobody_can_be_asked_yet(self):
        token = self.client("asker")
        self.demo.ctl("grant", "asker", "front", "live", "--ask-first")
        self.assertEqual(self.status("front", "asker", token), 404)

    def test_what_is_no_limit_is_told(self):
        self.client("someone")
        self.assertIn("mon-fri 08:00-18:00",
                      self.refused("grant", "someone", "front", "live", "--hours", "9 to 5"))
        self.assertIn("There is no integration 'nobodys'",
                      self.refused("grant", "--integration", "nobodys", "front", "live"))
        for given, says in ((("grant", "--integration", "x", "someone", "front", "live"), "both"),
                            (("grant", "front", "live"), "needs RIGHTS"),
                            (("grant", "someone", "front", "live", "--max-leases", "0"), "1 to")):
            done = self.demo.ctl(*given, check=False)
            self.assertEqual(done.returncode, 2, given)
            self.assertIn(says, done.stderr)

    def test_all_limits_are_shown(self):
        self.client("limited")
        text = self.says("grant", "limited", "back", "live", "--hours", "mon-fri 08:00-18:00",
                         "--max-leases", "3", "--only-sub", "--ask-first")
        self.assertRegex(text, r"^Client limited may watch camera back \(live; sub only\), mon-fri "
                         r"08:00-18:00, 3 at once, if somebody says yes each time. Grant \d+.\n$")
        self.assertIn("mon-fri 08:00-18:00; 3 at once; sub only; asks first", self.says("grants"))
        listed = [g for g in self.demo.ctl_json("grants")["grants"] if g["client"] == "limited"]
        self.assertEqual({k: listed[0][k] for k in ("hours", "max_leases", "only_sub",
                                                    "ask_first")},
                         {"hours": "mon-fri 08:00-18:00", "max_leases": 3, "only_sub": True,
                          "ask_first": True})


if __name__ == "__main__":
    unittest.main()
