#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the tests by group; ./check is the door to it. docs/TESTING.md says what each group is for.

Every step is a command. Its tests are counted by what its runner prints (cmocka, unittest); a step
that prints no count is one test. A step that fails counts at least one failure, and its output is
shown. The last line is "N passed, N failed", which is also what the exit status says.

Builds take all cores and go one by one. Of what is built then, as many steps run side by side as
there are lanes: most of them wait for something, most of the time.

Each step is a session of processes of its own. Whatever ends it (its own end, its time, or a signal
to ./check), nothing of it remains to disturb the next.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests/support"))
from process_session import ProcessSession  # noqa: E402

FUZZ_SECONDS = int(os.environ.get("CAMWARD_FUZZ_SECONDS", "8"))
PYTHON = sys.executable

# The leak checker needs a thread and ptrace, which the confinement refuses: there it only logs.
SANITIZED = ["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dsandbox=log"]
SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:exitcode=99",
}
# Tests whose program has threads of its own; they run under TSan as well.
THREADED = ("store", "ledger", "settings-reader")


class Results:
    def __init__(self, lanes):
        self.lanes = lanes
        self.lock = threading.Lock()
        self.passed = 0
        self.failed = 0
        self.failures = []
        self.stopped = None  # the signal that stops it all
        self.start = time.monotonic()

    def say(self, text):
        print(f"[{time.monotonic() - self.start:5.0f} s] {text}", flush=True)

    def count(self, output, ok):
        """(passed, failed) by what the step's runner printed."""
        passed = failed = 0
        for n in re.findall(r"\[  PASSED  \] (\d+) test", output):
            passed += int(n)
        for n in re.findall(r"\[  FAILED  \] (?:\w+: )?(\d+) test", output):
            failed += int(n)
        for n, rest in re.findall(r"^Ran (\d+) tests? in [\d.]+s\n\n(.*)$", output, re.M):
            bad = sum(int(m) for m in re.findall(r"(?:failures|errors)=(\d+)", rest))
            skipped = sum(int(m) for m in re.findall(r"skipped=(\d+)", rest))
            passed += max(int(n) - bad - skipped, 0)  # a class that is skipped ran none
            failed += bad
        if passed + failed == 0 and "skipped=" not in output:
            passed, failed = (1, 0) if ok else (0, 1)
        if not ok and failed == 0:
            failed = 1
        return passed, failed

    def step(self, name, command, env=None, timeout=600, cwd=TOP):
        """Runs one command; returns whether it succeeded."""
        began = time.monotonic()
        if self.stopped:
            return False
        try:
            session = ProcessSession(command, cwd=cwd, env=dict(os.environ, **(env or {})))
            output, status = session.run(timeout, lambda: self.stopped)
            ok = status == 0
            if status is None:
                output += "\n" + ("stopped" if self.stopped else f"timed out after {timeout} s") + "\n"
        except OSError as e:
            output, ok = str(e), False
        passed, failed = self.count(output, ok)
        with self.lock:
            self.passed += passed
            self.failed += failed
            self.say(f"{'ok  ' if ok else 'FAIL'} {name}: {passed} passed"
                     f"{f', {failed} failed' if failed else ''} ({time.monotonic() - began:.1f} s)")
            if not ok:
                self.failures.append(name)
                print("\n".join("    " + line for line in output[-12000:].splitlines()), flush=True)
        return ok

    def steps(self, steps):
        """Runs them side by side, in their order; each is the arguments of step()."""
        with concurrent.futures.ThreadPoolExecutor(self.lanes) as lanes:
            for done in [lanes.submit(self.step, *arguments) for arguments in steps]:
                done.result()

    def stop_on_signals(self):
        """From now on a signal that would end ./check ends what runs, and nothing more begins."""
        def stop(number, _):
            self.stopped = signal.Signals(number)

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, stop)


def c_files():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.c", "*.h"], cwd=TOP,
                            stdout=subprocess.PIPE, text=True, check=False).stdout.split()
    return [f for f in listed if (TOP / f).exists() and not f.startswith("tests/vm/modules/")]


