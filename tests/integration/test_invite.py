# SPDX-License-Identifier: LGPL-2.1-or-later
"""camwardctl invite: what it prints suffices to watch, its files are private, and nothing is left
of an invitation that failed."""

import os
import pathlib
import re
import stat
import struct
import subprocess
import tempfile
import unittest
import urllib.parse
import zlib

import harness
from ctl_case import TOKEN, WithDemo


class Invite(WithDemo):
    def setUp(self):
        self.top = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def invite(self, name, *arguments):
        self.addCleanup(self.demo.ctl, "client", "remove", name, check=False)
        return self.demo.ctl_json("invite", name, *arguments)

    def address(self, camera):
        """Where the gate's socket is, whatever port the kernel gave it."""
        return f"rtsps://127.0.0.1:{self.info['rtsps_port']}/{camera}\n"

    def test_what_stands_before_the_gate_is_told(self):
        made = self.invite("ann", "front", "--host", "example.org", "--rtsps-port", "1322")
        self.assertEqual(made["rtsps"], ["rtsps://example.org:1322/"])

    def test_it_suffices_to_watch(self):
        made = self.invite("kim", "front")
        self.assertEqual(made["pin"], self.info["spki_sha256"])
        self.assertEqual(made["rtsps"], [f"rtsps://127.0.0.1:{self.info['rtsps_port']}/"])
        self.assertEqual(self.status("front", "kim", made["token"]), 200)
        self.assertEqual(self.status("back", "kim", made["token"]), 404)
        token = self.top / "token"
        token.write_text(made["token"])
        done = subprocess.run(
            [harness.BUILD / "service/view/camward-view", "--pin", "sha256/" + made["pin"],
             "--seal-root", made["seal_root"], "--token-file", str(token), "--frames", "5",
             made["rtsps"][0].replace("rtsps://", "rtsps://kim@") + "front"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_the_text_says_it_all(self):
        self.addCleanup(self.demo.ctl, "client", "remove", "jo", check=False)
        text = self.says("invite", "jo", "front", "back")
        for part in (self.info["spki_sha256"], "BEGIN CERTIFICATE", "camward-view", self.address("front"),
                     self.address("back"), "on this machine only", "shown this once"):
            self.assertIn(part, text)
        self.assertNotIn("https:", text)  # there is no page yet
        self.assertRegex(text, rf"password  {TOKEN.pattern}\n")
        self.assertNotIn("\033", text)
        command = text[text.index("camward-view --pin"):].split("\n\n")[0]
        self.assertNotRegex(command, TOKEN.pattern.replace("{43}", "{43}(?![=A-Za-z0-9+/_-])"))

    def test_the_qr_code_holds_the_link(self):
        png, svg = self.top / "x.png", self.top / "x.svg"
        made = self.invite("lee", "front", "--png", str(png), "--svg", str(svg))
        link = urllib.parse.urlsplit(made["link"])
        self.assertEqual((link.scheme, link.username, link.password, link.path),
                         ("rtsps", "lee", made["token"], "/front"))
        for path in png, svg:
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(modules_of_png(png.read_bytes()), modules_of_svg(svg.read_text()))

    def test_a_certificate_for_the_browser(self):
        path = self.top / "x.p12"
        made = self.invite("max", "front", "--pkcs12", str(path), "--expires", "+1d")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        subprocess.run(["openssl", "pkcs12", "-in", str(path), "-nodes", "-noout", "-passin",
                        "pass:" + made["passphrase"]], check=True, timeout=30,
                       stderr=subprocess.DEVNULL)
        client, = [c for c in self.demo.ctl_json("clients")["clients"] if c["name"] == "max"]
        certificate, = client["certificates"]
        self.assertEqual(certificate["expires"], made["expires"])

    def test_nothing_is_left_of_one_that_fails(self):
        path = self.top / "x.png"
        self.assertIn("no camera 'nowhere'",
                      self.refused("invite", "nobody", "front", "nowhere", "--png", str(path)))
        self.assertNotIn("nobody", self.says("clients") + self.says("grants"))
        self.assertFalse(path.exists())
        path.write_text("mine")
        self.assertIn("cannot be made", self.refused("invite", "nobody", "front", "--png",
                                                      str(path)))
        self.assertEqual(path.read_text(), "mine")
        self.assertNotIn("nobody", self.says("clients"))
        self.assertIn("owner", self.refused("invite", "owner", "front"))


def modules_of_png(data):
    """The black modules of an 8-bit grey PNG whose modules are 8 pixels."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, compressed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour) in ((8, 0), (1, 0)), (depth, colour)
        if kind == b"IDAT":
            compressed += body
        at += 12 + size
    raw, rows, before = zlib.decompress(compressed), [], bytes(width)
    for y in range(height):
        line = raw[y * (width + 1):(y + 1) * (width + 1)]
        before = unfilter(line[0], line[1:], before)
        rows.append(before)
    return {(x // 8, y // 8) for y in range(4, height, 8) for x in range(4, width, 8)
            if rows[y][x] == 0}


def unfilter(kind, line, before):
    out = bytearray()
    for x, byte in enumerate(line):
        left, up = (out[x - 1] if x else 0), before[x]
        corner = before[x - 1] if x else 0
        if kind == 4:
            p = left + up - corner
            near = min((abs(p - left), 0, left), (abs(p - up), 1, up), (abs(p - corner), 2, corner))
            guess = near[2]
        else:
            guess = {0: 0, 1: left, 2: up, 3: (left + up) // 2}[kind]
        out.append((byte + guess) & 255)
    return bytes(out)


def modules_of_svg(text):
    return {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", text)}


if __name__ == "__main__":
    unittest.main(verbosity=2)
