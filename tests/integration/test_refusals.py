# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is not granted looks exactly like what does not exist, and no refusal has a media byte."""

import unittest

import harness
import rtsp
import tls


class Refusals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=2))
        cls.info = cls.demo.info

    def client(self, camera, name=None, token=None):
        c = rtsp.Client("127.0.0.1", self.info["rtsps_port"], camera, self.info["spki_sha256"])
        self.addCleanup(c.close)
        if name:
            c.authorize(name, self.demo.token(name) if token is None else token)
        return c

    def refusal(self, camera, name=None, token=None, method="DESCRIBE", headers=None):
        c = self.client(camera, name, token)
        response = c.request(method, headers=headers or {"Accept": "application/sdp"})
        self.assert_no_media(c)
        return response

    def assert_no_media(self, client):
        """Nothing follows a refusal: no frame, no more bytes within a moment."""
        self.assertEqual(list(client.frames), [])
        with self.assertRaises((TimeoutError, tls.Ended)):
            message = client.read(timeout=0.3)
            self.fail(f"after a refusal came {message!r}")

    def test_unknown_ungranted_and_stranger_get_one_and_the_same_answer(self):
        answers = {
            "unknown camera, owner": self.refusal("nowhere", "owner"),
            "ungranted camera, guest": self.refusal("back", "guest"),
            "camera, stranger": self.refusal("front", "stranger"),
            "unknown camera, stranger": self.refusal("nowhere", "stranger"),
            "not a name, owner": self.refusal("Front", "owner"),
            "percent, owner": self.refusal("fr%6fnt", "owner"),
            "dots, owner": self.refusal("front/../back", "owner"),
            "no stream of that name, owner": self.refusal("front/main", "owner"),
            "sub of an unknown camera, owner": self.refusal("nowhere/sub", "owner"),
            "sub of an ungranted camera, guest": self.refusal("back/sub", "guest"),
            "sub, stranger": self.refusal("front/sub", "stranger"),
        }
        for what, response in answers.items():
            self.assertEqual(response.status, 404, what)
        self.assertEqual(len({r.without_cseq() for r in answers.values()}), 1, answers)

    def test_setup_without_describe_is_refused_alike(self):
        transport = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"}
        answers = [self.refusal("nowhere/trackID=0", "owner", method="SETUP", headers=transport),
                   self.refusal("back/trackID=0", "guest", method="SETUP", headers=transport),
                   self.refusal("front/trackID=0", "stranger", method="SETUP", headers=transport)]
        self.assertEqual({r.status for r in answers}, {404})
        self.assertEqual(len({r.without_cseq() for r in answers}), 1)

    def test_no_or_wrong_credentials_are_401_whatever_the_camera(self):
        answers = {
            "none": self.refusal("front"),
            "none, unknown camera": self.refusal("nowhere"),
            "wrong token": self.refusal("front", "owner", "A" * 43),
            "another's token": self.refusal("front", "owner", self.demo.token("guest")),
            "empty token": self.refusal("front", "owner", ""),
            "unknown client": self.refusal("front", "nobody", self.demo.token("owner")),
            "not a client's name": self.refusal("front", "Owner", self.demo.token("owner")),
            "wrong token, unknown camera": self.refusal("nowhere", "owner", "A" * 43),
        }
        for what, response in answers.items():
            self.assertEqual(response.status, 401, what)
            self.assertRegex(response.headers["www-authenticate"], '^Basic realm=')
        self.assertEqual(len({r.without_cseq() for r in answers.values()}), 1, answers)

    def test_other_schemes_and_broken_credentials_are_401(self):
        for value in ("Digest username=\"owner\"", "Basic", "Basic !!!!", "Basic b3duZXI=",
                      "Bearer " + self.demo.token("owner")):
            c = self.client("front")
            c.headers["Authorization"] = value
            self.assertIn(c.request("DESCRIBE").status, (400, 401), value)

    def test_options_needs_no_credentials_and_tells_nothing(self):
        answers = {self.refusal(camera, method="OPTIONS", headers={}).without_cseq()
                   for camera in ("front", "nowhere")}
        self.assertEqual(len(answers), 1)
        self.assertIn(b" 200 OK", next(iter(answers)))

    def test_a_bound_connection_never_gets_another_camera(self):
        c = self.client("front", "owner")
        c.play()
        list(c.access_units(count=3))
        c.url = c.url.replace("/front", "/back")
        session, c.session = c.session, None
        response = c.request("DESCRIBE")
        self.assertGreaterEqual(response.status, 400)
        response = c.request("SETUP", c.url + "/trackID=0",
                             {"Transport": "RTP/AVP/TCP;unicast;interleaved=2-3"})
        self.assertGreaterEqual(response.status, 400)
        self.assertTrue(all(lease["camera"] == "front" for lease in self.demo.leases()))
        c.session = session

    def test_a_session_id_is_worth_nothing_on_another_connection(self):
        c = self.client("front", "owner")
        c.play()
        for name in ("owner", "guest", None):
            other = self.client("front", name)
            other.session = c.session
            self.assertIn(other.request("PLAY").status, (401, 454, 455))
            self.assert_no_media(other)

    def test_play_without_setup_shows_nothing(self):
        c = self.client("front", "owner")
        self.assertIn(c.request("PLAY").status, (454, 455))
        self.assert_no_media(c)

    def test_udp_and_multicast_are_461_and_do_not_cost_the_session(self):
        c = self.client("front", "owner")
        c.describe()
        for transport in ("RTP/AVP;unicast;client_port=5000-5001", "RTP/AVP/UDP;unicast;"
                          "client_port=5000-5001", "RTP/AVP;multicast"):
            self.assertEqual(c.request("SETUP", c.track, {"Transport": transport}).status, 461)
        c.setup()
        self.assertEqual(c.request("PLAY").status, 200)
        self.assertEqual(len(list(c.access_units(count=5))), 5)

    def test_suspended_looks_like_unknown_and_resume_brings_it_back(self):
        self.demo.ctl("suspend", "camera", "back", "--reason", "test")
        try:
            suspended = self.refusal("back", "owner")
            self.assertEqual(suspended.without_cseq(),
                             self.refusal("nowhere", "owner").without_cseq())
        finally:
            self.demo.ctl("resume", "camera", "back")
        self.client("back", "owner").describe()

    def test_a_removed_token_is_401(self):
        made = self.demo.ctl_json("client", "token", "guest")
        self.client("front", "guest", made["token"]).describe()
        self.demo.ctl("client", "token", "guest", "--remove", made["id"])
        self.assertEqual(self.refusal("front", "guest", made["token"]).status, 401)


if __name__ == "__main__":
    unittest.main()
