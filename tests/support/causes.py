# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ends leases by each cause there is, many at a time, and judges by a capture what left when.

    with Causes(demo, zone_second) as causes:
        ended = causes.run("revoke", 50)    # an Ended: who, when, how late

A cause by call ends before its reply: the last RST of all and the last payload byte have left when
the reply comes. A cause by time or by the agent's death has a moment; how long after it each RST
left is the measure.
"""

import collections
import contextlib
import pathlib
import sqlite3
import time

import bus_caller
import capture
import crowd
import harness

CLIENT, INTEGRATION, CAMERA, OTHER = "many", "everybody", "front", "back"
# What the ledger says of each cause.
REASONS = {
    "revoke": "no grant",
    "token-expiry": "token or certificate removed or expired",
    "expiry": "grant expired",
    "hours": "outside the grant's hours",
    "suspend-camera": "suspended",
    "suspend-client": "suspended",
    "suspend-integration": "suspended",
    "suspend-all": "suspended",
    "agent-leaves": "nobody can be asked",
    "agent-dies": "nobody can be asked",
}
OWN_REASONS = ("viewer left", "viewer stalled")
BY_CALL = ("revoke", "suspend-camera", "suspend-client", "suspend-integration", "suspend-all",
           "agent-leaves")
# Viewers who have stopped are ended after 4 s by themselves: they come last.
STOPPED_BEFORE = 2.5
ASKED_RAMP_MS = 60  # two questions at once are open for a client
SETTLE_TIMEOUT = 5.0
BEFORE_DUE_NS = 2_000_000  # when the broker's waiting begins to count

Ended = collections.namedtuple(
    "Ended", "cause victims kinds rst_after_ms late_payload unreset waited_ms")
Ended.__doc__ = """victims: how many leases ended; kinds: of these by kind of viewer. rst_after_ms:
for each, from the reply or the due moment to the RST (negative: before). late_payload: segments with
payload after the reply, or after their own RST. unreset: who saw no RST. waited_ms: how long the broker
could have run meanwhile, but others had the CPU."""


def zone(second):
    """TZ of a zone whose minutes end at this second."""
    return f"ODD00:00:{second:02}"


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def waited_ns(pid):
    """How long the main thread of a process has been ready to run without a CPU (the kernel's
    scheduler/sched-stats.rst)."""
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[1])


class Causes:
    """zone_second: the demo runs in zone() of this."""

    def __init__(self, demo, zone_second):
        self.demo, self.zone_second = demo, zone_second
        self.port = demo.info["rtsps_port"]
        runtime = pathlib.Path(demo.info["bus"].removeprefix("unix:path=")).parent
        self.database = runtime.parent / "state/camward.db"

    def __enter__(self):
        self.bus = bus_caller.Caller(self.demo.info["bus"]).__enter__()
        made = self.bus.call("", "Manager", "AddClient", "sa{sv}", CLIENT,
                             {"integration": ("s", INTEGRATION)})
        self.client, self.token = made.values[0].removeprefix(bus_caller.PATH), made.values[1]
        return self

    def __exit__(self, *exception):
        self.bus.__exit__(*exception)

    def waited_ns(self):
        return waited_ns(self.demo.info["pids"]["broker"])

    # What a cause needs

    def grant(self, **limits):
        """Its object; limits as (signature, value)."""
        limits = {key.replace("_", "-"): value for key, value in limits.items()}
        made = self.bus.call("", "Manager", "AddGrant", "ssasa{sv}", CLIENT, CAMERA, ["live"],
                             limits)
        return made.values[0].removeprefix(bus_caller.PATH)

    def ungrant(self, grant):
        return self.bus.call(grant, "Grant", "Revoke")

    def minute_end(self, at_least):
        """CLOCK_REALTIME s of the zone's next end of a minute but those that come too soon."""
        soonest = int(time.time() + at_least) + 1
        return soonest + (self.zone_second - soonest) % 60

    def hours_until(self, end):
        local = [time.gmtime(t - self.zone_second) for t in (end - 600, end)]
        return (time.strftime("%a ", local[0]).lower() + time.strftime("%H:%M-", local[0]) +
                time.strftime("%H:%M", local[1]))

    # Ending many

    def run(self, cause, n):
        if cause in BY_CALL:
            return self.by_call(cause, n)
        if cause == "agent-dies":
            return self.by_agents_death(n)
        return self.by_time(cause, n)

    def by_call(self, cause, n):
        agent = grant = None
        kind, _, what = cause.partition("-")
        if kind == "agent":
            agent = bus_caller.Caller(self.demo.info["bus"]).__enter__()
            agent.be_agent()
            grant = self.grant(ask_first=("b", True))
        else:
            grant = self.grant()
        many = self.gather(n, ASKED_RAMP_MS if agent else 5)
        name = {"camera": CAMERA, "client": CLIENT, "integration": INTEGRATION, "all": ""}.get(what)
        if agent:
            ended = self.watch(cause, many, lambda: agent.call(
                "", "Manager", "UnregisterAgent").at_ns)
            agent.__exit__(None, None, None)
        elif kind == "suspend":
            ended = self.watch(cause, many, lambda: self.bus.call(
                "", "Manager", "Suspend", "sss", what, name, "a test").at_ns)
            self.bus.call("", "Manager", "Resume", "ss", what, name)
        else:
            ended = self.watch(cause, many, lambda: self.bus.call(
                "", "Manager", "Revoke", "ss", CLIENT, CAMERA).at_ns)
            return ended
        self.ungrant(grant)
        return ended

    def by_agents_death(self, n):
        agent = bus_caller.Caller(self.demo.info["bus"]).__enter__()
        agent.be_agent()
        grant = self.grant(ask_first=("b", True))
        many = self.gather(n, ASKED_RAMP_MS)
        ended = self.watch("agent-dies", many, agent.kill)
        agent.__exit__(None, None, None)
        self.ungrant(grant)
        return ended

    def gather(self, n, ramp_ms):
        many = crowd.Crowd(self.demo, CLIENT, self.token, CAMERA, n, ramp_ms)
        try:
            many.start("reading", "slow")
            many.wait_playing("reading", "slow")
            many.start("stopped")
            many.wait_playing()
            many.wait_queued()
        except BaseException:
            many.close()
            raise
        return many

    @staticmethod
    def lead(n):
        """Seconds for n viewers to come and to have played for a while."""
        return 4.0 + 0.03 * n

    def by_time(self, cause, n):
        lead = self.lead(n)
        token, token_id, grant = self.token, None, None
        due = self.minute_end(lead) if cause == "hours" else time.time() + lead
        due_us = int(due * 1e6)
        if cause == "token-expiry":
            made = self.bus.call(self.client, "Client", "AddToken", "a{sv}",
                                 {"expires": ("t", due_us)})
            token_id, token = made.values
            grant = self.grant()
        elif cause == "expiry":
            grant = self.grant(not_after=("t", due_us))
        else:
            grant = self.grant(hours=("s", self.hours_until(int(due))))
        time.sleep(max(0, due - lead - time.time()))  # of hours: nobody watches for a minute
        many = crowd.Crowd(self.demo, CLIENT, token, CAMERA, n)
        many.start("reading", "slow")
        time.sleep(max(0, due - STOPPED_BEFORE - time.time()))
        many.start("stopped")
        time.sleep(max(0, due - 0.6 - time.time()))
        ended = self.watch(cause, many, lambda: self.wait_until(due_us * 1000))
        self.ungrant(grant)
        if token_id:
            self.bus.call(self.client, "Client", "RemoveToken", "s", token_id)
        return ended

    def wait_until(self, due_ns):
        time.sleep(max(0, due_ns - BEFORE_DUE_NS - time.time_ns()) / 1e9)
        self.waited_from = self.waited_ns()
        time.sleep(max(0, due_ns - time.time_ns()) / 1e9)
        return due_ns

    # Judging

    def watch(self, cause, many, end):
        """end() brings it about and returns the moment."""
        segments = capture.Capture(self.port).start()
        try:
            leases = many.leases()
            self.waited_from = self.waited_ns()
            moment = end()
            harness.wait_until(lambda: not many.queued(), SETTLE_TIMEOUT, f"{cause}: the end of all")
            waited = (self.waited_ns() - self.waited_from) / 1e6
            many.finish()
        finally:
            segments.stop()
            many.close()
        ids = {lease["id"]: peer for peer, lease in leases.items()}
        harness.wait_until(lambda: ids.keys() <= self.closed().keys(), SETTLE_TIMEOUT,
                           f"{cause}: {len(ids)} ends in the ledger")
        why = self.closed()
        victims = {peer for lease, peer in ids.items() if why[lease] == REASONS[cause]}
        # Some may have ended by themselves just before.
        reasons = {why[lease] for lease in ids}
        assert reasons <= {REASONS[cause], *OWN_REASONS}, f"{cause}: {reasons}"
        return self.judge(cause, many, victims, segments, moment, waited)

    def closed(self):
        """{lease: why it has ended}, by the ledger."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True,
                                                timeout=10)) as db:
            return dict(db.execute("SELECT lease, reason FROM events WHERE kind = 2"))

    def judge(self, cause, many, victims, segments, moment, waited):
        reset, late = {}, []
        for s in segments.from_server():
            if s.destination not in victims:
                continue
            gone = reset.get(s.destination)
            if s.length and (gone or (cause in BY_CALL and s.time_ns > moment)):
                late.append(s)
            if s.flags & capture.RST and not gone:
                reset[s.destination] = s.time_ns
        kinds = collections.Counter(kind for kind, address in many.addresses.items()
                                    for victim in victims if victim[0] == address)
        return Ended(cause, len(victims), dict(kinds),
                     [(at - moment) / 1e6 for at in reset.values()], late,
                     sorted(victims - set(reset)), waited)
