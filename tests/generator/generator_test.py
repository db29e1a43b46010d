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

sys.path.insert(0, str(Path(__file__).resolve().parent))
import meetings  # noqa: E402

GENERATOR = Path(__file__).resolve().parent / "generate_region.py"
TODAY = dt.date(2026, 11, 22)


def generate(folder, *more, hash_seed="0", today=TODAY):
    subprocess.run([sys.executable, str(GENERATOR), "--out", str(folder), "--today",
                    today.isoformat(), *more], check=True, capture_output=True,
                   env=dict(os.environ, PYTHONHASHSEED=hash_seed))


def read_rows(folder, party):
    with open(Path(folder) / party / "movements.csv", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


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
            if (Path(cls.folder.name) / party["id"]).exists():
                cls.rows[party["id"]] = read_rows(cls.folder.name, party["id"])

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

    def check_hotspot(self, hotspot, rows):
        """Rows say what region.json says: who saw children there, and that nobody else knows those
        who were planted."""
        year, quarter = hotspot["period"].split("-Q")
        months = {f"{year}-{3 * int(quarter) - i:02}" for i in range(3)}
        number_of = lambda row: row["nhs_number"].replace(" ", "")  # noqa: E731
        knows = collections.defaultdict(set)
        for party, held in rows.items():
            for row in held:
                if number_of(row):
                    knows[number_of(row)].add(party)
        for party, held in rows.items():
            there = [row for row in held if row["event"] == "sighting"
                     and row["destination"] == hotspot["destination"]
                     and row["place_type"] == hotspot["place_type"] == "railway-station"
                     and row["started_at"][:7] in months]
            self.assertEqual(len({row["child_ref"].split("-")[-1] for row in there}),
                             hotspot["seen"][party])
            alone = {number_of(row) for row in there if knows[number_of(row)] == {party}}
            self.assertGreaterEqual(len(alone), hotspot["planted"].get(party, 0))
        self.assertEqual(len(hotspot["planted"]), 3)
        for party, planted in hotspot["planted"].items():
            self.assertGreaterEqual(planted, 4)
            self.assertLess(hotspot["seen"][party], 8)  # none of them would see eight

    def test_the_hotspot_is_where_the_region_says(self):
        self.assertEqual(self.facts["hotspot"]["period"], "2026-Q3")
        self.check_hotspot(self.facts["hotspot"], self.rows)

    def test_the_hotspot_is_there_on_any_day_and_beside_a_return(self):
        found = set()
        for seed, (today, period) in enumerate((
                (dt.date(2026, 4, 14), "2025-Q4"), (dt.date(2026, 4, 15), "2026-Q1"),
                (dt.date(2027, 1, 14), "2026-Q3"), (dt.date(2028, 2, 29), "2027-Q4")), 1):
            with tempfile.TemporaryDirectory() as folder:
                generate(folder, "--seed", str(seed), "--children", "100", "--return", today=today)
                hotspot = json.loads((Path(folder) / "region.json").read_text("utf-8"))["hotspot"]
                self.assertEqual(hotspot["period"], period)
                self.check_hotspot(hotspot, {p: read_rows(folder, p) for p in self.rows})
                found.add(hotspot["destination"])
        self.assertGreater(len(found), 1)

    def test_what_is_to_be_linked_stays_within_the_agreements_entries(self):
        """Of a quarter: 512 places of children, and 128 children met."""
        with tempfile.TemporaryDirectory() as folder:
            generate(folder, "--children", "4000")
            for party in self.rows:
                quarters = collections.defaultdict(set)
                for row in read_rows(folder, party):
                    day = dt.date.fromisoformat(row["started_at"][:10])
                    child = row["child_ref"].split("-")[-1]
                    if row["event"] == "sighting":
                        quarters["places", meetings.quarter_of(day)].add(
                            (child, row["destination"], row["place_type"]))
                    if row["event"] == "service-contact":
                        quarters["met", meetings.quarter_of(day)].add(child)
                for (what, _), held in quarters.items():
                    self.assertLess(len(held), 512 if what == "places" else 128)
                    of_child = collections.Counter(entry[0] for entry in held)
                    self.assertLessEqual(max(of_child.values()) if what == "places" else 0, 16)


if __name__ == "__main__":
    unittest.main()
