# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who has received what: the answer, its proof, and what is found when somebody changes it."""

import json
import os
import pathlib
import shutil
import tempfile
import unittest

import harness
import ledger
import rtsp
import tls

FIRST_DAY = "2000-01-01"


class Exposure(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=2))
        cls.info = cls.demo.info
        cls.demo.ctl("client", "add", "hub", "--integration", "nest")
        cls.received = cls.watch("owner", cls.demo.token("owner"), 40)
        token = cls.demo.ctl_json("client", "token", "hub")["token"]
        cls.demo.ctl("grant", "--integration", "nest", "back", "live")
        cls.by_hub = cls.watch("hub", token, 10, "back")
        for _ in range(3):
            try:
                cls.watch("stranger", cls.demo.token("stranger"), 1)
            except rtsp.Refused:
                pass
        harness.wait_until(lambda: cls.written("front") == 1 and cls.written("back") == 1 and
                           cls.exposure("--camera", "front")["denials"], 20, "the ledger's rows")

    @classmethod
    def viewer(cls, name, token, camera="front"):
        viewer = rtsp.Client("127.0.0.1", cls.info["rtsps_port"], camera, cls.info["spki_sha256"])
        cls.addClassCleanup(viewer.close)
        viewer.authorize(name, token)
        viewer.play()
        return viewer

    @classmethod
    def watch(cls, name, token, count, camera="front"):
        """How many frames it received."""
        viewer = cls.viewer(name, token, camera)
        n = len(list(viewer.access_units(count=count)))
        lease = next(l["id"] for l in cls.demo.leases() if l["client"] == name)
        cls.demo.ctl("lease", "end", str(lease), "--reason", "enough")
        try:
            for _ in viewer.access_units():
                n += 1
        except tls.Ended:
            return n

    @classmethod
    def exposure(cls, *arguments):
        return cls.demo.ctl_json("exposure", *arguments)

    @classmethod
    def written(cls, camera):
        """How many leases have ended by the ledger."""
        return sum(d["to"] is not None for d in cls.exposure("--camera", camera)["deliveries"])

    def assert_is_owners(self, delivery):
        self.assertEqual((delivery["client"], delivery["camera"], delivery["address"],
                          delivery["reason"]), ("owner", "front", "127.0.0.1", "enough"))
        self.assertLessEqual(delivery["frames_low"], self.received)
        self.assertGreaterEqual(delivery["frames_high"], self.received)
        self.assertGreaterEqual(delivery["exposed"], delivery["frames_high"])
        self.assertIs(delivery["uncertain"], False)
        self.assertGreaterEqual(delivery["last_frame"] - delivery["first_frame"] + 1,
                                delivery["frames_low"])
        self.assertLess(delivery["from"], delivery["to"])

    def test_by_camera_client_and_integration(self):
        front = self.exposure("--camera", "front", "--since", FIRST_DAY)
        self.assertEqual(len(front["deliveries"]), 1)
        self.assert_is_owners(front["deliveries"][0])
        self.assertLessEqual(front["frames_low"], self.received)
        self.assertGreaterEqual(front["frames_high"], self.received)
        self.assert_is_owners(self.exposure("--client", "owner")["deliveries"][0])
        hub, = self.exposure("--integration", "nest")["deliveries"]
        self.assertEqual((hub["client"], hub["integration"], hub["camera"]),
                         ("hub", "nest", "back"))
        self.assertLessEqual(hub["frames_low"], self.by_hub)

    def test_denials_are_part_of_the_answer(self):
        front = self.exposure("--camera", "front")
        self.assertGreaterEqual(front["denied"], 1)
        self.assertEqual({d["client"] for d in front["denials"]}, {"stranger"})
        self.assertEqual({d["address"] for d in front["denials"]}, {"127.0.0.1"})
        self.assertEqual(self.exposure("--client", "stranger")["deliveries"], [])

    def test_only_the_time_that_is_asked_for(self):
        self.assertEqual(self.exposure("--camera", "front", "--until", FIRST_DAY)["deliveries"], [])
        self.assertEqual(self.exposure("--camera", "front", "--since", "now")["deliveries"], [])
        self.assertEqual(len(self.exposure("--camera", "front", "--since", "-1h")["deliveries"]), 1)

    def test_who_watches_now_is_there(self):
        viewer = self.viewer("guest", self.demo.token("guest"))
        list(viewer.access_units(count=3))
        running, = self.exposure("--client", "guest", "--until", "now")["running"]
        self.assertEqual(self.exposure("--client", "guest", "--until", "-1h")["running"], [])
        self.assertEqual(self.exposure("--client", "guest", "--until",
                                       running["since"])["running"], [])
        self.assertEqual((running["camera"], running["state"]), ("front", "running"))
        self.assertIn("is watching", self.demo.ctl("exposure", "--client", "guest").stdout)

    def test_who_watches_now_is_of_what_it_was_of_then(self):
        self.demo.ctl("client", "add", "mover", "--integration", "before")
        token = self.demo.ctl_json("client", "token", "mover")["token"]
        self.demo.ctl("grant", "mover", "back", "live")
        self.demo.ctl("integration", "add", "after")
        list(self.viewer("mover", token, "back").access_units(count=3))
        self.demo.ctl("client", "move", "mover", "after")
        running, = self.exposure("--integration", "before")["running"]
        self.assertEqual((running["client"], running["integration"]), ("mover", "before"))
        self.assertEqual(self.exposure("--integration", "after")["running"], [])

    def test_the_text_is_for_people(self):
        text = self.demo.ctl("exposure", "--camera", "front").stdout
        self.assertRegex(text, r"(?m)^\S.* owner +front +main +\d+.* 127\.0\.0\.1 +enough$")
        self.assertRegex(text, r"(?m)^\d+ deliver(y|ies), .*; \d+ denied\.$")
        nobody = self.demo.ctl("exposure", "--camera", "frnt").stdout
        self.assertIn("Nobody", nobody)
        self.assertIn("There is no camera of that name", nobody)

    def test_misuse_is_explained(self):
        for arguments in ((), ("--camera", "Front"), ("--camera", "front", "--since", "someday")):
            done = self.demo.ctl("exposure", *arguments, check=False)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertRegex(done.stderr, r"\Acamwardctl: .+\n")

    def test_the_uuid_stands_beside_the_name(self):
        uuids = {event["camera_uuid"] for event in self.export_events() if event["kind"] == 2}
        self.assertEqual(uuids, {self.demo.uuid(c).replace("-", "") for c in ("front", "back")})

    # The proof

    def export(self):
        return self.demo.ctl("ledger", "export").stdout.splitlines()

    def export_events(self):
        return ledger.check(self.export(), self.seal_root())

    def seal_root(self):
        return pathlib.Path(self.info["seal_root"]).read_text()

    def test_an_export_convinces_another_verifier(self):
        events = self.export_events()
        self.assertEqual(events[0]["kind"], 1)
        closed = next(e for e in events if e["kind"] == 2 and e["client"] == "owner")
        self.assertEqual(closed["peer_address"], "00000000000000000000ffff7f000001")
        self.assertEqual(closed["offered"], closed["delivered"] + sum(
            closed[f"skipped_{reason}"] for reason in ("late", "overrun", "join", "switch")))

    def verify_file(self, lines, *more):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            return self.demo.ctl("ledger", "verify", "--file", file.name, "--seal-root",
                                 self.info["seal_root"], *more, check=False)

    def assert_found(self, lines, how):
        """By both verifiers."""
        with self.assertRaises((ledger.Broken, ValueError, KeyError, TypeError), msg=how):
            ledger.check(lines, self.seal_root())
        done = self.verify_file(lines)
        self.assertEqual((done.returncode, done.stdout), (1, ""), how)
        self.assertRegex(done.stderr, r"\Acamwardctl: ", how)

    def assert_each_character_counts(self, lines, at):
        """Each digit of this line's values, the salt, address and port of a viewer among them."""
        record = json.loads(lines[at])
        values = record.get("head", record)
        for key, value in values.items():
            text = str(value)
            for i, character in enumerate(text):
                changed = text[:i] + ("1" if character != "1" else "2") + text[i + 1:]
                changed = type(value)(changed)
                other = {**values, key: changed}
                line = json.dumps({"head": other} if "head" in record else other)
                with self.assertRaises((ledger.Broken, ValueError), msg=f"{key} of line {at}"):
                    ledger.check([*lines[:at], line, *lines[at + 1:]], self.seal_root())

    def test_whatever_is_changed_in_an_export_is_found(self):
        lines = self.export()
        self.assertEqual(self.verify_file(lines).returncode, 0)
        events = [json.loads(line) for line in lines]
        for at, event in enumerate(events[1:-1], 1):
            for key, value in event.items():
                changed = value + 1 if isinstance(value, int) else \
                    ("1" if value[:1] == "0" else "0") + value[1:]
                other = [*lines[:at], json.dumps({**event, key: changed}), *lines[at + 1:]]
                if at <= 2 or key.startswith("peer_"):
                    self.assert_found(other, f"{key} of event {at}")
                else:
                    with self.assertRaises((ledger.Broken, ValueError), msg=f"{key} of {at}"):
                        ledger.check(other, self.seal_root())
        self.assert_each_character_counts(lines, 2)
        self.assert_each_character_counts(lines, len(lines) - 1)
        self.assert_found(lines[:2] + lines[3:], "an event removed")
        self.assert_found(lines[:-2] + lines[-1:], "the last event removed")
        self.assert_found(lines[:-1], "the head removed")
        self.assert_found([lines[0], lines[2], lines[1], *lines[3:]], "events exchanged")
        self.assert_found(lines[:2] + lines[1:], "an event twice")
        anchor = dict(json.loads(lines[-1])["head"], seq=1, hash=events[1]["hash"])
        start = json.dumps({**events[0], "anchors": [anchor]})
        self.assert_found([start, *lines[2:]], "an anchor forged")
        head = events[-1]["head"]
        self.assert_found([*lines[:-1], json.dumps({"head": {**head, "realtime": 1}})],
                          "the head's time changed")

    def test_the_service_is_checked_as_it_runs(self):
        verdict = self.demo.ctl_json("ledger", "verify")
        self.assertIs(verdict["whole"], True)
        self.assertGreaterEqual(verdict["events"], 4)
        self.assertIn("The ledger is whole", self.demo.ctl("ledger", "verify").stdout)


