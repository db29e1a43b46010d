#!/usr/bin/env python3
"""Walks through the guides' first day: every command in them, with what they say it shows.

    guides_test.py BUILD-DIR [--print]     --print: shows what happens instead of comparing
"""

import datetime
import os
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import first_day
from first_day import transcript
from region import ROOT, SLOWNESS, run

CHILDREN = 600
LIMIT_S = 240


def walk(build, show):
    bin_dir = Path(build).resolve() / "bin"
    top = Path(tempfile.mkdtemp(prefix="hedgerow-"))
    folder = top / "desk"
    folder.mkdir()
    others = first_day.Others(folder, bin_dir)
    environment = {"PATH": f"{bin_dir}:{os.environ['PATH']}", "HOME": "/nonexistent",
                   "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "COLUMNS": "100"}
    today = datetime.datetime.now(datetime.timezone.utc).date()
    names = dict(zip(first_day.WRITTEN_PERIODS, first_day.periods(today)))
    differ = steps = 0
    try:
        made = run([sys.executable, ROOT / "tests/generator/generate_region.py", "--out",
                    top / "input", "--seed", "1", "--children", str(CHILDREN), "--today", str(today), "--return"])
        if made.code != 0:
            raise AssertionError(f"generator: {made}")
        (folder / "exports").mkdir()
        for file in (top / "input" / first_day.COUNCIL).iterdir():
            if file.is_dir():
                shutil.copytree(file, folder / "exports" / file.name)
            else:
                shutil.copy(file, folder / "exports")
        for scene in first_day.scenes():
            if show:
                print(f"\n=== {scene.number}. {scene.guide}: {scene.heading}")
            for part in scene.parts:
                if isinstance(part, str):
                    others.do(part)
                    continue
                part = first_day.of_today(part, names)
                code, shown = transcript.perform(part, folder, environment)
                steps += 1
                if show:
                    print(f"$ {part.command}\n{shown}" + (f"? {code}\n" if code else ""), end="")
                    continue
                ended = "" if not shown or shown.endswith("\n") else "\n"
                if (re.fullmatch(transcript.pattern(part.expected), shown + ended) is None
                        or code != part.code):
                    differ += 1
                    print(f"{scene.guide}:{part.line}: $ {part.command}\n--- expected, with exit "
                          f"{part.code}\n" + "\n".join(part.expected)
                          + f"\n--- shown, with exit {code}\n{shown}")
    except BaseException:
        print(others.logs())
        raise
    finally:
        others.close()
        shutil.rmtree(top, ignore_errors=True)
    print(f"{steps} commands of the guides, {differ} differ")
    return 0 if steps > 0 and differ == 0 else 1


def main():
    if len(sys.argv) < 2 or not (Path(sys.argv[1]) / "bin").is_dir():
        sys.exit(__doc__)
    os.umask(0o077)

    def give_up(*_):
        raise TimeoutError(f"the guides took longer than {LIMIT_S} s")
    signal.signal(signal.SIGALRM, give_up)
    signal.signal(signal.SIGTERM, give_up)
    signal.alarm(LIMIT_S * SLOWNESS)
    return walk(sys.argv[1], "--print" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
