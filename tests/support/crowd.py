# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many viewers of one client, by load-client: a third reads, a third is slow, a third has stopped
reading, so that what was queued for it waits in the kernel.

    crowd = Crowd(demo, "phone", token, "front", 60)
    crowd.start("reading", "slow"); crowd.start("stopped")
    crowd.wait_playing(); crowd.wait_queued()
    ...
    reports = crowd.finish()

Each crowd and kind comes from loopback addresses of its own, so that /proc/net/tcp and a capture
tell who is who.
"""

import itertools
import json
import pathlib
import subprocess
import tempfile
import time

import harness

KINDS = ("reading", "slow", "stopped")
OPTIONS = {"reading": (), "slow": ("--rate-limit", "25000", "--receive-buffer", "65536"),
           "stopped": ("--stalled", "1000", "--receive-buffer", "4096")}
LOAD_CLIENT = harness.BUILD / "tests/support/load-client"
ESTABLISHED = "01"
PATIENCE = 3.0
numbers = itertools.count(256)


class Crowd:
    def __init__(self, demo, client, token, camera, n, ramp_ms=5):
        self.demo, self.client, self.token, self.camera = demo, client, token, camera
        self.port = demo.info["rtsps_port"]
        self.ramp_ms = ramp_ms
        share, more = divmod(n, len(KINDS))
        self.sizes = {kind: share + (i < more) for i, kind in enumerate(KINDS)}
        number = next(numbers)
        self.addresses = {kind: f"127.{number >> 8}.{number & 255}.{i + 1}"
                          for i, kind in enumerate(KINDS)}
        self.temporary = tempfile.TemporaryDirectory(prefix="camward-crowd-")
        self.running = {}

    def start(self, *kinds):
        for kind in kinds:
            self.start_some(kind, self.sizes[kind])

    def start_some(self, kind, n):
        if n > 0:
            report = pathlib.Path(self.temporary.name) / f"{kind}-{len(self.running)}.json"
            self.running[report] = subprocess.Popen(
                [LOAD_CLIENT, "--port", str(self.port), "--pin", self.demo.info["spki_sha256"],
                 "--source", self.addresses[kind], "--client", self.client, "--token", self.token,
                 "--camera", self.camera, "--viewers", str(n), "--seconds", "600",
                 "--ramp", str(self.ramp_ms), "--json", report, *OPTIONS[kind]],
                stdin=subprocess.DEVNULL)

    def size(self, *kinds):
        return sum(self.sizes[kind] for kind in kinds or KINDS)

    def leases(self):
        """{(address, port): lease} of those that run."""
        mine = set(self.addresses.values())
        found = {}
        for lease in self.demo.leases():
            address, _, port = lease["peer"].rpartition(":")
            if address in mine and lease["state"] == "running":
                found[address, int(port)] = lease
        return found

    def wait_playing(self, *kinds, timeout=60):
        """Until they all are there; those who were turned away are started anew."""
        deadline, came, seen = time.monotonic() + timeout, time.monotonic(), -1
        while len(leases := self.leases()) < self.size(*kinds):
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(leases)} of {self.size(*kinds)} leases run")
            if len(leases) != seen:
                came, seen = time.monotonic(), len(leases)
            elif time.monotonic() > came + PATIENCE:
                self.start_missing(leases, kinds or KINDS)
                came = time.monotonic()
            time.sleep(0.02)

    def start_missing(self, leases, kinds):
        for kind in kinds:
            self.start_some(kind, self.sizes[kind] - sum(
                address == self.addresses[kind] for address, _ in leases))

    def queued(self):
        """{(address, port): bytes that the server's kernel holds} of the open connections."""
        found = {}
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, remote, state, queues, *_ = line.split()
            if state != ESTABLISHED or int(local.partition(":")[2], 16) != self.port:
                continue
            address, _, port = remote.partition(":")
            address = ".".join(str(b) for b in reversed(bytes.fromhex(address)))
            if address in self.addresses.values():
                found[address, int(port, 16)] = int(queues.partition(":")[0], 16)
        return found

    def stopped_with_bytes(self):
        return sum(n > 0 for (address, _), n in self.queued().items()
                   if address == self.addresses["stopped"])

    def wait_queued(self, timeout=20):
        """Until something waits in the kernel for most of those who have stopped."""
        harness.wait_until(
            lambda: self.stopped_with_bytes() >= self.sizes["stopped"] * 0.9, timeout,
            "bytes in the kernel for those who stopped reading")

    def finish(self, timeout=20):
        """Waits for their end, by the server; every viewer's report."""
        deadline = time.monotonic() + timeout
        viewers = []
        for report, popen in self.running.items():
            popen.wait(max(0.1, deadline - time.monotonic()))
            viewers += json.loads(report.read_text())["each"]
        self.close()
        return viewers

    def close(self):
        """Whatever they do just now."""
        for popen in self.running.values():
            if popen.poll() is None:
                popen.kill()
            popen.wait()
        self.running.clear()
        self.temporary.cleanup()
