# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that show a certificate: issued by the device, or anybody's whose key is pinned."""

import os
import pathlib
import stat
import subprocess
import tempfile
import unittest

from ctl_case import WithDemo  # and with it the path of tests/support

import rtsp

CERTIFICATE = {"fingerprint": str, "created": str, "expires": (str, type(None)),
               "issued_here": bool, "used": (str, type(None))}


def run(*arguments, check=True, **more):
    done = subprocess.run(arguments, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=30, **more)
    if check and done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr}")
    return done


class Certificates(WithDemo):
    def setUp(self):
        self.top = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def issued(self, name, *options):
        """The file of a certificate that the device issued, and what was said of it."""
        path = self.top / f"{name}.pem"
        return path, self.demo.ctl_json("client", "certificate", name, "--pem", str(path),
                                        *options)

    def foreign(self, name, *algorithm, days=2):
        """Somebody's own certificate, self-signed: the file of both it and its key."""
        key, certificate, both = (self.top / f"{name}.{e}" for e in ("key", "crt", "both"))
        run("openssl", "req", "-x509", "-newkey", *(algorithm or ("ec", "-pkeyopt",
            "ec_paramgen_curve:P-256")), "-nodes", "-keyout", str(key), "-out", str(certificate),
            "-days", str(days), "-subj", f"/CN={name}")
        both.write_text(certificate.read_text() + key.read_text())
        return both

    def connect_with(self, path, camera="front"):
        c = rtsp.Client("127.0.0.1", self.info["rtsps_port"], camera, self.info["spki_sha256"],
                        certificate=(str(path), str(path)))
        self.addCleanup(c.close)
        return c

    def status_with(self, path, camera="front"):
        return self.connect_with(path, camera).request("DESCRIBE").status

    def certificates(self, name):
        return next(c["certificates"] for c in self.demo.ctl_json("clients")["clients"]
                    if c["name"] == name)

    def curl(self, *arguments):
        port = self.info["https_port"]
        return run("curl", "-sS", "--cacert", self.info["server_cert"], "--max-time", "20",
                   *arguments, f"https://127.0.0.1:{port}/api/cameras").stdout

    def test_a_certificate_stands_for_a_token(self):
        self.client("hub")
        path, said = self.issued("hub")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(self.status_with(path), 404)
        self.demo.ctl("grant", "hub", "front", "live")
        self.assertEqual(self.status_with(path), 200)
        self.assertEqual(self.status_with(path, "back"), 404)
        self.assertIn('"front"', self.curl("--cert", str(path), "--key", str(path)))
        self.assertIn("401", self.curl())
        certificate, = self.certificates("hub")
        self.assert_shape(certificate, CERTIFICATE)
        self.assertEqual((certificate["fingerprint"], certificate["issued_here"]),
                         (said["fingerprint"], True))

    def test_taking_it_back_ends_who_watches_at_once(self):
        token = self.client("back")
        path, said = self.issued("back")
        self.demo.ctl("grant", "back", "front", "live")
        watched, other = self.connect_with(path), self.connect("front", "back", token)
        for viewer in watched, other:
            viewer.play()
            list(viewer.access_units(count=3))
        done = self.demo.ctl_json("client", "unpin", "back", "sha256/" + said["fingerprint"])
        self.assertEqual(done["leases_ended"], 1)
        watched.wait_end(3)
        list(other.access_units(count=10))
        self.assertEqual(self.status_with(path), 401)
        self.assertIn("no certificate", self.refused("client", "unpin", "back",
                                                      said["fingerprint"]))

    def test_anybodys_certificate_by_its_key(self):
        for name, algorithm in (("p256", ()), ("ed25519", ("ed25519",)), ("rsa", ("rsa:2048",))):
            with self.subTest(name):
                self.client(name)
                path = self.foreign(name, *algorithm)
                self.assertEqual(self.status_with(path), 401)
                self.demo.ctl("client", "pin", name, str(path))
                self.demo.ctl("grant", name, "front", "live")
                self.assertEqual(self.status_with(path), 200)
                self.assertIn("already", self.refused("client", "pin", "owner", str(path)))
                self.demo.ctl("client", "unpin", name, str(path))
                self.assertEqual(self.status_with(path), 401)

    def test_the_name_is_the_pins_and_the_key_must_be_held(self):
        """Another certificate with the client's name, or with its CA's name, is nobody's."""
        self.client("name")
        self.issued("name")
        self.demo.ctl("grant", "name", "front", "live")
        self.assertEqual(self.status_with(self.foreign("name")), 401)

    def test_a_token_goes_before_a_certificate(self):
        self.client("both")
        path, _ = self.issued("both")
        self.demo.ctl("grant", "both", "front", "live")
        c = self.connect_with(path)
        c.authorize("both", "A" * 43)
        self.assertEqual(c.request("DESCRIBE").status, 401)

    def test_what_ends_ends_under_its_viewer(self):
        self.client("ends")
        path, said = self.issued("ends", "--expires", "+3s")
        self.demo.ctl("grant", "ends", "front", "live")
        watched = self.connect_with(path)
        watched.play()
        list(watched.access_units(count=3))
        watched.wait_end(10)
        self.assertEqual(self.status_with(path), 401)
        self.assertIsNotNone(said["expires"])

    def test_an_expired_certificate_is_nobody(self):
        self.client("old")
        key, certificate, both = (self.top / f"old.{e}" for e in ("key", "crt", "both"))
        template = self.top / "template"
        template.write_text('cn = "old"\nactivation_date = "2020-01-01"\n'
                            'expiration_date = "2021-01-01"\n')
        run("certtool", "--generate-privkey", "--key-type", "ecdsa", "--curve", "secp256r1",
            "--outfile", str(key))
        run("certtool", "--generate-self-signed", "--load-privkey", str(key), "--template",
            str(template), "--outfile", str(certificate))
        both.write_text(certificate.read_text() + key.read_text())
        self.demo.ctl("client", "pin", "old", str(certificate))
        self.demo.ctl("grant", "old", "front", "live")
        self.assertEqual(self.status_with(both), 401)

    def test_pkcs12_for_browsers(self):
        self.client("phone")
        for more in ([], ["--legacy"]):
            path = self.top / f"phone{len(more)}.p12"
            said = self.demo.ctl_json("client", "certificate", "phone", "--pkcs12", str(path), *more)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.assertRegex(said["passphrase"], r"\A([a-z2-9]{5}-){3}[a-z2-9]{5}\Z")
            pem = run("openssl", "pkcs12", "-in", str(path), "-nodes", "-passin",
                      "pass:" + said["passphrase"], *(["-legacy"] if more else [])).stdout
            unpacked = self.top / "unpacked.pem"
            unpacked.write_text(pem)
            self.assertEqual(self.status_with(unpacked), 404)
            self.assertNotEqual(run("openssl", "pkcs12", "-in", str(path), "-nodes", "-passin",
                                    "pass:x", check=False).returncode, 0)
        self.assertIn("cannot be made", self.refused("client", "certificate", "phone", "--pem",
                                                     str(path)))

    def test_gnutls_finds_it_by_the_device_as_issuer(self):
        self.client("tls")
        path, _ = self.issued("tls")
        done = run("gnutls-cli", "--x509cafile", self.info["server_cert"], "--x509certfile",
                   str(path), "--x509keyfile", str(path), "-p", str(self.info["rtsps_port"]),
                   "--verbose", "127.0.0.1", check=False)
        self.assertIn("camward device CA", done.stdout)
        self.assertIn("Handshake was completed", done.stdout)

    def test_without_one_nothing_changes(self):
        anonymous = rtsp.Client("127.0.0.1", self.info["rtsps_port"], "front",
                                self.info["spki_sha256"])
        self.addCleanup(anonymous.close)
        self.assertEqual(anonymous.request("DESCRIBE").status, 401)
        viewer, _ = self.viewer()
        list(viewer.access_units(count=3))


if __name__ == "__main__":
    unittest.main(verbosity=2)
