# SPDX-License-Identifier: LGPL-2.1-or-later
"""A TLS 1.3 connection that trusts one key: the server's, by the SHA-256 of its
SubjectPublicKeyInfo. No CA, no names: what a viewer that was given a pin does.

recv() tells how a connection ended, which tests of revocation have to know.
"""

import base64
import hashlib
import hmac
import socket
import ssl
import struct
import tempfile
import time


class PinMismatch(Exception):
    """The server holds another key than the one pinned."""


class Ended(Exception):
    """The connection is over. how: "close_notify" (orderly), "fin" (TCP's end without TLS's),
    "rst", "alert" (a fatal one, or a broken record); at_ns: CLOCK_REALTIME when it was noticed."""

    def __init__(self, how, detail=""):
        super().__init__(f"{how} {detail}".strip())
        self.how = how
        self.at_ns = time.time_ns()


def _der(data, at):
    """(start of the content, end) of the DER value at this offset."""
    length = data[at + 1]
    at += 2
    if length & 0x80:
        n = length & 0x7F
        length = int.from_bytes(data[at:at + n], "big")
        at += n
    return at, at + length


def spki(certificate):
    """The SubjectPublicKeyInfo (DER) of a DER certificate (RFC 5280 section 4.1)."""
    at, _ = _der(certificate, 0)
    at, _ = _der(certificate, at)  # tbsCertificate
    if certificate[at] == 0xA0:    # version
        _, at = _der(certificate, at)
    for _ in range(5):  # serialNumber, signature, issuer, validity, subject
        _, at = _der(certificate, at)
    return certificate[at:_der(certificate, at)[1]]


def spki_sha256(certificate):
    """The pin, as in the demo's JSON: base64 of 32 bytes."""
    return base64.b64encode(hashlib.sha256(spki(certificate)).digest()).decode()


def _expand_label(digest, secret, label, context, size):
    """HKDF-Expand-Label (RFC 8446 section 7.1) of at most one block."""
    name = b"tls13 " + label
    info = struct.pack(">HB", size, len(name)) + name + bytes([len(context)]) + context
    return hmac.digest(secret, info + b"\x01", digest)[:size]


def _context(alpn, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if alpn:
        context.set_alpn_protocols(alpn)
    if certificate:
        context.load_cert_chain(*certificate)
    return context


class Connection:
    """Raises PinMismatch, Ended (refused during the handshake) or OSError.

    pin: base64 SPKI SHA-256, None: any server. certificate: (certificate file, key file) of a
    client. receive_buffer: SO_RCVBUF, for slow readers. source: an own address to come from. timeout: seconds of any one operation;
    past it TimeoutError. keep_secrets: for exporter()."""

    def __init__(self, host, port, pin=None, timeout=5.0, alpn=None, certificate=None,
                 receive_buffer=None, source=None, keep_secrets=False):
        self.tcp = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._received = 0
        # No server_hostname, hence no SNI: an address is all that a pin needs.
        context = _context(alpn, certificate)
        self._keys = None
        if keep_secrets:
            self._keys = tempfile.NamedTemporaryFile(prefix="camward-keys-")
            context.keylog_filename = self._keys.name
        self._tls = context.wrap_bio(self._incoming, self._outgoing)
        try:
            if receive_buffer:
                self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if source:
                self.tcp.bind((source, 0))
            self.tcp.settimeout(timeout)
            self.tcp.connect((host, port))
            self.tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.local = self.tcp.getsockname()[:2]
            self._drive(self._tls.do_handshake)
            self.certificate = self._tls.getpeercert(True)
            if pin is not None and not hmac.compare_digest(spki_sha256(self.certificate), pin):
                raise PinMismatch(spki_sha256(self.certificate))
        except BaseException:
            self.close()
            raise

    def _drive(self, call, *args):
        """One operation of TLS over the socket, by hand: ssl.SSLSocket reports a RST as a FIN."""
        while True:
            try:
                result, done = call(*args), True
            except ssl.SSLWantReadError:
                result, done = None, False
            except ssl.SSLZeroReturnError:
                raise Ended("close_notify") from None
            except ssl.SSLError as error:
                raise Ended("alert", str(error)) from None
            self._flush()
            if done:
                return result
            self._receive()

    def _flush(self):
        data = self._outgoing.read()
        try:
            if data:
                self.tcp.sendall(data)
        except (ConnectionResetError, BrokenPipeError) as error:
            raise Ended("rst", str(error)) from None

    def _receive(self):
        try:
            data = self.tcp.recv(65536)
        except ConnectionResetError as error:
            raise Ended("rst", str(error)) from None
        if not data:
            raise Ended("fin")
        self._received += len(data)
        self._incoming.write(data)

    def consumed(self):
        """Bytes of the TCP stream up to the end of the last record that was read."""
        return self._received - self._incoming.pending

    def settimeout(self, seconds):
        self.tcp.settimeout(seconds)

    def send(self, data):
        self._drive(self._tls.write, data)

    def recv(self, size=65536):
        """At least one byte; raises Ended or TimeoutError."""
        data = self._drive(self._tls.read, size)
        if not data:
            raise Ended("close_notify")
        return data

    def version(self):
        """("TLSv1.3", the cipher suite's name)."""
        return self._tls.version(), self._tls.cipher()[0]

    def exporter(self, label=b"EXPORTER-Channel-Binding", size=32):
        """RFC 8446 section 7.5 without context; the default is tls-exporter's label (RFC 9266)."""
        self._keys.seek(0)
        text = self._keys.read().decode()
        secret = next(bytes.fromhex(line.split()[2]) for line in text.splitlines()
                      if line.startswith("EXPORTER_SECRET "))
        digest = "sha384" if len(secret) == 48 else "sha256"
        empty = hashlib.new(digest).digest()
        derived = _expand_label(digest, secret, label, empty, len(secret))
        return _expand_label(digest, derived, b"exporter", empty, size)

    def shutdown(self):
        """Sends close_notify and a FIN; what the server still sends can be read."""
        try:
            self._tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self._flush()
        self.tcp.shutdown(socket.SHUT_WR)

    def abort(self):
        """Ends with a RST."""
        if self.tcp.fileno() >= 0:
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        """Ends with a FIN and no close_notify, as a viewer that is killed does."""
        self.tcp.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
