# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kills what delivers, and compares what viewers have received with what the ledger says of it.

    kills = Kills(demo)
    for case in kills.sessions(20): case.wrong, case.row, case.whole
    for case in kills.broker(6): ...

A witness is a viewer that notes each frame by the sequence in its seal, reads what its kernel still
holds after the end, and so knows what it has received: the frames that came whole, and whether one
more had begun.
"""

import collections
import contextlib
import os
import pathlib
import random
import signal
import sqlite3
import threading
import time
import traceback

import harness

import ledger
import rtp
import rtsp
import seal
import tls

CLIENT = "owner"
OPENED, CLOSED = 1, 2  # kinds
BROKER_DIED = "broker ended unexpectedly"
PLAY_TIMEOUT = 60
# Of one answer: the service may take 5 s to come back and 8 to have a camera's picture, and more
# where others need the CPU.
ANSWER_TIMEOUT = 40
END_TIMEOUT = 20
COLUMNS = ("reason", "delivered", "frames_low", "frames_high", "first_sequence", "last_sequence",
           "uncertain", "exposed_first", "exposed_next")


def sequence_of(data):
    """Of an H.264 access unit, by its seal."""
    sealed = next(nal for nal in seal.nal_units(data) if seal.classify_h264(nal) == "seal")
    return seal.parse_seal(seal.unwrap(seal.H264, sealed)).sequence


class Witness(threading.Thread):
    """A viewer. stops_after: frames, after which it reads nothing until it may go on."""

    def __init__(self, demo, camera, stops_after=None):
        super().__init__(daemon=True)
        self.demo, self.camera, self.stops_after = demo, camera, stops_after
        self.sequences = []
        self.in_work = False  # a part of one more frame has come
        self.port = self.ended = self.trouble = None
        self.go_on = threading.Event()

    def run(self):
        try:
            self.watch()
        except tls.Ended as ended:
            self.ended = ended.how
        except (ConnectionError, rtsp.Refused) as error:  # 503: a camera is not back yet
            self.ended = repr(error)
        except Exception as error:  # of whatever kind: the judge tells it
            steps = [step.name for step in traceback.extract_tb(error.__traceback__)]
            self.trouble = f"{error!r} in {' > '.join(steps)}"

    def watch(self):
        buffer = 4096 if self.stops_after else None
        with rtsp.Client("127.0.0.1", self.demo.info["rtsps_port"], self.camera,
                         self.demo.info["spki_sha256"], receive_buffer=buffer,
                         timeout=ANSWER_TIMEOUT) as client:
            self.port = client.connection.local[1]
            client.authorize(CLIENT, self.demo.token(CLIENT))
            client.play()
            while True:
                if len(self.sequences) == self.stops_after:
                    self.go_on.wait()
                self.take(client.read_frame(END_TIMEOUT), client.depacketizer)

    def take(self, frame, depacketizer):
        if frame.channel != 0:
            return
        self.in_work = True
        unit = depacketizer.push(rtp.parse(frame.payload))
        if unit:
            self.sequences.append(sequence_of(unit.data))
            self.in_work = False

    @property
    def whole(self):
        return len(self.sequences)


class Case:
    """A witness, its lease and the ledger's CLOSED row (by COLUMNS). None: no lease was opened, and
    so there must be no frame."""

    def __init__(self, witness, lease, rows, crashed):
        self.witness, self.lease, self.row = witness, lease, rows.get(lease)
        self.whole = witness.whole
        self.begun = self.whole + witness.in_work
        self.crashed = crashed and self.row and self.row["reason"] == BROKER_DIED
        self.wrong = witness.trouble or self.judge()

    def judge(self):
        """What contradicts the ledger; None: nothing."""
        if self.lease is None:
            return "frames without a lease" if self.begun else None
        checks = {**self.counts(), **self.sequences()}
        if not self.crashed:
            checks |= self.kernels()
        return "; ".join(text for text, holds in checks.items() if not holds) or None

    def counts(self):
        return {"fewer frames than the ledger is sure of": self.row["frames_low"] <= self.whole,
                "more frames than it says at most": self.begun <= self.row["frames_high"]}

    def kernels(self):
        """Of a session that died alone its page is left, to the frame."""
        seen, row = self.witness.sequences, self.row
        return {"handed to the kernel, not known to a frame": self.in_flight in (0, 1),
                "uncertain": not row["uncertain"],
                "the last frame is later": not seen or row["last_sequence"] >= seen[-1] + 1}

    def sequences(self):
        seen, row = self.witness.sequences, self.row
        first, shown = row["first_sequence"], (row["exposed_first"], row["exposed_next"])
        return {"another first frame": not seen or not first or first == seen[0] + 1,
                "beyond what the camera has shown":
                    not seen or not shown[1] or shown[0] <= seen[0] <= seen[-1] < shown[1]}

    @property
    def in_flight(self):
        return self.row["frames_high"] - self.row["delivered"]

    def __repr__(self):
        return (f"lease {self.lease}: {self.wrong}; received {self.whole} to {self.begun}:"
                f" {self.witness.sequences[:1]}..{self.witness.sequences[-1:]}, row {self.row}")


class Kills:
    def __init__(self, demo, seed=None):
        self.demo = demo
        self.random = random.Random(seed)
        self.cameras = [camera["name"] for camera in demo.info["cameras"]]
        runtime = pathlib.Path(demo.info["bus"].removeprefix("unix:path=")).parent
        self.database = runtime.parent / "state/camward.db"

    def gather(self, n, playing):
        """n witnesses, of which every third stops reading; playing: once each has got a frame."""
        self.since = self.query("SELECT max(seq) FROM events")[0][0] or 0
        witnesses = [Witness(self.demo, self.cameras[i % len(self.cameras)],
                             self.random.randint(1, 5) if i % 3 == 2 else None) for i in range(n)]
        for witness in witnesses:
            witness.start()
        for witness in witnesses if playing else ():
            harness.wait_until(lambda: witness.whole or witness.ended or witness.trouble,
                               PLAY_TIMEOUT, "a viewer's first frame")
        return witnesses

    def sessions(self, n, playing=True):
        """Kills the sessions of n viewers, one after the other; the cases. playing: not before
        each has got a frame."""
        witnesses = self.gather(n, playing)
        time.sleep(self.random.uniform(0, 0.5 if playing else 0.05))
        while True:
            pids = self.demo.sessions()
            alive = [w for w in witnesses if w.is_alive() and not w.go_on.is_set()]
            if not pids and not alive:
                break
            for pid in self.random.sample(pids, len(pids)):
                time.sleep(self.random.uniform(0, 0.02))
                with contextlib.suppress(ProcessLookupError):  # ended by itself
                    os.kill(pid, signal.SIGKILL)
            for witness in alive:
                if not pids or witness.stops_after:
                    witness.go_on.set()
            time.sleep(0.02)
        return self.judge(witnesses, crashed=False)

    def broker(self, n, life):
        """Kills the broker under n viewers after up to `life` seconds, and waits for another."""
        witnesses = self.gather(n, playing=self.random.random() < 0.5)
        time.sleep(self.random.uniform(0, life))
        broker = self.demo.info["pids"]["broker"]
        os.kill(broker, signal.SIGKILL)
        harness.wait_until(lambda: self.demo.info["pids"]["broker"] not in (None, broker), 30,
                           "another broker")
        harness.wait_until(lambda: self.demo.ctl("status", check=False).returncode == 0 and
                           self.demo.ctl_json("status")["ready"], 30, "a broker that is ready")
        return self.judge(witnesses, crashed=True)

    def judge(self, witnesses, crashed):
        for witness in witnesses:
            witness.go_on.set()
        for witness in witnesses:
            witness.join(2 * ANSWER_TIMEOUT)
            assert not witness.is_alive(), "a viewer hangs"
        opened = self.opened()
        harness.wait_until(lambda: set(opened.values()) <= self.closed().keys(), END_TIMEOUT,
                           "the ends of all leases in the ledger")
        closed = self.closed()
        return [Case(witness, opened.get(witness.port), closed, crashed) for witness in witnesses]

    def opened(self):
        """{port of the viewer: lease}, since gather()."""
        return dict(self.query("SELECT port, lease FROM peers JOIN (SELECT seq, lease FROM events"
                               f" WHERE kind = {OPENED} AND seq > ?) USING (seq)", self.since))

    def closed(self):
        """{lease: its row}, since gather()."""
        rows = self.query(f"SELECT lease, {','.join(COLUMNS)} FROM events WHERE kind = {CLOSED}"
                          " AND seq > ?", self.since)
        return {lease: dict(zip(COLUMNS, row)) for lease, *row in rows}

    def check_export(self):
        """The whole ledger, by the second verifier: unbroken, and no lease is left open."""
        export = self.demo.ctl("ledger", "export", timeout=300).stdout.splitlines()
        kinds = collections.Counter(event["kind"] for event in ledger.check(export))
        assert kinds[OPENED] == kinds[CLOSED] > 0, kinds

    def query(self, text, *arguments):
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True,
                                                timeout=10)) as db:
            return db.execute(text, arguments).fetchall()
