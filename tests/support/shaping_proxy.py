#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A TCP proxy that behaves like a bad network: delay, limited rate, black-outs, stalls, cuts.

    with shaping_proxy.Proxy("127.0.0.1", 8322, rate=40_000) as proxy:
        connect to ("127.0.0.1", proxy.port) ...
        proxy.blackout = True       # everything can be changed while it runs
        proxy.cut()

What it is not: a lossy network. Each side has a TCP connection of its own to the proxy, so nothing
is lost, reordered or retransmitted; the server sees the proxy's acknowledgments, not the viewer's,
and a black-out looks to it like a viewer with a closed window, not like silence. Up to about
BUFFER bytes a direction wait in the proxy and about as many in its sockets. netem in the virtual
machine is for the rest.
"""

import argparse
import asyncio
import json
import signal
import socket
import struct
import sys
import threading

CHUNK = 8192
BUFFER = 65536
TICK = 0.01  # seconds between looks at a closed gate


class _Direction:
    """One way of one connection: reads, waits for each chunk's time, writes."""

    def __init__(self, proxy, reader, writer, to_viewer):
        self._proxy, self._reader, self._writer = proxy, reader, writer
        self._to_viewer = to_viewer
        self._queue = asyncio.Queue()
        self._queued = 0
        self._free_at = 0.0  # when the link has passed what it was given

    def run(self, group):
        group.create_task(self._read())
        group.create_task(self._write())

    def _open(self):
        return not (self._proxy.blackout or self._to_viewer and self._proxy.stall)

    async def _read(self):
        loop = asyncio.get_running_loop()
        while True:
            # A delayed link holds what is under way, and not more.
            while self._queued > max(BUFFER, (self._proxy.rate or 0) * self._proxy.delay) \
                    or not self._open():
                await asyncio.sleep(TICK)
            data = await self._reader.read(CHUNK)
            self._queue.put_nowait((loop.time() + self._proxy.delay, data))
            self._queued += len(data)
            if not data:
                return

    async def _write(self):
        loop = asyncio.get_running_loop()
        while True:
            due, data = await self._queue.get()
            start = max(due, self._free_at)
            if self._proxy.rate:
                self._free_at = max(start, loop.time()) + len(data) / self._proxy.rate
            await asyncio.sleep(start - loop.time())
            while not self._open():
                await asyncio.sleep(TICK)
            if not data:
                self._writer.write_eof()
                return
            self._writer.write(data)
            await self._writer.drain()
            self._queued -= len(data)
            self._proxy.passed["to_viewer" if self._to_viewer else "to_server"] += len(data)


def _abort(writer):
    sock = writer.get_extra_info("socket")
    if sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Proxy:
    """delay: seconds, each way. rate: bytes/s each way and connection, None: unlimited. blackout:
    nothing passes. stall: nothing passes to the viewer. Ends of a connection are held back with the
    rest. listen: a port, 0: any; see port."""

    def __init__(self, host, port, listen=0, delay=0.0, rate=None, address="127.0.0.1"):
        self.delay, self.rate, self.blackout, self.stall = delay, rate, False, False
        self.connections = 0
        self.passed = {"to_viewer": 0, "to_server": 0}
        self._server = host, port
        self._listener = socket.create_server((address, listen))
        self.port = self._listener.getsockname()[1]
        self._writers = set()
        self._tasks = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        """Ends what is open with a RST."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def cut(self):
        """Aborts all connections, both sides, with a RST."""
        self._loop.call_soon_threadsafe(self._cut)

    def _cut(self):
        for writer in list(self._writers):
            _abort(writer)

    def _run(self):
        self._stopped = asyncio.Event()
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self):
        server = await asyncio.start_server(self._accepted, sock=self._listener, limit=CHUNK)
        await self._stopped.wait()
        server.close()
        self._cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accepted(self, reader, writer):
        task = self._loop.create_task(self._connected(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connected(self, reader, writer):
        self.connections += 1
        upstream = socket.socket(socket.AF_INET6 if ":" in self._server[0] else socket.AF_INET)
        # Before the connection is made: the window's scale follows from it.
        upstream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER // 2)
        upstream.setblocking(False)
        writers = {writer}
        self._writers.add(writer)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER // 2)
        try:
            await self._loop.sock_connect(upstream, self._server)
            server_reader, server_writer = await asyncio.open_connection(sock=upstream, limit=CHUNK)
            writers.add(server_writer)
            self._writers.add(server_writer)
            for w in writers:
                w.transport.set_write_buffer_limits(high=CHUNK)
            async with asyncio.TaskGroup() as group:
                _Direction(self, server_reader, writer, True).run(group)
                _Direction(self, reader, server_writer, False).run(group)
        except* OSError:
            # An end by force on one side is one on the other.
            for w in writers:
                _abort(w)
        finally:
            self._writers -= writers
            for w in writers:
                w.close()
            if len(writers) == 1:
                upstream.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


def _endpoint(text):
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"not HOST:PORT: {text}")
    return host.strip("[]"), int(port)


async def _timetable(proxy, args, stop):
    """Applies the options that depend on time; returns when the program shall end."""
    async def blackouts():
        while args.blackout_every:
            await asyncio.sleep(args.blackout_every)
            proxy.blackout = True
            await asyncio.sleep(args.blackout_for)
            proxy.blackout = False

    async def at(seconds, action):
        if seconds is not None:
            await asyncio.sleep(seconds)
            action()

    tasks = [asyncio.create_task(t) for t in (
        blackouts(), at(args.cut_after, proxy.cut),
        at(args.stall, lambda: setattr(proxy, "stall", True)), at(args.seconds, stop.set))]
    await stop.wait()
    for task in tasks:
        task.cancel()


async def _program(proxy, args):
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await _timetable(proxy, args, stop)


def main():
    parser = argparse.ArgumentParser(description="A TCP proxy that behaves like a bad network (but "
                                     "loses nothing). Prints its port, and JSON at its end.")
    parser.add_argument("--listen", type=int, default=0, metavar="PORT")
    parser.add_argument("--to", type=_endpoint, required=True, metavar="HOST:PORT")
    parser.add_argument("--delay", type=float, default=0, metavar="MS", help="each way")
    parser.add_argument("--rate", type=int, metavar="BYTES/S", help="each way, per connection")
    parser.add_argument("--blackout-every", type=float, metavar="S")
    parser.add_argument("--blackout-for", type=float, default=3, metavar="S")
    parser.add_argument("--cut-after", type=float, metavar="S", help="abort what is open then")
    parser.add_argument("--stall", type=float, metavar="S", help="nothing to viewers from then on")
    parser.add_argument("--seconds", type=float, metavar="S", help="end by itself")
    args = parser.parse_args()
    with Proxy(*args.to, args.listen, args.delay / 1000, args.rate) as proxy:
        print(json.dumps({"port": proxy.port}), flush=True)
        asyncio.run(_program(proxy, args))
    json.dump({"connections": proxy.connections, **proxy.passed}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
