#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A second verifier of the ledger, written from docs/LEDGER.md alone.

    ledger.py EXPORT [SEAL-ROOT.pem]

Says "whole: N events" or what is broken, with exit status 1. In tests: check(lines, root).
"""

import hashlib
import json
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

COLUMNS = """seq:i hash:b kind:i run:i realtime:i boottime:i lease:i grant_id:i client:t camera:t
camera_uuid:b right:i stream:i protocol:i peer:b port:i epoch:i reason:t count:i since:i offered:i
delivered:i skipped_late:i skipped_overrun:i skipped_join:i skipped_switch:i first_sequence:i
last_sequence:i frames_low:i frames_high:i bytes_acked:i bytes_sent:i uncertain:i exposed_first:i
exposed_next:i exposed:i peer_hash:b integration:t"""
COLUMNS = [tuple(column.split(":")) for column in COLUMNS.split()]
BESIDE = {"peer_salt", "peer_address", "peer_port"}
KINDS = {1: "opened", 2: "closed", 3: "denied", 4: "still", 5: "tripwire", 6: "switched"}


class Broken(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Broken(what)


def encode(event):
    for number, (name, kind) in enumerate(COLUMNS):
        if name == "hash" or name not in event:
            continue
        value = event[name]
        if kind == "i":
            need(type(value) is int, f"{name} is no number")
            yield struct.pack(">Hcq", number, b"i", value)
        else:
            need(type(value) is str, f"{name} is no text")
            data = value.encode() if kind == "t" else bytes.fromhex(value)
            yield struct.pack(">HcI", number, kind.encode(), len(data)) + data


def hash_event(event, before):
    return hashlib.sha256(before + b"".join(encode(event))).digest()


def hash_peer(salt, address, port):
    return hashlib.sha256(b"camward peer v1\0" + salt + address + struct.pack(">H", port)).digest()


def check_point(root, context, point):
    body = struct.pack(">Q32sQ", point["seq"], bytes.fromhex(point["hash"]), point["realtime"])
    try:
        root.verify(bytes.fromhex(point["signature"]), context + b"\0" + body)
    except InvalidSignature:
        raise Broken(f"{context.decode()} {point['seq']} is not signed by the seal root") from None


def check(lines, root=None):
    """The events of an export, as dictionaries; Broken if it is not whole."""
    lines = [json.loads(line) for line in lines]
    need(lines and lines[0].get("camward_ledger") == 1, "no export of a ledger")
    need("head" in lines[-1], "it ends without a head")
    start, *events, end = lines
    root = serialization.load_pem_public_key((root or start["seal_root"]).encode())
    last, before = 0, bytes(32)
    for anchor in start["anchors"]:
        check_point(root, b"camward ledger anchor v1", anchor)
        need(anchor["seq"] > last, "anchors out of order")
        last, before = anchor["seq"], bytes.fromhex(anchor["hash"])
    for event in events:
        need(not set(event) - {name for name, _ in COLUMNS} - BESIDE, "an unknown column")
        need(event.get("seq") == last + 1, f"event {last + 1} is not where it belongs")
        last, before = last + 1, hash_event(event, before)
        need(event["hash"] == before.hex(), f"event {last} is not what was written")
        if "peer_address" in event:
            proof = hash_peer(bytes.fromhex(event["peer_salt"]),
                              bytes.fromhex(event["peer_address"]), event["peer_port"])
            need(event["peer_hash"] == proof.hex(), f"event {last} has another address")
    check_point(root, b"camward ledger head v1", end["head"])
    need((end["head"]["seq"], end["head"]["hash"]) == (last, before.hex()),
         "the head is of another event")
    return events


def main():
    with open(sys.argv[1]) as export:
        lines = export.readlines()
    root = open(sys.argv[2]).read() if len(sys.argv) > 2 else None
    try:
        print(f"whole: {len(check(lines, root))} events")
    except (Broken, ValueError, KeyError, TypeError) as error:
        print(f"broken: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
