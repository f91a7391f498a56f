# SPDX-License-Identifier: LGPL-2.1-or-later
"""Viewers come and go while all around them is changed and killed; none may see what it should not,
and nothing may be left behind."""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import threading
import time

import harness
import kills
import rtsp
import sealed_viewer
import tls

CAMERAS = ("front", "back", "cam2")
MAY_SEE = {"owner": set(CAMERAS), "guest": {"front"}, "stranger": set()}
VIEWERS = 10
SETTLES = 8.0   # after the last viewer, until each camera has closed its source
GROWTH_KB = 512  # of a process, over the second half of the time
TELL_EVERY = 60.0


class Crowd:
    """Viewers who each take one stream after the other, check every frame, and note what is wrong.
    frames: all that came, and the statements that the streams began with."""

    def __init__(self, demo, seed):
        self.demo, self.info = demo, demo.info
        self.stop, self.lock = threading.Event(), threading.Lock()
        self.ends, self.frames, self.wrong = collections.Counter(), 0, []
        self.threads = [threading.Thread(target=self.wander, args=(random.Random(f"{seed} {n}"),),
                                         daemon=True) for n in range(VIEWERS)]
        for thread in self.threads:
            thread.start()

    def wander(self, chance):
        while not self.stop.is_set():
            client, camera = chance.choice(list(MAY_SEE)), chance.choice(CAMERAS)
            how = self.watch(chance, client, camera, chance.choice(("", "", "/sub", "/auto")))
            with self.lock:
                self.ends[how] += 1
            time.sleep(chance.uniform(0, 0.2))

    def watch(self, chance, client, camera, stream):
        """How it ended."""
        try:
            with contextlib.closing(sealed_viewer.SealedViewer(
                    self.info, camera + stream, client, self.demo.token(client))) as viewer:
                viewer.play()
                self.judge(client, camera, viewer.said)
                for verdict, _ in viewer.units(seconds=chance.uniform(0, 4), timeout=20):
                    self.judge(client, camera, verdict)
                    if chance.random() < 0.002:
                        time.sleep(chance.uniform(0, 6))
                if chance.random() < 0.5:
                    viewer.client.teardown()
            return "left"
        except rtsp.Refused as refused:
            return f"refused {str(refused)[:3]}"
        except (tls.Ended, ConnectionError) as error:
            return getattr(error, "how", type(error).__name__)
        except Exception as error:  # of whatever kind: the judge tells it
            with self.lock:
                self.wrong.append(f"{client} at {camera}{stream}: {error!r}")
            return "trouble"

    def judge(self, client, camera, verdict):
        """verdict: on a frame, or the statement that opened the stream."""
        with self.lock:
            self.frames += 1
            if camera not in MAY_SEE[client]:
                self.wrong.append(f"{client} received of {camera}")
            elif verdict not in ("valid", "stale"):
                self.wrong.append(f"{client} at {camera}: {verdict}")

    def leave(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(40)
            if thread.is_alive():
                self.wrong.append("a viewer hangs")


class Disorder:
    """What is done to the service, at random."""

    def __init__(self, demo, chance, brokers):
        self.demo, self.chance, self.done = demo, chance, collections.Counter()
        acts = {self.revoke: 3, self.suspend: 5, self.end: 2, self.set: 2, self.kill_session: 1,
                self.kill_camera: 1, self.kill_broker: 0.3 if brokers else 0}
        self.acts, self.weights = list(acts), list(acts.values())

    def once(self):
        act = self.chance.choices(self.acts, self.weights)[0]
        act()
        self.done[act.__name__] += 1
        time.sleep(self.chance.uniform(0, 0.5))

    def ctl(self, *arguments):
        """May fail: nobody is there while a broker has been killed."""
        self.demo.ctl(*arguments, check=False)

    def revoke(self):
        client = self.chance.choice(("owner", "guest"))
        camera = self.chance.choice(sorted(MAY_SEE[client]))
        self.ctl("revoke", client, camera)
        time.sleep(self.chance.uniform(0, 0.3))
        self.ctl("grant", client, camera, "live")

    def suspend(self):
        what = self.chance.choice((["all"], ["client", "owner"],
                                   ["camera", self.chance.choice(CAMERAS)]))
        self.ctl("suspend", *what, "--reason", "disorder")
        time.sleep(self.chance.uniform(0, 1))
        self.ctl("resume", *what)

    def end(self):
        with contextlib.suppress(AssertionError):
            if leases := self.demo.leases():
                self.ctl("lease", "end", str(self.chance.choice(leases)["id"]))

    def set(self):
        self.ctl("camera", "set", self.chance.choice(CAMERAS),
                 f"bitrate={self.chance.choice((200, 500, 1000))}000")

    def kill(self, pids):
        if pids := [pid for pid in pids if pid]:
            with contextlib.suppress(ProcessLookupError):  # ended by itself
                os.kill(self.chance.choice(pids), signal.SIGKILL)

    def kill_session(self):
        self.kill(self.demo.sessions())

    def kill_camera(self):
        self.kill(self.demo.info["pids"]["cameras"])

    def kill_broker(self):
        self.kill([self.demo.info["pids"]["broker"]])
        with contextlib.suppress(AssertionError):
            harness.wait_until(lambda: self.demo.ctl("status", check=False).returncode == 0, 30)

    def restore_order(self):
        for what in (["all"], ["client", "owner"], *(["camera", c] for c in CAMERAS)):
            self.ctl("resume", *what)


def keeps(pid):
    """(descriptors, resident KB) of a process."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return len(os.listdir(f"/proc/{pid}/fd")), int(resident.split()[1])


class Keeping:
    """What broker and gate hold when nobody watches, and how they grow meanwhile."""

    def __init__(self, demo):
        self.demo, self.idle, self.wrong = demo, None, []
        self.grown = collections.defaultdict(list)

    def processes(self):
        return {name: self.demo.info["pids"][name] for name in ("broker", "gate")}

    def note(self):
        for name, pid in self.processes().items():
            with contextlib.suppress(OSError, TypeError):
                self.grown[pid].append((name, keeps(pid)[1]))

    def settle(self):
        harness.wait_until(lambda: not self.demo.leases() and not self.demo.sessions(), 60,
                           "the end of all leases and sessions")
        time.sleep(SETTLES)
        return {name: keeps(pid)[0] for name, pid in self.processes().items()}

    def judge(self, before, after):
        """Descriptors as at the start; and no process that was there all along still grows."""
        wrong = [f"{name} keeps {after[name]} descriptors, {before[name]} at the start"
                 for name in before if after[name] > before[name]]
        for notes in self.grown.values():
            late = [kb for _, kb in notes[len(notes) // 2:]]
            if len(late) >= 4 and late[-1] - late[0] > GROWTH_KB:
                wrong.append(f"{notes[0][0]} grew from {late[0]} to {late[-1]} KB")
        return wrong


def zombies():
    names = subprocess.run(["ps", "-eo", "stat=,comm="], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    return [f"a zombie: {n.split()[1]}" for n in names if n.startswith("Z") and "camward" in n]


def disorder(demo, args):
    """(figures, what is wrong)"""
    keeping = Keeping(demo)
    before = keeping.settle()
    crowd = Crowd(demo, args.seed)
    acts = Disorder(demo, random.Random(args.seed), args.brokers)
    begin = told = time.monotonic()
    while time.monotonic() - begin < 60 * args.minutes:
        acts.once()
        if time.monotonic() - told > TELL_EVERY:
            told = time.monotonic()
            keeping.note()
            print(json.dumps({"seconds": round(told - begin), "frames": crowd.frames,
                              "wrong": len(crowd.wrong)}), flush=True)
    crowd.leave()
    acts.restore_order()
    after = keeping.settle()
    ledger = demo.ctl("ledger", "verify", check=False, timeout=300)
    kills.Kills(demo).check_export()
    wrong = crowd.wrong + keeping.judge(before, after) + zombies()
    if not crowd.frames or not crowd.ends["left"]:
        wrong.append("nobody could watch")
    if ledger.returncode:
        wrong.append(ledger.stdout + ledger.stderr)
    return {"frames": crowd.frames, "ends": crowd.ends, "done": acts.done,
            "descriptors": after}, wrong


def main(arguments):
    parser = argparse.ArgumentParser(prog="tests/long/run disorder", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--brokers", action="store_true", help="kill the broker as well")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    args = parser.parse_args(arguments)
    print(json.dumps({"seed": args.seed}), flush=True)
    with harness.Demo(cameras=len(CAMERAS), size="320x180") as demo:
        figures, wrong = disorder(demo, args)
    print(json.dumps({**figures, "wrong": len(wrong)}), flush=True)
    for text in wrong[:20]:
        print(text)
    return 1 if wrong else 0
