# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import os
import socket
import struct
import subprocess
import sys
import time
import unittest

import capture


def may_capture():
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0).close()
    except PermissionError:
        return False
    return True


def pair(address):
    listener = socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address
                                    else socket.AF_INET)
    client = socket.create_connection(listener.getsockname()[:2])
    server, _ = listener.accept()
    listener.close()
    return server, client


@unittest.skipUnless(may_capture(), "needs CAP_NET_RAW")
class CaptureTest(unittest.TestCase):
    def watched(self, address):
        """(capture, server's socket, client's socket) of a connection made under capture."""
        listener = socket.create_server((address, 0), family=socket.AF_INET6 if ":" in address
                                        else socket.AF_INET)
        watch = capture.Capture(listener.getsockname()[1]).start()
        client = socket.create_connection(listener.getsockname()[:2])
        server, _ = listener.accept()
        for sock in (listener, server, client):
            self.addCleanup(sock.close)
        return watch, server, client

    def test_what_left_the_server_after_a_moment(self):
        for address in ("127.0.0.1", "::1"):
            with self.subTest(address):
                watch, server, client = self.watched(address)
                me = client.getsockname()[:2]
                server.sendall(b"a" * 1000)
                client.sendall(b"from the client")
                client.recv(2000)
                between = time.time_ns()
                server.sendall(b"b" * 300)
                client.recv(2000)
                server.shutdown(socket.SHUT_WR)
                watch.stop()
                # The kernel may repeat anything, a FIN as well, when the machine is busy.
                again = watch.retransmissions(me)
                sent = [s for s in watch.payload_from_server(me) if s not in again]
                late = [s for s in watch.payload_from_server(me, after=between) if s not in again]
                self.assertEqual([s.length for s in sent], [1000, 300])
                self.assertEqual(late, sent[1:])
                self.assertLess(late[0].time_ns, time.time_ns())
                self.assertEqual(watch.flagged(capture.FIN, me, between),
                                 watch.flagged(capture.FIN, me))
                self.assertGreater(len(watch.flagged(capture.FIN)), 0)
                self.assertEqual(watch.flagged(capture.RST), [])
                self.assertEqual(watch.payload_from_server(("10.0.0.1", 5)), [])

    def test_a_reset_is_seen_and_no_other_port(self):
        watch, server, _ = self.watched("127.0.0.1")
        other_server, other = pair("127.0.0.1")
        other_server.sendall(b"x" * 5000)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.close()
        other.close()
        other_server.close()
        watch.stop()
        report = watch.report()
        self.assertEqual((len(report["rst"]), report["payload_bytes"]), (1, 0))
        self.assertEqual(report["segments"], 4)  # the handshake and the reset

    def test_a_bulk_transfer_is_captured_whole(self):
        watch, server, client = self.watched("127.0.0.1")
        client.setblocking(False)
        sent = received = 0
        server.setblocking(False)
        while received < 20_000_000:
            try:
                if sent < 20_000_000:
                    sent += server.send(b"z" * min(65536, 20_000_000 - sent))
            except BlockingIOError:
                pass
            try:
                received += len(client.recv(1 << 20))
            except BlockingIOError:
                pass
        watch.stop()
        again = sum(s.length for s in watch.retransmissions())
        self.assertEqual(sum(s.length for s in watch.payload_from_server()) - again, 20_000_000)

    def test_retransmissions_are_found(self):
        a, b = ("127.0.0.1", 8322), ("127.0.0.1", 5)
        watch = capture.Capture(8322)
        def add(time_ns, sequence, length, flags=capture.ACK, source=a, destination=b):
            watch.segments.append(capture.Segment(time_ns, source, destination,
                                                  sequence & 0xFFFFFFFF, 0, flags, length))
        add(1, -11, 0, capture.SYN)
        add(2, -10, 6)
        add(3, -4, 10)        # over the end of the number space
        add(4, 6, 10)
        add(5, -4, 10)        # again
        add(6, 16, 10)
        add(7, 0, 3, source=b, destination=a)
        self.assertEqual([s.time_ns for s in watch.retransmissions()], [5])
        self.assertEqual(watch.retransmissions(after=5), [])

    def test_program(self):
        with socket.create_server(("127.0.0.1", 0)) as quiet:
            out = subprocess.run([sys.executable, capture.__file__, "--port",
                                  str(quiet.getsockname()[1]), "--seconds", "0.1"],
                                 capture_output=True, check=True)
        self.assertEqual(json.loads(out.stdout)["segments"], 0)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to drop its privilege")
    def test_not_permitted_is_said_clearly(self):
        program = ("import os, sys, capture\nos.setgid(65534); os.setuid(65534)\n"
                   "try: capture.Capture(1).start()\n"
                   "except capture.CaptureNotPermitted as e: sys.exit(str(e))")
        out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                             cwd=os.path.dirname(capture.__file__), check=False)
        self.assertEqual(out.stderr.strip(), "capturing on loopback needs CAP_NET_RAW")


if __name__ == "__main__":
    unittest.main()
