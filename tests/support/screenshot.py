#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads screens that QEMU has dumped (PPM): whose picture is on it, and whether it is the one sent.

A picture of WxH stands in the middle of the screen, as large as fits. As a program, compares dumps
with a stream that has their coded pictures (ffmpeg decodes it); prints the differences:

    screenshot.py STREAM.h264 WxH DUMP.ppm...
"""

import pathlib
import subprocess
import sys

import coded_picture


class Screenshot:
    def __init__(self, path):
        data = pathlib.Path(path).read_bytes()
        magic, size, most, self.pixels = data.split(b"\n", 3)
        if magic != b"P6" or most != b"255":
            raise ValueError(f"{path} is no PPM of 8 bits")
        self.width, self.height = map(int, size.split())
        if len(self.pixels) != self.width * self.height * 3:
            raise ValueError(f"{path} is cut short")

    def area(self, width, height):
        """Where a picture of this size is: x, y, width, height."""
        scale = min(self.width / width, self.height / height)
        w, h = int(width * scale) & ~1, int(height * scale) & ~1
        return (self.width - w) // 2 & ~1, (self.height - h) // 2 & ~1, w, h

    def corner(self, width, height):
        """Its upper left part."""
        part = object.__new__(Screenshot)
        row = self.width * 3
        part.width, part.height = width, height
        part.pixels = b"".join(self.pixels[y * row:y * row + width * 3] for y in range(height))
        return part

    def grey(self, width, height):
        """The picture's green, one byte a pixel, in the size that it was sent in."""
        left, top, w, h = self.area(width, height)
        green, out = self.pixels[1::3], bytearray()
        columns = [left + x * w // width for x in range(width)]
        for y in range(height):
            line = (top + y * h // height) * self.width
            if w == width:
                out += green[line + left:line + left + width]
            else:
                out += bytes(green[line + x] for x in columns)
        return out

    def code(self, width, height):
        """(tag, counter) of the coded picture, or None."""
        return coded_picture.Decoder(width, height).decode(self.grey(width, height))

    def bars_are_black(self, width, height):
        left, top, w, h = self.area(width, height)
        row = self.width * 3
        lines = [self.pixels[y * row:(y + 1) * row] for y in range(self.height)]
        return not any(any(line) for line in lines[:top] + lines[top + h:]) and \
            not any(any(line[:left * 3]) or any(line[(left + w) * 3:]) for line in lines)


def to_rgb(y, u, v):
    """BT.601, limited range."""
    luma = 1.164383 * (y - 16)
    return (luma + 1.596027 * (v - 128), luma - 0.391762 * (u - 128) - 0.812968 * (v - 128),
            luma + 2.017232 * (u - 128))


def decode(stream, width, height):
    """{(tag, counter): I420}"""
    raw = subprocess.run(["ffmpeg", "-v", "error", "-f", "h264", "-i", stream, "-vsync", "0",
                          "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"], check=True,
                         stdout=subprocess.PIPE).stdout
    size, decoder = coded_picture.frame_size(width, height, "i420"), \
        coded_picture.Decoder(width, height)
    frames = [raw[at:at + size] for at in range(0, len(raw), size)]
    return {decoder.decode(frame): frame for frame in frames}


def difference(shot, frame, width, height):
    """(on average, at most) of a pixel's three values, where the picture is."""
    left, top, w, h = shot.area(width, height)
    chroma, total, most = width * height, 0, 0
    for y in range(h):
        at = ((top + y) * shot.width + left) * 3
        line = shot.pixels[at:at + w * 3]
        row = y * height // h
        for x in range(w):
            column = x * width // w
            c = chroma + row // 2 * (width // 2) + column // 2
            wanted = to_rgb(frame[row * width + column], frame[c], frame[c + chroma // 4])
            off = max(abs(min(255, max(0, value)) - line[x * 3 + i])
                      for i, value in enumerate(wanted))
            total += off
            most = max(most, off)
    return total / (w * h), most


def main():
    width, height = coded_picture.parse_size(sys.argv[2])
    frames, wrong = decode(sys.argv[1], width, height), 0
    for path in sys.argv[3:]:
        shot = Screenshot(path)
        code = shot.code(width, height)
        if code not in frames or code is None:
            print(f"{path}: shows {code}, which was not sent")
            wrong += 1
            continue
        average, most = difference(shot, frames[code], width, height)
        scaled = shot.area(width, height)[2:] != (width, height)
        print(f"{path}: picture {code[1]}, {'scaled, ' if scaled else ''}off by {average:.2f} on "
              f"average, {most:.1f} at most; bars black: {shot.bars_are_black(width, height)}")
        # Rounding; or, scaled, edges that are softer than those of the nearest pixel.
        wrong += not shot.bars_are_black(width, height) or \
            (average > 5 if scaled else most > 1.5)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
