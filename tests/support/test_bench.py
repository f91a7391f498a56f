# SPDX-License-Identifier: LGPL-2.1-or-later
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/bench"))
import viewers  # noqa: E402

BUILD = pathlib.Path(os.environ.get("CAMWARD_BUILD", TOP / "build"))
BUSY = "import time\nend = time.process_time() + {}\nwhile time.process_time() < end: pass\n"


class BenchTest(unittest.TestCase):
    def test_the_time_of_parent_children_and_others_is_counted(self):
        parent = subprocess.Popen([sys.executable, "-c", "import subprocess, sys\n"
                                   "for _ in range(2):\n subprocess.Popen([sys.executable, '-c', "
                                   + repr(BUSY.format(0.4) + "time.sleep(60)") + "])\n"
                                   "import time; time.sleep(60)"])
        other = subprocess.Popen([sys.executable, "-c", BUSY.format(0.3) + "time.sleep(60)"])
        self.addCleanup(lambda: [(p.kill(), p.wait()) for p in (parent, other)])
        server = viewers.Server(parent.pid, [other.pid])
        least = {"parent": 0.01, "children": 0.8, "others": 0.3}
        deadline, cpu = time.monotonic() + 20, dict.fromkeys(least, 0)
        while any(cpu[r] < least[r] for r in least) and time.monotonic() < deadline:
            time.sleep(0.1)
            processes, cpu = server.sample()
        self.assertEqual(len(processes), 4)
        for role, seconds in least.items():
            self.assertGreater(cpu[role], seconds)
            self.assertLess(cpu[role], seconds + 0.4)
        for pid in viewers.children(parent.pid):
            os.kill(pid, 9)

    def arguments(self, **options):
        return argparse.Namespace(build=BUILD, viewers=4, seconds=1, warm_up=1, rounds=1, **options)

    def test_bare_sender_sends_the_sizes_at_their_rate(self):
        with tempfile.NamedTemporaryFile("w") as sizes:
            sizes.write("50000\n10000\n")
            sizes.flush()
            run = viewers.measure_bare(self.arguments(), sizes.name)
        self.assertEqual(run["processes"], 5)
        self.assertEqual(run["report"]["ends"], {"finished": 4})
        self.assertAlmostEqual(run["bytes"], 4 * 30 * 30000, delta=4 * 130000)
        self.assertGreater(run["cpu_s"], 0)

    def test_a_client_that_fails_is_an_error(self):
        idle = subprocess.Popen(["sleep", "30"])
        self.addCleanup(lambda: (idle.kill(), idle.wait()))
        with self.assertRaises(viewers.BenchError):
            viewers.measure(self.arguments(), viewers.Server(idle.pid), ["--bare", "--port", "1"])

    def test_the_ratio_is_of_medians(self):
        runs = {name: [{"cpu_s_per_gb": v, "bytes": 1200} for v in values]
                for name, values in (("camward", (2, 9, 3)), ("bare", (1, 2, 50)))}
        result = viewers.summarize(self.arguments(), runs)
        self.assertEqual((result["ratio"], result["ratio_each_round"]), (1.5, [2, 4.5, 0.06]))
        self.assertEqual(result["frame_bytes"], 10)


if __name__ == "__main__":
    unittest.main()
