#!/usr/bin/env python3
"""The runner of transcripts finds what differs."""

import contextlib
import io
import os
import tempfile
import unittest
from pathlib import Path

import transcript


def verdict(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.transcript"
        path.write_text(text)
        with contextlib.redirect_stdout(io.StringIO()):
            return transcript.run(path, "/bin")


class TranscriptTest(unittest.TestCase):
    def test_accepts_what_happens(self):
        self.assertTrue(verdict("# c\n$ echo one; echo two >&2; exit 3\none\ntwo\n? 3\n"))
        self.assertTrue(verdict("$ echo a 12 b\na [..] b\n\n$ true\n"))
        self.assertTrue(verdict("$ seq 9\n1\n[...]\n9\n"))
        self.assertTrue(verdict("$ touch x\n$ ls\nx\n"))
        self.assertTrue(verdict("$ printf end\nend\n"))

    def test_finds_what_differs(self):
        self.assertFalse(verdict("$ echo one\ntwo\n"))
        self.assertFalse(verdict("$ echo one\n"))
        self.assertFalse(verdict("$ true\none\n"))
        self.assertFalse(verdict("$ exit 3\n"))
        self.assertFalse(verdict("$ true\n? 3\n"))
        self.assertFalse(verdict("$ seq 3\n1\n[..]\n"))
        self.assertFalse(verdict("$ echo axb\na.b\n"))
        self.assertFalse(verdict("$ seq 2\n2\n1\n"))

    def test_each_runs_in_an_empty_folder(self):
        self.assertTrue(verdict("$ ls\n"))
        self.assertTrue(verdict("$ touch x\n"))
        self.assertTrue(verdict("$ ls\n"))

    def test_refuses_what_is_no_transcript(self):
        for text in ("", "one\n", "# only a comment\n"):
            with self.assertRaises(SystemExit):
                verdict(text)


if __name__ == "__main__":
    os.umask(0o077)
    unittest.main()
