#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small, strict RTSPS client: RTSP 1.0 over a pinned TLS connection (tls.py), interleaved RTP.

    with rtsp.Client("127.0.0.1", 8322, "front", pin=demo["spki_sha256"]) as client:
        client.authorize("owner", token)
        client.play()                           # DESCRIBE, SETUP, PLAY; Refused unless 200
        for unit in client.access_units(seconds=2):
            ...

Every step can be taken alone, and raw bytes sent: client.send(b"...") with client.read_response().
Errors: Refused (a status that is not 2xx), BadResponse (the server broke the protocol), tls.Ended.
"""

import argparse
import base64
import collections
import json
import re
import sys
import time

import rtp
import tls

Frame = collections.namedtuple("Frame", "channel payload at_ns")
STATUS_LINE = re.compile(r"RTSP/1\.0 ([1-5]\d\d) ([ -~]+)")
FIELD = re.compile(r"([A-Za-z0-9-]+): ?([ -~]*)")
HEADERS_MAX = 16384


class BadResponse(Exception):
    pass


class Response:
    """headers: names in lower case. raw: the whole of it, as received."""

    def __init__(self, head, body=b""):
        line, *fields = head.decode("ascii").split("\r\n")
        match = STATUS_LINE.fullmatch(line)
        if not match:
            raise BadResponse(f"status line {line!r}")
        self.status, self.reason = int(match[1]), match[2]
        self.headers, self.body = {}, body
        for field in fields:
            match = FIELD.fullmatch(field)
            if not match or match[1].lower() in self.headers:
                raise BadResponse(f"header {field!r}")
            self.headers[match[1].lower()] = match[2]
        self.raw = head + b"\r\n\r\n" + body

    def without_cseq(self):
        """For comparing refusals, which may differ in nothing else."""
        return re.sub(rb"(?m)^CSeq: \d+\r\n", b"", self.raw)


class Refused(Exception):
    def __init__(self, response):
        super().__init__(f"{response.status} {response.reason}")
        self.response = response
        self.status = response.status


def basic(name, token):
    return "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()


class Client:
    """camera: a name, or "name/sub". Further arguments go to tls.Connection. Responses are read
    for `timeout` seconds at most."""

    def __init__(self, host, port, camera="front", pin=None, timeout=12.0, **connection):
        self.timeout = timeout
        self.connection = tls.Connection(host, port, pin, timeout, **connection)
        address = f"[{host}]" if ":" in host else host
        self.url = f"rtsps://{address}:{port}/{camera}"
        self.headers = {}      # sent with each request
        self.session = None
        self.frames = collections.deque()  # read while a response was awaited
        self.depacketizer = rtp.Depacketizer()
        self._buffer = bytearray()
        self._cseq = 0

    def authorize(self, name, token):
        self.headers["Authorization"] = basic(name, token)

    # Sending

    def send(self, data):
        self.connection.send(data)

    def format_request(self, method, url=None, headers=None, body=b""):
        """The bytes of a request with the next CSeq; headers with value None are left out."""
        self._cseq += 1
        fields = {"CSeq": str(self._cseq), "User-Agent": "camward-test", **self.headers}
        if self.session:
            fields["Session"] = self.session
        if body:
            fields["Content-Length"] = str(len(body))
        fields.update(headers or {})
        lines = [f"{method} {url or self.url} RTSP/1.0"]
        lines += [f"{name}: {value}" for name, value in fields.items() if value is not None]
        return "\r\n".join(lines + ["", ""]).encode() + body

    def request(self, method, url=None, headers=None, body=b"", check_cseq=True):
        """Sends a request and returns its Response, whatever its status."""
        self.send(self.format_request(method, url, headers, body))
        response = self.read_response()
        if check_cseq and response.headers.get("cseq") != str(self._cseq):
            raise BadResponse(f"CSeq {response.headers.get('cseq')}, expected {self._cseq}")
        return response

    # Receiving

    def _need(self, size, deadline):
        while len(self._buffer) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("nothing more from the server")
            self.connection.settimeout(left)
            self._buffer += self.connection.recv()

    def _take(self, size):
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def read(self, timeout=None):
        """The next Response or Frame."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        self._need(1, deadline)
        if self._buffer[0] == ord("$"):
            self._need(4, deadline)
            size = 4 + int.from_bytes(self._buffer[2:4], "big")
            self._need(size, deadline)
            data = self._take(size)
            return Frame(data[1], data[4:], time.time_ns())
        return self._response(deadline)

    def _response(self, deadline):
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > HEADERS_MAX:
                raise BadResponse("header block without end")
            self._need(len(self._buffer) + 1, deadline)
        response = Response(bytes(self._buffer[:end]))
        length = int(response.headers.get("content-length", "0"))
        self._need(end + 4 + length, deadline)
        response.body = self._take(end + 4 + length)[end + 4:]
        response.raw += response.body
        return response

    def read_response(self, timeout=None):
        """Frames on the way go to self.frames."""
        while not isinstance(message := self.read(timeout), Response):
            self.frames.append(message)
        return message

    def read_frame(self, timeout=None):
        """The next Frame; responses on the way (to keepalives) are dropped."""
        if self.frames:
            return self.frames.popleft()
        while not isinstance(message := self.read(timeout), Frame):
            pass
        return message

    # The way to a picture

    def _expect(self, response):
        if response.status // 100 != 2:
            raise Refused(response)
        return response

    def describe(self):
        response = self._expect(self.request("DESCRIBE", headers={"Accept": "application/sdp"}))
        match = re.search(rb"(?m)^m=.*\r\n(?:.*\r\n)*?a=control:([^\r\n]+)\r\n", response.body)
        if response.headers.get("content-type") != "application/sdp" or not match:
            raise BadResponse("no usable SDP")
        base = response.headers.get("content-base", self.url + "/")
        control = match[1].decode()
        self.track = control if "://" in control else base.rstrip("/") + "/" + control
        return response

    def setup(self, transport="RTP/AVP/TCP;unicast;interleaved=0-1"):
        response = self._expect(self.request("SETUP", self.track, {"Transport": transport}))
        self.session = response.headers.get("session", "").split(";")[0]
        if not self.session:
            raise BadResponse("no Session")
        return response

    def play(self):
        """DESCRIBE, SETUP and PLAY; the Response to PLAY."""
        self.describe()
        self.setup()
        return self._expect(self.request("PLAY", headers={"Range": "npt=0.000-"}))

    def teardown(self):
        return self._expect(self.request("TEARDOWN"))

    def access_units(self, seconds=None, count=None, timeout=None):
        """Yields rtp.AccessUnit from now on until a limit; raises rtp.RtpError at a broken
        stream, TimeoutError when none comes for `timeout`. May be called again to go on."""
        end = None if seconds is None else time.monotonic() + seconds
        while (end is None or time.monotonic() < end) and count != 0:
            frame = self.read_frame(timeout)
            if frame.channel != 0:
                rtp.rtcp_kinds(frame.payload)
                continue
            unit = self.depacketizer.push(rtp.parse(frame.payload))
            if unit:
                count = None if count is None else count - 1
                yield unit

    def wait_end(self, timeout=10.0):
        """Reads on until the connection ends: (tls.Ended, frames that still came)."""
        deadline, late = time.monotonic() + timeout, list(self.frames)
        self.frames.clear()
        while time.monotonic() < deadline:
            try:
                message = self.read(deadline - time.monotonic())
            except tls.Ended as ended:
                return ended, late
            if isinstance(message, Frame):
                late.append(message)
        raise TimeoutError("the connection did not end")

    def abort(self):
        self.connection.abort()

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def main():
    parser = argparse.ArgumentParser(description="Watch a camera over RTSPS for some seconds; "
                                     "prints JSON, writes Annex B on demand.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8322)
    parser.add_argument("--camera", default="front")
    parser.add_argument("--pin", help="base64 SHA-256 of the server's SubjectPublicKeyInfo")
    parser.add_argument("--client", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--write", type=argparse.FileType("wb"), metavar="FILE")
    args = parser.parse_args()
    result = {"units": 0, "keyframes": 0, "bytes": 0, "end": None}
    try:
        with Client(args.host, args.port, args.camera, args.pin) as client:
            client.authorize(args.client, args.token)
            client.play()
            for unit in client.access_units(args.seconds):
                result["units"] += 1
                result["keyframes"] += unit.keyframe
                result["bytes"] += len(unit.data)
                if args.write:
                    args.write.write(unit.data)
            client.teardown()
    except (Refused, tls.Ended, TimeoutError, BadResponse, rtp.RtpError) as error:
        result["end"] = f"{type(error).__name__}: {error}"
    json.dump(result, sys.stdout)
    print()
    return 0 if result["end"] is None else 1


if __name__ == "__main__":
    sys.exit(main())
