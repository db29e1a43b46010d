#!/usr/bin/env python3
"""What `cmake --install` puts on a machine: programs that start, units that systemd understands,
man pages for each program.

    install_test.py BUILD-DIR CMAKE
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD, CMAKE = sys.argv[1:3]
PROGRAMS = {"hedgerow": "bin", "hedgerowd": "sbin", "hedgerow-gateway": "sbin"}


def output(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, **more)


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = Path(tempfile.mkdtemp(prefix="hedgerow-"))
        done = output(CMAKE, "--install", BUILD, env=dict(os.environ, DESTDIR=str(cls.root)))
        assert done.returncode == 0, done.stderr
        (cls.prefix,) = (f.parents[1] for f in cls.root.rglob("bin/hedgerow"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.root)

    def test_every_program_starts_and_has_its_page(self):
        for program, folder in PROGRAMS.items():
            done = output(self.prefix / folder / program, "--help")
            self.assertEqual(done.returncode, 0, program)
            self.assertEqual(len(list(self.prefix.glob(f"share/man/man[18]/{program}.[18]"))), 1)

    def test_a_unit_starts_the_program_that_is_installed(self):
        for program in ("hedgerowd", "hedgerow-gateway"):
            unit = (self.prefix / f"lib/systemd/system/{program}.service").read_text()
            (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.M)
            self.assertEqual(self.root / command.lstrip("/"), self.prefix / "sbin" / program)

    def test_the_core_has_no_network_and_the_gateway_one_key(self):
        units = self.prefix / "lib/systemd/system"
        core = (units / "hedgerowd.service").read_text()
        for line in ("PrivateNetwork=yes", "RestrictAddressFamilies=AF_UNIX\n", "LimitCORE=0"):
            self.assertIn(line, core)
        gateway = (units / "hedgerow-gateway.service").read_text()
        for line in ("TemporaryFileSystem=/var/lib/hedgerow:ro",
                     "BindReadOnlyPaths=/var/lib/hedgerow/keys/curve.key\n", "LimitCORE=0",
                     "InaccessiblePaths=-/etc/hedgerow -/run/hedgerow\n",
                     "\nRuntimeDirectory=hedgerow-gateway\n"):
            self.assertIn(line, gateway)
        self.assertIn("\nRuntimeDirectory=hedgerow hedgerow-gateway\n", core)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd-analyze")
    def test_systemd_understands_the_units(self):
        for program in ("hedgerowd", "hedgerow-gateway"):
            done = output("systemd-analyze", "security", "--offline=true",
                          f"--root={self.root}", f"{program}.service")
            said = done.stdout + done.stderr
            self.assertIsNone(re.search("unknown|failed to parse|invalid", said, re.I), said)
            exposure = float(re.search(r"exposure level for .*: ([0-9.]+)", said)[1])
            self.assertLess(exposure, 2, said)

    def test_the_user_is_defined(self):
        text = (self.prefix / "lib/sysusers.d/hedgerow.conf").read_text()
        self.assertIn("\nu hedgerow ", text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
