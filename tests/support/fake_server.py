# SPDX-License-Identifier: LGPL-2.1-or-later
"""A pretended RTSPS server for the self-tests of the tools here: it lets a test choose how a
connection misbehaves and ends. It is never used in the service's place."""

import re
import socket
import ssl
import struct
import subprocess
import threading

SDP = (b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=front\r\nt=0 0\r\na=control:*\r\n"
       b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
       b"a=fmtp:96 packetization-mode=1;profile-level-id=42c01f\r\na=control:trackID=0\r\n")


def make_certificate(directory):
    """(certificate file, key file): ECDSA P-256, self-signed."""
    certificate, key, template = (f"{directory}/{n}" for n in ("cert.pem", "key.pem", "template"))
    with open(template, "w", encoding="ascii") as file:
        file.write('cn = "test"\nexpiration_days = 2\n')
    for arguments in (["--generate-privkey", "--key-type", "ecdsa", "--curve", "secp256r1",
                       "--outfile", key],
                      ["--generate-self-signed", "--load-privkey", key, "--template", template,
                       "--outfile", certificate]):
        subprocess.run(["certtool", *arguments], check=True, capture_output=True)
    return certificate, key


def rtp_packet(sequence, timestamp, payload, marker=False, ssrc=7):
    return struct.pack(">BBHII", 0x80, 96 | marker << 7, sequence & 0xFFFF, timestamp & 0xFFFFFFFF,
                       ssrc) + payload


def interleaved(payload, channel=0):
    return struct.pack(">cBH", b"$", channel, len(payload)) + payload


def _payloads(nal):
    """A NAL unit as it is or in FU-A fragments."""
    if len(nal) <= 1400:
        return [nal]
    pieces = [nal[at:at + 1400] for at in range(1, len(nal), 1400)]
    flags = [0x80] + [0] * (len(pieces) - 2) + [0x40]
    return [bytes([nal[0] & 0xE0 | 28, flag | nal[0] & 0x1F]) + piece
            for flag, piece in zip(flags, pieces)]


def packetize(pictures, first_sequence=65500, step=3000):
    """pictures: lists of NAL units. One bytes object of interleaved packets each."""
    sequence, units = first_sequence, []
    for i, nals in enumerate(pictures):
        payloads = []
        if nals[0][0] & 0x1F == 7:  # SPS and PPS travel together
            payloads.append(b"\x78" + b"".join(struct.pack(">H", len(n)) + n for n in nals[:2]))
            nals = nals[2:]
        payloads += [p for nal in nals for p in _payloads(nal)]
        units.append(b"".join(
            interleaved(rtp_packet(sequence + n, i * step, p, n == len(payloads) - 1))
            for n, p in enumerate(payloads)))
        sequence += len(payloads)
    return units


def access_units(count, size=4000):
    """A made-up stream with slices of `size` bytes; every tenth picture is an IDR picture."""
    parameter_sets = [b"\x67\x42\xc0\x1f\x01", b"\x68\xce\x01"]
    return packetize([parameter_sets + [b"\x65" + bytes([i & 0xFF]) * size] if i % 10 == 0
                      else [b"\x61" + bytes([i & 0xFF]) * size] for i in range(count)])


def split_pictures(stream):
    """Annex B to lists of NAL units, one a picture; SEI and AUD are left out."""
    pictures, ahead = [], []
    for nal in re.split(rb"\x00*\x00\x00\x01", stream)[1:]:
        kind = nal[0] & 0x1F
        if kind in (7, 8):
            ahead.append(nal)
        elif 1 <= kind <= 5:
            if nal[1] & 0x80:  # first_mb_in_slice is 0
                pictures.append(ahead)
                ahead = []
            pictures[-1].append(nal)
    return pictures


class FakeServer:
    """serve(tls_socket, tcp_socket) runs in a thread for each connection; use answer_until_play()
    in it. Credentials are owner:secret."""

    def __init__(self, certificate, serve):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._context.num_tickets = 0
        self._context.load_cert_chain(*certificate)
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                tcp, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(tcp,), daemon=True).start()

    def _run(self, tcp):
        try:
            with self._context.wrap_socket(tcp, server_side=True) as sock:
                self._serve(sock, sock)
        except OSError:
            pass

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def _answer(request):
    method = request.split(b" ", 1)[0]
    if b"Authorization: Basic b3duZXI6c2VjcmV0\r\n" not in request and method != b"OPTIONS":
        return "401 Unauthorized", ['WWW-Authenticate: Basic realm="camward"'], b""
    if b"/front" not in request.split(b"\r\n")[0]:
        return "404 Not Found", [], b""
    if method == b"DESCRIBE":
        return "200 OK", ["Content-Base: rtsps://127.0.0.1/front/",
                          "Content-Type: application/sdp"], SDP
    if method == b"SETUP" and b"/TCP;" not in request:
        return "461 Unsupported Transport", [], b""
    if method == b"SETUP":
        return "200 OK", ["Session: 0123456789abcdef;timeout=60",
                          "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"], b""
    return "200 OK", [], b""


def answer_until_play(sock):
    """Answers requests up to PLAY or TEARDOWN, whose method is returned; None at the end."""
    buffer = b""
    while data := sock.recv(4096):
        buffer += data
        while b"\r\n\r\n" in buffer:
            request, buffer = buffer.split(b"\r\n\r\n", 1)
            request += b"\r\n"
            status, headers, body = _answer(request)
            cseq = re.search(rb"CSeq: (\d+)", request)[1].decode()
            lines = [f"RTSP/1.0 {status}", f"CSeq: {cseq}", *headers]
            if body:
                lines.append(f"Content-Length: {len(body)}")
            sock.sendall("\r\n".join(lines + ["", ""]).encode() + body)
            if request.startswith((b"PLAY", b"TEARDOWN")) and status == "200 OK":
                return request.split(b" ")[0].decode()
    return None
