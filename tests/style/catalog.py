#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The journal's catalogue and the table of events belong together, and systemd can read it."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
TABLE = (TOP / "service/base/event.h").read_text()
CATALOG = TOP / "units/camward.catalog"
FIELDS = (TOP / "service/base/event.c").read_text()


def events():
    """Name and id of each, in the table's order."""
    return re.findall(r'X\((\w+),\s*"([^"]*)"\)', TABLE)


class Catalog(unittest.TestCase):
    def test_ids_are_128_bits_and_unique(self):
        ids = [i for _, i in events()]
        self.assertGreater(len(ids), 20)
        self.assertEqual(len(set(ids)), len(ids))
        for one in ids:
            self.assertRegex(one, r"^[0-9a-f]{32}$")

    def test_each_event_has_its_entry_and_each_entry_its_event(self):
        entries = re.findall(r"^# (\w+)\n-- (\w+)$", CATALOG.read_text(), re.M)
        self.assertEqual(entries, events())

    def test_entries_name_fields_that_there_are(self):
        for field in re.findall(r"@(\w+)@", CATALOG.read_text()):
            self.assertIn(f'"{field}"', FIELDS)

    def test_each_event_is_raised_somewhere(self):
        sources = "".join(p.read_text() for folder in ("service", "dbus")
                          for p in (TOP / folder).rglob("*.c"))
        for name, _ in events():
            self.assertTrue(re.search(rf"\bEVENT_{name}\b", sources), name)

    @unittest.skipUnless(shutil.which("journalctl"), "there is no journalctl")
    def test_systemd_reads_it(self):
        with tempfile.TemporaryDirectory() as root:
            place = pathlib.Path(root) / "usr/lib/systemd/catalog"
            place.mkdir(parents=True)
            (pathlib.Path(root) / "var/lib/systemd/catalog").mkdir(parents=True)
            shutil.copy(CATALOG, place)
            subprocess.run(["journalctl", f"--root={root}", "--update-catalog"], check=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            listed = subprocess.run(["journalctl", f"--root={root}", "--list-catalog"], check=True,
                                    stdout=subprocess.PIPE, text=True).stdout
        self.assertEqual(sorted(re.findall(r"^([0-9a-f]{32}) camward: ", listed, re.M)),
                         sorted(i for _, i in events()))


if __name__ == "__main__":
    unittest.main()
