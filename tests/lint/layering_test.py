#!/usr/bin/env python3
"""The layering check finds what it is there to find."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECK = Path(__file__).with_name("layering.py")


def check(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([sys.executable, CHECK, folder], capture_output=True, text=True)
        return done.returncode, done.stdout


class Layering(unittest.TestCase):
    def test_accepts_what_is_allowed(self):
        self.assertEqual(check({"crypto/a.h": "", "protocol/sum/b.cpp": '#include "crypto/a.h"\n'})[0], 0)

    def test_finds_policies_in_protocol(self):
        status, out = check({"policies/a.h": "", "protocol/sum/b.h": '#include "policies/a.h"\n'})
        self.assertEqual(status, 1)
        self.assertIn("protocol/sum/b.h:1: protocol must not include policies", out)

    def test_finds_an_upper_floor_in_a_lower_one(self):
        self.assertEqual(check({"node/core/a.h": "", "node/store/b.cpp": '#include "node/core/a.h"\n'})[0], 1)
        self.assertEqual(check({"node/store/a.h": "", "node/cli/b.cpp": '#include "node/store/a.h"\n'})[0], 1)
        self.assertEqual(check({"crypto/a.h": "", "crypto/base/b.h": '#include "crypto/a.h"\n'})[0], 1)

    def test_finds_third_party_headers_outside_their_room(self):
        for folder, header in [("protocol", "sodium.h"), ("node/core", "openssl/evp.h"),
                               ("node/core", "sqlite3.h"), ("node/daemon", "zmq.hpp"),
                               ("node/ipc", "zmq.h"), ("crypto/base", "openssl/bio.h")]:
            self.assertEqual(check({f"{folder}/a.cpp": f"#include <{header}>\n"})[0], 1, header)

    def test_finds_files_that_lie_nowhere(self):
        self.assertEqual(check({"node/attic/a.cpp": ""})[0], 1)

    def test_finds_includes_not_named_from_the_root(self):
        self.assertEqual(check({"crypto/a.h": "", "crypto/b.cpp": '#include "a.h"\n'})[0], 1)


if __name__ == "__main__":
    unittest.main()
