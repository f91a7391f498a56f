# SPDX-License-Identifier: LGPL-2.1-or-later
"""Live frames are sealed, each of them, and whoever checks them (seal.py, which shares nothing with
the service) finds what is wrong at the first frame. Decoders see no difference, and the seals
survive what a relay or a recorder does to them."""

import base64
import json
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import unittest

import harness
import rtp
import rtsp
import seal
import sealed_viewer

SIZE = "640x360"
START = b"\0\0\0\1"


def nals(data):
    return [n for n in data.split(START) if n]


def without_seals(data):
    """As the stream would be if nobody sealed it: the seal and the parameter set before it gone."""
    kept, keyframe = nals(data), any(n[0] & 31 == 5 for n in nals(data))
    kept = [n for n in kept if seal.classify_h264(n) != "seal"]
    if not keyframe:
        kept = [n for n in kept if seal.classify_h264(n) != "set"]
    return b"".join(START + n for n in kept)


def run(command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=True, **options).stdout


class Sealing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=2, size=SIZE))

    def viewer(self, camera="front", **options):
        viewer = sealed_viewer.SealedViewer(self.demo.info, camera, "owner",
                                            self.demo.token("owner"), **options)
        self.addCleanup(viewer.close)
        return viewer

    def client(self, camera="front"):
        info = self.demo.info
        client = rtsp.Client("127.0.0.1", info["rtsps_port"], camera, info["spki_sha256"])
        self.addCleanup(client.close)
        client.authorize("owner", self.demo.token("owner"))
        return client

    def captured(self, camera="front", count=90):
        """Access units as they came, the first a keyframe."""
        client = self.client(camera)
        client.play()
        return [unit.data for unit in client.access_units(count=count)]

    def test_each_frame_of_each_camera_is_proven(self):
        for camera in ("front", "back"):
            with self.subTest(camera=camera):
                viewer = self.viewer(camera)
                viewer.play()
                self.assertEqual(viewer.said, "valid")
                judged = list(viewer.units(count=100))
                self.assertEqual({verdict for verdict, _ in judged}, {"valid"})
                sequences = [s.sequence for _, s in judged]
                self.assertEqual(sequences, list(range(sequences[0], sequences[0] + 100)))
                self.assertGreaterEqual(sum(s.keyframe for _, s in judged), 2)

    def test_a_second_viewer_joins_at_an_older_keyframe(self):
        first = self.viewer()
        first.play()
        list(first.units(count=20))
        second = self.viewer()
        second.play()
        self.assertEqual({verdict for verdict, _ in second.units(count=30)}, {"valid"})

    def test_another_run_is_another_epoch_with_another_key(self):
        epochs = []
        for _ in range(2):
            viewer = self.viewer()
            viewer.play()
            list(viewer.units(count=1))
            epochs.append(viewer.verifier.certificate)
            viewer.close()
            harness.wait_until(lambda: self.demo.camera("front")["condition"] == "idle", 10,
                               "the end of the epoch")
        self.assertGreater(epochs[1].epoch, epochs[0].epoch)
        self.assertNotEqual(epochs[1].key, epochs[0].key)

    def test_what_is_wrong_is_found_at_the_first_frame(self):
        viewer = self.viewer()
        viewer.play()
        good = next(viewer.client.access_units(count=1)).data
        back = self.captured("back", 1)[0]
        flipped = bytearray(good)
        flipped[-20] ^= 1
        cases = {"camera": back, "picture": bytes(flipped), "unsealed": without_seals(good)}
        for verdict, data in cases.items():
            self.assertEqual(viewer.verifier.unit(data, *sealed_viewer.now())[0], verdict)
        self.assertEqual(viewer.verifier.unit(good, *sealed_viewer.now())[0], "valid")
        boot, real = sealed_viewer.now()
        later = sealed_viewer.verifier(self.demo.info, "front", "relay")
        self.assertEqual(later.unit(good, boot + 60_000_000, real + 60_000_000)[0], "stale")

    def test_another_root_is_refused_before_any_frame(self):
        viewer = self.viewer(root=bytes(range(32)))
        viewer.describe()
        self.assertEqual(viewer.said, "root")

    def test_a_statement_is_for_one_nonce_and_one_connection(self):
        one, two = self.viewer(), self.viewer()
        one.describe()
        two.describe()
        self.assertEqual((one.said, two.said), ("valid", "valid"))
        certificate = two.verifier.certificate.raw
        exporter = one.client.connection.exporter()
        judge = one.verifier.statement
        self.assertEqual(judge(certificate, two.statement, one.nonce, exporter, 0, 1), "nonce")
        self.assertEqual(judge(certificate, two.statement, two.nonce, exporter, 0, 1), "exporter")
        self.assertNotEqual(one.statement[28:36], two.statement[28:36], "the same lease")

    def test_nothing_is_stated_without_a_nonce(self):
        response = self.client().describe()
        self.assertEqual([h for h in response.headers if h.startswith("camward-")], [])

    def test_what_is_no_nonce_is_refused(self):
        good = base64.b64encode(bytes(32)).decode()
        for wrong in ("", "x", good[:-1], good + "=", good[:-4], good + good, "!" + good[1:],
                      base64.b64encode(bytes(31)).decode(), base64.b64encode(bytes(33)).decode()):
            with self.subTest(nonce=wrong):
                client = self.client()
                response = client.request("DESCRIBE", headers={"Camward-Nonce": wrong})
                self.assertEqual(response.status, 400)
        twice = self.client()
        twice.send(twice.format_request("DESCRIBE", headers={"Camward-Nonce": good})
                   .replace(b"\r\n\r\n", f"\r\nCamward-Nonce: {good}\r\n\r\n".encode()))
        self.assertEqual(twice.read_response().status, 400)

    # -- decoders -------------------------------------------------------------------------------

    def frame_hashes(self, decoder, path):
        if decoder == "ffmpeg":
            out = run(["ffmpeg", "-v", "error", "-f", "h264", "-i", path, "-f", "framemd5", "-"])
            return re.findall(rb"(?m), *([0-9a-f]{32})$", out)
        raw = path.with_suffix(".yuv")
        run(["gst-launch-1.0", "-q", "filesrc", f"location={path}", "!", "h264parse", "!", decoder,
             "!", "videoconvert", "!", "video/x-raw,format=I420", "!", "filesink",
             f"location={raw}"])
        width, height = map(int, SIZE.split("x"))
        data, size = raw.read_bytes(), width * height * 3 // 2
        self.assertEqual(len(data) % size, 0)
        return [data[i:i + size] for i in range(0, len(data), size)]

    def test_decoders_see_no_difference(self):
        units = self.captured(count=75)
        with tempfile.TemporaryDirectory() as directory:
            sealed, plain = (pathlib.Path(directory) / n for n in ("sealed.h264", "plain.h264"))
            sealed.write_bytes(b"".join(units))
            plain.write_bytes(b"".join(map(without_seals, units)))
            self.assertLess(plain.stat().st_size, sealed.stat().st_size - 75 * 200)
            for decoder in ("ffmpeg", "openh264dec", "avdec_h264"):
                with self.subTest(decoder=decoder):
                    with_seals = self.frame_hashes(decoder, sealed)
                    self.assertGreaterEqual(len(with_seals), 74)
                    self.assertTrue(with_seals == self.frame_hashes(decoder, plain))

    # -- middlemen ------------------------------------------------------------------------------

    def sets_of_sdp(self):
        text = self.client().describe().body.decode()
        sprop = re.search(r"sprop-parameter-sets=([^;\s]+)", text)[1]
        return [base64.b64decode(part) for part in sprop.split(",")]

    def assert_survives(self, units, freshness, at_least=50, sets=()):
        """Each unit is judged when it comes, as by a viewer behind the middleman. sets: given out
        of band."""
        verifier = sealed_viewer.verifier(self.demo.info, "front", freshness)
        for nal in sets:
            verifier.parameter_set(nal)
        verdicts = [verifier.unit(unit, *sealed_viewer.now())[0] for unit in units]
        first = verdicts.index("valid")
        self.assertLessEqual(set(verdicts[:first]), {"no-certificate"})
        self.assertEqual(set(verdicts[first:]), {"valid"}, verdicts)
        self.assertGreaterEqual(len(verdicts) - first, at_least)

    def test_a_remux_to_mp4_keeps_the_seals(self):
        with tempfile.TemporaryDirectory() as directory:
            stream, mp4 = (pathlib.Path(directory) / n for n in ("a.h264", "a.mp4"))
            stream.write_bytes(b"".join(self.captured(count=75)))
            run(["ffmpeg", "-v", "error", "-f", "h264", "-i", stream, "-c", "copy", mp4])
            packets = json.loads(run(["ffprobe", "-v", "error", "-show_entries", "packet=pos,size",
                                      "-of", "json", mp4]))["packets"]
            data = mp4.read_bytes()
        samples = [data[int(p["pos"]):int(p["pos"]) + int(p["size"])] for p in packets]
        self.assert_survives(map(self.annex_b, samples), "file", 75)

    def annex_b(self, sample):
        """From NAL units after their lengths (ISO/IEC 14496-15)."""
        out = b""
        while sample:
            size, = struct.unpack_from(">I", sample)
            out += START + sample[4:4 + size]
            sample = sample[4 + size:]
        return out

    def relayed(self, command, count=60):
        """Access units that arrive over RTP and UDP from a relay."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            udp.bind(("127.0.0.1", 0))
            udp.settimeout(15)
            relay = subprocess.Popen(command(udp.getsockname()[1]), stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            depacketizer = rtp.Depacketizer()
            try:
                while count:
                    unit = depacketizer.push(rtp.parse(udp.recv(65536)))
                    if unit:
                        count -= 1
                        yield unit.data
            finally:
                relay.kill()
                relay.communicate()

    # It takes the parameter sets out of the stream, and gives them out of band.
    def test_gstreamer_as_a_relay_keeps_the_seals(self):
        self.assert_survives(self.relayed(lambda port: [
            "gst-launch-1.0", "-q", "rtspsrc", f"location={self.demo.url('owner', 'front')}",
            "protocols=tcp", "tls-validation-flags=0", "!", "rtph264depay", "!", "rtph264pay", "!",
            "udpsink", "host=127.0.0.1", f"port={port}"]), "relay", sets=self.sets_of_sdp())

    def test_ffmpeg_as_a_relay_keeps_the_seals(self):
        self.assert_survives(self.relayed(lambda port: [
            "ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i",
            self.demo.url("owner", "front"), "-c", "copy", "-f", "rtp",
            f"rtp://127.0.0.1:{port}?pkt_size=1400"]), "relay")

    def test_no_access_unit_begins_with_what_go2rtc_drops(self):
        # Its depayloader leaves out SEI and delimiters until something else has come.
        for unit in self.captured(count=40):
            self.assertEqual(seal.classify_h264(nals(unit)[0]), "set")


if __name__ == "__main__":
    unittest.main()
