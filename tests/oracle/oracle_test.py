#!/usr/bin/env python3
"""The oracle against answers worked out by hand."""

import csv
import datetime as dt
import io
import json
import subprocess
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import oracle  # noqa: E402
import records as read  # noqa: E402

OXFORD, READING, WALES = "E07000178", "E06000038", "W06000015"
AGREEMENT = {
    "party": [
        {"id": "council", "roles": ["contributor"], "areas": [OXFORD]},
        {"id": "police", "roles": ["contributor"], "areas": [OXFORD, READING]},
        {"id": "health", "roles": ["contributor"], "areas": []},
        {"id": "hub", "roles": ["hub"]},
    ],
}
TABLE = {"name": "flows", "by": ["origin", "destination"], "place_level": "district",
         "where": {"event": ["missing"]}, "measure": "reports"}


def row(ref, child, **more):
    return {"source_ref": ref, "child_ref": child, "nhs_number": "", "event": "missing",
            "started_at": "2026-08-01", "origin": OXFORD, "destination": READING,
            "date_of_birth": "", "sex": "", **more}


def rows(children, prefix="", **more):
    return [row(f"{prefix}{i}", f"{prefix}c{i}", **more) for i in range(children)]


class OracleTest(unittest.TestCase):
    def expected(self, council=(), police=(), health=(), oldest=None, table=None, withheld=None,
                 **rule):
        grant = {"disclosure": {"min_children": 3, "min_agencies": 1, "round_to": 5, **rule}}
        with tempfile.TemporaryDirectory() as folder:
            records = {}
            for party, held in (("council", council), ("police", police), ("health", health)):
                files = held if held and isinstance(held[0], list) else [list(held)]
                records[party] = []
                for number, content in enumerate(files):
                    path = Path(folder) / f"{party}{number}.csv"
                    with open(path, "w", encoding="utf-8-sig", newline="") as file:
                        out = csv.DictWriter(file, list(row("", "")))
                        out.writeheader()
                        out.writerows(content)
                    records[party].append(path)
            return oracle.Expected(AGREEMENT, table or TABLE, grant, "2026-Q3", records, oldest,
                                   withheld)

    def cell(self, origin=OXFORD, destination=READING, **given):
        cell = self.expected(**given).cell((origin, destination))
        return cell["status"], cell["value"]

    def test_counts_fall_into_the_codes_of_their_columns(self):
        table = {"name": "ages", "by": ["age_band", "sex"], "measure": "children", "where": {}}
        held = rows(4, "a", sex="female", date_of_birth="2014-08-02") + \
            rows(3, "b", date_of_birth="2012-08-01") + rows(3, "c", sex="male")
        got = self.expected(council=held, table=table)
        self.assertEqual(len(got.space), 9 * 5)
        self.assertEqual(got.cell(("10-12", "female"))["value"], 5)      # eleven years old
        self.assertEqual(got.cell(("13-14", "unknown"))["value"], 5)     # fourteen that day
        self.assertEqual(got.cell(("unknown", "male"))["status"], "released")

    def test_a_filtered_dimension_has_the_filters_codes_and_no_unknown(self):
        table = {"name": "t", "by": ["missing_risk", "event", "care_status"],
                 "where": {"missing_risk": ["high", "low"]}}
        space = self.expected(table=table).space
        self.assertEqual(sorted({c[0] for c in space}), ["high", "low"])
        self.assertEqual(len({c[1] for c in space}), 9)
        self.assertEqual(len({c[2] for c in space}), 5)

    def test_ages_change_on_the_birthday(self):
        day = dt.date(2026, 8, 1)
        for born, band in (("2026-07-01", "under-1"), ("2013-08-01", "13-14"),
                           ("2013-08-02", "10-12"), ("2011-08-01", "15"),
                           ("2008-08-02", "16-17"), ("2008-08-01", "18-and-over"), ("", "")):
            self.assertEqual(read.age_band(born, day), band, born)

    def test_match_rates_are_bands_of_what_is_counted(self):
        with_number = dict(nhs_number="9434765919")
        few = self.expected(council=rows(14))
        self.assertEqual(few.match["council"], "not stated")
        self.assertEqual(few.match["police"], "not stated")
        many = self.expected(council=rows(15) + [row("x", "c0", **with_number)])
        self.assertEqual(many.match["council"], "under 50 %")     # 2 of 16 rows are of c0
        self.assertEqual(read.match_band(79, 100, 40, 8), "50-80 %")
        self.assertEqual(read.match_band(80, 100, 40, 8), "80-95 %")
        self.assertEqual(read.match_band(95, 100, 40, 8), "95 % and over")

    def test_notes_are_compared(self):
        got = self.expected(council=rows(3))
        answer = {"measure": "reports", "place_level": "district",
                  "notes": [oracle.TWICE["reports"]],
                  "periods": [{"period": "2026-Q3", "cells": [{"status": "released"}],
                               "parties": [{"party": p, "match_rate": "not stated"}
                                           for p in ("council", "police", "health")]}]}
        self.assertEqual(oracle.compare_notes(got, answer, "2026-Q3"), [])
        answer["periods"][0]["parties"][0]["match_rate"] = "80-95 %"
        answer["measure"] = "children"
        answer["notes"] = []
        answer["place_level"] = "police-area"
        self.assertEqual(len(oracle.compare_notes(got, answer, "2026-Q3")), 4)
        answer["periods"][0]["cells"][0]["status"] = "suppressed"
        self.assertEqual(len(oracle.compare_notes(got, answer, "2026-Q3")), 5)

    def test_cells_are_the_areas_sorted_then_elsewhere_outside_england_and_unknown(self):
        space = self.expected().space
        places = [READING, OXFORD, "elsewhere", "outside-england", "unknown"]
        self.assertEqual(space, [(a, b) for a in places for b in places])

    def test_nothing_is_suppressed_or_a_true_zero(self):
        self.assertEqual(self.cell(), ("suppressed", None))
        self.assertEqual(self.cell(true_zero=True), ("zero", 0))
        self.assertEqual(self.cell(police=rows(1), true_zero=True), ("suppressed", None))

    def test_one_agency_above_the_floor_and_no_other(self):
        self.assertEqual(self.cell(police=rows(2)), ("suppressed", None))
        self.assertEqual(self.cell(police=rows(3)), ("released", 5))

    def test_one_agency_above_the_floor_and_one_below_it_is_suppressed_by_z(self):
        given = dict(police=rows(30), council=rows(1))
        self.assertEqual(self.cell(**given), ("suppressed", None))
        self.assertEqual(self.expected(**given).suppressed_by_z(), 1)

    def test_two_agencies_above_the_floor_outweigh_one_below_it(self):
        self.assertEqual(self.cell(police=rows(3), council=rows(3), health=rows(1)),
                         ("released", 5))

    def test_more_agencies_may_be_needed(self):
        self.assertEqual(self.cell(police=rows(9), min_agencies=2), ("suppressed", None))
        self.assertEqual(self.cell(police=rows(9), council=rows(3), min_agencies=2),
                         ("released", 10))
        self.assertEqual(self.cell(police=rows(9), min_agencies=0), ("released", 10))

    def test_values_are_rounded_halves_up(self):
        for count, value in ((7, 5), (8, 10), (12, 10), (13, 15)):
            self.assertEqual(self.cell(police=rows(count)), ("released", value))
        self.assertEqual(self.cell(police=rows(3), round_to=2), ("released", 4))
        self.assertEqual(self.cell(police=rows(7), round_to=1), ("released", 7))

    def test_reports_count_rows_and_children_count_once_an_agency(self):
        twice = rows(3) + rows(3, prefix="again-")
        for i, again in enumerate(twice[3:]):
            again["child_ref"] = f"c{i}"
        self.assertEqual(self.cell(police=twice, round_to=1), ("released", 6))
        children = dict(TABLE, measure="children")
        self.assertEqual(self.cell(police=twice, round_to=1, table=children), ("released", 3))
        self.assertEqual(self.cell(police=twice, council=rows(3), round_to=1, table=children),
                         ("released", 6))

    def test_two_references_with_one_number_are_one_child(self):
        held = [row("1", "a", nhs_number="9434765919"), row("2", "b", nhs_number="943 476 5919"),
                row("3", "c"), row("4", "", nhs_number="9434765919")]
        self.assertEqual(self.cell(police=held), ("suppressed", None))
        self.assertEqual(self.cell(police=held, min_children=2, round_to=1), ("released", 4))

    def test_a_withheld_child_is_left_out_with_all_its_references_at_that_agency(self):
        number = dict(nhs_number="9434765919")
        held = [row("1", "a", **number), row("2", "b", **number), row("3", "", **number),
                *rows(3, "x"), row("4", "c")]
        both = dict(police=held, council=held, min_children=1, round_to=1)
        for withheld, value in ((None, 14), ({"police": {"b"}}, 11), ({"police": {"c"}}, 13),
                                ({"police": {"a", "c"}, "council": {"b"}}, 7),
                                ({"police": {"of-nobody"}, "health": {"a"}}, 14)):
            self.assertEqual(self.cell(withheld=withheld, **both), ("released", value), withheld)

    def test_a_number_in_any_row_of_a_reference_is_the_childs(self):
        held = [row("1", "a"), row("2", "b"), row("3", "c"),
                row("4", "a", nhs_number="9434765919", started_at="2025-01-01"),
                row("5", "b", nhs_number="9434765919", event="sighting")]
        self.assertEqual(self.cell(police=held), ("suppressed", None))
        self.assertEqual(self.cell(police=held, oldest=dt.date(2026, 1, 1)), ("released", 5))
        self.assertEqual(self.cell(police=held[:4]), ("released", 5))

    def test_the_last_row_of_a_source_ref_counts(self):
        self.assertEqual(self.cell(police=[rows(3), rows(1, origin=READING)]),
                         ("suppressed", None))
        self.assertEqual(self.cell(police=[rows(1, origin=READING), rows(3)]), ("released", 5))

    def test_only_rows_of_the_period_and_the_event_count(self):
        outside = (rows(3, started_at="2026-06-30") + rows(3, "b", started_at="2026-10-01") +
                   rows(3, "c", event="sighting"))
        self.assertEqual(self.cell(police=outside), ("suppressed", None))

    def test_a_row_belongs_to_its_london_day(self):
        self.assertEqual(read.london_day("2026-06-30T23:30Z"), dt.date(2026, 7, 1))
        self.assertEqual(read.london_day("2026-06-30 23:30"), dt.date(2026, 6, 30))
        self.assertEqual(read.london_day("2026-12-31T23:30Z"), dt.date(2026, 12, 31))
        self.assertEqual(read.london_day("2026-07-01T00:30+02:00"), dt.date(2026, 6, 30))
        self.assertEqual(read.london_day("2026-03-29T00:59Z"), dt.date(2026, 3, 29))

    def test_periods_are_whole(self):
        day = dt.date
        self.assertEqual(read.period_days("2026-Q4"), (day(2026, 10, 1), day(2026, 12, 31)))
        self.assertEqual(read.period_days("2024-02"), (day(2024, 2, 1), day(2024, 2, 29)))
        self.assertEqual(read.period_days("2026"), (day(2026, 1, 1), day(2026, 12, 31)))
        self.assertEqual(read.period_days("2026/27"), (day(2026, 4, 1), day(2027, 3, 31)))

    def test_places(self):
        areas = read.Areas()
        known = {OXFORD, "E06000060", "E08000039"}
        for code, place in ((OXFORD, OXFORD), ("", "unknown"), (WALES, "outside-england"),
                            ("outside-england", "outside-england"), ("E09000033", "elsewhere"),
                            ("E07000007", "E06000060"), ("E08000019", "E08000039")):
            self.assertEqual(read.place_of(code, known, areas, "district"), place)
        self.assertEqual(read.place_of(OXFORD, {"E10000025"}, areas, "social-care-authority"),
                         "E10000025")
        self.assertEqual(read.place_of(OXFORD, {"E23000029"}, areas, "police-area"),
                         "E23000029")

    def test_areas_open_into_their_districts(self):
        areas = read.Areas()
        county = {f"E070001{n}" for n in (77, 78, 79, 80, 81)}
        self.assertEqual(areas.districts("E10000025"), county)
        self.assertEqual(len(areas.districts("E23000029")), 13)
        self.assertLess(county, areas.districts("E54000044"))
        self.assertEqual(areas.districts(OXFORD), {OXFORD})

    def test_a_comparison_finds_every_kind_of_difference(self):
        cells = self.expected(police=rows(3)).cells()

        def same(answer_cells, period="2026-Q3"):
            with redirect_stdout(io.StringIO()):
                return oracle.compare(cells, {"periods": [{"period": period,
                                                           "cells": answer_cells}]},
                                      "2026-Q3", TABLE["by"])

        self.assertTrue(same(cells))
        self.assertTrue(same(cells[::-1]))
        self.assertFalse(same(cells[1:]))
        self.assertFalse(same(cells + cells[:1]))
        self.assertFalse(same(cells + [dict(cells[0], origin="E09000033")]))
        self.assertFalse(same(cells, period="2026-Q2"))
        for i in range(len(cells)):
            for change in ({"status": "zero"}, {"value": 10}):
                self.assertFalse(same(cells[:i] + [dict(cells[i], **change)] + cells[i + 1:]))

    def test_the_program_ends_with_1_on_a_difference(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "a.toml").write_text(
                '[[party]]\nid="council"\nroles=["contributor"]\nareas=["E07000178"]\n'
                '[[grant]]\nid="g"\n[[grant.table]]\nname="flows"\nby=["origin","destination"]\n'
                '[grant.disclosure]\nmin_children=8\nround_to=5\n', encoding="utf-8")
            (folder / "r.csv").write_text("source_ref,child_ref,event,started_at,origin,"
                                          "destination\n", encoding="utf-8")
            command = [sys.executable, oracle.__file__, "--agreement", str(folder / "a.toml"),
                       "--table", "flows", "--period", "2026-Q3",
                       "--records", f"council={folder / 'r.csv'}"]
            shown = subprocess.run(command, capture_output=True, check=True, text=True)
            answer = {"periods": [json.loads(shown.stdout)], "measure": "reports",
                      "place_level": "district",
                      "notes": [oracle.TWICE["reports"], "everything is suppressed"]}
            answer["periods"][0]["parties"] = [{"party": "council", "match_rate": "not stated"}]
            for value, code in ((None, 0), (5, 1)):
                answer["periods"][0]["cells"][0]["value"] = value
                (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")
                ran = subprocess.run(command + ["--compare", str(folder / "answer.json")],
                                     capture_output=True, text=True, check=False)
                self.assertEqual(ran.returncode, code, ran.stdout)


if __name__ == "__main__":
    unittest.main()
