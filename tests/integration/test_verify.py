# SPDX-License-Identifier: LGPL-2.1-or-later
"""camward-verify on recordings: those of camward-view, remuxed ones, the test vectors of all codecs,
and files that somebody has worked on."""

import random
import re
import subprocess
import unittest

import harness
from view_case import VERIFY, SealingServer, ViewCase, verify

OK, USAGE, UNREADABLE, REFUSED, GAPS = range(5)
VECTORS = harness.TOP / "tests/unit/data/seal"
FRAMES = 60
FRAGMENTED = ("-movflags", "frag_keyframe+empty_moov+default_base_moof")


def remux(source, target, *options):
    subprocess.run(["ffmpeg", "-y", "-v", "error", "-i", str(source), "-c", "copy", *options,
                    str(target)], check=True, stdin=subprocess.DEVNULL)


def access_units(data):
    """Of a recording of the sealing server, each as its NAL units: a slice ends one."""
    units, gathered = [], []
    for nal in re.split(rb"\x00\x00\x00\x01", data)[1:]:
        gathered.append(nal)
        if nal[0] & 0x1F in (1, 5):
            units.append(gathered)
            gathered = []
    return units


def byte_stream(units):
    return b"".join(b"\0\0\0\1" + nal for unit in units for nal in unit)


def vector_units(codec):
    """(root, access units) of the vectors' first case, as far as they are valid."""
    root, units = None, []
    for line in (VECTORS / f"{codec}.txt").read_text().splitlines():
        words = line.split()
        if line.startswith("case ") and units:
            break
        if line.startswith("root "):
            root = words[1]
        if line.startswith("unit ") and words[-1] == "valid":
            units.append(bytes.fromhex(words[3]))
    return root, units


