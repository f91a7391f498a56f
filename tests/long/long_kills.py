# SPDX-License-Identifier: LGPL-2.1-or-later
"""Thousands of killed sessions and hundreds of killed brokers; see tests/support/kills.py."""

import argparse
import collections
import json
import random

import harness
import kills

SESSIONS_AT_ONCE = 30
VIEWERS, LIFE = 9, 6.0


class Tally:
    def __init__(self, what):
        self.what, self.leases, self.without_lease, self.frames = what, 0, 0, 0
        self.in_flight, self.widths = collections.Counter(), []
        self.wrong = []

    def add(self, cases):
        self.wrong += [case for case in cases if case.wrong]
        for case in cases:
            self.frames += case.whole
            if case.row is None:
                self.without_lease += 1
                continue
            self.leases += 1
            self.widths.append(case.row["frames_high"] - case.row["frames_low"])
            self.in_flight[case.in_flight] += 1

    def figures(self, kills_done):
        shown = {"kills": kills_done, "of": self.what, "leases": self.leases,
                 "viewers_without_lease": self.without_lease, "frames_received": self.frames,
                 "wrong": len(self.wrong), "low_to_high_max": max(self.widths, default=0)}
        if self.what == "sessions":
            shown["frames_under_way"] = {str(n): k for n, k in sorted(self.in_flight.items())}
        return shown

    def tell(self, kills_done):
        for case in self.wrong[:20]:
            print(case)
        print(json.dumps(self.figures(kills_done)), flush=True)


def main(arguments):
    parser = argparse.ArgumentParser(prog="tests/long/run kills", description=__doc__)
    parser.add_argument("--sessions", type=int, default=10000)
    parser.add_argument("--brokers", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    args = parser.parse_args(arguments)
    print(json.dumps({"seed": args.seed}), flush=True)
    sessions, brokers = Tally("sessions"), Tally("brokers")
    with harness.Demo(cameras=2, size="320x180", fps=60) as demo:
        killer = kills.Kills(demo, args.seed)
        done = 0
        while done < args.sessions:
            n = min(SESSIONS_AT_ONCE, args.sessions - done)
            sessions.add(killer.sessions(n, playing=killer.random.random() < 0.7))
            done += n
        if done:
            sessions.tell(done)
        for _ in range(args.brokers):
            brokers.add(killer.broker(VIEWERS, LIFE))
        if args.brokers:
            brokers.tell(args.brokers)
        killer.check_export()
    return 1 if sessions.wrong or brokers.wrong else 0
