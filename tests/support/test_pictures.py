#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The comparison of pictures finds what is missing, changed or out of order, and nothing else."""

import pathlib
import unittest

import pictures

DATA = pathlib.Path(__file__).resolve().parents[1] / "unit/data"
AUD = b"\0\0\0\1\x09\x10"
SETS = b"\0\0\0\1\x67\x42\xc0\x1e\0\0\0\1\x68\xce"


def slices(*numbers):
    return [(SETS if n == 0 else b"") + b"\0\0\1" + (b"\x65" if n == 0 else b"\x41") + bytes([9, n])
            for n in numbers]


def load(name):
    return (DATA / name).read_bytes()


def result(codec, given, received):
    found = pictures.compare(codec, b"".join(given), b"".join(received))
    return found["received"], found["unknown"], found["gaps"], found["missing"]


class H264(unittest.TestCase):
    GIVEN = slices(0, 1, 2, 3)

    def test_the_loop_goes_on(self):
        self.assertEqual(result("h264", self.GIVEN, slices(2, 3, 0, 1, 2, 3, 0)), (7, 0, 0, 0))

    def test_missing_pictures_are_counted(self):
        self.assertEqual(result("h264", self.GIVEN, slices(0, 3, 1)), (3, 0, 2, 3))

    def test_a_changed_byte_is_another_picture(self):
        changed = slices(0, 1)
        changed[1] = changed[1][:-1] + b"\7"
        self.assertEqual(result("h264", self.GIVEN, changed)[:2], (2, 1))
        changed = slices(0, 1)
        changed[0] = changed[0].replace(b"\x1e", b"\x1f")  # the SPS
        self.assertEqual(result("h264", self.GIVEN, changed)[:2], (2, 1))

    def test_delimiters_and_the_seal_do_not_count(self):
        seal = b"\0\0\0\1\6\5\x10" + pictures.SEAL_UUID + b"\x80"
        other = b"\0\0\0\1\6\5\x10" + bytes(range(1, 17)) + b"\x80"
        self.assertEqual(result("h264", self.GIVEN, [AUD + seal + s for s in slices(0, 1)]),
                         (2, 0, 0, 0))
        self.assertEqual(result("h264", self.GIVEN, [other + s for s in slices(1)])[1], 1)

    def test_equal_pictures_cannot_be_put_in_order(self):
        with self.assertRaises(ValueError):
            pictures.compare("h264", b"".join(slices(1, 1)), b"")


class Jpeg(unittest.TestCase):
    GIVEN = [load("jpeg-64x48-420.jpg"), load("jpeg-64x48-420-restart.jpg"),
             load("jpeg-64x48-422.jpg")]

    def test_the_loop_goes_on(self):
        self.assertEqual(result("mjpeg", self.GIVEN, self.GIVEN[1:] + self.GIVEN), (5, 0, 0, 0))

    def test_headers_that_do_not_make_the_picture_do_not_count(self):
        bare = self.GIVEN[0].replace(self.GIVEN[0][2:20], b"", 1)  # JFIF's APP0
        start = bare.index(b"\xff\xc4")
        bare = bare[:start] + bare[start + 420:]  # DHT
        self.assertEqual(result("mjpeg", self.GIVEN, [bare]), (1, 0, 0, 0))

    def test_a_picture_that_is_cut_off_is_left_out(self):
        self.assertEqual(result("mjpeg", self.GIVEN, [self.GIVEN[0], self.GIVEN[1][:-2]])[0], 1)

    def test_a_changed_byte_is_another_picture(self):
        for what, marker, at in (("table", b"\xff\xdb", 30), ("size", b"\xff\xc0", 6),
                                 ("sampling", b"\xff\xc0", 11), ("interval", b"\xff\xdd", 5),
                                 ("scan", b"\xff\xda", 30)):
            with self.subTest(what=what):
                changed = bytearray(self.GIVEN[1])
                changed[changed.index(marker) + at] ^= 1
                self.assertEqual(result("mjpeg", self.GIVEN, [bytes(changed)])[1], 1)


if __name__ == "__main__":
    unittest.main()
