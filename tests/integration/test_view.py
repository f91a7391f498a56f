# SPDX-License-Identifier: LGPL-2.1-or-later
"""camward-view against a server that seals, or does one thing wrong: it shows nothing rather than
something wrong, says why at the first frame, and its exit status tells."""

import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import time
import unittest

import harness
from view_case import TOKEN, VERIFY, VIEW, SealingServer, View, ViewCase

OK, USAGE, UNREACHABLE, DENIED, REFUSED, SINK = range(6)
AT = 20  # the first access unit with the fault; keyframes are 0, 15, 30, ...

# fault: (verdict, how many frames are valid before)
FRAME_FAULTS = {
    "flip": ("picture", AT),
    "unsealed": ("unsealed", AT),
    "reorder": ("seal-malformed", AT),
    "other-camera": ("camera", AT),
    "other-root": ("signature", AT),
    "other-epoch-key": ("signature", AT),
    "replay": ("sequence", AT),
    "stale": ("stale", AT),
    "future": ("future", AT),
    "moved-seal": ("picture", AT),
    "sets": ("parameter-sets", 30),
    "no-keyframe-certificate": ("no-certificate", 30),
}
FIRST_FAULTS = {"other-root": "root", "other-camera": "camera", "unsealed": "unsealed",
                "flip": "picture", "stale": "stale", "sets": "parameter-sets"}
STATEMENT_FAULTS = {
    "wrong-nonce": "nonce",
    "wrong-exporter": "exporter",
    "no-statement": "statement",
    "statement-other-root": "root",
    "statement-other-camera": "camera",
}


class Watching(ViewCase):
    def test_a_valid_stream_is_shown_whole(self):
        with SealingServer(self.clip) as server:
            out, report = self.path("out.h264"), self.path("json")
            view = server.view("--frames", 60, "-o", out, json_file=report)
            self.assertEqual(view.status, OK, view.errors)
            self.assertEqual(view.frames["valid"], 60)
            self.assertEqual(view.frames["refused"], 0)
            self.assertEqual(view.report["camera"], "front")
            self.assertEqual(view.report["uuid"], server.info["uuid"])
            self.assertEqual(view.report["sequence"], {"first": 1, "last": 60})
            self.assertLess(view.report["age_ms"]["max"], 5000)
            self.assertEqual(view.report["gaps"], {"places": 0, "frames": 0})
            done = subprocess.run([str(VERIFY), "--seal-root", server.info["seal_root"], str(out)],
                                  stdout=subprocess.PIPE, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn("60 proven", done.stdout)
            frames = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-show_entries",
                                     "stream=nb_read_frames", "-of", "csv=p=0", str(out)],
                                    stdout=subprocess.PIPE, text=True, check=True).stdout
            self.assertEqual(int(frames), 60)
            self.assertEqual(os.stat(out).st_mode & 0o777, 0o600)

    def test_a_gap_is_counted_and_waits_for_a_keyframe(self):
        with SealingServer(self.clip, "--fault", "skip", "--at", AT) as server:
            view = server.view("--frames", 40)
            self.assertEqual(view.status, OK, view.errors)
            self.assertEqual(view.frames["waiting"], 9)
            self.assertEqual(view.frames["refused"], 0)
            self.assertEqual(view.report["gaps"]["places"], 1)
            self.assertGreaterEqual(view.report["gaps"]["frames"], 1)

    def test_the_ca_can_be_trusted_instead_of_the_key(self):
        with SealingServer(self.clip) as server:
            root = ["--seal-root", server.info["seal_root"]]
            view = server.view("--frames", 5, trust=["--ca", server.info["ca"], *root])
            self.assertEqual(view.status, OK, view.errors)
            wrong = server.view("--once", trust=[
                "--ca", "/etc/ssl/certs/ca-certificates.crt", *root])
            self.assertEqual(wrong.status, REFUSED, wrong.errors)

    def test_behind_a_relay_the_wall_clock_judges(self):
        with SealingServer(self.clip, "--relay") as server:
            self.assertEqual(server.view("--once").status, REFUSED)
            view = server.view("--relay", "--frames", 30)
            self.assertEqual(view.status, OK, view.errors)
        with SealingServer(self.clip, "--relay", "--fault", "stale") as server:
            view = server.view("--relay", "--frames", 30, "--once")
            self.assertEqual(view.status, OK, view.errors)  # six seconds are within the ten

    def test_the_camera_can_be_named_by_its_uuid(self):
        with SealingServer(self.clip) as server:
            view = server.view("--frames", 5, "--camera-uuid", server.info["uuid"])
            self.assertEqual(view.status, OK, view.errors)
            other = server.view("--once", "--camera-uuid", "6467965c-4129-4e8b-a5cb-e95e2849d616")
            self.assertEqual(other.status, REFUSED, other.errors)
            self.assertEqual(other.report["refused_by"], {"camera": 1})


