# SPDX-License-Identifier: LGPL-2.1-or-later
"""camwardctl watch: what happens, as sentences and as events."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import harness
from ctl_case import CTL, WithDemo, now


class Watch(WithDemo):
    @contextlib.contextmanager
    def watching(self, *options):
        """Yields what waits for a line that meets a condition; .pid and .text() are watch's."""
        with tempfile.NamedTemporaryFile("r", prefix="camward-test-") as output:
            with open(output.name, "w") as stdout:
                popen = subprocess.Popen(
                    [CTL, "watch", *options], stdin=subprocess.DEVNULL, stdout=stdout,
                    stderr=subprocess.STDOUT,
                    env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.info["bus"], TZ="UTC"))

            def await_line(condition, what):
                def look():
                    return next(filter(condition, await_line.text().splitlines()), None)
                return harness.wait_until(look, what=what)
            await_line.text = pathlib.Path(output.name).read_text
            await_line.pid = popen.pid
            try:
                await_line(lambda line: "atching" in line, "the beginning")
                yield await_line
                self.assertIsNone(popen.poll(), "watch ended by itself")
            finally:
                popen.terminate()
                popen.wait(10)

    def test_sentences(self):
        token = self.client("seen")
        with self.watching() as await_line:
            def said(sentence):
                line = await_line(lambda line: re.search(sentence, line), sentence)
                self.assertRegex(line, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  [^ ].*\.$")
            self.demo.ctl("grant", "seen", "back", "live")
            said(r"seen may watch back \(grant \d+\)")
            c, lease = self.viewer("back", "seen", token)
            said(rf"seen watches back from 127\.0\.0\.1:\d+ \(lease {lease['id']}\)")
            said(r"Camera back is running, after starting")
            self.demo.ctl("lease", "end", str(lease["id"]), "--reason", "wrong room")
            said(rf"seen no longer watches back: wrong room, after \d+ frames? "
                 rf"\(lease {lease['id']}\)")
            self.demo.ctl("suspend", "camera", "back", "--reason", "painters")
            said(r"Suspended: camera back: painters")
            self.assertEqual(self.status("back", "seen", token), 404)
            said(r"seen was refused back from 127\.0\.0\.1:\d+: ")
            self.demo.ctl("resume", "camera", "back")
            said(r"Resumed: camera back")
            self.demo.ctl("client", "token", "seen")
            said(r"Client seen has 2 tokens now, after 1")
            self.demo.ctl("client", "remove", "seen")
            said(r"Grant \d+, of seen for back, is revoked")
            said(r"Client seen is removed")

    def test_events_for_programs(self):
        with self.watching("--json") as await_line:
            def event(name, /, **fields):
                def matches(line):
                    found = json.loads(line)
                    return found["event"] == name and fields.items() <= found.items()
                found = json.loads(await_line(matches, f"{name} {fields}"))
                self.assert_time(found["time"], now(), 20)
                return found
            token = self.client("spied")
            event("client-added", client="spied")
            grant = self.demo.ctl_json("grant", "spied", "front", "live")["id"]
            event("grant-added", grant=grant, client="spied", camera="front", rights=["live"])
            c, lease = self.viewer("front", "spied", token)
            event("lease-running", lease=lease["id"], client="spied", camera="front",
                  peer=lease["peer"])
            event("camera-condition", camera="front", condition="running")
            self.demo.ctl("revoke", str(grant))
            event("lease-ended", lease=lease["id"], client="spied", camera="front")
            event("grant-removed", grant=grant)
            self.status("front", "spied", token)
            event("denied", client="spied", camera="front")
            self.demo.ctl("suspend", "all", "--reason", "x")
            event("suspended", kind="all", name="", reason="x")
            self.demo.ctl("resume", "all")
            event("resumed", kind="all", name="")

    def test_signals_of_others_are_not_believed(self):
        with self.watching("--json") as await_line:
            def busctl(*arguments):
                return subprocess.run(["busctl", "--address", self.info["bus"], *arguments],
                                      check=True, text=True, stdout=subprocess.PIPE, timeout=20)
            names = json.loads(busctl("list", "--unique", "--json=short").stdout)
            watch, = [n["name"] for n in names if n["pid"] == await_line.pid]
            # To a destination the bus delivers what nobody has subscribed to.
            busctl("emit", f"--destination={watch}", "/org/camward/Camward1",
                   "org.camward.Camward1.Manager", "Denied", "ssss", "forged", "front", "x", "y")
            self.client("genuine")
            await_line(lambda line: "genuine" in line, "the client")
            self.assertNotIn("forged", await_line.text())

    def ready(self):
        status = json.loads(self.demo.ctl("status", "--json").stdout)
        return status["ready"] and all(c["condition"] == "idle" for c in status["cameras"])

    def test_a_restart_of_the_service_is_told_and_survived(self):
        with self.watching("--json") as await_line:
            self.viewer("front")
            await_line(lambda line: json.loads(line).get("condition") == "running", "the picture")
            os.kill(self.demo.info["pids"]["broker"], 9)
            await_line(lambda line: json.loads(line)["event"] == "service-stopped", "the stop")
            await_line(lambda line: json.loads(line)["event"] == "service-started", "the start")
            harness.wait_until(self.ready, 30, "the service's readiness")
            self.client("afterwards")
            await_line(lambda line: json.loads(line).get("client") == "afterwards", "the client")
            events = [json.loads(line) for line in await_line.text().splitlines()]
        names = [event["event"] for event in events]
        # What was known before the restart is forgotten: nothing runs after it.
        since = [e for e in events[names.index("service-started"):] if e.get("camera") == "front"]
        self.assertNotIn("running", [e.get("before") for e in since])


if __name__ == "__main__":
    unittest.main()
