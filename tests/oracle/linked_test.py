#!/usr/bin/env python3
"""The oracle of linked tables against answers worked out by hand."""

import csv
import datetime as dt
import io
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import linked  # noqa: E402
import oracle  # noqa: E402

OXFORD, READING = "E07000178", "E06000038"
AGREEMENT = {
    "party": [
        {"id": "council", "roles": ["contributor"], "areas": [OXFORD]},
        {"id": "police", "roles": ["contributor"], "areas": [OXFORD, READING]},
        {"id": "health", "roles": ["contributor"], "areas": []},
        {"id": "hub", "roles": ["hub"]},
    ],
}
PLACES = {"name": "seen", "question": "places", "by": ["destination", "place_type"],
          "where": {"event": ["sighting"]}, "entries": 16, "cells_per_child": 2}
OVERLAP = {"name": "known", "question": "overlap", "by": [], "where": {"event": ["sighting"]},
           "entries": 64}
PAIRS = dict(OVERLAP, by=["agency"])
REPEAT = {"name": "again", "question": "repeat-missing", "where": {"event": ["missing"]},
          "times": 3, "within": "P30D", "entries": 64, "episodes_per_child": 4}
STATION = (READING, "railway-station")


def number(child):
    """Not a valid NHS number; the oracle need not know."""
    return f"{child:010d}"


def seen(*children, **more):
    """A sighting of each child, at Reading's station."""
    return [dict({"child_ref": f"c{child}", "nhs_number": number(child), "event": "sighting",
                  "started_at": "2026-08-01", "destination": READING,
                  "place_type": "railway-station"}, **more) for child in children]


def missing(child, *days, **more):
    return [row for day in days for row in seen(child, event="missing", started_at=day, **more)]


