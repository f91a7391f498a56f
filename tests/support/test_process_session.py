# SPDX-License-Identifier: LGPL-2.1-or-later
"""./check leaves no process behind: not of a test that is too slow, nor when it is stopped itself."""

import contextlib
import io
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import process_session

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))
import run  # noqa: E402

# Of a session: a child, one that is deaf, one in a group and one in a session of its own, which is
# deaf, too. Their ids come to the file $1, a line each; then it waits for them.
FAMILY = """
sleep 1000 & echo $! >> "$1"
sh -c 'trap "" TERM; echo $$ >> "$0"; while :; do sleep 1; done' "$1" &
timeout 1000 sh -c 'echo $$ >> "$0"; sleep 1000' "$1" &
setsid sh -c 'trap "" TERM; echo $$ >> "$0"; while :; do sleep 1; done' "$1" &
echo printed
"""
WHOLE = 4

# ./check with one group, of one such test and one that must never begin.
CHECK = """
import sys
sys.path.insert(0, {tests!r})
import process_session, run
process_session.GRACE = 0.5
def steps(r):
    r.steps([("family", ["sh", "-c", {script!r}, "sh", {pids!r}]),
             ("later", ["touch", {later!r}])])
run.GROUPS = {{"one": (steps, ""), "two": (lambda r: r.step("later", ["touch", {later!r}]), "")}}
sys.argv = ["check", "--lanes", "1"]
sys.exit(run.main())
"""


class Sessions(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.pids = pathlib.Path(temporary.name) / "pids"
        self.later = pathlib.Path(temporary.name) / "later"
        grace = process_session.GRACE
        process_session.GRACE = 0.5
        self.addCleanup(setattr, process_session, "GRACE", grace)
        self.addCleanup(self.end_family)

    def family(self):
        there = {p.pid for p in process_session.running()}
        return [pid for pid in map(int, self.pids.read_text().split()) if pid in there]

    def end_family(self):
        for pid in self.family() if self.pids.exists() else ():
            os.kill(pid, signal.SIGKILL)

    def is_whole(self):
        return self.pids.exists() and len(self.pids.read_text().split()) == WHOLE

    def family_of(self, script):
        """A session whose family is whole."""
        session = process_session.ProcessSession(["sh", "-c", script, "sh", str(self.pids)])
        deadline = time.monotonic() + 60
        while not self.is_whole() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertTrue(self.is_whole())
        return session

    def test_of_a_test_that_is_too_slow_nothing_remains(self):
        output, status = self.family_of(FAMILY + "wait").run(0, lambda: False)
        self.assertEqual(self.family(), [])
        self.assertIsNone(status)
        self.assertEqual(output, "printed\n")

    def test_what_a_test_leaves_behind_is_taken_down(self):
        output, status = self.family_of(FAMILY + "read -r _ < /dev/null || exit 7").run(
            60, lambda: False)
        self.assertEqual((output, status), ("printed\n", 7))
        # What went its own way before, and has no parent any more, is nobody's.
        self.assertLessEqual(len(self.family()), 1)

    def test_what_is_too_slow_has_failed_and_is_told(self):
        r, said = run.Results(1), io.StringIO()
        with contextlib.redirect_stdout(said):
            self.assertFalse(r.step("slow", ["sleep", "1000"], timeout=0))
            self.assertTrue(r.step("fast", ["true"], timeout=60))
        self.assertEqual((r.passed, r.failed, r.failures), (1, 1, ["slow"]))
        self.assertIn("timed out after 0 s", said.getvalue())

    def test_a_check_that_is_stopped_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number.name):
                self.pids.unlink(missing_ok=True)
                code = CHECK.format(tests=str(TOP / "tests"), script=FAMILY + "wait",
                                    pids=str(self.pids), later=str(self.later))
                check = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE,
                                         text=True)
                self.addCleanup(check.kill)
                self.addCleanup(check.stdout.close)
                deadline = time.monotonic() + 60
                while not self.is_whole() and time.monotonic() < deadline:
                    time.sleep(0.05)
                check.send_signal(number)
                said, _ = check.communicate(timeout=60)
                self.assertEqual(self.family(), [])
                self.assertEqual(check.returncode, 128 + number, said)
                self.assertIn(f"stopped by {number.name}", said)
                self.assertFalse(self.later.exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