class Confined(ViewCase):
    def status(self, pid):
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        return dict(re.findall(r"^(\w+):\s*(.*)$", text, re.M))

    def test_while_it_watches_it_can_do_little_and_leaves_nobody(self):
        with SealingServer(self.clip) as server:
            out = self.path("out")
            viewer = subprocess.Popen([str(VIEW), *server.trust, "--exec", f"cat >{out}",
                                       server.url], stdin=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL,
                                      env=dict(os.environ, CAMWARD_TOKEN=TOKEN))
            self.addCleanup(viewer.kill)
            harness.wait_until(lambda: out.exists() and out.stat().st_size > 0, 30, "frames")
            tree = f"/proc/{viewer.pid}/task/{viewer.pid}/children"
            found = {self.status(pid)["Name"]: pid
                     for pid in pathlib.Path(tree).read_text().split()}
            own, dialer, command = (self.status(pid) for pid in (
                viewer.pid, found["camward-view"], found.get("sh") or found["cat"]))
            self.assertEqual((own["Seccomp"], own["NoNewPrivs"]), ("2", "1"))
            self.assertEqual(int(own["CapEff"], 16), 0)
            self.assertEqual(dialer["NoNewPrivs"], "1")
            self.assertEqual(int(dialer["CapEff"], 16), 0)
            self.assertEqual(command["NoNewPrivs"], "0")
            viewer.send_signal(signal.SIGTERM)
            self.assertEqual(viewer.wait(30), OK)
            harness.wait_until(lambda: not os.path.exists(f"/proc/{found['camward-view']}"), 10,
                               "the dialer's end")

    def test_a_host_can_be_named(self):
        with SealingServer(self.clip) as server:
            view = server.view("--frames", 5, url=server.url.replace("127.0.0.1", "localhost"))
            self.assertEqual(view.status, OK, view.errors)
            view = server.view("--once", url=server.url.replace("127.0.0.1", "no-such.invalid"))
            self.assertEqual(view.status, UNREACHABLE, view.errors)
            self.assertIn("cannot find the host", view.errors)

    def test_a_file_without_a_certificate_is_told_at_once(self):
        with SealingServer(self.clip) as server:
            root = ["--seal-root", server.info["seal_root"]]
            for file, why in ((self.clip, "there is no certificate"), ("/none", "No such file")):
                view = server.view("--once", trust=["--ca", str(file), *root])
                self.assertEqual(view.status, USAGE, view.errors)
                self.assertIn(why, view.errors)


