# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nobody finds out by asking, nor by a clock, which clients and cameras there are: refusals that
mean different things are the same bytes after the same time. The samples are interleaved, so that
a busy machine slows all kinds alike, and judged by their medians. A difference that is there shows
each time; one that a busy machine makes does not."""

import statistics
import time
import unittest

import harness
import rtsp

SAMPLES = 60
ROUNDS = 4
# Between the medians of answers that are alike, and of all. A refusal that waits for a disk or a lock
# shows; a comparison more or less is far below what TLS and three processes add to each.
FACTOR_ALIKE = 1.4
FACTOR = 2.5
WRONG = "A" * 43


class Enumeration(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=2))
        cls.info = cls.demo.info
        removed = cls.demo.ctl_json("client", "add", "removed")["token"]
        cls.demo.ctl("client", "remove", "removed")
        small = cls.demo.ctl_json("client", "add", "small")["token"]
        cls.demo.ctl("grant", "small", "front", "live", "--only-sub")
        owner, guest = cls.demo.token("owner"), cls.demo.token("guest")
        cls.kinds = {
            "unknown client": (401, "front", "nobody", owner),
            "wrong token": (401, "front", "owner", WRONG),
            "removed client": (401, "front", "removed", removed),
            "wrong token, unknown camera": (401, "nowhere", "owner", WRONG),
            "unknown camera": (404, "nowhere", "guest", guest),
            "ungranted camera": (404, "back", "guest", guest),
            "ungranted camera's sub": (404, "back/sub", "guest", guest),
            "ungranted stream": (404, "front", "small", small),
        }

    def refuse(self, kind):
        """(the answer, seconds from the request to it)"""
        status, camera, name, token = self.kinds[kind]
        with rtsp.Client("127.0.0.1", self.info["rtsps_port"], camera) as c:
            c.authorize(name, token)
            # The first answer of a session pays for pages that it touches for the first time.
            self.assertEqual(c.request("OPTIONS").status, 200)
            begin = time.perf_counter()
            response = c.request("DESCRIBE")
            took = time.perf_counter() - begin
        self.assertEqual(response.status, status, kind)
        return response.without_cseq(), took

    def sample(self):
        """The median of each kind, in seconds; the bytes are compared here."""
        times = {kind: [] for kind in self.kinds}
        answers = {401: set(), 404: set()}
        for _ in range(SAMPLES):
            for kind in self.kinds:
                answer, took = self.refuse(kind)
                times[kind].append(took)
                answers[self.kinds[kind][0]].add(answer)
        self.assertEqual([len(a) for a in answers.values()], [1, 1], answers)
        return {kind: statistics.median(t) for kind, t in times.items()}

    def is_alike(self, medians):
        if max(medians.values()) >= FACTOR * min(medians.values()):
            return False
        for status in (401, 404):
            alike = [m for kind, m in medians.items() if self.kinds[kind][0] == status]
            if max(alike) >= FACTOR_ALIKE * min(alike):
                return False
        return True

    def test_refusals_differ_neither_in_bytes_nor_in_time(self):
        told = []
        for _ in range(ROUNDS):
            medians = self.sample()
            if self.is_alike(medians):
                return
            told.append(", ".join(f"{kind}: {1e6 * m:.0f} us" for kind, m in medians.items()))
        self.fail("\n".join(told))


if __name__ == "__main__":
    unittest.main()
