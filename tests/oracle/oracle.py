#!/usr/bin/env python3
"""The expected answer of a table, computed the naive way.

Reads the input CSV files and the agreement, pools them in the open, which the product never does,
and applies the disclosure rules by their definition. It shares no code with the product, nor with
the generator, and follows the text of formats.md (Records, Questions), disclosure.md (rules 1, 4
and 5, and those of links) and answering.md (what an answer's notes say). Tables of places, overlap
and repeat-missing: linked.py.

    oracle.py --agreement vale-cse.toml --table flows --period 2026-Q3 \\
        --records vale-council=input/vale-council/movements.csv ... [--compare answer.json]

Prints the cells as JSON, sorted; with --compare, the differences and the numbers of cells, and
ends with 1 where there is any difference.
"""

import argparse
import datetime as dt
import itertools
import json
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

from linked import Linked
from records import (CODES, PLACES, Areas, admits, axes_of, cell_of, child_of_row,
                     contributors_of, latest_rows, london_day, match_band, period_days,
                     region_places, shared_rows)

TWICE = {"reports": "one episode reported by two agencies counts twice",
         "children": "a child known to two agencies counts twice"}


class Expected:
    """The cells of one table for one period."""

    def __init__(self, agreement, table, grant, period, records, oldest, withheld=None):
        areas = Areas()
        self.rule = grant["disclosure"]
        self.by = table["by"]
        self.level = table.get("place_level", "district")
        self.measure = table.get("measure", "reports")
        self.children = self.measure == "children"
        self.notes, self.link = [TWICE[self.measure]], None
        where = table.get("where", {})
        region = region_places(agreement, areas, self.level)
        contributors = contributors_of(agreement, records)
        first, last = period_days(period)

        self.reports = defaultdict(int)      # cell -> rows, over all agencies
        self.held = defaultdict(dict)        # cell -> agency -> its distinct children there
        self.match = {}                      # agency -> the band of its match rate
        for agency in contributors:
            rows = latest_rows(records[agency], oldest)
            child = child_of_row(rows)
            rows = shared_rows(rows, child, (withheld or {}).get(agency, ()))
            present = defaultdict(set)
            counted = []
            for row in rows:
                if not first <= london_day(row["started_at"]) <= last:
                    continue
                if not admits(row, where):
                    continue
                cell = cell_of(row, self.by, region, areas, self.level)
                counted.append(child(row))
                self.reports[cell] += 1
                present[cell].add(child(row))
            for cell, children in present.items():
                self.held[cell][agency] = len(children)
            alone = set(counted)
            of = list(alone) if self.children else counted
            self.match[agency] = match_band(sum(1 for c in of if c[0] == "nhs"), len(of),
                                            len(alone), self.rule["min_children"])
        self.space = list(itertools.product(*axes_of(self.by, where, region)))

    def counts(self, cell):
        """K, Z and the figure of a cell before rounding."""
        least = self.rule["min_children"]
        held = self.held.get(cell, {}).values()
        k = sum(1 for n in held if n >= least)
        z = sum(1 for n in held if 1 <= n < least)
        return k, z, sum(held) if self.children else self.reports.get(cell, 0)

    def cell(self, cell):
        k, z, figure = self.counts(cell)
        rounding = self.rule["round_to"]
        status, value = "suppressed", None
        if k >= max(1, self.rule.get("min_agencies", 1)) and (k >= 2 or z == 0):
            status, value = "released", (2 * figure + rounding) // (2 * rounding) * rounding
        elif self.rule.get("true_zero", False) and k + z == 0 and figure == 0:
            status, value = "zero", 0
        return dict(zip(self.by, cell), status=status, value=value)

    def suppressed_by_z(self):
        needed = max(1, self.rule.get("min_agencies", 1))
        return sum(1 for cell in self.space
                   if self.counts(cell)[0] == 1 >= needed and self.counts(cell)[1] > 0)

    def cells(self):
        return sorted((self.cell(c) for c in self.space), key=lambda c: [c[d] for d in self.by])


def find_table(agreement, table_name, grant_name):
    found = [(table, grant) for grant in agreement["grant"] for table in grant["table"]
             if table["name"] == table_name and grant_name in (None, grant["id"])]
    if len(found) != 1:
        sys.exit(f"oracle: {len(found)} tables are called '{table_name}'")
    table, grant = found[0]
    unknown = [d for d in table.get("by", []) if d not in (*PLACES, *CODES, "agency")]
    if unknown:
        sys.exit("oracle: not a dimension: " + ", ".join(unknown))
    return table, grant


