# SPDX-License-Identifier: LGPL-2.1-or-later
"""N leases ended by each cause there is, a hundred at a time; see tests/support/causes.py."""

import argparse
import collections
import json
import time

import harness
import causes

AT_ONCE = 100
TIMER_P99_MS = 33.0
EARLY_MS = 0.0


class Tally:
    """Of one cause."""

    def __init__(self):
        self.victims, self.late_payload, self.unreset = 0, 0, 0
        self.kinds = collections.Counter()
        self.after_ms = []

    def add(self, ended):
        self.victims += ended.victims
        self.kinds.update(ended.kinds)
        self.late_payload += len(ended.late_payload)
        self.unreset += len(ended.unreset)
        self.after_ms += ended.rst_after_ms

    def figures(self, cause):
        points = {f"p{p}": round(causes.percentile(self.after_ms, p), 2) for p in (50, 95, 99)}
        return {"cause": cause, "leases": self.victims, **self.kinds,
                "payload_after": self.late_payload, "without_rst": self.unreset,
                "rst_after_ms": {"min": round(min(self.after_ms), 2), **points,
                                 "max": round(max(self.after_ms), 2)},
                "from": "reply" if cause in causes.BY_CALL else "due"}

    def holds(self, cause):
        if self.late_payload or self.unreset:
            return False
        if cause in causes.BY_CALL:
            return max(self.after_ms) <= 0
        return min(self.after_ms) >= EARLY_MS and causes.percentile(self.after_ms,
                                                                    99) <= TIMER_P99_MS


def next_cause(many, tallies, leases):
    """Of those that are not done: hours when their minute ends soon, else the one least done."""
    left = {cause: tally.victims for cause, tally in tallies.items() if tally.victims < leases}
    if "hours" in left and (len(left) == 1 or many.minute_end(many.lead(AT_ONCE)) - time.time() <
                            many.lead(AT_ONCE) + 8):
        return "hours"
    others = {cause: n for cause, n in left.items() if cause != "hours"}
    return min(others or left, key=left.get)


def main(arguments):
    parser = argparse.ArgumentParser(prog="tests/long/run causes", description=__doc__)
    parser.add_argument("--leases", type=int, default=1000, help="of each cause (default 1000)")
    parser.add_argument("--causes", nargs="+", default=list(causes.REASONS), metavar="CAUSE",
                        choices=list(causes.REASONS), help="only these")
    args = parser.parse_args(arguments)
    second = int(time.time() + 60) % 60
    tallies = {cause: Tally() for cause in args.causes}
    with harness.Demo(cameras=2, size="320x180", environment={"TZ": causes.zone(second)}) as demo, \
            causes.Causes(demo, second) as many:
        while any(tally.victims < args.leases for tally in tallies.values()):
            cause = next_cause(many, tallies, args.leases)
            left = args.leases - tallies[cause].victims
            tallies[cause].add(many.run(cause, min(AT_ONCE, left + left // 20)))
            if tallies[cause].victims >= args.leases:
                print(json.dumps(tallies[cause].figures(cause)), flush=True)
    broken = [cause for cause, tally in tallies.items() if not tally.holds(cause)]
    if broken:
        print("does not hold: " + ", ".join(broken))
    return 1 if broken else 0
