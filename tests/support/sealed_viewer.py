# SPDX-License-Identifier: LGPL-2.1-or-later
"""A viewer that checks: rtsp.py's client with a fresh nonce, and seal.py's verifier for what comes.

    viewer = SealedViewer(demo.info, "front", "owner", token)
    viewer.play()                       # Refused unless 200; viewer.said: the statement's verdict
    for verdict, seal in viewer.units(count=60): ...
"""

import base64
import pathlib
import secrets
import time
import uuid

import rtsp
import seal


def clock(which):
    return time.clock_gettime_ns(which) // 1000


def now():
    """(boot time, real time), us: when a unit arrived."""
    return clock(time.CLOCK_BOOTTIME), clock(time.CLOCK_REALTIME)


def root_of(info):
    """The demo's seal root: an Ed25519 SubjectPublicKeyInfo ends with the key."""
    pem = pathlib.Path(info["seal_root"]).read_text()
    return base64.b64decode("".join(pem.splitlines()[1:-1]))[-32:]


def verifier(info, camera, freshness, root=None):
    """For a camera of the demo, by its UUID."""
    wanted = next(c["uuid"] for c in info["cameras"] if c["name"] == camera)
    return seal.Verifier(root or root_of(info), "h264", freshness, uuid=uuid.UUID(wanted).bytes,
                         name=camera)


class SealedViewer:
    def __init__(self, info, camera, client, token, root=None, timeout=8.0):
        self.nonce = secrets.token_bytes(32)
        self.client = rtsp.Client("127.0.0.1", info["rtsps_port"], camera, info["spki_sha256"],
                                  timeout, keep_secrets=True)
        self.client.authorize(client, token)
        name, _, stream = camera.partition("/")
        self.verifier = verifier(info, name, "live", root)
        self.verifier.switching = stream == "auto"
        self.said = None

    def describe(self):
        """The answer's certificate and statement, judged; returns the response."""
        asked = clock(time.CLOCK_BOOTTIME)
        self.client.headers["Camward-Nonce"] = base64.b64encode(self.nonce).decode()
        response = self.client.describe()
        del self.client.headers["Camward-Nonce"]
        self.statement = base64.b64decode(response.headers["camward-statement"], validate=True)
        certificate = base64.b64decode(response.headers["camward-certificate"], validate=True)
        self.said = self.verifier.statement(certificate, self.statement, self.nonce,
                                            self.client.connection.exporter(), asked,
                                            clock(time.CLOCK_BOOTTIME))
        return response

    def play(self):
        self.describe()
        self.client.setup()
        return self.client._expect(self.client.request("PLAY"))

    def units(self, **limits):
        for unit in self.client.access_units(**limits):
            yield self.verifier.unit(unit.data, *now())

    def close(self):
        self.client.close()