class Left(unittest.TestCase):
    """Clients that leave their integration while they watch."""

    def watch(self, demo, name):
        demo.ctl("client", "add", name, "--integration", "nest")
        demo.ctl("grant", name, "front", "live")
        viewer = rtsp.Client("127.0.0.1", demo.info["rtsps_port"], "front",
                             demo.info["spki_sha256"])
        self.addCleanup(viewer.close)
        viewer.authorize(name, demo.ctl_json("client", "token", name)["token"])
        viewer.play()
        list(viewer.access_units(count=5))
        return viewer

    def test_what_they_received_stays_with_the_integration(self):
        with harness.Demo(cameras=1) as demo:
            self.watch(demo, "removed")
            moved = self.watch(demo, "moved")
            demo.ctl("client", "remove", "removed")
            demo.ctl("client", "move", "moved", "--out")
            moved.close()
            harness.wait_until(lambda: not demo.leases(), 10, "the ends")

            def deliveries():
                return demo.ctl_json("exposure", "--integration", "nest")["deliveries"]

            harness.wait_until(lambda: all(d["to"] for d in deliveries()), 5, "their rows")
            self.assertEqual({d["client"] for d in deliveries()}, {"removed", "moved"})
            for delivery in deliveries():
                self.assertEqual(delivery["integration"], "nest")
                self.assertGreaterEqual(delivery["frames_high"], 5)
                self.assertIs(delivery["uncertain"], False)


