#!/usr/bin/env python3
"""Which sources can be compiled as one: those among which no name of an unnamed namespace stands
twice, nor two tests of one name. Most of a compiler's time goes into headers and templates, which
are so read once for several files.

    together.py MOST FILE...   prints lines "GROUP FILE" for the groups of two and more
"""

import re
import sys
from pathlib import Path

DEFINES = re.compile(r"(?:struct|class|enum class) (\w+)|(\w+)\(|(\w+)(?:\[\w*\])? ?[={;]")
TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)", re.MULTILINE)
DECLARED_AGAIN = re.compile(r"using [\w:]+;")  # may stand twice
MACRO = re.compile(r"[A-Z][A-Z_0-9]+")
NAMED = re.compile(r"namespace ([\w:]+) \{")


def own_names(file):
    """What a file defines for itself alone, as far as a regular expression can tell."""
    text = file.read_text()
    names, inside, scope = {"_".join(test) for test in TEST.findall(text)}, False, ""
    for line in text.splitlines():
        if line.startswith("namespace {"):
            inside = True
        elif named := NAMED.match(line):
            scope = named[1]
        elif line.startswith("}  // namespace"):
            inside = False
        elif DECLARED_AGAIN.match(line):
            continue
        elif line.startswith("using ") or inside and line[:1].isalpha():
            if found := DEFINES.search(line):
                names.update(f"{scope}::{n}" for n in found.groups()
                             if n and not MACRO.fullmatch(n))
    return names


def batches(files, most):
    """Lists of at most so many of the files, in their order."""
    made = []  # (files, names)
    for file in files:
        names = own_names(file)
        for batch in made:
            if len(batch[0]) < most and not batch[1] & names:
                batch[0].append(file)
                batch[1].update(names)
                break
        else:
            made.append(([file], names))
    return [batch[0] for batch in made]


def main(most, *files):
    for number, batch in enumerate(batches([Path(f) for f in files], int(most))):
        if len(batch) > 1:
            for file in batch:
                print(f"{number} {file}")


if __name__ == "__main__":
    main(*sys.argv[1:])
