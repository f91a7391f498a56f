# SPDX-License-Identifier: LGPL-2.1-or-later
"""A service that is told to stop amid an erasure or a restore, on a disk that is slow, ends when that
is done; and in which order a restore puts the files in their places. By strace(1), as root."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import unittest
from concurrent import futures
from unittest import mock

from test_erase import WithOwnState

import harness

SLOW = 400_000  # us for each removal: long enough to be told meanwhile
CALLS = "unlinkat,renameat,renameat2,fsync"


@unittest.skipUnless(os.geteuid() == 0, "needs root, to trace the broker")
class StoppedAmid(WithOwnState):
    def setUp(self):
        # A process that is traced cannot look for its own leaks, and would end with an error.
        options = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        self.enterContext(mock.patch.dict(os.environ, ASAN_OPTIONS=options))
        super().setUp()

    @contextlib.contextmanager
    def slow_broker(self):
        """Its file operations, in a list that is whole when the broker has ended."""
        log = self.top / "calls"
        pid = self.info["pids"]["broker"]
        with subprocess.Popen(["strace", "-f", "-y", "-q", "-p", str(pid), "-o", log, "-e",
                               f"trace={CALLS}", "-e", f"inject=unlinkat:delay_enter={SLOW}"],
                              stderr=subprocess.DEVNULL) as strace:
            try:
                tracer = re.compile(rf"(?m)^TracerPid:\t{strace.pid}$")
                harness.wait_until(lambda: all(tracer.search(t.read_text()) for t in pathlib.Path(
                    f"/proc/{pid}/task").glob("*/status")), 20, "a traced broker")
                yield pid, log
            finally:
                strace.kill()

    def stop_amid(self, *arguments):
        """Makes camwardctl change what is kept; says what the broker did to its files."""
        before = self.status()
        with self.slow_broker() as (pid, log), futures.ThreadPoolExecutor() as pool:
            ctl = pool.submit(self.demo.ctl, *arguments, timeout=120)
            pending = self.state / "pending"
            harness.wait_until(pending.exists, 60, "the beginning")
            os.kill(pid, signal.SIGTERM)
            self.assertTrue(pending.exists(), "it was over before it was told to stop")
            harness.wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), 60, "its end")
            self.assertFalse(pending.exists(), "it ended before it was done")
            ctl.result()
            calls = log.read_text()
        self.assertRegex(calls, rf"(?m)^{pid} +\+\+\+ exited with 0 \+\+\+")  # not a thread of it
        harness.wait_until(lambda: (s := self.status()) and s["ready"], 30, "a service again")
        return before, calls

    def names(self):
        return {c["name"] for c in self.demo.ctl_json("clients")["clients"]}

    def test_an_erasure(self):
        before, _ = self.stop_amid("erase", "--factory", "--yes")
        after = self.wait_until_another(before)
        self.assertNotEqual(after["seal_root"], before["seal_root"])
        self.assertEqual(self.names(), set())

    def test_a_restore_and_its_order(self):
        path = self.top / "backup.tar"
        self.demo.ctl("client", "add", "kept")
        self.demo.ctl("backup", str(path))
        self.demo.ctl("client", "remove", "kept")
        before, calls = self.stop_amid("restore", str(path), "--yes")
        self.assertEqual(self.status()["fingerprint"], before["fingerprint"])
        self.assertIn("kept", self.names())
        self.assert_order(calls)

    def assert_order(self, calls):
        """What stood beside the old database is gone for good before the new one comes, and that is
        in its place for good before it is forgotten that a restore goes on."""
        directory = re.escape(str(self.state))
        steps = [rf'renameat\w*\(.*"pending\S*".* = 0',
                 rf"fsync\(\d+<{directory}>\) += 0",
                 r'unlinkat\(.*"camward.db-wal"',
                 r'unlinkat\(.*"camward.db-shm"',
                 rf"fsync\(\d+<{directory}>\) += 0",
                 r'renameat\w*\(.*"camward.db", .*"camward.db"\) = 0',
                 rf"fsync\(\d+<{directory}>\) += 0",
                 r'unlinkat\(.*"pending"']
        at = 0
        for step in steps:
            found = re.compile(step).search(calls, at)
            self.assertIsNotNone(found, f"no {step} after:\n{calls[:at]}\nbut:\n{calls[at:]}")
            at = found.end()
        moved = re.search(r'renameat\w*\(.*"camward.db", .*"camward.db"\)', calls)
        late = re.search(r'unlinkat\(.*"camward.db-(wal|shm)"', calls[moved.end():])
        self.assertIsNone(late, "what belongs to the new database is removed")


if __name__ == "__main__":
    unittest.main(verbosity=2)