class Head(unittest.TestCase):
    """The database as a whole put back."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="camward-test-")
        os.chmod(self.directory, 0o755)
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def run_once(self, then=lambda demo: None):
        with harness.Demo(cameras=1, directory=self.directory) as demo:
            info = demo.info
            viewer = rtsp.Client("127.0.0.1", info["rtsps_port"], "front", info["spki_sha256"])
            viewer.authorize("owner", demo.token("owner"))
            viewer.play()
            list(viewer.access_units(count=2))
            viewer.close()
            return then(demo)

    def database(self):
        return next(pathlib.Path(self.directory).rglob("camward.db"))

    def test_a_ledger_that_was_put_back_is_seen_by_who_kept_a_head(self):
        self.run_once()
        kept = pathlib.Path(self.directory) / "kept.json"
        copy = self.database().with_name("copy")
        shutil.copy2(self.database(), copy)

        def keep(demo):
            kept.write_text(demo.ctl("ledger", "head").stdout)
            return demo.ctl("ledger", "verify", "--head", str(kept)).stdout

        self.assertIn("not rolled back", self.run_once(keep))
        shutil.copy2(copy, self.database())
        for leftover in ("camward.db-wal", "camward.db-shm"):
            self.database().with_name(leftover).unlink(missing_ok=True)

        def look(demo):
            alone = demo.ctl("ledger", "verify", check=False)
            return alone.returncode, demo.ctl("ledger", "verify", "--head", str(kept), check=False)

        alone, against_head = self.run_once(look)
        self.assertEqual(alone, 0, "nobody can see it from within")
        self.assertEqual(against_head.returncode, 1)
        self.assertRegex(against_head.stderr, "rolled back")


if __name__ == "__main__":
    unittest.main()
