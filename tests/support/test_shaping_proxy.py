# SPDX-License-Identifier: LGPL-2.1-or-later
import json
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

import shaping_proxy


class ProxyTest(unittest.TestCase):
    def setUp(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)

    def connect(self, proxy):
        """(viewer's socket, server's socket)"""
        client = socket.create_connection(("127.0.0.1", proxy.port), timeout=5)
        server, _ = self.listener.accept()
        server.settimeout(5)
        for sock in (client, server):
            self.addCleanup(sock.close)
        return client, server

    def proxy(self, **options):
        proxy = shaping_proxy.Proxy(*self.listener.getsockname(), **options).start()
        self.addCleanup(proxy.stop)
        return proxy

    def test_passes_bytes_and_ends_through(self):
        proxy = self.proxy()
        client, server = self.connect(proxy)
        server.sendall(b"down" * 1000)
        client.sendall(b"up")
        self.assertEqual(server.recv(10), b"up")
        server.shutdown(socket.SHUT_WR)
        data = b""
        while piece := client.recv(65536):
            data += piece
        self.assertEqual(data, b"down" * 1000)
        self.assertEqual(proxy.passed, {"to_viewer": 4000, "to_server": 2})

    def test_a_reset_passes_through(self):
        client, server = self.connect(self.proxy())
        server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        server.close()
        with self.assertRaises(ConnectionResetError):
            client.recv(1)

    def test_delay(self):
        client, server = self.connect(self.proxy(delay=0.15))
        began = time.monotonic()
        client.sendall(b"?")
        server.sendall(server.recv(1))
        client.recv(1)
        self.assertGreater(time.monotonic() - began, 0.29)
        self.assertLess(time.monotonic() - began, 1)

    def test_rate_holds_the_sender_back(self):
        client, server = self.connect(self.proxy(rate=200_000))
        server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
        server.setblocking(False)
        sent = received = 0
        end = time.monotonic() + 1.5
        client.settimeout(0.05)
        while time.monotonic() < end:
            try:
                sent += server.send(b"x" * 16384)
            except BlockingIOError:
                pass
            try:
                received += len(client.recv(65536))
            except TimeoutError:
                pass
        self.assertGreater(received, 200_000)
        self.assertLess(received, 320_000)
        self.assertLess(sent - received, 6 * shaping_proxy.BUFFER)

    def test_blackout_and_stall(self):
        proxy = self.proxy()
        for name, up_passes in (("blackout", False), ("stall", True)):
            client, server = self.connect(proxy)
            setattr(proxy, name, True)
            server.sendall(b"down")
            client.sendall(b"up")
            for sock, passes in ((client, False), (server, up_passes)):
                sock.settimeout(0.3)
                if passes:
                    self.assertEqual(sock.recv(9), b"up")
                else:
                    with self.assertRaises(TimeoutError):
                        sock.recv(9)
            setattr(proxy, name, False)
            client.settimeout(5)
            self.assertEqual(client.recv(9), b"down")

    def test_cut(self):
        proxy = self.proxy()
        client, server = self.connect(proxy)
        client.sendall(b"up")
        server.recv(2)
        proxy.cut()
        for sock in (client, server):
            with self.assertRaises(ConnectionResetError):
                sock.recv(1)

    def test_an_absent_server_ends_the_viewer(self):
        port = self.listener.getsockname()[1]
        self.listener.close()
        proxy = shaping_proxy.Proxy("127.0.0.1", port).start()
        self.addCleanup(proxy.stop)
        with self.assertRaises(ConnectionResetError), \
                socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
            client.recv(1)

    def test_program(self):
        host, port = self.listener.getsockname()
        with subprocess.Popen([sys.executable, shaping_proxy.__file__, "--to", f"{host}:{port}",
                               "--cut-after", "0.3"], stdout=subprocess.PIPE) as process:
            proxy_port = json.loads(process.stdout.readline())["port"]
            with socket.create_connection(("127.0.0.1", proxy_port), timeout=5) as client, \
                    self.assertRaises(ConnectionResetError):
                client.recv(1)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(json.loads(process.stdout.read())["connections"], 1)
            self.assertEqual(process.wait(), 0)


if __name__ == "__main__":
    unittest.main()