class LinkedTest(unittest.TestCase):
    def expected(self, table, council=(), police=(), health=(), oldest=None, withheld=None,
                 **rule):
        grant = {"disclosure": {"min_children": 3, "min_agencies": 1, "round_to": 1, **rule}}
        with tempfile.TemporaryDirectory() as folder:
            records = {}
            for party, held in (("council", council), ("police", police), ("health", health)):
                path = Path(folder) / f"{party}.csv"
                with open(path, "w", encoding="utf-8", newline="") as file:
                    out = csv.DictWriter(file, ["source_ref", *seen(1)[0]])
                    out.writeheader()
                    for i, row in enumerate(held):
                        out.writerow(dict(row, source_ref=f"r{i}"))
                records[party] = [path]
            return oracle.expect(AGREEMENT, table, grant, "2026-Q3", records, oldest, withheld)

    def values(self, table, **given):
        """What is shown of each cell, or why nothing."""
        return {c if len(c) > 1 else c[0]: cell["value"] if cell["status"] == "released"
                else cell["status"] for cell in self.expected(table, **given).cells()
                for c in [tuple(v for k, v in cell.items() if k not in ("status", "value"))]}

    def station(self, **given):
        return self.values(PLACES, **given)[STATION]

    def test_a_child_that_one_agency_withholds_is_known_by_the_others_alone(self):
        given = dict(council=seen(1, 2, 3), police=seen(1, 2, 3))
        for withheld, figures in ((None, (3, 3)), ({"police": {"c2"}}, (3, 2)),
                                  ({"police": {"c2"}, "council": {"c2", "c3"}}, (2, 1))):
            got = self.expected(OVERLAP, withheld=withheld, **given)
            self.assertEqual((got.distinct(linked.REGION), got.distinct(linked.REGION, 2)), figures)

    # --- places ---

    def test_a_child_counts_once_however_many_know_it(self):
        given = dict(council=seen(1, 2, 3), police=seen(2, 3, 4), health=seen(3, 3))
        got = self.expected(PLACES, **given)
        self.assertEqual(got.with_exactly(STATION), {1: 2, 2: 1, 3: 1})
        self.assertEqual(got.distinct(STATION), 4)
        self.assertEqual(got.held[STATION], {"council": 3, "police": 3, "health": 1})
        self.assertEqual(self.station(**given), 4)

    def test_cells_are_places_by_kinds(self):
        got = self.expected(PLACES)
        self.assertEqual(len(got.space), 5 * 21)
        self.assertIn(("unknown", "unknown"), got.space)

    def test_three_agencies_with_few_each_make_a_figure(self):
        given = dict(council=seen(1, 2, 3), police=seen(4, 5, 6), min_children=8, min_agencies=3)
        self.assertEqual(self.expected(PLACES, **given).k_and_z(STATION), (2, 0))
        self.assertEqual(self.station(**given), "suppressed")
        self.assertEqual(self.station(**given, health=seen(7, 8, 9)), 9)
        self.assertEqual(self.station(**given, health=seen(7, 8)), "suppressed")
        self.assertEqual(self.station(**given, health=seen(4, 5, 6)), "suppressed")  # six children

    def test_the_local_floor_is_rounded_up(self):
        for least, agencies, floor in ((8, 3, 3), (9, 3, 3), (10, 3, 4), (8, 1, 8), (8, 0, 8)):
            for held, marks in ((floor, (1, 0)), (floor - 1, (0, 1))):
                got = self.expected(PLACES, council=seen(*range(held)), min_children=least,
                                    min_agencies=agencies)
                self.assertEqual(got.k_and_z(STATION), marks)

    def test_one_agency_above_the_floor_and_one_below_it_is_suppressed_by_z(self):
        self.assertEqual(self.station(police=seen(*range(9))), 9)
        given = dict(police=seen(*range(9)), council=seen(1))
        self.assertEqual(self.station(**given), "suppressed")
        self.assertEqual(self.expected(PLACES, **given).suppressed_by_z(), 1)

    def test_figures_are_rounded_halves_up(self):
        self.assertEqual(self.station(police=seen(*range(8)), round_to=5), 10)
        self.assertEqual(self.station(police=seen(*range(7)), round_to=5), 5)

    def test_true_zeros_are_of_cells_without_a_child_that_could_be_linked(self):
        given = dict(police=seen(1) + seen(2, nhs_number="", place_type="park"), true_zero=True)
        got = self.values(PLACES, **given)
        self.assertEqual(got[STATION], "suppressed")
        self.assertEqual(got[(READING, "park")], "zero")
        self.assertEqual(set(self.values(OVERLAP, true_zero=True).values()), {"suppressed"})

    def test_rows_without_a_number_are_left_out_and_lower_the_match_rate(self):
        held = seen(*range(15)) + seen(*range(100, 105), nhs_number="")
        got = self.expected(PLACES, police=held)
        self.assertEqual(got.distinct(STATION), 15)
        self.assertEqual(got.match["police"], "50-80 %")
        self.assertEqual(got.match["council"], "not stated")

    def test_a_number_in_any_row_of_a_reference_is_the_childs(self):
        held = seen(1, nhs_number="") + seen(1, event="placement")
        self.assertEqual(self.expected(PLACES, police=held).distinct(STATION), 1)

    def test_beyond_a_bound_there_is_no_answer(self):
        self.expected(PLACES, police=seen(*range(16)))
        with self.assertRaisesRegex(SystemExit, "police has 17 entries"):
            self.expected(PLACES, police=seen(*range(17)))
        three = seen(1) + seen(1, place_type="park") + seen(1, place_type="hotel")
        self.expected(PLACES, police=three[:2])
        with self.assertRaisesRegex(SystemExit, "police has a child with 3 entries"):
            self.expected(PLACES, police=three)
        days = [f"2026-09-{day:02}" for day in range(10, 15)]
        self.expected(REPEAT, police=missing(1, *days[:4]))
        with self.assertRaisesRegex(SystemExit, "a child with 5 entries"):
            self.expected(REPEAT, police=missing(1, *days))

    # --- overlap ---

    def test_overlap_counts_children_known_to_so_many_or_more(self):
        got = self.values(OVERLAP, council=seen(*range(0, 20)), police=seen(*range(10, 30)),
                          health=seen(*range(14, 18)))
        self.assertEqual(got, {"1-or-more": 30, "2-or-more": 10, "3-or-more": 4})

    def test_a_figure_too_near_to_the_one_shown_before_is_not(self):
        self.assertEqual(linked.chosen_of_overlap([30, 23, 15, 7], 8), [0, 2])
        self.assertEqual(linked.chosen_of_overlap([30, 22, 14, 6], 8), [0, 1, 2])
        self.assertEqual(linked.chosen_of_overlap([7, 0], 8), [])
        self.assertEqual(linked.chosen_of_overlap([8, 8, 8], 8), [0])
        got = self.values(OVERLAP, council=seen(*range(20)), police=seen(*range(2, 20)),
                          health=seen(*range(4)))
        self.assertEqual(got, {"1-or-more": 20, "2-or-more": "suppressed",
                               "3-or-more": "suppressed"})

    def test_one_gate_stands_before_all_of_overlap(self):
        given = dict(council=seen(*range(20)), police=seen(1))
        self.assertEqual(set(self.values(OVERLAP, **given).values()), {"suppressed"})
        self.assertEqual(set(self.values(PAIRS, **given).values()), {"suppressed"})

    def test_pairs_are_children_both_know(self):
        got = self.values(PAIRS, council=seen(*range(0, 20)), police=seen(*range(10, 30)),
                          health=seen(*range(14, 18), 29))
        self.assertEqual(got, {"council+health": 4, "council+police": 10, "health+police": 5})

    # --- repeat-missing ---

    def test_episodes_are_days_of_the_window_whoever_reported_them(self):
        given = dict(
            council=missing(1, "2026-09-01", "2026-09-10") + missing(2, "2026-09-01") +
            missing(3, "2026-08-31", "2026-09-01", "2026-09-02"),
            police=missing(1, "2026-09-10", "2026-09-30") +
            missing(2, "2026-09-02", "2026-09-03T23:30+02:00") + missing(4, "2026-09-05"))
        got = self.expected(REPEAT, **given)
        self.assertEqual(got.with_exactly(("all",)), {3: 2, 2: 1, 1: 1})
        self.assertEqual(got.figures(), {("all",): 2})
        self.assertEqual(self.values(REPEAT, **given, min_children=2), {"all": 2})
        self.assertEqual(self.values(REPEAT, **given), {"all": "suppressed"})

    def test_the_gate_is_of_all_children_of_the_window(self):
        often = [row for child in range(9) for row in
                 missing(child, "2026-09-01", "2026-09-11", "2026-09-21")]
        self.assertEqual(self.values(REPEAT, council=often), {"all": 9})
        self.assertEqual(self.values(REPEAT, council=often, police=missing(99, "2026-09-05")),
                         {"all": "suppressed"})

    # --- the answer besides its cells ---

    def test_notes_and_bounds_are_compared(self):
        got = self.expected(OVERLAP, police=seen(*range(9)), min_children=8)
        answer = {"measure": "children", "link": {"entries": 64}, "notes": got.notes,
                  "periods": [{"period": "2026-Q3", "cells": got.cells(),
                               "parties": [{"party": p, "match_rate": "not stated"}
                                           for p in ("council", "police", "health")]}]}
        self.assertEqual(oracle.compare_notes(got, answer, "2026-Q3"), [])
        with redirect_stdout(io.StringIO()):
            self.assertTrue(oracle.compare(got.cells(), answer, "2026-Q3", got.by))
        for change in ({"notes": got.notes[1:]}, {"notes": got.notes[:-1]}, {"link": None},
                       {"link": {"entries": 63}}, {"measure": "reports"}):
            self.assertEqual(len(oracle.compare_notes(got, {**answer, **change}, "2026-Q3")), 1)

    def test_the_form_of_each_question(self):
        self.assertEqual(self.expected(REPEAT).link, {
            "entries": 64, "times": 3, "within_days": 30, "episodes_per_child": 4})
        self.assertEqual(self.expected(PLACES).link, {"entries": 16, "cells_per_child": 2})
        self.assertEqual(linked.days_of("P90D"), 90)
        for table in (PLACES, OVERLAP, PAIRS, REPEAT):
            found, grant = oracle.find_table({"grant": [{"id": "g", "table": [table]}]},
                                             table["name"], None)
            self.assertEqual((found, grant["id"]), (table, "g"))

    def test_rows_before_what_is_kept_do_not_count(self):
        got = self.expected(PLACES, police=seen(1), oldest=dt.date(2026, 9, 1))
        self.assertEqual(got.distinct(STATION), 0)


if __name__ == "__main__":
    unittest.main()
