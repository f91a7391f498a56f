# SPDX-License-Identifier: LGPL-2.1-or-later
"""What camwardctl says before it needs the service: help, misuse, and a service that is not there.

A misuse must be found before anything is sent: here there is no bus at all, so a verb that went on
would leave with status 1 instead of 2."""

import os
import pathlib
import re
import shlex
import subprocess
import tempfile
import unittest

import harness
from ctl_case import CTL

NOWHERE = "unix:path=/nonexistent/bus"

VERBS = ("status", "doctor", "seal-root", "cameras", "camera set", "camera controls", "camera adopt",
         "camera rename", "camera forget", "clients", "client add", "client rename",
         "client move", "client forget", "client remove", "client token",
         "client certificate", "client pin", "client unpin", "client user", "invite", "integrations",
         "integration add", "integration rename", "integration remove", "grants", "grant",
         "revoke", "leases", "lease end", "exposure", "ledger verify", "ledger export",
         "ledger head", "suspend", "resume", "metrics", "agent", "backup", "restore",
         "identity renew", "erase", "watch")

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/> <allow send_destination="*"/> <allow receive_sender="*"/>
  </policy>
</busconfig>
"""


def run(*arguments, bus=NOWHERE, stdout=subprocess.PIPE):
    return subprocess.run([CTL, *arguments], stdin=subprocess.DEVNULL, stdout=stdout,
                          stderr=subprocess.PIPE, text=True, timeout=20,
                          env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=bus, TZ="UTC"))


class Help(unittest.TestCase):
    def test_help_lists_every_verb(self):
        done = run("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        listed = re.findall(r"^  ([a-z][a-z-]*(?: [a-z]+)?) {2,}", done.stdout, re.M)
        self.assertEqual(tuple(listed), VERBS)

    def test_every_verb_has_usage_and_an_example_of_itself(self):
        for verb in VERBS:
            with self.subTest(verb):
                done = run(*verb.split(), "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                usage, _, does, *_ = done.stdout.splitlines()
                self.assertTrue(usage.startswith(f"Usage: camwardctl {verb}"))
                self.assertRegex(does, r"^[A-Z]")
                options = re.findall(r"--[a-z0-9-]+", usage)
                self.assertEqual(len(options), len(set(options)), usage)
                examples = re.findall(r"^    (camwardctl .*)$", done.stdout, re.M)
                self.assertTrue(examples)
                for example in examples:
                    self.assertTrue(example.startswith(f"camwardctl {verb}"))
                    # It is well formed: all that fails is that there is no bus.
                    self.assertEqual(run(*shlex.split(example)[1:]).returncode, 1, example)

    def test_help_fits_a_terminal(self):
        for verb in ("", *VERBS):
            for line in run(*verb.split(), "--help").stdout.splitlines():
                self.assertLessEqual(len(line), 100, line)

    def test_version_is_the_projects(self):
        version = re.search(r"version: '([^']+)'", (harness.TOP / "meson.build").read_text())[1]
        done = run("--version")
        self.assertEqual((done.returncode, done.stdout), (0, f"camwardctl {version}\n"))

    def test_the_manual_knows_every_verb_and_option(self):
        manual = (harness.TOP / "docs/man/camwardctl.1").read_text()
        entries = re.split(r"\n\.(?:It Cm |Sh |Ss )", manual)
        for verb in VERBS:
            entry = "".join(e for e in entries if re.match(rf"{verb}\b", e))
            self.assertTrue(entry, verb)
            said = run(*verb.split(), "--help").stdout
            for option in re.findall(r"^  --([a-z0-9-]+)", said, re.M):
                if option not in ("json", "help"):
                    self.assertRegex(entry, rf"Fl -{option}\b", verb)


class Misuse(unittest.TestCase):
    def assert_misused(self, *arguments, says, usage=""):
        done = run(*arguments)
        self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
        sentence, line = done.stderr.splitlines()
        self.assertIn(says, sentence)
        self.assertTrue(line.startswith(f"Usage: camwardctl {usage}"), line)

    def test_no_verb(self):
        self.assert_misused(says="Name a verb")
        self.assert_misused("--json", says="Name a verb")

    def test_an_unknown_verb_suggests_the_nearest(self):
        for given, nearest in (("stauts", "status"), ("camers", "cameras"), ("suspnd", "suspend"),
                               ("grnat", "grant"), ("lease edn", "lease end"),
                               ("client ad phone", "client add"), ("lesaes", "leases")):
            self.assert_misused(*given.split(), says=f"did you mean '{nearest}'?")

    def test_a_word_far_from_every_verb_gets_no_suggestion(self):
        for given in ("frobnicate", "x", "a" * 500):
            done = run(given)
            self.assertEqual(done.returncode, 2)
            self.assertNotIn("did you mean", done.stderr)

    def test_half_a_verb_names_the_other_halves(self):
        self.assert_misused("client", says="'client add', 'client rename', 'client move', 'client forget'")
        self.assert_misused("lease", says="'lease end'")

    def test_unknown_options(self):
        self.assert_misused("--frob", says="no option --frob")
        self.assert_misused("grant", "a", "b", "live", "--untl", "now", says="mean --until?",
                            usage="grant")
        self.assert_misused("status", "--until", "now", says="status has no option --until",
                            usage="status")

    def test_missing_arguments_are_named(self):
        for given, missing in (("client add", "NAME"), ("client remove", "NAME"),
                               ("client token", "NAME"), ("camera set", "NAME"),
                               ("camera set front", "KEY=VALUE"), ("grant", "CLIENT"),
                               ("grant a", "CAMERA"), ("grant a b", "RIGHTS"),
                               ("revoke", "CLIENT"), ("lease end", "ID"), ("suspend", "KIND"),
                               ("suspend all", "--reason TEXT"), ("resume", "KIND"),
                               ("suspend camera --reason x", "NAME"), ("resume client", "NAME")):
            verb = next(v for v in sorted(VERBS, reverse=True) if given.startswith(v))
            self.assert_misused(*given.split(), says=f"needs {missing}", usage=verb)

    def test_settings_that_are_none(self):
        for word, says in (("gop", "write KEY=VALUE"), ("gop=", "a number from 1 on"),
                           ("gop=0", "a number from 1 on"), ("bitrate=-5", "a number from 1 on"),
                           ("fps=4294967296", "a number from 1 on"), ("size=10", "WIDTHxHEIGHT"),
                           ("gain=x", "a whole number"), ("gain=2147483648", "a whole number"),
                           ("gain=-2147483649", "a whole number"), ("=5", "have names of"),
                           ("Gain=5", "have names of"), (f"{'a' * 32}=5", "have names of")):
            self.assert_misused("camera", "set", "front", word, says=says, usage="camera set")
        self.assert_misused("camera", "set", "front", "gop=5", "gop=6", says="given twice",
                            usage="camera set")
        self.assert_misused("camera", "set", "front", *["gain=1"] * 33,
                            says="does not take the argument", usage="camera set")
        self.assert_misused("camera", "set", "Front", "gop=5", says="cannot be the camera's name",
                            usage="camera set")
        self.assertEqual(run("camera", "set", "front", *["gain=1"] * 32).returncode, 1)

    def test_too_many_arguments(self):
        for verb, given in (("status", "status x"), ("grant", "grant a b live x"),
                            ("revoke", "revoke a b c"), ("lease end", "lease end 1 2")):
            self.assert_misused(*given.split(), says="does not take the argument", usage=verb)
        self.assert_misused("suspend", "all", "x", "--reason", "y", says="takes no name",
                            usage="suspend")

    def test_options_without_their_value_or_twice(self):
        self.assert_misused("suspend", "all", "--reason", says="--reason needs a TEXT",
                            usage="suspend")
        self.assert_misused("suspend", "all", "--reason", "--json", says="--reason needs a TEXT",
                            usage="suspend")
        self.assert_misused("suspend", "all", "--reason=", says="--reason needs a TEXT",
                            usage="suspend")
        self.assert_misused("suspend", "all", "--reason=a", "--reason=b", says="given twice",
                            usage="suspend")
        self.assert_misused("client", "add", "a", "--quiet=yes", says="takes no value",
                            usage="client add")
        self.assert_misused("client", "token", "a", "--remove", "t", "--expires", "+1h",
                            says="neither --expires nor --quiet", usage="client token")

    def test_names_are_checked(self):
        for name in ("Front", "-x", "a/b", "", "a" * 65, "ü", "a b"):
            self.assert_misused("client", "add", "--", name, says="cannot be the client's name",
                                usage="client add")
        self.assert_misused("grant", "ok", "No", "live", says="cannot be the camera's name",
                            usage="grant")
        self.assert_misused("client", "add", "ok", "--integration", "No",
                            says="cannot be the integration's name",
                            usage="client add")
        self.assert_misused("suspend", "house", "x", "--reason", "y",
                            says="'house' cannot be suspended", usage="suspend")

    def test_rights_are_checked(self):
        for rights in ("watch", "live,", ",", "live,,still", "LIVE", "live still", ""):
            self.assert_misused("grant", "a", "b", rights, says="is not a right", usage="grant")

    def test_times_are_checked(self):
        for time in ("never", "someday", "2h", "+2", "10:00", "2026-01-02T10:00:00"):
            self.assert_misused("grant", "a", "b", "live", "--until", time, says="is not a time",
                                usage="grant")
        for time in ("2026-02-30", "2026-01-02 25:00", "1960-01-01"):
            self.assert_misused("client", "add", "a", "--expires", time,
                                says="there is no such time", usage="client add")

    def test_what_ends_must_end_ahead(self):
        for verb, option in (("client add a", "--expires"), ("client token a", "--expires"),
                             ("grant a b live", "--until")):
            usage = verb.removesuffix(" b live").removesuffix(" a")
            for time in ("2001-01-01T00:00:00Z", "now", "+0s"):
                self.assert_misused(*verb.split(), option, time, says="is not ahead of now",
                                    usage=usage)
        for limits in (["+2h", "+1h"], ["2099-01-02", "2099-01-02"]):
            self.assert_misused("grant", "a", "b", "live", "--from", limits[0], "--until",
                                limits[1], says="later than --from", usage="grant")

    def test_numbers_are_checked(self):
        for number in ("x", "1x", "+1", "01", "99999999999999999999"):
            self.assert_misused("lease", "end", number, says="is not the number of a lease",
                                usage="lease end")
            self.assert_misused("revoke", number, says="is not the number of a grant",
                                usage="revoke")

    def test_reasons_are_checked(self):
        for reason, says in (("a\nb", "printable ASCII"), ("é", "printable ASCII"),
                             ("x" * 128, "longer than 127")):
            self.assert_misused("suspend", "all", "--reason", reason, says=says, usage="suspend")
            self.assert_misused("lease", "end", "1", "--reason", reason, says=says,
                                usage="lease end")

    def test_what_was_misspelt_reaches_the_terminal_harmless(self):
        done = run("a\x1b[31m\x9b")
        self.assertNotRegex(done.stderr, "[\x00-\x09\x0b-\x1f\x7f-\x9f]")


class NoService(unittest.TestCase):
    def bus(self):
        directory = self.enterContext(tempfile.TemporaryDirectory(prefix="camward-test-"))
        path = pathlib.Path(directory) / "bus"
        config = pathlib.Path(directory) / "bus.conf"
        config.write_text(BUS_CONFIG.format(path=path))
        daemon = subprocess.Popen(["dbus-daemon", f"--config-file={config}", "--nofork",
                                   "--nopidfile"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.kill)
        harness.wait_until(path.exists, what="the bus")
        return f"unix:path={path}"

    def test_no_bus(self):
        done = run("status")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, f"camwardctl: There is no bus at {NOWHERE}, which"
                         " DBUS_SYSTEM_BUS_ADDRESS names: No such file or directory.\n")

    def test_no_service_on_the_bus(self):
        bus = self.bus()
        for arguments in ("status", "cameras", "clients", "grants", "leases", "watch",
                          "client add a", "client token a", "client remove a", "grant a b live",
                          "revoke a b", "revoke 1", "lease end 1", "suspend all --reason x",
                          "resume all", "status --json"):
            with self.subTest(arguments):
                done = run(*arguments.split(), bus=bus)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertEqual(done.stderr, f"camwardctl: camwardd is not running on this bus"
                                 f" ({bus}): start it by 'systemctl start camward', or set"
                                 " DBUS_SYSTEM_BUS_ADDRESS.\n")

    def test_output_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w") as full:
            done = run("--help", stdout=full)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output", done.stderr)


if __name__ == "__main__":
    unittest.main()
