#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captures the TCP segments of one port on the loopback interface, with the kernel's time stamps
(CLOCK_REALTIME, nanoseconds), to answer what left a server after a given moment.

    with capture.Capture(8322) as c:
        ...
        revoked = time.time_ns()
        ...
    assert not c.payload_from_server(after=revoked)

Needs CAP_NET_RAW; otherwise CaptureNotPermitted. A capture that lost packets proves nothing:
stop() raises CaptureIncomplete. On loopback every packet passes twice; the outgoing one is taken,
stamped as it leaves the sender. Segments may be larger than the MTU (segmentation offload).
"""

import argparse
import collections
import ctypes
import json
import select
import socket
import struct
import sys
import threading
import time

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
SNAP = 128             # headers only
BUFFER = 16 << 20
ETH_P_ALL = 3
SO_ATTACH_FILTER = 26
SO_TIMESTAMPNS = 35
SO_RCVBUFFORCE = 33
SOL_PACKET = 263
PACKET_STATISTICS = 6
PACKET_OUTGOING = 4
SKF_AD_PKTTYPE = 0xFFFFF004


class CaptureNotPermitted(PermissionError):
    pass


class CaptureIncomplete(Exception):
    pass


Segment = collections.namedtuple(
    "Segment", "time_ns source destination sequence acknowledgment flags length")
Segment.__doc__ = """source, destination: (address, port). length: payload bytes."""


def _filter(port):
    """Classic BPF over the network header: outgoing TCP of this port, IPv4 or IPv6."""
    load_byte, load_half, load_half_x, load_x, equal, mask, ret = (
        0x30, 0x28, 0x48, 0xB1, 0x15, 0x54, 0x06)
    program = [  # (operation, operand, label if equal, label if not)
        (load_byte, SKF_AD_PKTTYPE), (equal, PACKET_OUTGOING, None, "drop"),
        (load_byte, 0), (mask, 0xF0), (equal, 0x60, "ipv6", None),
        (load_byte, 9), (equal, socket.IPPROTO_TCP, None, "drop"), (load_x, 0),
        (load_half_x, 0), (equal, port, "take", None),
        (load_half_x, 2), (equal, port, "take", "drop"),
        "ipv6", (load_byte, 6), (equal, socket.IPPROTO_TCP, None, "drop"),
        (load_half, 40), (equal, port, "take", None),
        (load_half, 42), (equal, port, "take", "drop"),
        "take", (ret, SNAP), "drop", (ret, 0),
    ]
    labels, instructions = {}, []
    for line in program:
        if isinstance(line, str):
            labels[line] = len(instructions)
        else:
            instructions.append(line + (None,) * (4 - len(line)))
    return b"".join(struct.pack("HBBI", operation, labels.get(yes, i + 1) - i - 1,
                                labels.get(no, i + 1) - i - 1, operand)
                    for i, (operation, operand, yes, no) in enumerate(instructions))


def _open(port):
    try:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    except PermissionError as error:
        raise CaptureNotPermitted("capturing on loopback needs CAP_NET_RAW") from error
    program = _filter(port)
    buffer = ctypes.create_string_buffer(program)
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                    struct.pack("HL", len(program) // 8, ctypes.addressof(buffer)))
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    sock.setblocking(False)
    sock.bind(("lo", ETH_P_ALL))  # with the protocol only now, so that nothing comes unfiltered
    return sock


def _parse(packet, time_ns):
    if packet[0] >> 4 == 4:
        at = 4 * (packet[0] & 15)
        total = int.from_bytes(packet[2:4], "big")
        addresses = socket.AF_INET, packet[12:16], packet[16:20]
    else:
        at = 40
        total = 40 + int.from_bytes(packet[4:6], "big")
        addresses = socket.AF_INET6, packet[8:24], packet[24:40]
    sport, dport, sequence, acknowledgment, offset, flags = struct.unpack_from(
        ">HHIIBB", packet, at)
    source, destination = (socket.inet_ntop(addresses[0], a) for a in addresses[1:])
    return Segment(time_ns, (source, sport), (destination, dport), sequence, acknowledgment, flags,
                   total - at - 4 * (offset >> 4))


class Capture:
    """port: the server's. segments: what was captured, in order; whole only after stop()."""

    def __init__(self, port):
        self.port = port
        self.segments = []
        self._sock = None
        self._thread = None
        self._stop = threading.Event()

    def start(self):
        self._sock = _open(self.port)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def stop(self):
        """Everything that was sent before this call is in segments afterwards."""
        if not self._thread:
            return
        self._stop.set()
        self._thread.join()
        self._thread = None
        statistics = self._sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        self._sock.close()
        lost = struct.unpack("II", statistics)[1]
        if lost:
            raise CaptureIncomplete(f"{lost} packets lost")

    def _run(self):
        while not self._stop.is_set():
            select.select([self._sock], [], [], 0.05)
            self._drain()
        self._drain()

    def _drain(self):
        while True:
            try:
                packet, ancillary, _, _ = self._sock.recvmsg(SNAP, socket.CMSG_SPACE(16))
            except BlockingIOError:
                return
            stamp = next(data for level, kind, data in ancillary
                         if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS)
            seconds, nanoseconds = struct.unpack("qq", stamp)
            self.segments.append(_parse(packet, seconds * 10**9 + nanoseconds))

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # Answers. client: (address, port), None for all; after, until: CLOCK_REALTIME ns.

    def from_server(self, client=None, after=0, until=None):
        return [s for s in self.segments
                if s.source[1] == self.port and client in (None, s.destination)
                and s.time_ns > after and (until is None or s.time_ns <= until)]

    def payload_from_server(self, client=None, after=0):
        return [s for s in self.from_server(client, after) if s.length]

    def flagged(self, flag, client=None, after=0):
        """Segments from the server that carry this flag: RST, FIN."""
        return [s for s in self.from_server(client, after) if s.flags & flag]

    def retransmissions(self, client=None, after=0):
        """Payload from the server that had been sent before, entirely or in part."""
        sent, again = {}, []
        for segment in self.from_server(client):
            flow = segment.source, segment.destination
            end = segment.sequence + segment.length & 0xFFFFFFFF
            if segment.flags & SYN or flow not in sent:
                sent[flow] = end
            elif segment.length:
                if (segment.sequence - sent[flow]) & 0x80000000 and segment.time_ns > after:
                    again.append(segment)
                if (end - sent[flow]) & 0xFFFFFFFF < 0x80000000:
                    sent[flow] = end
        return again

    def report(self, after=0, client=None):
        late = self.payload_from_server(client, after)
        return {
            "segments": len(self.segments),
            "after_ns": after,
            "payload_segments": len(late),
            "payload_bytes": sum(s.length for s in late),
            "last_payload_ns": max((s.time_ns for s in self.payload_from_server(client)),
                                   default=None),
            "rst": [s.time_ns for s in self.flagged(RST, client, after)],
            "fin": [s.time_ns for s in self.flagged(FIN, client, after)],
            "retransmissions": len(self.retransmissions(client, after)),
        }


def main():
    parser = argparse.ArgumentParser(description="Capture a TCP port on loopback for some seconds; "
                                     "prints what its server sent after a moment, as JSON.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--after", type=int, default=0, metavar="NS", help="CLOCK_REALTIME")
    parser.add_argument("--segments", action="store_true", help="list them all, too")
    args = parser.parse_args()
    try:
        with Capture(args.port) as capture:
            time.sleep(args.seconds)
    except (CaptureNotPermitted, CaptureIncomplete) as error:
        print(f"capture: {error}", file=sys.stderr)
        return 1
    report = capture.report(args.after)
    if args.segments:
        report["list"] = [s._asdict() for s in capture.segments]
    json.dump(report, sys.stdout)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
