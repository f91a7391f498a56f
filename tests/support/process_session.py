# SPDX-License-Identifier: LGPL-2.1-or-later
"""A command in a session of its own, of which nothing remains once it has ended, or was ended."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time
import typing

GRACE = 15.0  # seconds to end by itself after SIGTERM: a demo takes down what it started
TICK = 0.1  # seconds between two looks


class Process(typing.NamedTuple):
    pid: int
    begun: int  # with the pid: this process, and no later one of the same number
    parent: int
    session: int


def running():
    """All processes of this machine but those that only wait to be reaped."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            state, *numbers = stat.read_text(errors="replace").rpartition(")")[2].split()
        except (OSError, ValueError):  # it ended meanwhile
            continue
        if state not in "ZX":
            yield Process(int(stat.parent.name), int(numbers[18]), int(numbers[0]), int(numbers[2]))


def send(number, processes):
    for process in processes:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            pass


class ProcessSession:
    def __init__(self, command, **options):
        # No pipe: whoever keeps one open would be waited for.
        self.output = tempfile.TemporaryFile()
        self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.output,
                                      stderr=subprocess.STDOUT, start_new_session=True, **options)
        self.known = set()  # (pid, begun) of what was seen of it

    def members(self):
        """What runs in the session, what that has started in others, and what was that before."""
        there = list(running())
        found = {p.pid: p for p in there
                 if p.session == self.popen.pid or (p.pid, p.begun) in self.known}
        new = found
        while new:
            new = {p.pid: p for p in there if p.parent in new and p.pid not in found}
            found.update(new)
        self.known.update((p.pid, p.begun) for p in found.values())
        return list(found.values())

    def end(self):
        """Those of the session are asked first, for they may have others to take down."""
        members = self.members()
        send(signal.SIGTERM, (p for p in members if p.session == self.popen.pid))
        deadline = time.monotonic() + GRACE
        while members and time.monotonic() < deadline + GRACE:
            if time.monotonic() > deadline:
                send(signal.SIGKILL, members)
            time.sleep(TICK)
            members = self.members()

    def run(self, timeout, is_stopped):
        """What it printed, and its status: None if it was ended, by time or by is_stopped()."""
        deadline = time.monotonic() + timeout
        status = None
        while status is None and time.monotonic() < deadline and not is_stopped():
            try:
                status = self.popen.wait(5 * TICK)
            except subprocess.TimeoutExpired:
                pass
        self.end()
        self.popen.poll()
        with self.output as output:
            output.seek(0)
            return output.read().decode(errors="replace").replace("\r\n", "\n"), status