class Refusing(ViewCase):
    def test_each_wrong_frame_is_refused_at_once(self):
        for fault, (verdict, before) in FRAME_FAULTS.items():
            with self.subTest(fault), \
                    SealingServer(self.clip, "--fault", fault, "--at", AT) as server:
                view = server.view("--frames", 100, "--on-refusal", "exit")
                self.assertEqual(view.status, REFUSED, view.errors)
                self.assertEqual(view.report.get("first_refusal"),
                                 {"verdict": verdict, "after_valid": before}, view.errors)
                self.assertEqual(view.frames["valid"], before)
                self.assertEqual(view.frames["refused"], 1)
                self.assertIn("frame refused", view.errors)

    def test_nothing_is_shown_that_is_wrong_from_the_start(self):
        for fault, verdict in FIRST_FAULTS.items():
            with self.subTest(fault), SealingServer(self.clip, "--fault", fault) as server:
                out = self.path(f"{fault}.h264")
                view = server.view("--once", "-o", out, json_file=self.path("json"))
                self.assertEqual(view.status, REFUSED, view.errors)
                self.assertEqual(view.report["refused_by"], {verdict: 1})
                self.assertEqual(view.frames["valid"], 0)
                self.assertEqual(out.stat().st_size, 0)

    def test_each_wrong_statement_is_refused(self):
        for fault, verdict in STATEMENT_FAULTS.items():
            with self.subTest(fault), SealingServer(self.clip, "--fault", fault) as server:
                view = server.view("--once")
                self.assertEqual(view.status, REFUSED, view.errors)
                self.assertEqual(view.report["refused_by"], {verdict: 1})
                self.assertEqual(view.report["refused_statements"], 1)
                self.assertNotIn("SETUP", server.log.read_text())

    def say(self, url, *arguments, **keywords):
        """Standard error of a run that nobody asked for JSON; status."""
        done = subprocess.run([str(VIEW), *map(str, arguments), url], check=False, timeout=60,
                              stdin=subprocess.DEVNULL, env=dict(os.environ, CAMWARD_TOKEN=TOKEN),
                              **{"stderr": subprocess.PIPE, **keywords})
        return done.stderr.decode() if done.stderr else "", done.returncode

    def test_what_was_refused_is_said_in_the_end(self):
        with SealingServer(self.clip, "--fault", "wrong-nonce") as server:
            said, status = self.say(server.url, "--once", *server.trust)
            self.assertEqual(status, REFUSED, said)
            self.assertRegex(said.splitlines()[-1], "0 frames valid.*its lease refused .1.: .*")
        with SealingServer(self.clip) as server:
            said, status = self.say(server.url, "--once", "--pin", "sha256/" + "A" * 43 + "=",
                                    "--seal-root", server.info["seal_root"])
            self.assertEqual(status, REFUSED, said)
            self.assertIn("the server refused (1): it is another one", said.splitlines()[-1])

    def test_who_watches_a_terminal_is_told_that_frames_come(self):
        ours, terminal = pty.openpty()
        self.addCleanup(os.close, ours)
        with SealingServer(self.clip) as server:
            _, status = self.say(server.url, "--frames", 20, *server.trust, stderr=terminal)
            self.assertEqual(status, 0)
            os.close(terminal)
            said = os.read(ours, 4096).decode()
            self.assertEqual(said.count("checking front: frames come, and they are valid"), 1, said)
            said, status = self.say(server.url, "--frames", 20, *server.trust)
            self.assertEqual((status, said.count("checking")), (0, 0), said)

    def test_a_key_with_a_slip_in_it_is_no_file(self):
        said, status = self.say("rtsps://owner@127.0.0.1:1/front", "--insecure-server",
                                "--seal-root", "5a" * 31 + "5")
        self.assertEqual(status, 1)
        self.assertIn("neither an Ed25519 public key nor a file that is there", said)

    def test_another_root_is_refused(self):
        with SealingServer(self.clip) as server:
            trust = ["--pin", f"sha256/{server.info['pin']}", "--seal-root", "5a" * 32]
            view = server.view("--once", trust=trust)
            self.assertEqual(view.status, REFUSED, view.errors)
            self.assertEqual(view.report["refused_by"], {"root": 1})

    def test_another_server_gets_no_token(self):
        with SealingServer(self.clip) as server:
            trust = ["--pin", "sha256/" + "A" * 43 + "=", "--seal-root", server.info["seal_root"]]
            view = server.view("--refusals", 2, trust=trust)
            self.assertEqual(view.status, REFUSED, view.errors)
            self.assertEqual(view.report["refused_servers"], 2)
            self.assertNotIn("DESCRIBE", server.log.read_text())

    def test_tls_1_2_is_refused(self):
        with SealingServer(self.clip, "--fault", "plain") as server:
            view = server.view("--once")
            self.assertEqual(view.status, UNREACHABLE, view.errors)
            self.assertNotIn("DESCRIBE", server.log.read_text())

    def test_a_refused_frame_ends_the_connection_and_then_the_run(self):
        with SealingServer(self.clip, "--fault", "flip", "--at", 5) as server:
            view = server.view("--refusals", 2, "--frames", 1000)
            self.assertEqual(view.status, REFUSED, view.errors)
            self.assertEqual(view.report["connections"]["established"], 2)
            self.assertEqual(view.frames["valid"], 10)
            self.assertEqual(view.frames["refused"], 2)

    def test_skipping_goes_on_at_the_next_keyframe(self):
        with SealingServer(self.clip, "--fault", "flip", "--at", AT) as server:
            out = self.path("out.h264")
            view = server.view("--on-refusal", "skip", "--frames", 40, "-o", out,
                               json_file=self.path("json"))
            self.assertEqual(view.status, REFUSED, view.errors)
            self.assertEqual(view.report["connections"]["established"], 1)
            self.assertEqual(view.frames["refused"], 1)
            self.assertEqual(view.frames["waiting"], 9)
            done = subprocess.run([str(VERIFY), "--seal-root", server.info["seal_root"], "--json",
                                   str(out)], stdout=subprocess.PIPE, text=True, check=False)
            self.assertEqual(json.loads(done.stdout)["frames"]["valid"], 40)

    def test_without_proof_only_when_told_so(self):
        with SealingServer(self.clip, "--fault", "unsealed") as server:
            pin = ["--pin", f"sha256/{server.info['pin']}"]
            self.assertEqual(server.view("--once", trust=pin).status, USAGE)
            view = server.view("--frames", 10, trust=pin + ["--insecure-unsealed"])
            self.assertEqual(view.status, OK, view.errors)
            self.assertEqual(view.frames["unchecked"], 10)
            self.assertEqual(view.frames["valid"], 0)
            self.assertIn("INSECURE", view.errors)
            root = ["--seal-root", server.info["seal_root"]]
            self.assertEqual(server.view("--once", trust=root).status, USAGE)


