#!/usr/bin/env python3
"""The replay notices: a target that fails, a corpus without target, a target without input."""

import pathlib
import subprocess
import sys
import tempfile


def main(planted, replay):
    def run(program, *words):
        return subprocess.run([program, *map(str, words)], capture_output=True, text=True)

    with tempfile.TemporaryDirectory() as name:
        corpus = pathlib.Path(name)
        good = corpus / "planted" / "good"
        good.parent.mkdir()
        good.write_text("good")
        ran = run(planted, corpus)
        assert ran.returncode == 0, ran.stderr
        assert "1 targets, 2 inputs" in ran.stdout, ran.stdout
        assert run(planted, "--target", "planted", good).returncode == 0
        assert run(planted, "--target", "planted", corpus / "missing").returncode == 66
        assert run(planted, "--target", "unknown", good).returncode == 64

        (corpus / "planted" / "bad").write_text("crash")
        failed = run(planted, corpus)
        assert failed.returncode not in (0, 64, 65, 66), failed.returncode
        assert failed.stderr.strip().splitlines()[-2].endswith("planted/bad"), failed.stderr

    with tempfile.TemporaryDirectory() as name:
        (pathlib.Path(name) / "nobody").mkdir()
        stray = run(planted, name)
        assert stray.returncode == 65 and "no target of that name" in stray.stderr, stray.stderr

    assert "planted" not in run(replay, "--list").stdout.split()
    print("ok")


if __name__ == "__main__":
    main(*sys.argv[1:])
