# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two verifiers that share nothing, the service's (seal-judge) and seal.py, against the test
vectors and against each other."""

import os
import pathlib
import random
import subprocess
import unittest

import seal

TOP = pathlib.Path(__file__).resolve().parents[2]
TOOLS = pathlib.Path(os.environ.get("CAMWARD_BUILD", TOP / "build")) / "tests/support"
VECTORS = TOP / "tests/unit/data/seal"
CODECS = ("h264", "hevc", "jpeg")
CASES = int(os.environ.get("CAMWARD_SEAL_CASES", 1200))  # a codec


def judge(text):
    """What the service's verifier says."""
    return subprocess.run([TOOLS / "seal-judge"], input=text, stdout=subprocess.PIPE, check=True,
                          text=True).stdout.split()


def steps(lines):
    """Those lines that get a verdict."""
    return [line for line in lines if line.startswith(("statement ", "unit "))]


def case(codec, name):
    """The lines of a case of the vectors."""
    lines = (VECTORS / f"{codec}.txt").read_text().splitlines()
    start = lines.index(f"case {name}")
    return lines[start:lines.index("", start)]


class Vectors(unittest.TestCase):
    def each(self):
        for codec in CODECS:
            text = (VECTORS / f"{codec}.txt").read_text()
            expected = [(n, line.rsplit(" = ", 1)[1]) for n, line in
                        enumerate(text.splitlines(), 1) if line.startswith(("statement ", "unit "))]
            self.assertGreater(len(expected), 100)
            yield codec, text, expected

    def test_they_are_what_the_program_writes(self):
        for codec, text, _ in self.each():
            made = subprocess.run([TOOLS / "seal-vectors", codec, VECTORS], check=True, text=True,
                                  stdout=subprocess.PIPE).stdout
            self.assertTrue(made == text, f"{codec}.txt is not what seal-vectors writes")

    def test_the_service_agrees(self):
        for codec, text, expected in self.each():
            self.assertEqual(list(zip([n for n, _ in expected], judge(text), strict=True)),
                             expected, codec)

    def test_the_second_verifier_agrees(self):
        for codec, text, expected in self.each():
            verdicts = list(seal.run_cases(text.splitlines()))
            self.assertEqual(list(zip([n for n, _ in expected], verdicts, strict=True)), expected,
                             codec)

    def test_they_reach_every_verdict(self):
        reached = {verdict for _, _, expected in self.each() for _, verdict in expected}
        self.assertEqual(reached, {
            "valid", "waiting", "malformed", "unsealed", "seal-malformed", "version", "codec",
            "no-certificate", "certificate", "root", "camera", "epoch", "stream", "signature",
            "keyframe", "parameter-sets", "picture", "sequence", "stale", "future", "nonce",
            "exporter", "statement"})


class Mutations(unittest.TestCase):
    """Units changed at random, by a fixed seed."""

    def setUp(self):
        self.random = random.Random(1)

    def flip(self, data):
        at = self.random.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << self.random.randrange(8)]) + data[at + 1:]

    def replace(self, data):
        at = self.random.randrange(len(data))
        return data[:at] + self.random.choice((b"\0", b"\1", b"\3", b"\xff", b"\x80", b"\xd9")) + \
            data[at + 1:]

    def insert(self, data):
        at = self.random.randrange(len(data) + 1)
        piece = self.random.choice((b"\0", b"\0\0\1", b"\0\0\0\1", b"\3", b"\xff", b"\0\0\1\x0a",
                                    b"\0\0\1\x0c\xff\x80", b"\0\0\1\x09\x10", b"\0\0\1\x48\1",
                                    b"\0\0\1\x46\1\x50", b"\0\0\1\x4c\1\xff\x80"))
        return data[:at] + piece + data[at:]

    def remove(self, data):
        at = self.random.randrange(len(data))
        return data[:at] + data[at + self.random.choice((1, 1, 2, 4, 64)):]

    def shuffle(self, data):
        """NAL units left out, doubled, in another order, and where they begin in another way."""
        nals = seal.nal_units(data) or [data]
        for _ in range(self.random.randrange(3)):
            i, k = self.random.randrange(len(nals)), self.random.randrange(len(nals))
            what = self.random.randrange(3)
            if what == 0:
                nals[i], nals[k] = nals[k], nals[i]
            elif what == 1:
                nals.insert(k, nals[i])
            elif len(nals) > 1:
                del nals[i]
        codes = (b"\0\0\1", b"\0\0\0\1", b"\0\0\0\0\1")
        return b"".join(self.random.choice(codes) + nal for nal in nals) + \
            self.random.choice((b"", b"\0", b"\0\0\0"))

    def splice(self, data, other):
        a, b = self.random.randrange(len(data)), self.random.randrange(len(other))
        return data[:a] + other[b:]

    def mutate(self, data, other):
        for _ in range(self.random.choice((1, 1, 1, 2, 5))):
            how = self.random.choice((self.flip, self.replace, self.insert, self.remove,
                                      self.shuffle, self.shuffle, self.splice))
            data = self.splice(data, other) if how == self.splice else how(data)
            data = data or b"\0"
        return data

    def one_case(self, lines):
        """A statement and units of a live case up to one, that one mutated, and the next."""
        head = [line for line in lines if not line.startswith("unit ")]
        units = [line.split() for line in lines if line.startswith("unit ")]
        n = self.random.randrange(len(units))
        other = bytes.fromhex(self.random.choice(units)[3])
        chosen = list(units[n])
        chosen[3] = self.mutate(bytes.fromhex(chosen[3]), other).hex()
        played = units[max(0, n - 1):n] if self.random.random() < .5 else units[:n]
        return head + [" ".join(words[:4]) for words in played + [chosen] + units[n + 1:n + 2]]

    def test_both_verifiers_say_the_same(self):
        for codec in CODECS:
            lines = case(codec, "live")
            cases = [line for _ in range(CASES) for line in self.one_case(lines)]
            theirs = judge("\n".join(cases) + "\n")
            ours = list(seal.run_cases(cases))
            for line, a, b in zip(steps(cases), theirs, ours, strict=True):
                self.assertEqual(a, b, f"{codec}: seal-judge says {a}, seal.py {b} of {line}")
            # Not vacuous: both accepted and refused many, for many reasons.
            self.assertGreater(theirs.count("valid"), CASES)
            self.assertGreater(len(set(theirs)), 6 if codec == "jpeg" else 8)


if __name__ == "__main__":
    unittest.main()
