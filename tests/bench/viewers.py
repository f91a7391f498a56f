#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What serving many viewers costs: CPU seconds per GB delivered, of the gate, its sessions and the
broker (not of the camera), against bare-sender, which does nothing but TLS in a process each.

Both run interleaved on the same machine with the same frame sizes and rate; medians count. Absolute
figures hold on no other machine; the ratio does. The CPU time is the scheduler's own (ns), between
a moment when all viewers have played for a while and the end; the bytes are what the load client
received over TCP in between. bare-sender's client skips the parsing and leaves it a little more of
the caches, and no camera encodes beside it: what error that makes is to the service's disadvantage.
"""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
FPS = 30  # of the demo's cameras
DEMO_START = 60  # seconds


class BenchError(Exception):
    pass


def stat_fields(pid):
    """/proc/PID/stat after the name: fields from the third on."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()


def children(pid):
    found = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if entry.isdecimal() and int(stat_fields(entry)[1]) == pid:
                found.append(int(entry))
    return found


def cpu_seconds(pids):
    return sum(int(pathlib.Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0])
               for pid in pids) / 1e9


class Server:
    """Processes whose time is counted: the given ones and the children of `parent`."""

    def __init__(self, parent, others=()):
        self.parent, self.others = parent, list(others)

    def sample(self):
        """(processes, their time by role)"""
        roles = {"parent": [self.parent], "others": self.others,
                 "children": sorted(children(self.parent))}
        return sum(roles.values(), []), {r: cpu_seconds(pids) for r, pids in roles.items()}


def measure(args, server, client_arguments):
    """One run: {"cpu_s", "cpu_s_by_role", "bytes", "cpu_s_per_gb", "processes", "report"}."""
    with tempfile.NamedTemporaryFile() as report:
        command = [args.build / "tests/support/load-client", "--viewers", str(args.viewers),
                   "--seconds", str(args.warm_up + args.seconds), "--warm-up", str(args.warm_up),
                   "--ramp", "20", "--announce", "--json", report.name, *client_arguments]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as client:
            samples = []
            for line in client.stdout:
                samples.append((*server.sample(), int(line.split()[1])))
                if line.startswith("end"):
                    client.stdin.close()
        if client.returncode != 0 or len(samples) != 2:
            raise BenchError(f"load-client failed: {report.read().decode()[:600]}")
        result = json.load(report)
    (before, cpu_before, bytes_before), (after, cpu_after, bytes_after) = samples
    if before != after or len(before) < args.viewers:
        raise BenchError("serving processes came or went during the measurement")
    roles = {role: cpu_after[role] - cpu_before[role] for role in cpu_after}
    cpu, received = sum(roles.values()), bytes_after - bytes_before
    del result["each"]
    return {"cpu_s": cpu, "cpu_s_by_role": roles,
            "bytes": received, "cpu_s_per_gb": cpu / received * 1e9,
            "processes": len(before), "report": result}


def measure_service(args, demo, sizes):
    client = next(c for c in demo["clients"] if c["name"] == "owner")
    return measure(args, Server(demo["pids"]["gate"], [demo["pids"]["broker"]]),
                   ["--host", demo["host"], "--port", str(demo["rtsps_port"]),
                    "--camera", demo["cameras"][0]["name"], "--client", "owner",
                    "--token", client["token"], "--pin", demo["spki_sha256"],
                    "--sizes", str(sizes)])


