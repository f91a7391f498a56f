#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads the coded picture of the pattern source out of raw decoded frames.

From (0,0), row-major, blocks of 16x16 luma (235 = 1, 16 = 0; as many a row as fit in the width),
most significant bit first: 8 bits 0xAC, 32 bits camera tag (the first four bytes of the camera's
uuid), 32 bits frame counter, 16 bits CRC-16/CCITT-FALSE over tag and counter.

As a module: Tally().add(frame...) or read_stream(). As a program: frames on stdin, JSON on stdout.
This is a decoder of its own: it shares nothing with the code that draws the picture.
"""

import argparse
import json
import sys

MAGIC = 0xAC
BLOCK = 16
BITS = 8 + 32 + 32 + 16
BLACK, WHITE = 16, 235
SAMPLES = (5, 10)  # within a block, clear of what a coarse encoder does to its edges
THRESHOLD = (BLACK + WHITE) * len(SAMPLES) ** 2 // 2


def crc16(data):
    """CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xFFFF, not reflected."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def _origins(width, height, stride):
    """Offsets of the blocks' first pixels."""
    per_row = width // BLOCK
    if per_row == 0 or -(-BITS // per_row) * BLOCK > height:
        raise ValueError(f"a picture of {width}x{height} has no room for the code")
    return [(i // per_row * stride + i % per_row) * BLOCK for i in range(BITS)]


class Decoder:
    """For frames of one size; stride is the luma's, in bytes (default: the width)."""

    def __init__(self, width, height, stride=None):
        stride = stride or width
        self._samples = [[o + y * stride + x for y in SAMPLES for x in SAMPLES]
                         for o in _origins(width, height, stride)]

    def decode(self, frame):
        """(tag as eight hex digits, counter), or None when the frame carries no valid code."""
        code = 0
        for offsets in self._samples:
            code = code << 1 | (sum([frame[o] for o in offsets]) > THRESHOLD)
        body = (code >> 16 & (1 << 64) - 1).to_bytes(8, "big")
        if code >> 80 != MAGIC or crc16(body) != code & 0xFFFF:
            return None
        return body[:4].hex(), int.from_bytes(body[4:], "big")


class Tally:
    """What a receiver saw. Counters are compared within their own camera."""

    def __init__(self):
        self.frames = 0      # all, readable or not
        self.tags = {}       # tag: readable frames
        self.counters = {}   # tag: {"first", "last"}
        self.not_rising = 0  # frames whose counter was not above the one before
        self.gaps = 0        # places where counters are missing
        self.missing = 0     # counters missing there
        self.crc_errors = 0  # frames without a valid code: magic or checksum wrong

    def add(self, code):
        """code: what Decoder.decode() returned."""
        self.frames += 1
        if code is None:
            self.crc_errors += 1
            return
        tag, counter = code
        self.tags[tag] = self.tags.get(tag, 0) + 1
        seen = self.counters.setdefault(tag, {"first": counter, "last": None})
        if seen["last"] is not None:
            self._compare(counter - seen["last"])
        seen["last"] = counter

    def _compare(self, step):
        if step < 1:
            self.not_rising += 1
        elif step > 1:
            self.gaps += 1
            self.missing += step - 1

    def result(self):
        return dict(vars(self))


def frame_size(width, height, pixels):
    """Bytes a frame; pixels: "gray" or "i420"."""
    if pixels == "gray":
        return width * height
    return width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)


def read_stream(stream, width, height, pixels="gray", each=None):
    """Tallies a binary stream to its end. each(code) is called per frame. A rest that is no whole
    frame, as a killed player leaves it, is not a frame."""
    decoder, tally = Decoder(width, height), Tally()
    frame = bytearray(frame_size(width, height, pixels))
    view = memoryview(frame)
    while _fill(stream, view):
        code = decoder.decode(frame)
        tally.add(code)
        if each:
            each(code)
    return tally


def _fill(stream, view):
    have = 0
    while have < len(view):
        n = stream.readinto(view[have:])
        if not n:
            return False
        have += n
    return True


def draw(width, height, tag, counter, frame=None):
    """Draws the code into a gray frame (default: a mid-gray one) for tests of readers; tag: eight
    hex digits."""
    frame = bytearray(b"\x80" * (width * height)) if frame is None else frame
    body = bytes.fromhex(tag) + counter.to_bytes(4, "big")
    code = MAGIC << 80 | int.from_bytes(body, "big") << 16 | crc16(body)
    for i, origin in enumerate(_origins(width, height, width)):
        value = WHITE if code >> (BITS - 1 - i) & 1 else BLACK
        for y in range(BLOCK):
            start = origin + y * width
            frame[start:start + BLOCK] = bytes([value]) * BLOCK
    return frame


def parse_size(text):
    width, _, height = text.partition("x")
    if not width.isdecimal() or not height.isdecimal() or not int(width) or not int(height):
        raise argparse.ArgumentTypeError(f"not a size: {text}")
    return int(width), int(height)


def main():
    parser = argparse.ArgumentParser(description="Read coded pictures from raw frames on stdin; "
                                     "prints JSON.")
    parser.add_argument("--size", type=parse_size, default=(1280, 720), metavar="WxH")
    parser.add_argument("--pixels", choices=("gray", "i420"), default="gray")
    args = parser.parse_args()
    tally = read_stream(sys.stdin.buffer, *args.size, args.pixels)
    json.dump(tally.result(), sys.stdout)
    print()


if __name__ == "__main__":
    main()