class Connecting(ViewCase):
    def test_a_silent_connection_is_left(self):
        with SealingServer(self.clip, "--fault", "silence", "--at", 10) as server:
            started = time.monotonic()
            view = server.view("--frames", 15)
            self.assertEqual(view.status, OK, view.errors)
            self.assertEqual(view.report["connections"]["silent"], 1)
            self.assertGreater(time.monotonic() - started, 2.9)  # two of silence, one of waiting
            self.assertEqual(view.report["sequence"]["last"], 15)

    def test_a_cut_connection_is_made_again(self):
        with SealingServer(self.clip, "--fault", "cut", "--at", 10) as server:
            view = server.view("--frames", 25)
            self.assertEqual(view.status, OK, view.errors)
            self.assertEqual(view.report["connections"]["lost"], 2)
            once = server.view("--frames", 25, "--once")
            self.assertEqual(once.status, UNREACHABLE, once.errors)
            self.assertEqual(once.frames["valid"], 10)

    def test_what_was_proven_before_holds_after_a_reconnect(self):
        faults = {"again-older-epoch": ("epoch", []), "again-other-uuid": ("camera", []),
                  "again-the-same": ("sequence", ["--relay", "--insecure-no-clock"])}
        for fault, (verdict, options) in faults.items():
            with self.subTest(fault), SealingServer(self.clip, "--fault", fault, "--at", AT,
                                                    *options[:1]) as server:
                view = server.view("--frames", 100, "--on-refusal", "exit", *options)
                self.assertEqual(view.status, REFUSED, view.errors)
                self.assertEqual(view.report["first_refusal"],
                                 {"verdict": verdict, "after_valid": AT}, view.errors)
                self.assertEqual(view.frames["valid"], AT)

    def test_a_relay_may_begin_again_at_its_last_keyframe(self):
        with SealingServer(self.clip, "--fault", "again-the-same", "--at", 10, "--relay") as server:
            view = server.view("--frames", 15, "--relay")
            self.assertEqual(view.status, OK, view.errors)

    def test_a_server_that_breaks_the_protocol_is_left(self):
        for fault in ("garbage", "channel", "early-media"):
            with self.subTest(fault), SealingServer(self.clip, "--fault", fault) as server:
                view = server.view("--once")
                self.assertEqual(view.status, UNREACHABLE, view.errors)
                self.assertIn("broke the protocol", view.errors)

    def test_denied_is_denied(self):
        with SealingServer(self.clip) as server:
            view = server.view("--frames", 5, token="wrong")
            self.assertEqual(view.status, DENIED, view.errors)
            self.assertEqual(view.report["connections"]["attempts"], 1)
            self.assertNotIn("wrong", view.errors.replace("is wrong", ""))
        with SealingServer(self.clip, "--fault", "status") as server:
            self.assertEqual(server.view("--frames", 5).status, DENIED)

    def test_nobody_there(self):
        view = View("rtsps://owner@127.0.0.1:1/front", "--once", "--insecure-server",
                    "--insecure-unsealed")
        self.assertEqual(view.status, UNREACHABLE, view.errors)
        self.assertIn("cannot connect", view.errors)

    def test_the_token_comes_from_file_url_or_standard_input(self):
        with SealingServer(self.clip) as server:
            file = self.path("token")
            file.write_text(TOKEN + "\n")
            view = server.view("--frames", 2, "--token-file", file, token="wrong")
            self.assertEqual(view.status, OK, view.errors)
            view = server.view("--frames", 2, token=None, stdin=TOKEN.encode() + b"\n")
            self.assertEqual(view.status, OK, view.errors)
            url = server.url.replace("owner@", f"owner:{TOKEN}@")
            view = server.view("--frames", 2, token=None, url=url)
            self.assertEqual(view.status, OK, view.errors)

    def test_the_token_in_the_url_does_not_stay_in_the_command_line(self):
        with SealingServer(self.clip) as server:
            url = server.url.replace("owner@", f"owner:{TOKEN}@")
            popen = subprocess.Popen([str(VIEW), *server.trust, url], stderr=subprocess.PIPE)
            try:
                harness.wait_until(lambda: "PLAY" in server.log.read_text(), what="PLAY")
                with open(f"/proc/{popen.pid}/cmdline", "rb") as file:
                    self.assertNotIn(TOKEN.encode(), file.read())
            finally:
                popen.send_signal(signal.SIGTERM)
                popen.communicate(timeout=10)
            self.assertEqual(popen.returncode, OK)


