#!/usr/bin/env python3
"""clang-tidy's short list (.clang-tidy) over the rooms that are pure: crypto, policies, protocol.

    tidy.py ROOT BUILD

Most of clang-tidy's time goes into the headers, so files are read several at a time: one source
that includes them all, among which no name of an unnamed namespace stands twice. Where such a
source does not compile all the same, its files are read one by one. No precompiled header is used:
each file names what it needs.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT, BUILD = (Path(p).resolve() for p in sys.argv[1:3])
ROOMS = ("crypto", "policies", "protocol")
MOST = 8  # files at a time
DEFINES = re.compile(r"(?:struct|class|enum class) (\w+)|(\w+)\(|(\w+)(?:\[\w*\])? ?[={;]")
DOES_NOT_COMPILE = "[clang-diagnostic-error]"
# Two files that compile, each with one defect of the list.
PLANTED = {"one.cpp": "double third(int n) { return n / 3; }\n",
           "two.cpp": "double fifth(int n) { return n / 5; }\n"}


def sources():
    """Each source of the rooms with the words of its compiler that matter here."""
    words = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        words[Path(entry["directory"], entry["file"]).resolve()] = tuple(
            w for w in shlex.split(entry["command"]) if re.match(r"-(D|I|isystem|std=)", w))
    return {file: words[file] for room in ROOMS for file in sorted((ROOT / room).rglob("*.cpp"))}


def own_names(file):
    """What a file defines for itself alone, as far as a regular expression can tell."""
    names, inside = set(), False
    for line in file.read_text().splitlines():
        if line.startswith("namespace {"):
            inside = True
        elif line.startswith("}  // namespace"):
            inside = False
        elif line.startswith("using ") or inside and line[:1].isalpha():
            if found := DEFINES.search(line):
                names.update(name for name in found.groups() if name)
    return names


def batches(files):
    made = []  # (flags, files, names)
    for file, flags in files.items():
        names = own_names(file)
        for batch in made:
            if batch[0] == flags and len(batch[1]) < MOST and not batch[2] & names:
                batch[1].append(file)
                batch[2].update(names)
                break
        else:
            made.append((flags, [file], set(names)))
    return made


def tidy(files, flags):
    """What clang-tidy says of these files; nothing where it is content."""
    with tempfile.TemporaryDirectory(prefix="hedgerow-") as folder:
        together = Path(folder, "together.cpp")
        together.write_text("".join(f'#include "{f}"\n' for f in files))
        done = subprocess.run(
            ["clang-tidy", "--quiet", f"--config-file={ROOT}/.clang-tidy",
             "--header-filter=.*", together, "--", *flags],
            capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode == 0:
        return ""
    if DOES_NOT_COMPILE in done.stdout and len(files) > 1:
        return "".join(tidy([f], flags) for f in files)
    return done.stdout + done.stderr


def finds_what_is_planted():
    with tempfile.TemporaryDirectory(prefix="hedgerow-") as folder:
        files = [Path(folder, name) for name in PLANTED]
        for file in files:
            file.write_text(PLANTED[file.name])
        said = tidy(files, ["-std=c++20"])
    return all(f"{name}:1:" in said for name in PLANTED)


def main():
    files = sources()
    if not files or not finds_what_is_planted():
        sys.exit("tidy.py: no sources, or planted defects that are not found")
    made = sorted(batches(files), key=lambda b: -len(b[1]))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        said = "".join(pool.map(lambda b: tidy(b[1], b[0]), made))
    print(said or f"{len(files)} files, {len(made)} times clang-tidy: nothing found")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
