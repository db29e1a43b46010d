#!/usr/bin/env python3
"""Fuzzes every target in turn, one process at a time at the lowest priority.

    tests/fuzz/run.py --build build/fuzz --out FOLDER --seconds-per-target 600 [--target NAME ...]

A target runs in slices until it has had that many CPU seconds, counted over all runs with the
same --out: FOLDER/cpu-seconds.json keeps the account, FOLDER/corpus/<target> what was found,
FOLDER/finds/ the inputs that end a target badly (crash, leak, more than two minutes, too much memory);
FOLDER/logs/<target> what libFuzzer said. Stopped and called again, it goes on where it was.
Exit 0: every target has had its time and nothing was found; 1: there are finds.

    tests/fuzz/run.py --build build/fuzz --out FOLDER --merge

adds to tests/fuzz/corpus what the folder's corpora reach beyond the seeds and it, minimised.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SLICE_SECONDS = 120
MOST_MERGED_BYTES = 4096  # larger inputs stay out of the repository
HERE = pathlib.Path(__file__).resolve().parent
OPTIONS = ["-timeout=120", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=1", "-report_slow_units=120"]


class Fuzzer:
    def __init__(self, build, out):
        self.out = out.resolve()
        for folder in ("corpus", "finds", "logs", "bin"):
            (self.out / folder).mkdir(parents=True, exist_ok=True)
        self.account = self.out / "cpu-seconds.json"
        # Copies, so that a build meanwhile does not disturb a long run.
        self.program, self.replay = self.out / "hedgerow_fuzz", self.out / "fuzz_replay"
        for program in (self.program, self.replay):
            fresh = program.with_suffix(".new")
            shutil.copy(build / "bin" / program.name, fresh)
            fresh.rename(program)

    def targets(self):
        listed = subprocess.run([self.replay, "--list"], check=True, capture_output=True, text=True)
        return listed.stdout.split()

    def link(self, target):
        """The program under the target's name: that is how it knows which to run."""
        link = self.out / "bin" / target
        if not link.is_symlink():
            link.symlink_to(self.program)
        return link

    def seeds(self):
        folder = self.out / "seeds"
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([self.replay, "--seeds", folder], check=True)
        return folder

    def spent(self):
        return json.loads(self.account.read_text()) if self.account.exists() else {}

    def add(self, target, seconds, runs):
        spent = self.spent()
        entry = spent.setdefault(target, {"seconds": 0, "runs": 0})
        entry["seconds"] = round(entry["seconds"] + seconds, 1)
        entry["runs"] += runs
        whole = self.account.with_suffix(".new")
        whole.write_text(json.dumps(spent, indent=1, sort_keys=True) + "\n")
        whole.rename(self.account)

    def folders(self, target, seeds):
        own = self.out / "corpus" / target
        own.mkdir(exist_ok=True)
        kept = HERE / "corpus" / target
        return [own] + [f for f in (seeds / target, kept) if f.is_dir()]

    def run_slice(self, target, seeds, seconds):
        """One run; its CPU seconds, and whether it ended well."""
        log = self.out / "logs" / target
        command = [self.link(target), *OPTIONS, f"-max_total_time={seconds}",
                   f"-artifact_prefix={self.out}/finds/{target}-", *self.folders(target, seeds)]
        with log.open("wb") as text:
            child = subprocess.Popen(command, stdout=text, stderr=text, preexec_fn=lambda: os.nice(19))
            _, status, usage = os.wait4(child.pid, 0)
        ran = re.search(r"number_of_executed_units: (\d+)", log.read_text(errors="replace"))
        self.add(target, usage.ru_utime + usage.ru_stime, int(ran.group(1)) if ran else 0)
        good = status == 0
        if not good:
            shutil.copy(log, self.out / "logs" / f"{target}.found")
        return good

    def run(self, targets, seconds):
        seeds = self.seeds()
        found = set()
        while True:
            spent = self.spent()
            left = [t for t in targets
                    if t not in found and spent.get(t, {}).get("seconds", 0) < seconds]
            if not left:
                break
            for target in left:
                if not self.run_slice(target, seeds, SLICE_SECONDS):
                    found.add(target)
                    print(f"{target}: found something, see {self.out}/logs/{target}.found", flush=True)
        return found

    def merge(self, targets):
        seeds = self.seeds()
        for target in targets:
            own, *known = self.folders(target, seeds)
            kept = HERE / "corpus" / target
            with tempfile.TemporaryDirectory() as name:
                # What is known already is merged first; only what goes beyond it is new.
                base, small = pathlib.Path(name) / "base", pathlib.Path(name) / "small"
                base.mkdir()
                small.mkdir()
                for folder in known:
                    for file in folder.iterdir():
                        shutil.copy(file, base / file.name)
                before = {f.name for f in base.iterdir()}
                for file in own.iterdir():
                    if file.stat().st_size <= MOST_MERGED_BYTES:
                        shutil.copy(file, small / file.name)
                subprocess.run([self.link(target), *OPTIONS, "-merge=1", base, small], check=True,
                               capture_output=True)
                new = [f for f in base.iterdir() if f.name not in before]
                if new:
                    kept.mkdir(parents=True, exist_ok=True)
                for file in new:
                    shutil.copy(file, kept / file.name[:16])
                print(f"{target}: {len(new)} new", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/fuzz"))
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seconds-per-target", type=float, default=600)
    parser.add_argument("--target", action="append")
    parser.add_argument("--merge", action="store_true")
    words = parser.parse_args()
    fuzzer = Fuzzer(words.build, words.out)
    targets = words.target or fuzzer.targets()
    if words.merge:
        fuzzer.merge(targets)
        return 0
    found = fuzzer.run(targets, words.seconds_per_target)
    spent = fuzzer.spent()
    for target in targets:
        print(f"{target}: {spent[target]['seconds']} CPU seconds, {spent[target]['runs']} inputs")
    print(f"in all: {sum(spent[t]['seconds'] for t in targets) / 3600:.2f} CPU hours")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
