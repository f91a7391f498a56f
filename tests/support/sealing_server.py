#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An RTSPS server that plays a clip sealed by docs/SEAL.md, or does one thing wrong on purpose: what
a broken hub, cloud or relay could do. It shares no code with the service.

    /usr/bin/python3 sealing_server.py CLIP.h264 --json FILE [--fault NAME] [--at N] [...]

CLIP: baseline H.264 in Annex B, one slice an access unit. FILE is written when it serves: port, pin,
seal root (hex), camera and uuid. --at: the first access unit (from 0, of a connection) with the
fault; again-*: what is served after the first connection, which is cut there.
Debian's own interpreter: pyOpenSSL gives the TLS exporter, which the ssl module does not.
"""

import argparse
import base64
import hashlib
import ipaddress
import datetime
import json
import os
import pathlib
import re
import socket
import struct
import threading
import time
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from OpenSSL import SSL, crypto

START_CODE = b"\0\0\0\1"
SEI_UUID = bytes.fromhex("f1f8ec4a3b5c4b0e9c1d63616d776172")
RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
FAULTS = (
    "flip", "unsealed", "reorder", "other-camera", "other-root", "other-epoch-key", "replay",
    "stale", "future", "moved-seal", "sets", "silence", "cut", "garbage", "wrong-nonce",
    "wrong-exporter", "no-statement", "statement-other-root", "statement-other-camera", "plain",
    "channel", "skip", "no-keyframe-certificate", "early-media", "status", "again-older-epoch",
    "again-other-uuid", "again-the-same",
)

AGAIN = tuple(fault for fault in FAULTS if fault.startswith("again-"))


def real_time():
    return time.clock_gettime_ns(time.CLOCK_REALTIME) // 1000


def boot_time():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


def public(key):
    return key.public_key().public_bytes(*RAW)


def sign(key, context, body):
    return body + key.sign(context + b"\0" + body)


# --- what is sealed (docs/SEAL.md) ---

class Camera:
    """One epoch of a camera."""

    def __init__(self, root, name, identity, epoch=7):
        self.name, self.uuid, self.epoch = name, identity, epoch
        self.key = Ed25519PrivateKey.generate()
        self.certificate = sign(root, b"camward seal certificate v1", struct.pack(
            ">BB16sQQ32s", 1, len(name), identity, epoch, real_time(), public(self.key)) +
            name.encode())

    def statement(self, nonce, exporter, first, stream=0, lease=42):
        return sign(self.key, b"camward lease statement v1", struct.pack(
            ">BBH16sQQQQQ32s32s", 1, stream, 0, self.uuid, self.epoch, lease, first, real_time(),
            boot_time(), nonce, exporter))

    def seal(self, unit, sequence, key=None, shift=0, certificate=True):
        """The access unit with its seal; shift: microseconds that its capture is off."""
        body = struct.pack(
            ">BBBB16sQQQQ32s32s", 1, 3 if unit.keyframe and certificate else int(unit.keyframe), 0,
            1, self.uuid, self.epoch, sequence, real_time() + shift, boot_time() + shift,
            digest(unit.sets), digest(unit.hashed))
        if unit.keyframe and certificate:
            body += self.certificate
        return sign(key or self.key, b"camward frame seal v1", body)


def digest(nals):
    return hashlib.sha256(b"".join(struct.pack(">I", len(n)) + n for n in nals)).digest()


def wrap(seal):
    """The SEI NAL unit."""
    size, payload = 16 + len(seal), bytearray(b"\5")
    payload += b"\xff" * (size // 255) + bytes([size % 255]) + SEI_UUID + seal + b"\x80"
    out, zeros = bytearray(b"\6"), 0
    for byte in payload:
        if zeros == 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


class Unit:
    def __init__(self, nals, sets):
        own = [n for n in nals if n[0] & 0x1F in (7, 8)]
        self.sets = own or sets
        self.before = own
        self.hashed = [n for n in nals if n[0] & 0x1F not in (7, 8, 9, 10, 11, 12)]
        self.keyframe = any(n[0] & 0x1F == 5 for n in nals)

    def sealed(self, seal):
        """NAL units in their order."""
        return self.before + ([wrap(seal)] if seal else []) + self.hashed


def read_clip(path):
    """Access units of a clip with one slice each."""
    nals = [n.rstrip(b"\0") for n in re.split(rb"\x00\x00\x01", path.read_bytes())]
    units, gathered, sets = [], [], []
    for nal in filter(None, nals):
        gathered.append(nal)
        if nal[0] & 0x1F in (1, 5):
            units.append(Unit(gathered, sets))
            sets, gathered = units[-1].sets, []
    return units


# --- RTP (RFC 6184) ---

class Packer:
    def __init__(self):
        self.sequence, self.ssrc = 65530, 0x01020304

    def packet(self, payload, timestamp, marker, channel=0):
        header = struct.pack(">BBHII", 0x80, 96 | marker << 7, self.sequence,
                             timestamp & 0xFFFFFFFF, self.ssrc)
        self.sequence = self.sequence + 1 & 0xFFFF
        return struct.pack(">cBH", b"$", channel, len(header) + len(payload)) + header + payload

    def unit(self, nals, timestamp, channel=0):
        out = []
        for i, nal in enumerate(nals):
            last = i == len(nals) - 1
            if len(nal) <= 1400:
                out.append(self.packet(nal, timestamp, last, channel))
                continue
            for at in range(1, len(nal), 1400):
                end = at + 1400 >= len(nal)
                flags = (at == 1) << 7 | end << 6 | nal[0] & 0x1F
                out.append(self.packet(bytes([nal[0] & 0xE0 | 28, flags]) + nal[at:at + 1400],
                                       timestamp, end and last, channel))
        return b"".join(out)


# --- one viewer ---

class Goodbye(Exception):
    pass


class Viewer:
    def __init__(self, server, tls):
        self.server, self.tls, self.buffer = server, tls, b""
        self.fault, self.at = server.arguments.fault, server.arguments.at
        self.first = server.next_sequence
        self.camera, self.again = server.camera, bool(server.sent)
        if self.again and self.fault == "again-older-epoch":
            self.camera = server.older
        if self.again and self.fault == "again-other-uuid":
            self.camera = server.namesake

    def read_request(self):
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.tls.recv(65536)
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines[1:])
        self.server.log(lines[0])
        return lines[0].split(" ")[0], fields

    def answer(self, fields, status="200 OK", headers=(), body=b""):
        lines = [f"RTSP/1.0 {status}", f"CSeq: {fields['CSeq']}", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.tls.sendall("\r\n".join(lines + ["", ""]).encode() + body)

    def statement(self, fields):
        nonce = base64.b64decode(fields["Camward-Nonce"])
        exporter = self.tls.export_keying_material(b"EXPORTER-Channel-Binding", 32)
        camera = self.camera
        if self.fault == "wrong-nonce":
            nonce = bytes(32)
        if self.fault == "wrong-exporter":
            exporter = bytes(32)
        if self.fault == "statement-other-root":
            camera = self.server.foreign
        if self.fault == "statement-other-camera":
            camera = self.server.other
        if self.fault == "no-statement" or self.server.arguments.relay:
            return []
        encode = lambda data: base64.b64encode(data).decode()
        return [f"Camward-Certificate: {encode(camera.certificate)}",
                f"Camward-Statement: {encode(camera.statement(nonce, exporter, self.first))}"]

    def describe(self, fields):
        expected = "Basic " + base64.b64encode(
            f"owner:{self.server.arguments.token}".encode()).decode()
        if fields.get("Authorization") != expected:
            self.answer(fields, "401 Unauthorized")
            return
        if self.fault == "status":
            self.answer(fields, "404 Not Found")
            return
        sets = self.server.units[0].sets
        sprop = ",".join(base64.b64encode(s).decode() for s in sets)
        body = ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=front\r\nt=0 0\r\na=control:*\r\n"
                "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
                f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sprop}\r\n"
                "a=control:trackID=0\r\n").encode()
        if self.fault == "early-media":
            self.tls.sendall(Packer().packet(b"\x09\xf0", 0, 1))
        self.answer(fields, headers=["Content-Type: application/sdp", *self.statement(fields)],
                    body=body)

    def serve(self):
        while True:
            method, fields = self.read_request()
            if method == "DESCRIBE":
                self.describe(fields)
            elif method == "SETUP":
                self.answer(fields, headers=[
                    "Session: abcdef;timeout=60",
                    "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=01020304"])
            elif method == "PLAY":
                self.answer(fields, headers=["Session: abcdef"])
                self.play()
                return
            else:
                self.answer(fields, "405 Method Not Allowed")

    def nals(self, index, unit, sequence):
        """NAL units to send for an access unit, with the fault from --at on."""
        server, camera = self.server, self.camera
        fault = self.fault if index >= self.at else None
        once = self.fault if index == self.at else None
        if fault == "unsealed":
            return unit.sealed(None)
        if fault == "other-camera":
            return unit.sealed(server.other.seal(unit, sequence))
        if fault == "other-root":
            return unit.sealed(server.foreign.seal(unit, sequence))
        if fault == "other-epoch-key":
            return unit.sealed(camera.seal(unit, sequence, key=server.other.key))
        if fault == "no-keyframe-certificate":
            return unit.sealed(camera.seal(unit, sequence, certificate=False))
        if fault in ("stale", "future"):
            return unit.sealed(camera.seal(unit, sequence,
                                           shift=-6000000 if fault == "stale" else 5000000))
        nals = unit.sealed(camera.seal(unit, sequence))
        if once == "flip":
            nals[-1] = nals[-1][:-2] + bytes([nals[-1][-2] ^ 1]) + nals[-1][-1:]
        if once == "reorder":
            nals[-2:] = nals[:-3:-1]
        if once == "moved-seal":
            later = server.units[(index + 1) % len(server.units)]
            nals = unit.before + [nals[-2]] + later.hashed
        if fault == "sets" and unit.before:
            changed = bytearray(nals[0])
            changed[-1] ^= 2
            nals[0] = bytes(changed)
        return nals

    def play(self):
        server, packer, started, sent = self.server, Packer(), time.monotonic(), []
        channel = 4 if self.fault == "channel" else 0
        index = 0
        while True:
            unit = server.units[index % len(server.units)]
            sequence = self.first + index
            if self.fault == "skip" and index == self.at:
                index += 1
                continue
            if self.fault == "silence" and index >= self.at:
                time.sleep(30)
                raise Goodbye
            if index == self.at and (self.fault == "cut" or self.fault in AGAIN):
                server.sent = server.sent or sent
                raise Goodbye
            nals = self.nals(index, unit, sequence)
            if self.again and self.fault == "again-the-same":
                nals = server.sent[index]
            if self.fault == "replay" and index >= self.at:
                nals = sent[index - self.at]
            sent.append(nals)
            data = packer.unit(nals, index * 3000, channel)
            if self.fault == "garbage" and index == self.at:
                data = b"\xff" * 100
            self.tls.sendall(data)
            server.next_sequence = max(server.next_sequence, sequence + 1)
            index += 1
            time.sleep(max(0, started + index / server.arguments.fps - time.monotonic()))


# --- the server ---

def make_certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "camward test")])
    now = datetime.datetime.utcnow()
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - datetime.timedelta(days=1))
                   .not_valid_after(now + datetime.timedelta(days=1))
                   .add_extension(x509.SubjectAlternativeName(
                       [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
                   .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
                   .sign(key, hashes.SHA256()))
    return key, certificate


class Server:
    def __init__(self, arguments):
        self.arguments, self.units = arguments, read_clip(arguments.clip)
        root, stranger = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        identity = uuid.uuid4().bytes
        self.camera = Camera(root, "front", identity)
        self.other = Camera(root, "back", uuid.uuid4().bytes)
        self.foreign = Camera(stranger, "front", identity)
        self.older = Camera(root, "front", identity, epoch=6)
        self.namesake = Camera(root, "front", uuid.uuid4().bytes)
        self.root, self.next_sequence = public(root), 1
        self.sent = []  # on the first connection, with a fault again-*
        self.key, self.certificate = make_certificate()

    def log(self, line):
        if self.arguments.log:
            with self.arguments.log.open("a") as log:
                log.write(line + "\n")

    def context(self):
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.use_privatekey(crypto.PKey.from_cryptography_key(self.key))
        context.use_certificate(crypto.X509.from_cryptography(self.certificate))
        context.set_min_proto_version(SSL.TLS1_3_VERSION)
        if self.arguments.fault == "plain":
            context.set_min_proto_version(SSL.TLS1_2_VERSION)
            context.set_max_proto_version(SSL.TLS1_2_VERSION)
        return context

    def describe(self, port):
        spki = self.key.public_key().public_bytes(serialization.Encoding.DER,
                                                  serialization.PublicFormat.SubjectPublicKeyInfo)
        ca = self.arguments.json.with_suffix(".pem")
        ca.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return {"port": port, "pin": base64.b64encode(hashlib.sha256(spki).digest()).decode(),
                "ca": str(ca), "seal_root": self.root.hex(), "camera": "front",
                "uuid": str(uuid.UUID(bytes=self.camera.uuid))}

    def run(self):
        listener = socket.create_server(("127.0.0.1", self.arguments.port))
        text = json.dumps(self.describe(listener.getsockname()[1]))
        partial = self.arguments.json.with_suffix(".part")
        partial.write_text(text)
        partial.rename(self.arguments.json)
        context = self.context()
        while True:
            tcp, _ = listener.accept()
            threading.Thread(target=self.serve, args=(context, tcp), daemon=True).start()

    def serve(self, context, tcp):
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = SSL.Connection(context, tcp)
        tls.set_accept_state()
        self.log("connection")
        try:
            Viewer(self, tls).serve()
        except (Goodbye, SSL.Error, OSError):
            pass
        tcp.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("clip", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fault", choices=FAULTS)
    parser.add_argument("--at", type=int, default=0)
    parser.add_argument("--fps", type=float, default=30)
    parser.add_argument("--token", default="secret")
    parser.add_argument("--relay", action="store_true", help="give no statement")
    parser.add_argument("--log", type=pathlib.Path)
    Server(parser.parse_args()).run()


if __name__ == "__main__":
    main()
    os._exit(0)
