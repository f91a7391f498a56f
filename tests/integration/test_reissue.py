# SPDX-License-Identifier: LGPL-2.1-or-later
"""The machine gets another address: the certificate follows, who watches notices nothing. As root,
in a network of its own."""

import os
import pathlib
import socket
import ssl
import subprocess
import sys
import unittest

import harness
import rtsp


def certificate(port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 10) as plain, \
            context.wrap_socket(plain) as tls:
        return tls.getpeercert(binary_form=True)


@unittest.skipUnless(os.geteuid() == 0, "needs root, for a network of its own")
class Reissue(unittest.TestCase):
    def test_a_viewer_goes_on_and_the_next_gets_the_new_one(self):
        done = subprocess.run(["unshare", "--net", sys.executable, __file__, "inside"], text=True,
                              capture_output=True, check=False, timeout=120,
                              cwd=pathlib.Path(__file__).parent)
        self.assertEqual((done.returncode, done.stdout), (0, "the same viewer\n"), done.stderr)


def inside():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with harness.Demo(cameras=1) as demo:
        port, pin = demo.info["rtsps_port"], demo.info["spki_sha256"]
        viewer = rtsp.Client("127.0.0.1", port, "front", pin)
        viewer.authorize("owner", demo.token("owner"))
        viewer.play()
        list(viewer.access_units(count=3))
        before = certificate(port)
        subprocess.run(["ip", "address", "add", "192.0.2.7/32", "dev", "lo"], check=True)
        harness.wait_until(lambda: certificate(port) != before, 30, "a new certificate")
        assert socket.inet_aton("192.0.2.7") in certificate(port)
        assert demo.ctl_json("status")["fingerprint"] == pin
        list(viewer.access_units(count=5))
        again = rtsp.Client("127.0.0.1", port, "front", pin)  # by the same pin
        again.authorize("owner", demo.token("owner"))
        again.play()
        list(again.access_units(count=3))
        again.close()
        viewer.close()
    print("the same viewer")


if __name__ == "__main__":
    if sys.argv[1:] == ["inside"]:
        inside()
    else:
        unittest.main(verbosity=2)