class Recordings(ViewCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.recording = cls.clip.with_name("recording.h264")
        with SealingServer(cls.clip, "--fps", 120) as server:
            view = server.view("--frames", FRAMES, "-o", cls.recording,
                               json_file=cls.clip.with_name("json"))
            assert view.status == OK, view.errors
            cls.root, cls.uuid = server.info["seal_root"], server.info["uuid"]
        cls.units = access_units(cls.recording.read_bytes())
        assert len(cls.units) == FRAMES

    def file(self, data, name="x.h264"):
        path = self.path(name)
        path.write_bytes(data)
        return path

    def test_what_is_whole_is_proven(self):
        for name, options in (("a.mp4", ()), ("b.mp4", FRAGMENTED), ("d.mov", ()),
                              ("c.mp4", ("-movflags", "frag_keyframe+empty_moov")),
                              ("e.mp4", ("-movflags", "faststart"))):
            with self.subTest(f"{name} {options}"):
                target = self.path(name)
                remux(self.recording, target, *options)
                status, found = verify(target, self.root)
                self.assertEqual(status, OK, found)
                self.assertEqual(found["frames"]["valid"], FRAMES)
                self.assertEqual((found["camera"], found["uuid"]), ("front", self.uuid))
                self.assertEqual([(e["first"], e["last"]) for e in found["epochs"]],
                                 [(1, FRAMES)])
        status, found = verify(self.recording, self.root, "--camera", "front")
        self.assertEqual(status, OK, found)

    def test_what_is_missing_is_told(self):
        status, found = verify(self.file(byte_stream(self.units[:20] + self.units[30:])), self.root)
        self.assertEqual(status, GAPS, found)
        self.assertEqual([(g["before_frame"], g["missing"]) for g in found["gaps"]], [(21, 10)])
        status, found = verify(self.file(byte_stream(self.units[:20] + self.units[23:])), self.root)
        self.assertEqual(status, GAPS, found)
        self.assertEqual(found["frames"]["waiting"], 7)
        self.assertEqual(found["missing"], 3)

    def test_another_camera_or_root(self):
        for arguments in (("--camera", "back"), ("--camera", "6467965c-4129-4e8b-a5cb-e95e2849d616")):
            status, found = verify(self.recording, self.root, *arguments)
            self.assertEqual(status, REFUSED)
            self.assertEqual(found["faults"][0], {"frame": 1, "verdict": "camera"})
            self.assertEqual(found["frames"]["valid"], 0)
        status, found = verify(self.recording, "5a" * 32)
        self.assertEqual(status, REFUSED)
        self.assertEqual(found["by_verdict"]["root"], 4)  # its keyframes
        self.assertIsNone(found["camera"])

    def test_every_changed_frame_is_found(self):
        chance = random.Random(7)
        for _ in range(40):
            units = [list(unit) for unit in self.units]
            number = chance.randrange(FRAMES)
            which = chance.randrange(len(units[number]))
            nal = bytearray(units[number][which])
            nal[chance.randrange(1, len(nal))] ^= 1 << chance.randrange(8)
            units[number][which] = bytes(nal)
            status, found = verify(self.file(byte_stream(units)), self.root)
            self.assertEqual(status, REFUSED, (number, which, found))
            self.assertEqual(found["faults"][0]["frame"], number + 1)

    def test_frames_in_another_order_are_refused(self):
        units = list(self.units)
        units[20], units[21] = units[21], units[20]
        status, found = verify(self.file(byte_stream(units)), self.root)
        self.assertEqual(status, REFUSED, found)
        status, found = verify(self.file(byte_stream(self.units + self.units[:15])), self.root)
        self.assertEqual(status, REFUSED, found)
        self.assertEqual(found["faults"][0]["frame"], FRAMES + 1)

    def test_frames_in_a_row_with_one_fault_are_one_line(self):
        done = subprocess.run([str(VERIFY), "--seal-root", self.root, "--camera", "other",
                               str(self.file(byte_stream(self.units[:32])))],
                              stdout=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, REFUSED)
        reasons = "it is from another camera", "no certificate has come for its key"
        self.assertEqual(done.stdout.splitlines()[:-1], [
            f"frame 1: {reasons[0]}", f"frames 2 to 15: {reasons[1]}",
            f"frame 16: {reasons[0]}", f"frames 17 to 30: {reasons[1]}",
            f"frame 31: {reasons[0]}", f"frame 32: {reasons[1]}"])

    def test_a_file_cut_short_is_told(self):
        target = self.path("a.mp4")
        remux(self.recording, target, "-movflags", "faststart")
        data = target.read_bytes()
        status, found = verify(self.file(data[:len(data) // 2], "cut.mp4"), self.root)
        self.assertEqual(status, UNREADABLE, found)
        self.assertIn("damaged", found["damage"])
        self.assertGreater(found["frames"]["valid"], 10)
        self.assertEqual(found["frames"]["refused"], 0)

    def test_a_byte_stream_cut_short_is_told(self):
        def said(data):
            return subprocess.run([str(VERIFY), "--seal-root", self.root, str(self.file(data))],
                                  stdout=subprocess.PIPE, text=True, check=False).stdout

        whole, short = byte_stream(self.units[:20]), "it may be cut short"
        self.assertIn("frame 20: the picture is not the one that was sealed (the file ends here: "
                      f"{short})", said(whole[:-40]))
        self.assertNotIn(short, said(whole))
        # Whoever changed one in the middle did not cut it off.
        changed = bytearray(whole)
        changed[len(byte_stream(self.units[:10])) - 3] ^= 1
        self.assertIn("frame 10: ", said(bytes(changed)))
        self.assertNotIn(short, said(bytes(changed)))

    def test_two_nal_units_made_one_are_not_proven(self):
        """In MP4 a length can hide a start code: a player would see another NAL unit than a byte
        stream shows."""
        target = self.path("a.mp4")
        remux(self.recording, target)
        data = bytearray(target.read_bytes())
        unit = self.units[1]
        whole = b"".join(len(nal).to_bytes(4, "big") + nal for nal in unit)
        at = data.find(whole)
        self.assertGreater(at, 0)
        merged = len(whole) - 4
        data[at:at + 4] = merged.to_bytes(4, "big")
        second = at + 4 + len(unit[0])
        data[second:second + 4] = b"\0\0\0\1"
        status, found = verify(self.file(data, "merged.mp4"), self.root)
        self.assertEqual(status, REFUSED, found)
        self.assertEqual(found["faults"][0]["frame"], 2)
        self.assertEqual(found["faults"][0]["verdict"], "malformed")

    def test_what_is_no_recording(self):
        for name, data in (("empty", b""), ("text", b"hello\n"), ("box", b"\0\0\0\x08ftyp"),
                           ("zeros", bytes(1000))):
            with self.subTest(name):
                status, _ = verify(self.file(data, name), self.root)
                self.assertEqual(status, UNREADABLE)
        self.assertEqual(verify(self.directory.name, self.root)[0], UNREADABLE)
        self.assertEqual(verify(self.path("nothing"), self.root)[0], UNREADABLE)
        self.assertEqual(verify(self.recording, "zz")[0], USAGE)
        self.assertEqual(subprocess.run([str(VERIFY), str(self.recording)], check=False,
                                        stderr=subprocess.DEVNULL).returncode, USAGE)

    def test_an_unsealed_recording(self):
        status, found = verify(self.clip, self.root)
        self.assertEqual(status, REFUSED)
        self.assertEqual(found["by_verdict"], {"unsealed": found["frames"]["all"]})


class Codecs(ViewCase):
    def test_byte_streams_of_the_vectors(self):
        for codec in ("h264", "hevc"):
            root, units = vector_units(codec)
            path = self.path(codec)
            path.write_bytes(b"".join(units))
            status, found = verify(path, root)
            self.assertEqual(status, OK, found)
            self.assertEqual(found["frames"]["valid"], len(units))
            self.assertIn({"h264": "H.264", "hevc": "HEVC"}[codec], found["media"])

    def test_hevc_in_mp4(self):
        root, units = vector_units("hevc")
        stream, target = self.path("x.hevc"), self.path("x.mp4")
        stream.write_bytes(b"".join(units))
        remux(stream, target)
        status, found = verify(target, root)
        self.assertEqual(status, OK, found)
        self.assertEqual(found["frames"]["valid"], len(units))
        self.assertEqual(found["media"], "MP4 with HEVC")

    def test_jpeg(self):
        root, units = vector_units("jpeg")
        path = self.path("x.jpg")
        path.write_bytes(units[0])
        status, found = verify(path, root)
        self.assertEqual((status, found["frames"]["valid"]), (OK, 1), found)
        path.write_bytes(units[0] + b"\0")
        self.assertEqual(verify(path, root)[0], REFUSED)
        changed = bytearray(units[0])
        changed[-10] ^= 1
        path.write_bytes(changed)
        self.assertEqual(verify(path, root)[0], REFUSED)


if __name__ == "__main__":
    unittest.main()
