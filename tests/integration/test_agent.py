# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ask-first from end to end: camwardctl agent is asked, and a viewer waits for its word."""

import json
import os
import select
import socket
import subprocess
import threading
import unittest

import harness
import rtsp
import tls


class Agent:
    """camwardctl agent --json, and what it is asked."""

    def __init__(self, demo):
        self.popen = subprocess.Popen(
            [str(harness.BUILD / "service/ctl/camwardctl"), "agent", "--json"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=demo.info["bus"]))
        self.demo = demo
        self.wait(True)

    def wait(self, there):
        harness.wait_until(lambda: self.demo.ctl_json("status")["has_agent"] is there,
                           what="the agent's coming or going")

    def question(self):
        if not select.select([self.popen.stdout], [], [], 10)[0]:
            raise AssertionError("the agent is asked nothing")
        return json.loads(self.popen.stdout.readline())

    def answer(self, question, word):
        self.popen.stdin.write(f"{question['lease']} {word}\n")
        self.popen.stdin.flush()

    def close(self):
        """It takes leave; when it has ended, so has what ran by its word."""
        self.popen.stdin.close()
        status = self.popen.wait(20)
        self.popen.stdout.close()
        return status

    def kill(self):
        self.popen.kill()
        self.popen.wait()
        self.popen.stdin.close()
        self.popen.stdout.close()
        self.wait(False)


class AskFirst(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.demo = cls.enterClassContext(harness.Demo(cameras=2))
        cls.info = cls.demo.info
        cls.demo.ctl("revoke", "guest", "front")
        cls.demo.ctl("grant", "guest", "front", "live", "--ask-first")

    def client(self, name="guest", camera="front"):
        c = rtsp.Client("127.0.0.1", self.info["rtsps_port"], camera, self.info["spki_sha256"])
        self.addCleanup(c.close)
        c.authorize(name, self.demo.token(name))
        return c

    def stranger(self):
        """By a grant of this test alone: a no is for a grant."""
        self.demo.ctl("grant", "stranger", "front", "live", "--ask-first")
        self.addCleanup(self.demo.ctl, "revoke", "stranger", "front")
        return self.client("stranger")

    def asking(self, client):
        """DESCRIBE, which waits; its answer is put into the list."""
        answers = []

        def describe():
            try:
                answers.append(client.request("DESCRIBE"))
            except (tls.Ended, OSError):  # the test has ended it
                pass

        thread = threading.Thread(target=describe)
        thread.start()
        return thread, answers

    def agent(self):
        agent = Agent(self.demo)
        self.addCleanup(lambda: agent.popen.poll() is None and agent.kill())
        return agent

    def test_yes_lets_this_viewer_watch_until_the_agent_goes(self):
        agent, viewer = self.agent(), self.client()
        harness.wait_until(lambda: self.demo.camera("front")["condition"] == "idle",
                           what="the end of other tests' viewers")
        thread, answers = self.asking(viewer)
        question = agent.question()
        self.assertEqual((question["event"], question["client"], question["camera"],
                          question["right"]), ("asked", "guest", "front", "live"))
        self.assertEqual(self.demo.leases()[0]["state"], "asking")
        self.assertNotIn(self.demo.leases()[0]["id"],
                         [l["id"] for l in self.demo.ctl_json("exposure", "--client", "guest")["running"]])
        self.assertEqual(self.demo.camera("front")["condition"], "idle")
        agent.answer(question, "yes")
        thread.join()
        self.assertEqual(answers[0].status, 200)
        viewer.play()
        list(viewer.access_units(count=5))
        self.assertEqual(agent.close(), 0)
        self.assertEqual(viewer.wait_end(3)[0].how, "rst")
        self.assertEqual(self.client().request("DESCRIBE").status, 404)

    def test_a_killed_agent_ends_what_it_allowed_and_nothing_else(self):
        agent, viewer, other = self.agent(), self.client(), self.client("owner")
        other.play()
        thread, _ = self.asking(viewer)
        agent.answer(agent.question(), "yes")
        thread.join()
        viewer.play()
        list(viewer.access_units(count=5))
        agent.kill()
        self.assertEqual(viewer.wait_end(5)[0].how, "rst")
        self.assertEqual(len(list(other.access_units(count=20))), 20)

    def test_no_is_as_if_there_were_nothing(self):
        nothing = self.client(camera="nothing").request("DESCRIBE")
        agent, viewer = self.agent(), self.stranger()
        thread, answers = self.asking(viewer)
        agent.answer(agent.question(), "no")
        thread.join()
        self.assertEqual(answers[0].status, 404)
        self.assertEqual(answers[0].without_cseq(), nothing.without_cseq())
        # A no holds for a while, without a second question.
        self.assertEqual(self.client("stranger").request("DESCRIBE").status, 404)

    def test_there_is_one_agent(self):
        self.agent()
        second = subprocess.run(
            [str(harness.BUILD / "service/ctl/camwardctl"), "agent"], text=True, timeout=20,
            input="", capture_output=True,
            env=dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.info["bus"]))
        self.assertEqual((second.returncode, second.stdout), (1, ""))
        self.assertIn("Another program is asked already", second.stderr)

    def test_a_viewer_who_leaves_is_not_asked_about_any_more(self):
        agent, viewer = self.agent(), self.stranger()
        self.asking(viewer)[0].join(0.1)
        question = agent.question()
        viewer.connection.tcp.shutdown(socket.SHUT_RDWR)
        self.assertEqual(agent.question(), {"event": "cancelled", "lease": question["lease"]})


if __name__ == "__main__":
    unittest.main()