def measure_bare(args, sizes):
    command = [args.build / "tests/bench/bare-sender", "--sizes", str(sizes), "--fps", str(FPS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip()
            return measure(args, Server(process.pid), ["--bare", "--port", port])
        finally:
            process.kill()


def run_rounds(args, demo):
    """{"camward": [...], "bare": [...]}, one entry a round."""
    runs = {"camward": [], "bare": []}
    with tempfile.TemporaryDirectory() as directory:
        sizes = pathlib.Path(directory) / "sizes"
        for i in range(args.rounds):
            for name, measured in (("camward", lambda: measure_service(args, demo, sizes)),
                                   ("bare", lambda: measure_bare(args, sizes))):
                run = measured()
                runs[name].append(run)
                print(f"round {i + 1} {name:8} {run['cpu_s_per_gb']:6.3f} CPU s/GB "
                      f"({run['cpu_s']:.2f} s for {run['bytes'] / 1e6:.0f} MB)", flush=True)
    return runs


def summarize(args, runs):
    median = {name: statistics.median(r["cpu_s_per_gb"] for r in rounds)
              for name, rounds in runs.items()}
    return {"viewers": args.viewers, "seconds": args.seconds, "rounds": args.rounds,
            "cpus": os.cpu_count(), "load_average": os.getloadavg()[0],
            "frame_bytes": statistics.median(
                r["bytes"] / args.viewers / args.seconds / FPS for r in runs["camward"]),
            "cpu_s_per_gb": median, "ratio": median["camward"] / median["bare"],
            "ratio_each_round": [a["cpu_s_per_gb"] / b["cpu_s_per_gb"]
                                 for a, b in zip(runs["camward"], runs["bare"])],
            "runs": runs}


def say(result):
    print(f"\n{result['viewers']} viewers over RTSPS, {result['rounds']} rounds of "
          f"{result['seconds']} s, {result['frame_bytes']:.0f} bytes a frame, "
          f"{result['cpus']} cores, medians:")
    for name, value in result["cpu_s_per_gb"].items():
        print(f"  {name:8} {value:6.3f} CPU s/GB")
    print(f"  ratio    {result['ratio']:6.2f}   (each round: "
          + " ".join(f"{r:.2f}" for r in result["ratio_each_round"]) + ")")
    for key in ("first_keyframe_ms", "lateness_ms"):
        worst = max((r["report"][key] for r in result["runs"]["camward"]), key=lambda d: d["p99"])
        print(f"  {key:20} p50 {worst['p50']:.1f}  p95 {worst['p95']:.1f}  p99 {worst['p99']:.1f}"
              f"  max {worst['max']:.1f}  (worst round)")


@contextlib.contextmanager
def running_demo(build, source):
    """Starts ./demo and yields its JSON."""
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o777)  # the demo may drop its privileges before it writes
        path = pathlib.Path(directory) / "demo.json"
        process = subprocess.Popen([TOP / "demo", "--cameras", "1", "--fps", str(FPS),
                                    "--source", source,
                                    "--rtsps-port", "0", "--https-port", "0", "--build", build,
                                    "--json", path], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + DEMO_START
            while not path.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise BenchError("./demo did not come up")
                time.sleep(0.1)
            yield json.loads(path.read_text("utf-8"))
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def main():
    parser = argparse.ArgumentParser(
        description="Measure the CPU that serving viewers takes, against a bare TLS sender. "
        "Starts ./demo itself unless given one that runs with the default size and rate.")
    parser.add_argument("--demo", type=pathlib.Path, metavar="JSON", help="of a running ./demo")
    parser.add_argument("--build", type=pathlib.Path, metavar="DIR",
                        default=pathlib.Path(os.environ.get("CAMWARD_BUILD", TOP / "build")))
    parser.add_argument("--source", default="pattern", help="of the demo, as ./demo takes it")
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=10, help="measured in each run")
    parser.add_argument("--warm-up", type=int, default=3, metavar="SECONDS")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-ratio", type=float, help="fail above it")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    args = parser.parse_args()
    try:
        demo = contextlib.nullcontext(json.loads(args.demo.read_text("utf-8"))) if args.demo \
            else running_demo(args.build, args.source)
        with demo as running:
            result = summarize(args, run_rounds(args, running))
    except BenchError as error:
        print(f"viewers: {error}", file=sys.stderr)
        return 1
    say(result)
    if args.json:
        args.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    return 1 if args.max_ratio and result["ratio"] > args.max_ratio else 0


if __name__ == "__main__":
    sys.exit(main())
