#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the pictures that a viewer received with those that the camera gave, byte by byte.

Of H.264 (Annex B, one slice a picture) every NAL unit counts but AUD, SEI messages of the seal, and the
PPS that a picture which is no keyframe repeats before its seal; of JPEG what makes the picture: size, sampling, tables, restart interval and scan. What the camera
gave is taken as a loop, its pictures all different.

As a module: compare("mjpeg", given, received). As a program: the same with files, as JSON.
"""

import argparse
import json
import pathlib
import sys

NAL_SLICE, NAL_IDR, NAL_SEI, NAL_PPS, NAL_AUD = 1, 5, 6, 8, 9
SEAL_UUID = bytes.fromhex("f1f8ec4a3b5c4b0e9c1d63616d776172")
SOI, EOI, SOS, DQT, SOF0, DRI = b"\xff\xd8", b"\xff\xd9", 0xDA, 0xDB, 0xC0, 0xDD
RESTARTS = range(0xD0, 0xD8)


def h264(stream):
    """The pictures of a byte stream, each as its NAL units."""
    picture, found = [], []
    for nal in stream.split(b"\0\0\1")[1:]:
        nal = nal.rstrip(b"\0")
        kind = nal[0] & 0x1F
        if kind == NAL_AUD or (kind == NAL_SEI and SEAL_UUID in nal):
            continue
        picture.append(nal)
        if kind in (NAL_SLICE, NAL_IDR):
            found.append(tuple(n for n in picture if kind == NAL_IDR or n[0] & 0x1F != NAL_PPS))
            picture = []
    return found


def jpeg(stream):
    """The pictures of concatenated JPEG files; a last one that is cut off is left out."""
    found, at = [], 0
    while at < len(stream):
        if stream[at:at + 2] != SOI:
            raise ValueError(f"no JPEG picture at byte {at}")
        picture, at = _jpeg_picture(stream, at + 2)
        if picture:
            found.append(picture)
    return found


def _jpeg_picture(stream, at):
    tables, frame, restart = {}, None, 0
    while at + 4 <= len(stream):
        marker, length = stream[at + 1], int.from_bytes(stream[at + 2:at + 4], "big")
        body, at = stream[at + 4:at + 2 + length], at + 2 + length
        if marker == DQT:
            for i in range(0, len(body), 65):
                tables[body[i]] = body[i + 1:i + 65]
        elif marker == SOF0:
            # Size, then sampling and table of each component, whatever they are called.
            frame = body[1:5], [(body[i + 1], body[i + 2]) for i in range(6, len(body), 3)]
        elif marker == DRI:
            restart = int.from_bytes(body, "big")
        elif marker == SOS:
            end = _scan_end(stream, at)
            if end is None:
                return None, len(stream)
            size, components = frame
            return (size, restart, tuple((s, tables[t]) for s, t in components),
                    stream[at:end]), end + 2
    return None, len(stream)


def _scan_end(stream, at):
    while (at := stream.find(b"\xff", at)) >= 0 and at + 1 < len(stream):
        if stream[at:at + 2] == EOI:
            return at
        if stream[at + 1] and stream[at + 1] not in RESTARTS:
            raise ValueError(f"marker {stream[at + 1]:#x} in a scan")
        at += 2
    return None


def compare(codec, given, received):
    """unknown: pictures that the camera did not give; gaps: places where some of its are missing."""
    read = {"h264": h264, "mjpeg": jpeg}[codec]
    given = read(given)
    order = {picture: i for i, picture in enumerate(given)}
    if len(order) != len(given):
        raise ValueError("the camera gave a picture twice: no order can be seen")
    places = [order.get(picture) for picture in read(received)]
    known = [p for p in places if p is not None]
    steps = [(b - a) % len(given) for a, b in zip(known, known[1:])]
    return {"given": len(given), "received": len(places), "unknown": len(places) - len(known),
            "first": places[0] if places else None, "gaps": sum(s != 1 for s in steps),
            "missing": sum((s - 1) % len(given) for s in steps)}


def main():
    parser = argparse.ArgumentParser(description="Compare received pictures with a camera's.")
    parser.add_argument("codec", choices=("h264", "mjpeg"))
    parser.add_argument("given", type=pathlib.Path)
    parser.add_argument("received", type=pathlib.Path)
    args = parser.parse_args()
    json.dump(compare(args.codec, args.given.read_bytes(), args.received.read_bytes()), sys.stdout)
    print()


if __name__ == "__main__":
    main()