def build(r, name, directory, options=(), env=None, targets=()):
    """Configures and builds (targets: only these); a failed build is a failed test."""
    path = TOP / directory
    if not (path / "build.ninja").exists():
        shutil.rmtree(path, ignore_errors=True)
        setup = ["meson", "setup", str(path), "-Dtests=enabled", *options]
        if not r.step(f"{name}: meson setup", setup, env):
            return False
    elif not unit_targets(path):  # ./demo set it up before libcmocka was there
        if not r.step(f"{name}: meson configure", ["meson", "configure", str(path),
                                                   "-Dtests=enabled"], env):
            return False
    return r.step(f"{name}: build without a warning", ["ninja", "-C", str(path), *targets], env, 1800)


def unit_targets(path):
    return "tests/unit/test-" in (path / "build.ninja").read_text()


def unit_programs(directory):
    return sorted(p for p in (TOP / directory / "tests/unit").glob("test-*")
                  if p.is_file() and os.access(p, os.X_OK))


def run_unit(r, directory, label="", env=None, only=None):
    environment = dict({"TESTS": str(TOP / "tests")}, **(env or {}))
    programs = unit_programs(directory)
    if not programs:
        r.step(f"{label}no unit test is built in {directory}", ["false"])
    r.steps((f"{label}{program.name}", [str(program)], environment, 300) for program in programs
            if only is None or any(program.name == f"test-{name}" for name in only))


def style(r):
    files = c_files()
    r.step("clang-format", ["clang-format-14", "--dry-run", "--Werror", *files])
    r.step("rooms and files", [PYTHON, "tests/style/rooms.py"])
    r.step("events and their catalogue", [PYTHON, "tests/style/catalog.py"])
    shell = [f for f in ("demo", "check", ".ci/run", "tests/support/packages.sh")
             if (TOP / f).exists()]
    for script in shell:
        r.step(f"sh -n {script}", ["sh", "-n", script])
    build(r, "clang", "build-clang", env={"CC": "clang-14"})


def unit(r):
    if not build(r, "gcc", "build"):
        return
    run_unit(r, "build")
    r.steps((test.stem, [PYTHON, "-m", "unittest", "-q", test.stem], None, 600, test.parent)
            for test in sorted((TOP / "tests/support").glob("test_*.py")))


def integration_tests():
    return sorted((TOP / "tests/integration").glob("test_*.py"))


def run_integration(r, directory, label="", env=None, skip=()):
    environment = {"CAMWARD_BUILD": str(TOP / directory), **(env or {})}
    r.steps((f"{label}{test.stem}", [PYTHON, "-m", "unittest", "-q", test.stem], environment, 900,
             test.parent) for test in integration_tests() if test.stem not in skip)


# Faults on purpose need a build of their own, and only one test wants it.
FAULTS = "test_faults"
PROGRAMS = ("service/broker/camwardd", "service/camera/camward-camera",
            "service/session/camward-gate", "service/ctl/camwardctl", "service/view/camward-view")


def faults(r):
    if build(r, "faults", "build-faults", ["-Dfaults=true"], targets=PROGRAMS):
        r.step(FAULTS, [PYTHON, "-m", "unittest", "-q", FAULTS],
               {"CAMWARD_BUILD": str(TOP / "build-faults")}, 900, TOP / "tests/integration")


def integration(r):
    if build(r, "gcc", "build"):
        run_integration(r, "build", skip=(FAULTS,))
    faults(r)


def browser(r):
    r.say("browser: there is no page yet")


def vm_timeout(job):
    """What the job itself says it takes at most, in seconds; the longest are begun first."""
    said = re.search(r"^# vm:.* timeout=(\d+)", job.read_text(), re.M)
    return int(said.group(1)) if said else 180


def vm(r):
    if not build(r, "gcc", "build"):
        return
    r.say("vm: building the virtual machine, about three minutes unless it is cached")
    if not r.step("the virtual machine builds", ["tests/vm/build"], timeout=1800):
        return
    jobs = sorted((TOP / "tests/vm/jobs").glob("*.sh"), key=vm_timeout, reverse=True)
    r.steps((f"vm {job.stem}", ["tests/vm/run", str(job)], None, vm_timeout(job) + 60)
            for job in jobs)


