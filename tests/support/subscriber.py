# SPDX-License-Identifier: LGPL-2.1-or-later
"""A local subscriber: what proto/subscriber-msg.h says, written from it alone.

    with Subscriber(bus, "front", client="recorder", right="raw") as subscriber:
        frame = subscriber.frame()
        subscriber.release(frame)
"""

import array
import collections
import errno
import json
import os
import pathlib
import select
import socket
import struct
import subprocess

CALL = pathlib.Path(__file__).with_name("subscribe_call.py")
CAMERAS = "/org/camward/Camward1/camera/"
VERSION = 1
MEMORY, FRAME, RELEASE = 1, 2, 101
LIVE, RAW = 1, 4
KEYFRAME = 1

HEADER = struct.Struct("=HHI")
FORMAT = struct.Struct("=IIIIIII3I3II")
MEMORY_FIELDS = struct.Struct("=QQ16s72sIIQ")
FRAME_FIELDS = struct.Struct("=QQQQIIII")
RELEASE_FIELDS = struct.Struct("=Q")

Format = collections.namedtuple("Format", "codec fourcc width height fps_numerator fps_denominator"
                                          " n_planes offsets strides")
Frame = collections.namedtuple("Frame", "sequence monotonic realtime offset length flags dropped"
                                        " skipped data")


class Refused(Exception):
    """What the service said: name of the error, sentence."""


class Ended(Exception):
    """There is nothing more."""


def escape(name):
    """sd_bus_path_encode()."""
    out = "".join(c if c.isalnum() and not (i == 0 and c.isdigit()) else f"_{ord(c):02x}"
                  for i, c in enumerate(name))
    return out or "_"


def message(kind, payload):
    return HEADER.pack(kind, VERSION, HEADER.size + len(payload)) + payload


class Subscriber:
    def __init__(self, bus, camera, uid=None, timeout=20, **options):
        """uid: whom to call as, if not as oneself (root)."""
        self.socket = self.memory = None
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
        self.caller = subprocess.Popen(
            [*become, "/usr/bin/python3", "-c", CALL.read_text(), bus, CAMERAS + escape(camera),
             str(far.fileno()), *(f"{key}={value}" for key, value in options.items())],
            stdin=subprocess.PIPE, pass_fds=[far.fileno()], cwd="/")
        far.close()
        with near:
            self.socket = near
            data, fds = self._receive(timeout)
            self.socket = None
        if not fds:
            self.leave()
            answer = json.loads(data)
            raise Refused(answer["error"], answer["sentence"])
        self.lease = json.loads(data)["lease"]
        self.socket = socket.socket(fileno=fds[0])
        self.socket.setblocking(False)
        self._take_memory()

    def leave(self):
        """Leaves the bus."""
        self.caller.kill()
        self.caller.wait()
        self.caller.stdin.close()

    def _receive(self, timeout):
        """One message and its descriptors; b"" at the end."""
        if not select.select([self.socket], [], [], timeout)[0]:
            raise TimeoutError("nothing came")
        fds = array.array("i")
        try:
            data, control, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(4 * fds.itemsize))
        except ConnectionResetError:
            return b"", []
        for level, kind, content in control:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds.frombytes(content[:len(content) - len(content) % fds.itemsize])
        return data, list(fds)

    def _take_memory(self):
        data, fds = self._receive(10)
        kind, version, size = HEADER.unpack_from(data)
        assert (kind, version, size, len(fds)) == (MEMORY, VERSION, len(data), 1), (kind, fds)
        self.memory, = fds
        fields = MEMORY_FIELDS.unpack_from(data, HEADER.size)
        self.lease_id, self.epoch, self.uuid = fields[0], fields[1], fields[2].hex()
        self.camera = fields[3].split(b"\0")[0].decode()
        self.right, self.stream, self.size = fields[4:]
        f = FORMAT.unpack_from(data, HEADER.size + MEMORY_FIELDS.size)
        self.format = Format(*f[:7], f[7:10], f[10:13])

    def read(self, offset, length):
        return os.pread(self.memory, length, offset)

    def frame(self, timeout=10):
        """The next frame, copied out."""
        data, fds = self._receive(timeout)
        for fd in fds:
            os.close(fd)
        if not data:
            raise Ended
        kind, version, size = HEADER.unpack_from(data)
        assert (kind, version, size, fds) == (FRAME, VERSION, len(data), [])
        fields = FRAME_FIELDS.unpack_from(data, HEADER.size)
        copy = self.read(fields[3], fields[4])
        if len(copy) < fields[4]:
            raise Ended
        return Frame(*fields, copy)

    def release(self, frame):
        self.say(message(RELEASE, RELEASE_FIELDS.pack(frame.sequence)))

    def say(self, data):
        try:
            self.socket.send(data)
        except OSError as e:
            if e.errno not in (errno.EPIPE, errno.ECONNRESET):
                raise
            raise Ended from None

    def frames(self, count, timeout=10):
        for _ in range(count):
            frame = self.frame(timeout)
            yield frame
            self.release(frame)

    def has_ended(self, timeout):
        """Whether the end comes within so many seconds; reads what is still there."""
        poll = select.poll()
        poll.register(self.socket, select.POLLIN | select.POLLHUP)
        while poll.poll(timeout * 1000):
            try:
                if not self.socket.recv(4096):
                    return True
            except ConnectionResetError:
                return True
        return False

    def close(self):
        if self.socket:
            self.socket.close()
        if self.memory is not None:
            os.close(self.memory)
            self.memory = None
        self.leave()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
        return False
