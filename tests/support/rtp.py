# SPDX-License-Identifier: LGPL-2.1-or-later
"""RTP (RFC 3550) and H.264 in it (RFC 6184, packetization-mode 1), strictly: anything that a
correct sender over TCP would not send raises RtpError."""

import collections
import struct

START_CODE = b"\0\0\0\1"
Packet = collections.namedtuple("Packet", "marker payload_type sequence timestamp ssrc payload")
AccessUnit = collections.namedtuple("AccessUnit", "timestamp keyframe data")  # data: Annex B


class RtpError(Exception):
    pass


def parse(data):
    if len(data) <= 12 or data[0] != 0x80:
        raise RtpError("not a plain RTP packet")
    _, kind, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", data)
    return Packet(bool(kind & 0x80), kind & 0x7F, sequence, timestamp, ssrc, data[12:])


def rtcp_kinds(data):
    """Packet types of a compound: 200 SR, 201 RR, 202 SDES, 203 BYE."""
    kinds, at = [], 0
    while at < len(data):
        if len(data) - at < 4 or data[at] >> 6 != 2:
            raise RtpError("not RTCP")
        kinds.append(data[at + 1])
        at += 4 * (struct.unpack_from(">H", data, at + 2)[0] + 1)
    if at != len(data):
        raise RtpError("RTCP length")
    return kinds


class Depacketizer:
    """push() packets in order; an AccessUnit comes back with each marker."""

    def __init__(self):
        self.ssrc = None
        self._sequence = None
        self._timestamp = None
        self._nals = []
        self._fragments = []

    def push(self, packet):
        self._continuity(packet)
        self._payload(packet.payload)
        if not packet.marker:
            return None
        if self._fragments:
            raise RtpError("marker inside a fragmented NAL unit")
        unit = AccessUnit(packet.timestamp, any(n[0] & 0x1F == 5 for n in self._nals),
                          b"".join(START_CODE + n for n in self._nals))
        self._timestamp, self._nals = None, []
        return unit

    def _continuity(self, packet):
        if self.ssrc is None:
            self.ssrc, self._sequence = packet.ssrc, packet.sequence
        if packet.ssrc != self.ssrc:
            raise RtpError("ssrc changed")
        if packet.sequence != self._sequence:
            raise RtpError(f"sequence {packet.sequence}, expected {self._sequence}")
        self._sequence = packet.sequence + 1 & 0xFFFF
        if self._timestamp not in (None, packet.timestamp):
            raise RtpError("timestamp changed without a marker")
        self._timestamp = packet.timestamp

    def _payload(self, payload):
        kind = payload[0] & 0x1F
        if self._fragments and kind != 28:
            raise RtpError("fragmented NAL unit not finished")
        if 1 <= kind <= 23:
            self._nals.append(payload)
        elif kind == 24:
            self._aggregate(payload)
        elif kind == 28:
            self._fragment(payload)
        else:
            raise RtpError(f"NAL type {kind}")

    def _aggregate(self, payload):
        at = 1
        while at < len(payload):
            if len(payload) - at < 3:
                raise RtpError("STAP-A cut short")
            size = struct.unpack_from(">H", payload, at)[0]
            at += 2
            if size == 0 or at + size > len(payload):
                raise RtpError("STAP-A size")
            self._nals.append(payload[at:at + size])
            at += size

    def _fragment(self, payload):
        if len(payload) < 3:
            raise RtpError("FU-A without payload")
        start, end = payload[1] & 0x80, payload[1] & 0x40
        header = bytes([payload[0] & 0xE0 | payload[1] & 0x1F])
        if bool(start) == bool(self._fragments) or start and end:
            raise RtpError("FU-A out of place")
        if self._fragments and self._fragments[0] != header:
            raise RtpError("FU-A of another NAL unit")
        self._fragments += [header, payload[2:]] if start else [payload[2:]]
        if end:
            self._nals.append(b"".join(self._fragments))
            self._fragments = []
