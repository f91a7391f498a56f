#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A second verifier of sealed frames, written from docs/SEAL.md alone: it shares nothing with the
service. Used as a module:

    v = Verifier(root, "h264", "live", uuid=...)
    verdict = v.statement(certificate, statement, nonce, exporter, asked, answered)
    verdict, seal = v.unit(bytes, boottime, realtime)

Times are microseconds. As a program: seal.py judge < CASES prints a verdict a line, for cases as
in tests/unit/data/seal/README; seal.py file --root HEX FILE judges an Annex-B file whose access units
begin with delimiters, or a JPEG."""

import argparse
import hashlib
import re
import struct
import sys
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

UUID = bytes.fromhex("f1f8ec4a3b5c4b0e9c1d63616d776172")
H264, JPEG, HEVC = 1, 2, 3
CODECS = {"h264": H264, "jpeg": JPEG, "hevc": HEVC}
MAX_AGE, TOLERANCE, WALL = 5_000_000, 1_000_000, 10_000_000
SEAL_MAX = 374
SETS_MAX, SETS_BYTES = 16, 4096


class Refused(Exception):
    """With the verdict's name."""


def need(condition, verdict):
    if not condition:
        raise Refused(verdict)


def signed_by(key, context, body, signature):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, context + b"\0" + body)
    except (InvalidSignature, ValueError):
        return False
    return True


def since(later, earlier):
    return max(-(1 << 60), min(1 << 60, later - earlier))


@dataclass
class Certificate:
    raw: bytes
    uuid: bytes
    epoch: int
    issued: int
    key: bytes
    name: str


def read_certificate(data, root):
    """Of a certificate that has its size."""
    n = data[1]
    name = data[66:66 + n]
    need(re.fullmatch(rb"[a-z0-9][a-z0-9._-]*", name), "certificate")
    need(signed_by(root, b"camward seal certificate v1", data[:66 + n], data[66 + n:]), "root")
    epoch, issued = struct.unpack(">QQ", data[18:34])
    return Certificate(data, data[2:18], epoch, issued, data[34:66], name.decode())


@dataclass
class Seal:
    keyframe: bool
    stream: int
    codec: int
    uuid: bytes
    epoch: int
    sequence: int
    realtime: int
    boottime: int
    sets_hash: bytes
    unit_hash: bytes
    certificate: bytes
    body: bytes
    signature: bytes


def certificate_size(data):
    """By its own fields; None: it has none."""
    need(not data or data[0] == 1, "version")
    if len(data) < 2 or not 1 <= data[1] <= 64:
        return None
    return 66 + data[1] + 64


def parse_seal(data):
    need(data, "seal-malformed")
    need(data[0] == 1, "version")
    need(len(data) >= 116 and not data[1] & ~3 and data[2] <= 1, "seal-malformed")
    size = 0
    if data[1] & 2:
        size = certificate_size(data[116:])
        need(size, "seal-malformed")
    need(len(data) == 116 + size + 64, "seal-malformed")
    epoch, sequence, realtime, boottime = struct.unpack(">QQQQ", data[20:52])
    return Seal(bool(data[1] & 1), data[2], data[3], data[4:20], epoch, sequence, realtime,
                boottime, data[52:84], data[84:116], data[116:116 + size], data[:116 + size],
                data[116 + size:])


