#!/usr/bin/env python3
"""The generator keeps what README.md says of it."""

import collections
import csv
import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

GENERATOR = Path(__file__).resolve().parent / "generate_region.py"
TODAY = dt.date(2026, 11, 22)


def generate(folder, *more, hash_seed="0"):
    subprocess.run([sys.executable, str(GENERATOR), "--out", str(folder), "--today",
                    TODAY.isoformat(), *more], check=True, capture_output=True,
                   env=dict(os.environ, PYTHONHASHSEED=hash_seed))


def digest(folder):
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(Path(folder).rglob("*")) if path.is_file()}


def valid_number(text):
    digits = [int(c) for c in text.replace(" ", "")]
    return len(digits) == 10 and sum(d * (10 - i) for i, d in enumerate(digits[:9])) % 11 == \
        (11 - digits[9]) % 11 and digits[:3] == [9, 9, 9]


class GeneratorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        generate(cls.folder.name, "--seed", "7", "--children", "1500")
        cls.facts = json.loads((Path(cls.folder.name) / "region.json").read_text("utf-8"))
        cls.rows = {}
        for party in cls.facts["parties"]:
            path = Path(cls.folder.name) / party["id"] / "movements.csv"
            if path.exists():
                with open(path, encoding="utf-8-sig", newline="") as file:
                    cls.rows[party["id"]] = list(csv.DictReader(file))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def all_rows(self):
        return [row for rows in self.rows.values() for row in rows]

    def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed(self):
        with tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b, \
                tempfile.TemporaryDirectory() as c:
            generate(a, "--seed", "3", "--children", "50", hash_seed="1")
            generate(b, "--seed", "3", "--children", "50", hash_seed="2")
            generate(c, "--seed", "4", "--children", "50")
            self.assertEqual(digest(a), digest(b))
            self.assertNotEqual(digest(a), digest(c))

    def test_the_hub_has_no_records_and_everyone_else_does(self):
        self.assertEqual(sorted(self.rows),
                         ["vale-council", "vale-health", "vale-police", "vale-voice"])
        for party in self.facts["parties"]:
            self.assertEqual(party["rows"], len(self.rows.get(party["id"], [])))
            self.assertEqual(party["rows"] == 0, party["hub"])

    def test_numbers_are_valid_and_of_the_test_range(self):
        numbers = [row["nhs_number"] for row in self.all_rows() if row["nhs_number"]]
        self.assertTrue(all(valid_number(number) for number in numbers))
        self.assertTrue(any(" " in number for number in numbers))

    def test_gaps_in_numbers_are_where_they_are_in_life(self):
        def gap(party):
            rows = self.rows[party]
            return sum(1 for row in rows if not row["nhs_number"]) / len(rows)

        self.assertLess(gap("vale-council"), 0.08)
        self.assertEqual(gap("vale-health"), 0)
        self.assertTrue(0.10 < gap("vale-police") < 0.20, gap("vale-police"))
        self.assertTrue(0.25 < gap("vale-voice") < 0.45, gap("vale-voice"))

    def test_source_references_are_unique_and_no_reference_is_a_number(self):
        for rows in self.rows.values():
            refs = [row["source_ref"] for row in rows]
            self.assertEqual(len(refs), len(set(refs)))
            self.assertFalse(any(ref.isdigit() for ref in refs))
            self.assertFalse(any(row["child_ref"].isdigit() for row in rows))

    def test_days_lie_in_the_last_24_months_and_every_child_is_one(self):
        for row in self.all_rows():
            day = dt.date.fromisoformat(row["started_at"][:10])
            self.assertTrue(dt.date(2024, 11, 23) <= day < TODAY)
            born = dt.date.fromisoformat(row["date_of_birth"])
            age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
            self.assertTrue(0 <= age < 18)
            # A time in UTC may stand under the day before London's.
            if row["ended_at"] and not (row["started_at"] + row["ended_at"]).count("Z"):
                self.assertLessEqual(day, dt.date.fromisoformat(row["ended_at"][:10]))

    def test_agencies_know_overlapping_children(self):
        known = {party: {row["nhs_number"].replace(" ", "") for row in rows} - {""}
                 for party, rows in self.rows.items()}
        for party in known:
            others = set().union(*(held for name, held in known.items() if name != party))
            self.assertGreater(len(known[party] & others), 10)
            self.assertLess(len(known[party] & others), len(known[party] | others))

    def test_council_and_police_report_many_of_the_same_episodes(self):
        def episodes(party):
            return {(row["nhs_number"].replace(" ", ""), row["started_at"][:10])
                    for row in self.rows[party] if row["event"] == "missing" and row["nhs_number"]}

        both = episodes("vale-council") & episodes("vale-police")
        self.assertGreater(len(both), 0.3 * len(episodes("vale-council")))

    def test_age_and_repeat_shares_are_near_the_published_ones(self):
        ages, episodes = collections.Counter(), collections.defaultdict(set)
        for row in self.rows["vale-police"]:
            if row["event"] != "missing":
                continue
            day = dt.date.fromisoformat(row["started_at"][:10])
            born = dt.date.fromisoformat(row["date_of_birth"])
            ages["16+" if (day - born).days >= 16 * 365.25 else "under"] += 1
            if day > TODAY - dt.timedelta(days=365):
                episodes[row["child_ref"]].add(row["started_at"])
        self.assertTrue(0.46 < ages["16+"] / sum(ages.values()) < 0.66, ages)
        counts = [len(held) for held in episodes.values()]
        self.assertTrue(0.5 < sum(1 for n in counts if n > 1) / len(counts) < 0.8)
        self.assertTrue(4.5 < sum(counts) / len(counts) < 8.0, sum(counts) / len(counts))

    def test_districts_are_real_and_in_the_region_elsewhere_or_outside(self):
        inside = set(self.facts["districts"])
        self.assertEqual(len(inside), 13)
        places = collections.Counter(row[column] for row in self.all_rows()
                                     for column in ("origin", "destination"))
        self.assertLessEqual(inside, set(places))
        self.assertGreater(places["outside-england"], 0)
        self.assertGreater(places[""], 0)


if __name__ == "__main__":
    unittest.main()
