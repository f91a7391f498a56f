# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sessions and brokers killed under viewers who note each frame they receive: the ledger's interval
always contains it, and no frame comes without a lease. 10,000 and 200: tests/long/run kills."""

import unittest

import harness

import kills

SESSIONS_AT_ONCE, ROUNDS = 25, 4
BROKERS, VIEWERS, LIFE = 3, 9, 4.0


class Kills(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=2, size="320x180", fps=60))
        cls.kills = kills.Kills(cls.demo)

    def test_killed_sessions_are_counted_to_a_frame(self):
        cases = []
        for i in range(ROUNDS):
            cases += self.kills.sessions(SESSIONS_AT_ONCE, playing=i % 2 == 0)
        self.assertEqual([case for case in cases if case.wrong], [])
        self.assertGreater(sum(case.whole for case in cases), len(cases))
        self.kills.check_export()

    def test_killed_brokers_leave_an_interval(self):
        cases = []
        for _ in range(BROKERS):
            cases += self.kills.broker(VIEWERS, LIFE)
        self.assertEqual([case for case in cases if case.wrong], [])
        self.assertTrue(any(case.crashed for case in cases))
        self.kills.check_export()


if __name__ == "__main__":
    unittest.main()