def escape(payload):
    """Emulation prevention."""
    out, zeros = bytearray(), 0
    for byte in payload:
        if zeros == 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def wrap(codec, seal):
    size = len(UUID) + len(seal)
    message = b"\x05" + b"\xff" * (size // 255) + bytes([size % 255]) + UUID + seal + b"\x80"
    return (b"\x4e\x01" if codec == HEVC else b"\x06") + escape(message)


def unwrap(codec, nal):
    """The only seal whose one encoding this can be; what it is not is found by making it again."""
    payload = nal[2 if codec == HEVC else 1:]
    plain = re.sub(rb"\0\0\x03", b"\0\0", payload)
    at = 1
    while plain[at:at + 1] == b"\xff":
        at += 1
    seal = plain[at + 1 + len(UUID):-1]
    need(len(seal) <= SEAL_MAX and wrap(codec, seal) == nal, "seal-malformed")
    return seal


def nal_units(stream):
    """None: no byte stream."""
    match = re.match(rb"\0*\0\0\x01", stream)
    if not match:
        return None
    parts = stream[match.end():].split(b"\0\0\x01")
    return [nal for part in parts if (nal := part.rstrip(b"\0"))]


def is_seal_sei(payload):
    if payload[:1] != b"\x05":
        return False
    at = 1
    while payload[at:at + 1] == b"\xff":
        at += 1
    return payload[at + 1:at + 17] == UUID


def classify_h264(nal):
    kind = nal[0] & 31
    if kind == 5:
        return "key"
    if 1 <= kind <= 4:
        return "slice"
    if kind == 6:
        return "seal" if is_seal_sei(nal[1:]) else "hashed"
    if kind in (7, 8, 13, 15):
        return "set"
    if 9 <= kind <= 12:
        good = {9: len(nal) == 2 and nal[0] == 9 and nal[1] & 31 == 16,
                10: nal == b"\x0a", 11: nal == b"\x0b",
                12: re.fullmatch(rb"\x0c\xff*\x80", nal)}[kind]
        return ("filler" if kind == 12 else "framing") if good else "bad"
    return "hashed"


def classify_hevc(nal):
    kind = nal[0] >> 1 & 63
    if kind <= 31:
        return "key" if 16 <= kind <= 23 else "slice"
    if kind <= 34:
        return "set"
    if kind <= 38:
        temporal = nal[1] <= 7
        good = {35: nal[0] == 0x46 and temporal and len(nal) == 3 and nal[2] & 31 == 16,
                36: nal == b"\x48\x01", 37: nal == b"\x4a\x01",
                38: nal[0] == 0x4c and temporal and re.fullmatch(rb"\xff*\x80", nal[2:])}[kind]
        return ("filler" if kind == 38 else "framing") if good else "bad"
    if kind == 39:
        return "seal" if is_seal_sei(nal[2:]) else "hashed"
    return "hashed"


def classify(codec, nal):
    if len(nal) < (2 if codec == HEVC else 1) or nal[0] & 0x80:
        return "bad"
    if codec == HEVC:
        return "bad" if nal[1] & 7 == 0 else classify_hevc(nal)
    return classify_h264(nal)


def rank(codec, nal):
    if codec == HEVC:
        return (nal[0] >> 1 & 63) - 32
    return 2 if nal[0] & 31 == 8 else 1


def digest(nals):
    h = hashlib.sha256()
    for nal in nals:
        h.update(struct.pack(">I", len(nal)) + nal)
    return h.digest()


@dataclass
class Unit:
    """What an access unit is found to be before its seal is looked into."""
    seal: bytes
    keyframe: bool
    hash: bytes
    sets: list = field(default_factory=list)
    late_set: bool = False


def read_stream(codec, data):
    nals = nal_units(data)
    need(nals, "malformed")
    kinds = [classify(codec, nal) for nal in nals]
    need("bad" not in kinds, "malformed")
    slices = [i for i, kind in enumerate(kinds) if kind in ("slice", "key")]
    need(slices, "malformed")
    need("framing" not in kinds[slices[0]:slices[-1]], "malformed")
    seals = [i for i, kind in enumerate(kinds) if kind == "seal"]
    need(seals, "unsealed")
    need(len(seals) == 1 and seals[0] < slices[0], "seal-malformed")
    sets = [i for i, kind in enumerate(kinds) if kind == "set"]
    hashed = [n for n, kind in zip(nals, kinds) if kind in ("slice", "key", "hashed")]
    return Unit(unwrap(codec, nals[seals[0]]), "key" in kinds, digest(hashed),
                [nals[i] for i in sets], any(i > slices[0] for i in sets))


def read_jpeg(data):
    need(len(data) >= 4 and data[:2] == b"\xff\xd8" and data[-2:] == b"\xff\xd9", "malformed")
    at, end, found = 2, len(data) - 2, []
    while True:
        need(at + 4 <= end and data[at] == 0xff, "malformed")
        size = struct.unpack(">H", data[at + 2:at + 4])[0]
        need(size >= 2 and at + 2 + size <= end, "malformed")
        if data[at + 1] == 0xda:
            break
        if data[at + 1] == 0xeb and data[at + 4:at + 2 + size][:16] == UUID:
            found.append((at, at + 2 + size))
        at += 2 + size
    need(found, "unsealed")
    need(len(found) == 1 and found[0][0] == 2, "seal-malformed")
    start, stop = found[0]
    seal = data[start + 20:stop]
    need(len(seal) <= SEAL_MAX, "seal-malformed")
    return Unit(seal, True, hashlib.sha256(data[:start] + data[stop:]).digest())


class Verifier:
    def __init__(self, root, codec, freshness, uuid=None, name=None, max_age=MAX_AGE,
                 tolerance=TOLERANCE, switching=False):
        self.root, self.uuid, self.name = root, uuid, name
        self.codec = CODECS.get(codec, codec)
        self.freshness = freshness
        self.switching = switching  # wanted is a stream that changes between main and sub
        self.max_age, self.tolerance = max_age, tolerance
        self.certificate = None
        self.sets = []
        self.said = None  # the statement in force
        self.last = None
        self.chained = False
        self.anchor = None
        self.floor = None  # the keyframe accepted last

    def reconnect(self):
        self.said, self.last, self.chained, self.anchor, self.sets = None, None, False, None, []

    def check_certificate(self, data):
        if self.certificate and data == self.certificate.raw:
            return self.certificate
        certificate = read_certificate(data, self.root)
        need(self.uuid in (None, certificate.uuid), "camera")
        need(self.name in (None, certificate.name), "camera")
        if self.certificate:
            need(certificate.uuid == self.certificate.uuid, "camera")
            need(certificate.epoch >= self.certificate.epoch, "epoch")
            need(certificate.epoch != self.certificate.epoch, "certificate")
        return certificate

    def statement(self, certificate, statement, nonce, exporter, asked, answered):
        self.said, self.last, self.chained = None, None, False
        try:
            need(certificate_size(certificate) == len(certificate), "certificate")
            by = self.check_certificate(certificate)
            need(not statement or statement[0] == 1, "version")
            need(len(statement) == 188 and statement[1] <= 1 and statement[2] <= 1 and
                 statement[3] == 0, "statement")
            need(signed_by(by.key, b"camward lease statement v1", statement[:124],
                           statement[124:]), "statement")
            epoch, _, first, _, boottime = struct.unpack(">QQQQQ", statement[20:60])
            need(statement[4:20] == by.uuid, "camera")
            need(epoch == by.epoch, "epoch")
            need(statement[60:92] == nonce, "nonce")
            need(statement[92:124] == exporter, "exporter")
            need(bool(statement[2]) == self.switching, "stream")
        except Refused as e:
            return str(e)
        self.certificate = by
        self.said = {"stream": statement[1], "epoch": epoch, "first": first, "boottime": boottime,
                     "asked": asked, "answered": answered}
        return "valid"

    def parameter_set(self, nal):
        self.sets = self.with_set(self.sets, nal)

    def with_set(self, sets, nal):
        if nal in sets:
            return sets
        need(not sets or rank(self.codec, nal) >= rank(self.codec, sets[-1]), "parameter-sets")
        sets = sets + [nal]
        need(len(sets) <= SETS_MAX and sum(map(len, sets)) <= SETS_BYTES, "parameter-sets")
        return sets

    def sets_with(self, unit):
        """The parameter sets in force with this unit."""
        if not unit.sets:
            return self.sets
        need(not unit.late_set, "parameter-sets")
        if not unit.keyframe:
            need(all(nal in self.sets for nal in unit.sets), "parameter-sets")
            return self.sets
        sets = []
        for nal in unit.sets:
            sets = self.with_set(sets, nal)
        kinds = {rank(self.codec, nal) for nal in sets}
        need(kinds == ({0, 1, 2} if self.codec == HEVC else {1, 2}), "parameter-sets")
        return sets

    def check_seal(self, seal):
        need(seal.codec == self.codec, "codec")
        need(seal.certificate or (self.certificate and not seal.keyframe), "no-certificate")
        by = self.check_certificate(seal.certificate) if seal.certificate else self.certificate
        need(seal.uuid == by.uuid, "camera")
        need(seal.epoch == by.epoch, "epoch")
        need(signed_by(by.key, b"camward frame seal v1", seal.body, seal.signature), "signature")
        if self.switching:
            need(seal.keyframe or not self.changes(seal), "stream")
            return by
        need(not self.said or seal.stream == self.said["stream"], "stream")
        need(self.said or not self.floor or seal.stream == self.floor.stream, "stream")
        need(not self.changes(seal), "stream")
        return by

    def changes(self, seal):
        return bool(self.last) and seal.stream != self.last.stream

    @staticmethod
    def later(seal, other):
        """By how much: in their stream, or by the time that both have."""
        return seal.sequence - other.sequence if seal.stream == other.stream else \
            seal.boottime - other.boottime

    def check_content(self, seal, unit):
        need(seal.keyframe == unit.keyframe, "keyframe")
        sets = self.sets_with(unit)
        if sets or unit.keyframe or self.chained:
            need(seal.sets_hash == digest(sets), "parameter-sets")
        need(seal.unit_hash == unit.hash, "picture")
        return sets

    def check_live(self, seal, own):
        captured = since(seal.boottime, self.said["boottime"])
        need(since(own, self.said["answered"]) - captured <= self.max_age, "stale")
        need(captured - since(own, self.said["asked"]) <= self.tolerance, "future")

    def becomes_anchor(self, seal, new_epoch, own):
        return self.anchor is None or new_epoch or \
            since(seal.boottime, self.anchor[0]) > since(own, self.anchor[1])

    def check_fresh(self, seal, new_epoch, boottime, realtime):
        if self.freshness == "live":
            self.check_live(seal, boottime)
        elif self.freshness == "file":
            need(not self.last or new_epoch or seal.boottime >= self.last.boottime, "stale")
        elif self.becomes_anchor(seal, new_epoch, boottime):
            if self.freshness == "relay":
                need(since(realtime, seal.realtime) <= WALL, "stale")
                need(since(seal.realtime, realtime) <= WALL, "future")
        else:
            need(since(boottime, self.anchor[1]) - since(seal.boottime, self.anchor[0]) <=
                 self.max_age, "stale")

    def judge(self, data, boottime, realtime):
        need(self.freshness != "live" or self.said, "statement")
        unit = read_jpeg(data) if self.codec == JPEG else read_stream(self.codec, data)
        seal = parse_seal(unit.seal)
        by = self.check_seal(seal)
        sets = self.check_content(seal, unit)
        new_epoch = bool(self.last) and seal.epoch != self.last.epoch
        need(seal.sequence > 0, "sequence")
        need(not self.last or new_epoch or self.later(seal, self.last) > 0, "sequence")
        need(not self.said or seal.epoch != self.said["epoch"] or
             seal.stream != self.said["stream"] or seal.sequence >= self.said["first"], "sequence")
        need(self.said or not self.floor or seal.epoch != self.floor.epoch or
             self.later(seal, self.floor) >= 0, "sequence")
        self.check_fresh(seal, new_epoch, boottime, realtime)
        follows = self.chained and not new_epoch and not self.changes(seal) and \
            seal.sequence == self.last.sequence + 1
        if self.becomes_anchor(seal, new_epoch, boottime):
            self.anchor = (seal.boottime, boottime)
        self.certificate, self.sets, self.last = by, sets, seal
        self.floor = seal if seal.keyframe else self.floor
        return "valid" if seal.keyframe or follows else "waiting", seal

    def unit(self, data, boottime=0, realtime=0):
        """(verdict, what the seal says or None)."""
        try:
            verdict, seal = self.judge(data, boottime, realtime)
        except Refused as e:
            verdict, seal = str(e), None
        self.chained = verdict == "valid"
        return verdict, seal


def run_cases(lines):
    """Yields a verdict for each statement and unit of cases as in tests/unit/data/seal/README."""
    def read(text):
        return b"" if text == "-" else bytes.fromhex(text)

    settings, sets, verifier = {}, [], None
    for words in (line.split() for line in lines):
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "case":
            settings, sets, verifier = {}, [], None
        elif words[0] == "codec":
            settings["codec"] = int(words[1])
        elif words[0] in ("freshness", "name"):
            settings[words[0]] = words[1]
        elif words[0] == "switching":
            settings["switching"] = True
        elif words[0] in ("root", "uuid"):
            settings[words[0]] = read(words[1])
        elif words[0] in ("set", "statement", "unit", "reconnect"):
            verifier = verifier or Verifier(**settings)
            if words[0] == "reconnect":
                verifier.reconnect()
            elif words[0] == "set":
                verifier.parameter_set(read(words[1]))
            elif words[0] == "unit":
                yield verifier.unit(read(words[3]), int(words[1]), int(words[2]))[0]
            else:
                yield verifier.statement(*map(read, words[1:5]), int(words[5]), int(words[6]))
        else:
            raise ValueError(words[0])


def split_units(codec, data):
    """The access units of a byte stream in which each begins with a delimiter."""
    mark = rb"\0?\0\0\x01\x46\x01" if codec == HEVC else rb"\0?\0\0\x01\x09"
    starts = [m.start() for m in re.finditer(mark, data)]
    return [data[a:b] for a, b in zip(starts, starts[1:] + [len(data)])]


def judge_file(arguments):
    data = open(arguments.file, "rb").read()
    codec = CODECS[arguments.codec]
    verifier = Verifier(bytes.fromhex(arguments.root), codec, "file", name=arguments.camera)
    refused = 0
    for n, unit in enumerate([data] if codec == JPEG else split_units(codec, data)):
        verdict, seal = verifier.unit(unit)
        refused += seal is None
        about = f" {verifier.certificate.name} epoch {seal.epoch} sequence {seal.sequence} " \
            f"at {seal.realtime}" if seal else ""
        print(f"{n} {verdict}{about}")
    return 1 if refused else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("judge")
    file = verbs.add_parser("file")
    file.add_argument("--root", required=True)
    file.add_argument("--codec", choices=CODECS, default="h264")
    file.add_argument("--camera")
    file.add_argument("file")
    arguments = parser.parse_args()
    if arguments.verb == "file":
        return judge_file(arguments)
    for verdict in run_cases(sys.stdin):
        print(verdict)
    return 0


if __name__ == "__main__":
    sys.exit(main())
