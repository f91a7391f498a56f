# SPDX-License-Identifier: LGPL-2.1-or-later
"""What bash offers after a tab: the verbs and options that the program has, and the service's names."""

import os
import subprocess
import unittest

import harness
from ctl_case import WithDemo
from test_ctl_usage import VERBS

SCRIPT = harness.TOP / "service/ctl/completion.bash"
ASK = """. "$1"; shift; COMP_WORDS=(camwardctl "$@"); COMP_CWORD=$#; _camwardctl
printf '%s\\n' "${COMPREPLY[@]}"
"""


class Completion(WithDemo):
    def offers(self, *words):
        """The last word is the one that is being written."""
        path = f"{harness.BUILD / 'service/ctl'}:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-uc", ASK, "bash", str(SCRIPT), *words], text=True, timeout=30,
                              env=dict(os.environ, PATH=path,
                                       DBUS_SYSTEM_BUS_ADDRESS=self.info["bus"]),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        self.assertEqual(done.stderr, "")
        return set(done.stdout.split())

    def test_every_verb_is_offered(self):
        self.assertEqual(self.offers(""), {v.split()[0] for v in VERBS} | {"--help", "--version"})
        for group in ("camera", "client", "ledger"):
            self.assertEqual(self.offers(group, ""),
                             {v.split()[1] for v in VERBS if v.startswith(group + " ")})

    def test_names_stand_where_the_verb_takes_them(self):
        self.demo.ctl("integration", "add", "nest")
        self.addCleanup(self.demo.ctl, "integration", "remove", "nest")
        for words, there in ((("camera", "rename", "f"), {"front"}),
                             (("grant", "g"), {"guest"}),
                             (("grant", "guest", ""), {"front", "back"}),
                             (("grant", "--until", "+2h", "guest", "front", "st"), {"still"}),
                             (("grant", "--integration", "n"), {"nest"}),
                             (("grant", "--integration", "nest", "b"), {"back"}),
                             (("invite", "front", "f"), {"front"}),
                             (("suspend", "a"), {"all"}),
                             (("suspend", "camera", "b"), {"back"}),
                             (("suspend", "all", ""), set()),
                             (("exposure", "--client", "o"), {"owner"}),
                             (("client", "move", "guest", ""), {"nest"}),
                             (("client", "add", ""), set())):
            with self.subTest(" ".join(words)):
                self.assertEqual(self.offers(*words), there)

    def test_options_are_those_of_the_verb(self):
        self.assertEqual(self.offers("suspend", "camera", "back", "--"),
                         {"--reason", "--json", "--help"})
        self.assertIn("--max-leases", self.offers("grant", "--m"))
        self.assertEqual(self.offers("restore", str(SCRIPT)[:-3]), {str(SCRIPT)})


if __name__ == "__main__":
    unittest.main(verbosity=2)