def fuzz_command(name):
    thing = name.removeprefix("fuzz-")
    found = TOP / "build-fuzz/found" / thing
    found.mkdir(parents=True, exist_ok=True)
    command = [str(TOP / "build-fuzz/tests/fuzz" / name), f"-max_total_time={FUZZ_SECONDS}",
               "-timeout=5", "-print_final_stats=0", "-verbosity=0",
               f"-artifact_prefix={found}/crash-", str(found)]
    corpus = TOP / "tests/fuzz/corpus" / thing
    return command + [str(corpus)] if corpus.is_dir() else command


def fuzz(r):
    names = sorted(source.stem for source in (TOP / "tests/fuzz").glob("fuzz-*.c"))
    if not build(r, "fuzz", "build-fuzz", ["-Dfuzz=true"], {"CC": "clang-14"},
                 [f"tests/fuzz/{name}" for name in names]):
        return
    r.steps((name, fuzz_command(name), SANITIZER_ENV, FUZZ_SECONDS + 120) for name in names)


def sanitize(r):
    if build(r, "asan", "build-asan", SANITIZED):
        run_unit(r, "build-asan", "asan: ", SANITIZER_ENV)
        run_integration(r, "build-asan", "asan: ", dict(SANITIZER_ENV, CAMWARD_SANITIZED="1"), (FAULTS,))
    # clang: gcc's ThreadSanitizer does not know the ring's fences, and says so.
    if build(r, "tsan", "build-tsan", ["-Db_sanitize=thread", "-Db_lundef=false"],
             {"CC": "clang-14"}, [f"tests/unit/test-{name}" for name in THREADED]):
        run_unit(r, "build-tsan", "tsan: ", SANITIZER_ENV, THREADED)


GROUPS = {
    "style": (style, "format, rooms, files, clang without warnings"),
    "unit": (unit, "the rooms' parts, and the test tools themselves"),
    "integration": (integration, "real processes on a private bus, real players"),
    "browser": (browser, "the page (not built yet)"),
    "vm": (vm, "real drivers in a virtual machine"),
    "fuzz": (fuzz, "each parser for a short while"),
    "sanitize": (sanitize, "unit and integration under ASan and UBSan, threads under TSan"),
}


def main():
    listed = "\n".join(f"  {name:<12} {what}" for name, (_, what) in GROUPS.items())
    parser = argparse.ArgumentParser(
        prog="./check", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Runs the tests and ends with the line 'N passed, N failed'.",
        epilog=f"groups:\n{listed}\n  all          all of them (the default)\n\n"
               "CAMWARD_FUZZ_SECONDS: how long each fuzz target runs (default 8).")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="which groups (default: all)")
    parser.add_argument("--lanes", type=int, default=min(os.cpu_count() or 1, 4), metavar="N",
                        help="how many tests run side by side (default: as many as cores, up to 4)")
    arguments = parser.parse_args()
    if arguments.lanes < 1:
        parser.error("--lanes wants 1 or more")
    chosen = arguments.groups or ["all"]
    for group in chosen:
        if group not in GROUPS and group != "all":
            parser.error(f"there is no group {group}; there are: {', '.join(GROUPS)}, all")
    if "all" in chosen:
        chosen = list(GROUPS)

    r = Results(arguments.lanes)
    r.stop_on_signals()
    for group in chosen:
        if r.stopped:
            break
        r.say(f"== {group}")
        GROUPS[group][0](r)
    if r.failures:
        print("failed: " + ", ".join(r.failures))
    if r.stopped:
        print(f"stopped by {r.stopped.name}: what came after did not run")
    print(f"{r.passed} passed, {r.failed} failed")
    if r.stopped:
        return 128 + r.stopped
    return 1 if r.failed else 0


if __name__ == "__main__":
    sys.exit(main())
