#!/usr/bin/env python3
"""docs/man/hedgerow.1 names every command and every option that the program has, and no other.

    man_test.py BIN-DIR SOURCE
"""

import re
import subprocess
import sys
from pathlib import Path

BIN, SOURCE = map(Path, sys.argv[1:3])


def help_of(words):
    done = subprocess.run([BIN / "hedgerow", *words, "--help"], capture_output=True, text=True,
                          timeout=60, check=True)
    return done.stdout


def commands(words=()):
    """Every command that has no further ones, with its long options."""
    text = help_of(words)
    head, _, below = text.partition("\nSubcommands:\n")
    options = set(re.findall(r"^  (?:-\w,)?--([\w-]+)", head, re.M)) - {"help"}
    names = re.findall(r"^  ([a-z0-9-]+)", below, re.M)
    found = {}
    for name in names:
        found.update(commands((*words, name)))
    if not names or (words and options):
        found[" ".join(words)] = options
    return found


def documented():
    found, current = {}, None
    for line in (SOURCE / "docs/man/hedgerow.1").read_text().splitlines():
        if line.startswith(".Ss "):
            current = set()
            found.update({command: current for command in line[4:].split(", ")})
        elif line.startswith(".Sh "):
            current = None
        elif current is not None and line.startswith(".It Fl "):
            current.update(re.findall(r"(?:Fl|,) -([\w-]+)", line))
    return found


def main():
    real, told = commands(), documented()
    wrong = [f"has no section for: {c}" for c in sorted(real.keys() - told.keys())]
    wrong += [f"describes what is not there: {c}" for c in sorted(told.keys() - real.keys())]
    for command in sorted(real.keys() & told.keys()):
        wrong += [f"{command}: lacks --{o}" for o in sorted(real[command] - told[command])]
        wrong += [f"{command}: --{o} is not there" for o in sorted(told[command] - real[command])]
    for line in wrong:
        print(f"hedgerow.1 {line}")
    print(f"{len(real)} commands, {len(wrong)} differences")
    return 1 if wrong or len(real) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