class Sinks(ViewCase):
    def test_a_command_gets_the_frames_and_no_token(self):
        with SealingServer(self.clip) as server:
            out = self.path("out.h264")
            view = server.view("--frames", 30, "--exec", f"cat >{out}; env >{out}.env")
            self.assertEqual(view.status, OK, view.errors)
            done = subprocess.run([str(VERIFY), "--seal-root", server.info["seal_root"], str(out)],
                                  stdout=subprocess.PIPE, text=True, check=False)
            self.assertIn("30 proven", done.stdout)
            with open(f"{out}.env", encoding="ascii") as file:
                self.assertNotIn(TOKEN, file.read())

    def test_a_reader_that_stalls_loses_frames_and_makes_none_stale(self):
        with SealingServer(self.clip, "--fps", 60) as server:
            out = self.path("out.h264")
            view = server.view("--duration", 6, "--exec", f"sleep 3; cat >{out}", timeout=30)
            self.assertEqual(view.status, OK, view.errors)
            self.assertGreater(view.frames["dropped"], 0)
            self.assertEqual(view.report["connections"]["silent"], 0)
            done = subprocess.run([str(VERIFY), "--seal-root", server.info["seal_root"], "--json",
                                   str(out)], stdout=subprocess.PIPE, text=True, check=False)
            found = json.loads(done.stdout)
            self.assertEqual(found["frames"]["refused"] + found["frames"]["waiting"], 0)
            self.assertEqual(found["missing"], view.frames["dropped"])

    def test_a_command_that_ends_ends_the_run(self):
        with SealingServer(self.clip) as server:
            view = server.view("--duration", 30, "--exec", "head -c 50000 >/dev/null")
            self.assertEqual(view.status, OK, view.errors)
            view = server.view("--duration", 30, "--exec", "head -c 50000 >/dev/null; exit 3")
            self.assertEqual(view.status, SINK, view.errors)
            self.assertLess(view.report["elapsed_ms"], 25000)

    def test_a_full_disk_is_told(self):
        with SealingServer(self.clip) as server:
            view = server.view("--duration", 30, "-o", "/dev/full", json_file=self.path("json"))
            self.assertEqual(view.status, SINK, view.errors)
            self.assertIn("No space left", view.errors)

    def test_reports_come_in_between(self):
        with SealingServer(self.clip) as server:
            view = server.view("--duration", 3, "--interval", 1)
            self.assertEqual(view.status, OK, view.errors)
            self.assertGreaterEqual(len(view.reports), 3)
            self.assertNotIn("exit_status", view.reports[0])
            self.assertEqual(view.report["exit_status"], 0)


if __name__ == "__main__":
    unittest.main()
