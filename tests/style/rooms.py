#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of rooms, checked: who may include whom, by the includes; what may be linked into
which program, by the symbols that only one room has. docs/ARCHITECTURE.md shows the same table."""

import pathlib
import re
import sys
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]

ROOMS = {
    "base": [],
    "v4l2": ["base"],
    "proto": ["base"],
    "wire": ["base"],
    "seal": ["base", "wire"],
    "broker": ["base", "proto", "seal"],
    "camera": ["base", "proto", "seal", "wire", "v4l2"],
    "session": ["base", "proto", "wire"],
    "dbus": ["base", "proto", "broker"],
    "ctl": ["base", "dbus", "seal"],
    "name": ["base", "v4l2"],
    "view": ["base", "seal", "wire", "v4l2"],
}

# Headers that a room gives to rooms which may not have the rest of it.
ONLY = {("ctl", "dbus"): {"dbus/names.h"},
        ("broker", "seal"): {"seal/key.h", "seal/certificate.h", "seal/ledger-chain.h"},
        ("ctl", "seal"): {"seal/key.h", "seal/ledger-chain.h"}}

# External headers by prefix, and the rooms that may include them.
EXTERNAL = {
    "sqlite3.h": {"broker"},
    "gnutls/": {"broker", "ctl", "session", "view"},
    "nettle/": {"seal"},
    "gmp.h": {"seal"},
    "seccomp.h": {"base"},
    "ini.h": {"broker", "name"},
    "systemd/sd-device.h": {"broker"},
    "wels/": {"camera", "view"},
    "libyuv": {"v4l2", "view"},
    "json-c/": {"ctl", "view"},
    "qrencode.h": {"ctl"},
    "png.h": {"ctl"},
    "linux/videodev2.h": {"v4l2", "camera", "name", "view"},
    "libv4lconvert.h": {"v4l2"},
    "libdrm/": {"view"},
    "xf86drm": {"view"},
    "drm_fourcc.h": {"view"},
    "drm.h": {"v4l2"},
    "systemd/sd-bus": {"dbus", "ctl"},
}

# One file of the broker's folder joins the rooms; it is no part of the broker's library.
COMPOSITION = {"service/broker/main.c": {"dbus"}}

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def room_folder(room):
    return TOP / room if room in ("v4l2", "dbus") else TOP / "service" / room


def sources(room):
    folder = room_folder(room)
    return sorted(p for p in folder.rglob("*.[ch]")) if folder.is_dir() else []


def includes(path):
    return INCLUDE.findall(path.read_text())


class Rooms(unittest.TestCase):
    def judge(self, room, name, header):
        """What is wrong with this include of ours, or None."""
        other = header.split("/")[0]
        if "/" not in header:
            return f'{name}: "{header}" does not carry its room'
        if other != room and other not in ROOMS[room] and other not in COMPOSITION.get(name, ()):
            return f'{name}: {room} may not include "{header}"'
        if (room, other) in ONLY and header not in ONLY[room, other]:
            return f"{name}: {room} may include of {other} only {sorted(ONLY[room, other])}"
        return None

    def test_rooms_include_only_what_the_table_permits(self):
        wrong = [self.judge(room, str(path.relative_to(TOP)), header) for room in ROOMS
                 for path in sources(room) for quote, header in includes(path) if quote == '"']
        self.assertEqual([w for w in wrong if w], [])

    def test_external_libraries_stay_in_their_rooms(self):
        wrong = []
        for room in ROOMS:
            for path in sources(room):
                name = str(path.relative_to(TOP))
                for quote, header in includes(path):
                    for prefix, may in EXTERNAL.items():
                        if quote == "<" and header.startswith(prefix) and room not in may and \
                                not (name in COMPOSITION and "dbus" in may):
                            wrong.append(f"{name}: {room} may not include <{header}>")
        self.assertEqual(wrong, [])

    def test_every_include_of_ours_exists(self):
        wrong = []
        for room in ROOMS:
            for path in sources(room):
                for quote, header in includes(path):
                    if quote == '"' and not ((TOP / header).exists() or
                                             (TOP / "service" / header).exists() or
                                             header.startswith("config")):
                        wrong.append(f"{path.relative_to(TOP)}: {header}")
        self.assertEqual(wrong, [])

    def test_the_table_finds_a_wrong_include(self):
        for room, header in (("session", "broker/lease.h"), ("broker", "session/gate.h"),
                             ("camera", "session/gate.h"), ("ctl", "dbus/bus.h"),
                             ("broker", "wire/rtsp.h"), ("broker", "seal/verifier.h"),
                             ("base", "proto/rights.h"),
                             ("session", "tls.h")):
            self.assertIsNotNone(self.judge(room, "x.c", header), f"{room} includes {header}")
        self.assertIsNone(self.judge("session", "x.c", "wire/rtsp.h"))


class Files(unittest.TestCase):
    def all_sources(self):
        found = [p for room in ROOMS for p in sources(room)]
        found += [p for p in (TOP / "tests").rglob("*.[ch]")]
        return found

    def test_every_source_names_its_licence(self):
        wrong = [str(p.relative_to(TOP)) for p in self.all_sources()
                 if "SPDX-License-Identifier" not in p.read_text().split("\n", 1)[0]]
        self.assertEqual(wrong, [])

    def test_no_file_outgrows_its_noun(self):
        wrong = [f"{p.relative_to(TOP)}: {n} lines" for p in self.all_sources()
                 if (n := len(p.read_text().splitlines())) > 500]
        self.assertEqual(wrong, [])

    def test_no_marks_of_unfinished_work(self):
        mark = re.compile("TODO|FIX" + "ME|XX" + "X")
        wrong = [str(p.relative_to(TOP)) for p in self.all_sources() if mark.search(p.read_text())]
        self.assertEqual(wrong, [])

    def test_no_method_gets_into_a_vtable_past_its_door(self):
        wrong = [str(p.relative_to(TOP)) for p in sources("dbus")
                 if p.name != "authorize.h" and re.search(r"SD_BUS_METHOD|VTABLE_METHOD|"
                                                          r"UNPRIVILEGED", p.read_text())]
        self.assertEqual(wrong, [])

    def test_headers_are_guarded(self):
        wrong = [str(p.relative_to(TOP)) for p in self.all_sources()
                 if p.suffix == ".h" and "#pragma once" not in p.read_text()]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
