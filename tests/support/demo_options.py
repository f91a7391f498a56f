# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the demo is asked for: its command line, with each mistake told before anything is built."""

import argparse
import ipaddress
import os
import pathlib
import re

PATTERN_MAX = (3840, 2160)
PATTERN_BLOCKS = 88  # of 16x16 pixels, which the code in the pattern takes


def camera_names(n):
    return (["front", "back"] + [f"cam{i}" for i in range(2, n)])[:n]


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="./demo",
        description="Starts camward on loopback: a private bus, the broker, cameras and the gate.",
        epilog="Stop it with Ctrl-C. Nothing is left behind unless --dir was given.",
    )
    parser.add_argument("--cameras", type=int, default=2, metavar="N",
                        help="how many: front, back, cam2, ... (default 2)")
    parser.add_argument("--source", default="pattern", metavar="SOURCE",
                        help="pattern (the default), clip:FILE (Annex-B H.264 or MJPEG) or v4l2:DEV;"
                             " for v4l2 several devices may be given: v4l2:DEV,DEV")
    parser.add_argument("--size", default="1280x720", metavar="WxH")
    parser.add_argument("--fps", type=int, default=30, metavar="N")
    parser.add_argument("--encoder", default="auto", metavar="DEVICE",
                        help="the hardware encoder for raw pictures, /dev/videoN; software: none;"
                             " auto (the default): what udev found, if anything")
    parser.add_argument("--converter", default="auto", metavar="DEVICE",
                        help="the hardware converter between camera and encoder, /dev/videoN; none;"
                             " auto (the default): what udev found, if anything")
    parser.add_argument("--card", default="auto", metavar="DEVICE",
                        help="the graphics card that lends camera and encoder memory to share where"
                             " they have none, /dev/dri/cardN; none; auto (the default): what udev"
                             " found, if anything")
    parser.add_argument("--rtsps-port", type=int, default=8322, metavar="P")
    parser.add_argument("--https-port", type=int, default=8443, metavar="P")
    parser.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS",
                        help="the IPv4 address to listen on; 0.0.0.0: all, for viewers on the network"
                             " (default 127.0.0.1: this machine only)")
    parser.add_argument("--dir", type=pathlib.Path, metavar="DIR",
                        help="where state is kept (default: a temporary directory)")
    parser.add_argument("--penalties", action="store_true",
                        help="turn this machine away, too, for wrong tokens and the like")
    parser.add_argument("--no-install", action="store_true",
                        help="never install packages, not even as root")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="once all is serving, write how to reach it")
    parser.add_argument("--build", type=pathlib.Path, default=None, metavar="DIR",
                        help="use this build directory as it is instead of building")
    a = parser.parse_args()
    if not 1 <= a.cameras <= 64:
        parser.error("--cameras takes 1 to 64")
    match = re.fullmatch(r"(\d{2,4})x(\d{2,4})", a.size)
    if not match or int(match[1]) % 2 or int(match[2]) % 2:
        parser.error("--size takes WIDTHxHEIGHT, both even, such as 1280x720")
    width, height = int(match[1]), int(match[2])
    if a.source == "pattern" and (width > PATTERN_MAX[0] or height > PATTERN_MAX[1]
                                  or (width // 16) * (height // 16) < PATTERN_BLOCKS):
        parser.error("--size: the pattern can be 160x144 to 3840x2160")
    if not 1 <= a.fps <= 120:
        parser.error("--fps takes 1 to 120")
    for port in (a.rtsps_port, a.https_port):
        if not 0 <= port <= 65535:
            parser.error("a port lies between 1 and 65535 (0: any free one)")
    try:
        ipaddress.IPv4Address(a.listen)
    except ValueError:
        parser.error(f"--listen {a.listen}: this is no IPv4 address")
    if a.json and not a.json.absolute().parent.is_dir():
        parser.error(f"--json {a.json}: there is no directory {a.json.absolute().parent}")
    if a.json and not os.access(a.json.absolute().parent, os.W_OK):
        parser.error(f"--json {a.json}: {a.json.absolute().parent} is not writable")
    if a.encoder not in ("auto", "software") and not os.path.exists(a.encoder):
        parser.error(f"--encoder {a.encoder}: there is no such device"
                     " (v4l2-ctl --list-devices shows what there is)")
    if a.converter not in ("auto", "none") and not os.path.exists(a.converter):
        parser.error(f"--converter {a.converter}: there is no such device"
                     " (v4l2-ctl --list-devices shows what there is)")
    if a.card not in ("auto", "none") and not os.path.exists(a.card):
        parser.error(f"--card {a.card}: there is no such device (see ls /dev/dri)")
    a.sources = camera_sources(parser, a.source, a.cameras)
    return a


def camera_sources(parser, source, n):
    """One source a camera; errors are told before anything is built."""
    kind, _, rest = source.partition(":")
    if source == "pattern":
        return [source] * n
    if kind == "clip" and rest:
        if not os.path.isfile(rest):
            parser.error(f"--source {source}: there is no file {rest}")
        return [f"clip:{os.path.abspath(rest)}"] * n
    if kind == "v4l2" and rest:
        devices = rest.split(",")
        if len(devices) != n:
            parser.error(f"--source {source} names {len(devices)} device(s) for {n} camera(s):"
                         f" say --cameras {len(devices)}")
        for device in devices:
            if not os.path.exists(device):
                parser.error(f"--source {source}: there is no device {device}"
                             " (v4l2-ctl --list-devices shows what there is)")
        return [f"v4l2:{device}" for device in devices]
    return parser.error("--source takes pattern, clip:FILE or v4l2:DEV")