def expect(agreement, table, grant, period, records, oldest, withheld=None):
    """What the answer must be, whichever question the table answers. `withheld`: of each agency the
    references of children whom it withheld when it froze the period."""
    kind = Linked if table.get("question") in Linked.KINDS else Expected
    return kind(agreement, table, grant, period, records, oldest, withheld)


def compare_notes(expected, answer, period):
    """What the answer says besides its cells; the differences."""
    measure = expected.measure
    wrong = []
    if answer["measure"] != measure:
        wrong.append(f"measure: expected {measure}, got {answer['measure']}")
    if set(expected.by) & set(PLACES) and answer["place_level"] != expected.level:
        wrong.append(f"place level: expected {expected.level}, got {answer['place_level']}")
    for said in expected.notes:
        if said not in " ".join(answer["notes"]):
            wrong.append(f"no note says: {said}")
    if answer.get("link") != expected.link:
        wrong.append(f"bounds: expected {expected.link}, got {answer.get('link')}")
    everything = all(c["status"] == "suppressed" for p in answer["periods"] for c in p["cells"])
    if everything != any("everything is suppressed" in n for n in answer["notes"]):
        wrong.append("the note that everything is suppressed")
    for p in answer["periods"]:
        if p["period"] == period:
            stated = {s["party"]: s["match_rate"] for s in p["parties"]}
            if stated != expected.match:
                wrong.append(f"match rates: expected {expected.match}, got {stated}")
    return wrong


def compare(expected, answer, period, by):
    """Prints each difference; true where there is none."""
    cells = [p["cells"] for p in answer["periods"] if p["period"] == period]
    if len(cells) != 1:
        print(f"the answer holds the period {period} {len(cells)} times")
        return False
    given = defaultdict(list)
    for cell in cells[0]:
        given[tuple(cell[d] for d in by)].append((cell["status"], cell["value"]))
    wrong = 0
    for cell in expected:
        key = tuple(cell[d] for d in by)
        answers = given.pop(key, [])
        if answers != [(cell["status"], cell["value"])]:
            wrong += 1
            print(f"{' -> '.join(key)}: expected {cell['status']} {cell['value']}, got {answers}")
    for key in sorted(given):
        wrong += 1
        print(f"{' -> '.join(key)}: not a cell of this table")
    return wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agreement", required=True, type=Path)
    parser.add_argument("--table", required=True)
    parser.add_argument("--grant", help="where several grants have a table of that name")
    parser.add_argument("--period", required=True)
    parser.add_argument("--records", required=True, action="append", metavar="PARTY=FILE",
                        help="movements, or the folder of an SSDA903 return; may be given more "
                        "than once for a party, in the order of import")
    parser.add_argument("--oldest", type=dt.date.fromisoformat,
                        help="rows that started before this day were never stored")
    parser.add_argument("--withheld", action="append", default=[], metavar="PARTY=REFERENCE",
                        help="a child withheld by the party when it froze the period")
    parser.add_argument("--compare", type=Path, help="the product's answer, JSON")
    arguments = parser.parse_args()

    agreement = tomllib.loads(arguments.agreement.read_text(encoding="utf-8"))
    table, grant = find_table(agreement, arguments.table, arguments.grant)
    records = defaultdict(list)
    for item in arguments.records:
        party, _, path = item.partition("=")
        records[party].append(path)
    withheld = defaultdict(set)
    for item in arguments.withheld:
        party, _, reference = item.partition("=")
        withheld[party].add(reference)
    expected = expect(agreement, table, grant, arguments.period, records, arguments.oldest,
                      withheld)
    cells = expected.cells()
    counts = {status: sum(1 for c in cells if c["status"] == status)
              for status in ("released", "suppressed", "zero")}
    counts["suppressed_by_z"] = expected.suppressed_by_z()
    if arguments.compare is None:
        json.dump({"schema": "hedgerow/oracle/1", "period": arguments.period, "counts": counts,
                   "cells": cells}, sys.stdout, indent=1, sort_keys=True)
        print()
        return 0
    answer = json.loads(arguments.compare.read_text(encoding="utf-8"))
    notes = compare_notes(expected, answer, arguments.period)
    print("".join(f"{line}\n" for line in notes), end="")
    same = compare(cells, answer, arguments.period, expected.by) and not notes
    print(f"{len(cells)} cells: {counts['released']} released, {counts['suppressed']} suppressed, "
          f"{counts['suppressed_by_z']} of these by Z, {counts['zero']} zero: "
          f"{'equal' if same else 'DIFFERENT'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
