#!/usr/bin/env python3
"""clang-tidy's short list (.clang-tidy) over the rooms that are pure: crypto, policies, protocol.

    tidy.py ROOT BUILD

Most of clang-tidy's time goes into the headers, so files are read several at a time, as
scripts/together.py puts them. Where they do not compile so, they are read one by one. No precompiled
header is used: each file names what it needs.
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
sys.path.insert(0, str(ROOT / "scripts"))
import together  # noqa: E402
ROOMS = ("crypto", "policies", "protocol")
MOST = 30  # files at a time: fewer cost more, and all at once cost more again
INCLUDED = re.compile(r'#include "(/.+\.cpp)"')
DOES_NOT_COMPILE = "[clang-diagnostic-error]"
# Two files that compile, each with one defect of the list.
PLANTED = {"one.cpp": "double third(int n) { return n / 3; }\n",
           "two.cpp": "double fifth(int n) { return n / 5; }\n"}


def sources():
    """Each source of the rooms with the words of its compiler that matter here."""
    words = {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        compiled = Path(entry["directory"], entry["file"]).resolve()
        # Several compiled as one are included by a source that CMake made.
        parts = INCLUDED.findall(compiled.read_text()) if "/Unity/" in str(compiled) else []
        for file in parts or [compiled]:
            words[Path(file)] = tuple(
                w for w in shlex.split(entry["command"]) if re.match(r"-(D|I|isystem|std=)", w))
    return {file: words[file] for room in ROOMS for file in sorted((ROOT / room).rglob("*.cpp"))}


def batches(files):
    """(flags, files) for each run of clang-tidy."""
    by_flags = {}
    for file, flags in files.items():
        by_flags.setdefault(flags, []).append(file)
    return [(flags, batch) for flags, same in by_flags.items()
            for batch in together.batches(same, MOST)]


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
