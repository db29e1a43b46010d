#!/usr/bin/env python3
"""Runs transcripts of the command line, as a guide would show them, and compares.

    transcript.py BIN-DIR FILE.transcript...
    transcript.py BIN-DIR --print FILE.transcript...   prints what happens instead

A transcript holds commands and, below each, what the terminal shows (stdout and stderr):

    # a comment, at the beginning of a line
    $ hedgerow frobnicate
    hedgerow: unknown: frobnicate
    hint: see [..]
    ? 64

`[..]` stands for any text within a line, `[...]` alone on a line for any number of lines; `? CODE`
is the exit code, 0 where it is not given. Each transcript runs in an empty folder of its own, its
commands one after another in `sh`, with BIN-DIR first in PATH.
"""

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

LIMIT_S = 60 * int(os.environ.get("HEDGEROW_SLOWNESS", "1"))  # a command


@dataclass
class Step:
    line: int
    command: str
    expected: list = field(default_factory=list)
    code: int = 0


def parse(text, name):
    steps = []
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{name}:{number}: "
        if line.startswith("#") or (not line and not steps):
            continue
        if line.startswith("$ "):
            steps.append(Step(number, line[2:]))
        elif not steps:
            sys.exit(where + "this stands before the first command")
        elif line.startswith("? "):
            steps[-1].code = int(line[2:])
        else:
            steps[-1].expected.append(line)
    for step in steps:  # empty lines before the next command only divide the page
        while step.expected and not step.expected[-1]:
            step.expected.pop()
    if not steps:
        sys.exit(f"{name}: no command")
    return steps


def pattern(lines):
    out = ""
    for line in lines:
        if line == "[...]":
            out += r"(?:.*\n)*"
        else:
            out += ".*".join(re.escape(part) for part in line.split("[..]")) + r"\n"
    return out


def perform(step, folder, environment):
    done = subprocess.run(["sh", "-c", step.command], cwd=folder, env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=LIMIT_S)
    return done.returncode, done.stdout.decode()


def run(path, bin_dir, show=False):
    """Prints every difference; true where there is none."""
    same = True
    environment = {"PATH": f"{bin_dir}:{os.environ['PATH']}", "HOME": "/nonexistent",
                   "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    with tempfile.TemporaryDirectory(prefix="hedgerow-") as folder:
        for step in parse(path.read_text(), path.name):
            code, shown = perform(step, folder, environment)
            if show:
                print(f"$ {step.command}\n{shown}" + (f"? {code}\n" if code else ""))
                continue
            ended = "" if not shown or shown.endswith("\n") else "\n"
            if re.fullmatch(pattern(step.expected), shown + ended) is None or code != step.code:
                same = False
                print(f"{path.name}:{step.line}: $ {step.command}\n--- expected, with exit "
                      f"{step.code}\n" + "\n".join(step.expected)
                      + f"\n--- shown, with exit {code}\n{shown}")
    return same


def main():
    os.umask(0o077)
    words = sys.argv[1:]
    show = "--print" in words
    words = [w for w in words if w != "--print"]
    if len(words) < 2:
        sys.exit(__doc__)
    bin_dir = Path(words[0]).resolve()
    if not (bin_dir / "hedgerow").exists():
        sys.exit(f"{bin_dir}/hedgerow is missing")
    verdicts = [run(Path(name), bin_dir, show) for name in words[1:]]
    print(f"{len(verdicts)} transcripts, {verdicts.count(False)} differ")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
