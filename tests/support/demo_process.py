# SPDX-License-Identifier: LGPL-2.1-or-later
"""The processes that the demo runs, and the way by which the broker gets their links."""

import array
import signal
import socket
import time

RESTART_DELAY = 0.3  # seconds; doubles up to RESTART_MAX while a process keeps dying
RESTART_MAX = 5.0


class Port:
    """Where the broker takes in one kind of process; see demo.py."""

    def __init__(self):
        self.parent, self.broker = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def link(self):
        """A fresh link: its far end goes to the broker, the near end is returned."""
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        rights = array.array("i", [far.fileno()])
        self.parent.sendmsg([b"\x01"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        far.close()
        return near

    def close(self):
        self.parent.close()
        self.broker.close()


class Process:
    """One of the service's processes, started again when it dies."""

    def __init__(self, name, start):
        self.name = name
        self.start = start
        self.popen = None
        self.delay = RESTART_DELAY
        self.due = 0.0
        self.since = 0.0

    def run(self):
        self.popen = self.start()
        self.since = time.monotonic()

    def died(self):
        """How it ended, or None while it runs."""
        code = self.popen.poll() if self.popen else None
        if code is None:
            return None
        if time.monotonic() - self.since > 10:
            self.delay = RESTART_DELAY
        self.due = time.monotonic() + self.delay
        self.delay = min(self.delay * 2, RESTART_MAX)
        self.popen = None
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"status {code}"
