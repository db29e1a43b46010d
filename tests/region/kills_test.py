#!/usr/bin/env python3
"""kill -9 at random moments of imports and questions, on real daemons (measure 2).

    kills_test.py BUILD-DIR [--kills N] [--seed S]

Each round begins an import or a question, kills a core or a gateway of any party at a moment the
seed chooses, starts it again, and lets whoever asked finish or fail. Then: what was acknowledged
is there; what was not can be asked again and completes, all or nothing. At the end every import
and every answer is checked once more, and every log offline.
"""

import argparse
import csv
import json
import random
import re
import subprocess
import sys
import time
from collections import Counter

from region import CONTRIBUTORS, HUB, PARTIES, Region, wait_until

CHILDREN = 60
ROWS = 12
PERIODS = 6  # quarters that may be asked about
QUESTION = re.compile(r"later: hedgerow ask --result ([0-9a-f]{32})")
AGAIN = (69, 75)  # own daemon not running; something is missing for now


def cells(answer):
    return [(p["period"], p["edition_hash"], p["cells"]) for p in answer["periods"]]


class Kills:
    def __init__(self, region, seed):
        self.region, self.random = region, random.Random(seed)
        self.files = {}    # name -> (party, path, rows), of imports that were acknowledged
        self.answers = {}  # period -> cells
        self.count = Counter()
        self.rows = {}
        for party in CONTRIBUTORS:
            with open(region.input(party), encoding="utf-8-sig", newline="") as file:
                self.rows[party] = list(csv.DictReader(file))

    def check(self, good, what):
        if not good:
            raise AssertionError(f"{what}\n{self.region.logs()}")

    # --- what people do ---

    def fresh_file(self, number):
        party = self.random.choice(CONTRIBUTORS)
        rows = self.random.sample(self.rows[party], min(ROWS, len(self.rows[party])))
        path = self.region.top / f"kill-{number}.csv"
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            for i, row in enumerate(rows):
                writer.writerow(dict(row, source_ref=f"kill-{number}-{i}"))
        return party, path, len(rows)

    def begin(self, words):
        return subprocess.Popen([str(w) for w in (self.region.bin / "hedgerow", *words)],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def until_done(self, attempt, what):
        """Tries again as a person would; any other refusal than 'not now' is a failure."""
        def once():
            done = attempt()
            self.check(done.code in (0, *AGAIN), f"{what}: {done}")
            return done if done.code == 0 else None
        return wait_until(once, what, 150)

    def kill_at_some_moment(self, longest):
        # No condition to wait for: any moment is meant, the likely ones more often.
        time.sleep(longest * self.random.random() ** 2)
        party = self.random.choice(PARTIES)
        part = "core" if self.random.random() < 0.75 else "gateway"
        self.region.kill(party, part)
        self.region.start(party, part)
        self.count[f"kills of a {part}" + (" at the hub" if party == HUB else "")] += 1

    def import_round(self, number):
        party, path, rows = self.fresh_file(number)
        words = ["--home", self.region.home(party), "--json", "import", "movements", path]
        importing = self.begin(words)
        self.kill_at_some_moment(0.8)
        _, err = importing.communicate(timeout=150)
        acknowledged = importing.returncode == 0
        self.count["imports acknowledged" if acknowledged else "imports cut short"] += 1
        if not acknowledged:
            self.check(re.search(r"(?m)^hedgerow: ", err), f"an import without a word: {err}")
        result = self.until_done(lambda: self.region.import_file(party, path),
                                 f"import {number} of {party}").json
        there = (result["added"], result["replaced"], result["unchanged"])
        allowed = [(0, 0, rows)] + ([] if acknowledged else [(rows, 0, 0)])
        self.check(there in allowed, f"import {number} of {party}: {there} of {rows} rows")
        self.files[number] = (party, path, rows)

    def question_round(self):
        period = self.region.period_before(self.random.randrange(PERIODS))
        asking = self.begin(self.region.ask_words(period, wait=3))
        self.kill_at_some_moment(1.5 if period not in self.answers else 0.3)
        out, err = asking.communicate(timeout=150)
        answered = asking.returncode == 0
        self.count["questions answered" if answered else "questions cut short"] += 1
        if answered:
            self.remember(period, cells(json.loads(out)))
        elif asking.returncode not in AGAIN:
            self.check(re.search(r"(?m)^hedgerow: ", err), f"a question without a word: {err}")
        question = QUESTION.search(err)
        if question:  # its answer can be fetched once it is there
            done = self.until_done(
                lambda: self.region.at("vale-council", "--json", "ask", "--wait", 20, "--result",
                                       question[1]), f"the result of {question[1]}")
            self.remember(period, cells(done.json))
        self.ask_again(period)

    def ask_again(self, period):
        done = self.until_done(lambda: self.region.ask(period, wait=20), f"flows of {period}")
        self.remember(period, cells(done.json))

    def remember(self, period, found):
        self.check(self.answers.setdefault(period, found) == found,
                   f"{period} was answered in two ways")

    # --- at the end ---

    def verify_logs(self):
        region = self.region
        for party in PARTIES:
            log = region.top / f"kills-{party}.log"
            for done in (region.at(party, "audit", "export", "--out", log),
                         region.hedgerow("audit", "verify", log, "--certificate",
                                         region.home(party) / "keys/node.pem")):
                self.check(done.code == 0, f"the log of {party}: {done}")
            log.unlink()
        self.count["logs verified"] += len(PARTIES)

    def run(self, kills):
        for number in range(kills):
            if self.random.random() < 0.55:
                self.import_round(number)
            else:
                self.question_round()
            if number % 50 == 49:
                self.verify_logs()
                print(f"{number + 1} kills: {dict(self.count)}", flush=True)
        self.region.whole()
        for number, (party, path, rows) in self.files.items():
            result = self.until_done(lambda p=party, f=path: self.region.import_file(p, f),
                                     f"import {number} once more").json
            self.check((result["added"], result["unchanged"]) == (0, rows),
                       f"import {number} of {party}, acknowledged, is not there: {result}")
        for period in self.answers:
            self.ask_again(period)
        self.verify_logs()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    region = Region(words.build, CHILDREN, questions=4)
    try:
        kills = Kills(region, words.seed)
        begun = time.monotonic()
        kills.run(words.kills)
        for what, count in sorted(kills.count.items()):
            print(f"{what}: {count}")
        print(f"{words.kills} kills in {time.monotonic() - begun:.0f} s: nothing lost")
    finally:
        region.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
