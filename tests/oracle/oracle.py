#!/usr/bin/env python3
"""The expected answer of a table, computed the naive way.

Reads the input CSV files and the agreement, pools them in the open, which the product never does,
and applies the disclosure rules by their definition. It shares no code with the product, nor with
the generator, and follows the text of formats.md (Records, Questions), disclosure.md (rules 1, 4
and 5) and answering.md (what an answer's notes say).

    oracle.py --agreement vale-cse.toml --table flows --period 2026-Q3 \\
        --records vale-council=input/vale-council/movements.csv ... [--compare answer.json]

Prints the cells as JSON, sorted; with --compare, the differences and the numbers of cells, and
ends with 1 where there is any difference.
"""

import argparse
import csv
import datetime as dt
import itertools
import json
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

from ssda903 import read_return

DATA = Path(__file__).resolve().parent / "data"
ELSEWHERE, OUTSIDE, UNKNOWN = "elsewhere", "outside-england", "unknown"


# formats.md, Records: the columns that a question can be by, with their codes.
CODES = {
    "event": ["missing", "away-without-authorisation", "placement", "placement-move", "sighting",
              "service-contact", "health-attendance", "school-move", "absent"],
    "place_type": ["railway-station", "bus-station", "public-transport", "hotel", "short-let",
                   "taxi", "vehicle", "service-station", "food-outlet", "shopping-centre", "park",
                   "private-address", "childrens-home", "supported-accommodation", "foster-home",
                   "school", "hospital", "licensed-premises", "online", "other"],
    "missing_risk": ["no-apparent-risk", "low", "medium", "high", "not-assessed"],
    "exploitation_risk": ["low", "medium", "high", "not-assessed"],
    "sex": ["male", "female", "other", "not-recorded"],
    "care_status": ["no", "this-authority", "other-authority", "care-leaver", "unknown"],
    "return_interview": ["not-offered", "offered", "declined", "completed-72h", "completed-late"],
    "age_band": ["under-1", "1-4", "5-9", "10-12", "13-14", "15", "16-17", "18-and-over"],
}
PLACES = ("origin", "destination")


def age_band(born, day):
    """The band of a child's age on a day; empty where no date of birth is given."""
    if not born.strip():
        return ""
    born = dt.date.fromisoformat(born.strip())
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    for band in CODES["age_band"][1:-1]:
        low, _, high = band.partition("-")
        if int(low) <= age <= int(high or low):
            return band
    return "under-1" if age < 1 else "18-and-over"


def code_of(row, column):
    if column == "age_band":
        return age_band(row.get("date_of_birth", ""), london_day(row["started_at"]))
    return row.get(column, "").strip()


def codes_of(column, where):
    """The coordinates of a dimension that is no place: those that the filter lets through, and
    'unknown' where a row can be without a code."""
    if column in where:
        return [c for c in CODES[column] if c in where[column]]
    codes = list(CODES[column])
    return codes if column == "event" or UNKNOWN in codes else codes + [UNKNOWN]


def match_band(matched, counted, children, least):
    """answering.md, Match rate: in bands, and not stated by who counted few children."""
    if children < 5 * least:
        return "not stated"
    share = matched / counted
    return ("95 % and over" if share >= 0.95 else "80-95 %" if share >= 0.8 else
            "50-80 %" if share >= 0.5 else "under 50 %")


def read_csv(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


class Areas:
    """England's districts today, and what each of them lies in."""

    def __init__(self):
        rows = read_csv(DATA / "dfe_lad_la_region_codes.csv")
        self.authority = {r["lad_code"]: r["new_la_code"] for r in rows
                          if r["country_name"] == "England" and r["lad_code"].startswith("E0")}
        self.became = defaultdict(set)
        for r in read_csv(DATA / "ons_la_changes.csv"):
            if r["type"] in ("merger", "new_code", "split") and r["newcd"]:
                self.became[r["oldcd"]].add(r["newcd"])
        self.police = {}
        for r in read_csv(DATA / "lookup_ltla24_csp24_pfa24.csv"):
            self.police[self.today(r["ltla24_code"])] = r["pfa24_code"]
        shares = defaultdict(list)
        for r in read_csv(DATA / "lookup_ltla24_icb24_by_lsoa.csv"):
            shares[self.today(r["ltla24_code"])].append((float(r["share"]), r["icb24_code"]))
        self.board = {code: max(held)[1] for code, held in shares.items()}

    def today(self, code):
        """The current code of a district; None where it was split, or is no district at all."""
        for _ in range(10):
            if code in self.authority:
                return code
            if len(self.became[code]) != 1:
                return None
            (code,) = self.became[code]
        return None

    def districts(self, area):
        if area in self.authority:
            return {area}
        found = {d for lookup in (self.authority, self.police, self.board)
                 for d, code in lookup.items() if code == area and d in self.authority}
        if not found:
            sys.exit(f"oracle: not an area: {area}")
        return found

    def at_level(self, district, level):
        return {"district": district, "social-care-authority": self.authority[district],
                "police-area": self.police[district]}[level]


def place_of(value, known, areas, level):
    """The coordinate of a row's place among the cells of a table."""
    value = value.strip()
    if value == OUTSIDE or value[:1] in ("W", "S", "N") and len(value) == 9:
        return OUTSIDE
    district = areas.today(value)
    if district is None:
        return UNKNOWN
    place = areas.at_level(district, level)
    return place if place in known else ELSEWHERE


def last_sunday(year, month):
    day = dt.date(year, month, 31)
    while day.isoweekday() != 7:
        day -= dt.timedelta(days=1)
    return day


def london_day(text):
    """The London day of an ISO date or date-time; without a zone the time is London's own."""
    text = text.strip()
    if len(text) == 10:
        return dt.date.fromisoformat(text)
    moment = dt.datetime.fromisoformat(text.replace(" ", "T", 1).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        return moment.date()
    utc = moment.astimezone(dt.timezone.utc).replace(tzinfo=None)
    begin = dt.datetime.combine(last_sunday(utc.year, 3), dt.time(1))
    end = dt.datetime.combine(last_sunday(utc.year, 10), dt.time(1))
    return (utc + dt.timedelta(hours=1 if begin <= utc < end else 0)).date()


def period_days(label):
    """First and last day of 2026-03, 2026-Q1, 2026 or 2026/27."""
    year = int(label[:4])
    rest = label[4:]
    if rest == "":
        first, months = dt.date(year, 1, 1), 12
    elif rest.startswith("/"):
        first, months = dt.date(year, 4, 1), 12
    elif rest.startswith("-Q"):
        first, months = dt.date(year, 3 * int(rest[2:]) - 2, 1), 3
    else:
        first, months = dt.date(year, int(rest[1:]), 1), 1
    after = first.year * 12 + first.month - 1 + months
    return first, dt.date(after // 12, after % 12 + 1, 1) - dt.timedelta(days=1)


def latest_rows(paths, oldest):
    """The rows an agency holds: a source_ref that comes again replaces what it named before."""
    held = {}
    for path in paths:
        for row in read_return(path) if Path(path).is_dir() else read_csv(path):
            if oldest is None or london_day(row["started_at"]) >= oldest:
                held[row["source_ref"].strip()] = row
    return list(held.values())


def child_of_row(rows):
    """Who a row is about, within one agency: the NHS number if any row of its child_ref has one,
    else the child_ref."""
    number_of = {}
    for row in rows:
        number = row.get("nhs_number", "").replace(" ", "")
        if number and row.get("child_ref", "").strip():
            number_of[row["child_ref"].strip()] = number

    def child(row):
        number = row.get("nhs_number", "").replace(" ", "")
        ref = row.get("child_ref", "").strip()
        if number:
            return ("nhs", number)
        return ("nhs", number_of[ref]) if ref in number_of else ("ref", ref)

    return child


class Expected:
    """The cells of one table for one period."""

    def __init__(self, agreement, table, grant, period, records, oldest):
        areas = Areas()
        self.rule = grant["disclosure"]
        self.by = table["by"]
        self.level = table.get("place_level", "district")
        self.children = table.get("measure", "reports") == "children"
        where = table.get("where", {})
        region = {areas.at_level(d, self.level)
                  for party in agreement["party"] for code in party.get("areas", [])
                  for d in areas.districts(code)}
        places = sorted(region) + [ELSEWHERE, OUTSIDE, UNKNOWN]
        axes = [places if d in PLACES else codes_of(d, where) for d in self.by]
        contributors = [p["id"] for p in agreement["party"] if "contributor" in p["roles"]]
        if sorted(records) != sorted(contributors):
            sys.exit("oracle: records are needed for exactly: " + ", ".join(contributors))
        first, last = period_days(period)

        self.reports = defaultdict(int)      # cell -> rows, over all agencies
        self.held = defaultdict(dict)        # cell -> agency -> its distinct children there
        self.match = {}                      # agency -> the band of its match rate
        for agency in contributors:
            rows = latest_rows(records[agency], oldest)
            child = child_of_row(rows)
            present = defaultdict(set)
            counted = []
            for row in rows:
                if not first <= london_day(row["started_at"]) <= last:
                    continue
                if any(code_of(row, column) not in wanted for column, wanted in where.items()):
                    continue
                cell = tuple(place_of(row.get(d, ""), region, areas, self.level) if d in PLACES
                             else code_of(row, d) or UNKNOWN for d in self.by)
                counted.append(child(row))
                self.reports[cell] += 1
                present[cell].add(child(row))
            for cell, children in present.items():
                self.held[cell][agency] = len(children)
            alone = set(counted)
            of = list(alone) if self.children else counted
            self.match[agency] = match_band(sum(1 for c in of if c[0] == "nhs"), len(of),
                                            len(alone), self.rule["min_children"])
        self.space = list(itertools.product(*axes))

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
    unknown = [d for d in table["by"] if d not in PLACES and d not in CODES]
    if unknown:
        sys.exit("oracle: not a dimension: " + ", ".join(unknown))
    return table, grant


TWICE = {"reports": "one episode reported by two agencies counts twice",
         "children": "a child known to two agencies counts twice"}


def compare_notes(expected, answer, period):
    """What the answer says besides its cells; the differences."""
    measure = "children" if expected.children else "reports"
    wrong = []
    if answer["measure"] != measure:
        wrong.append(f"measure: expected {measure}, got {answer['measure']}")
    if set(expected.by) & set(PLACES) and answer["place_level"] != expected.level:
        wrong.append(f"place level: expected {expected.level}, got {answer['place_level']}")
    if TWICE[measure] not in " ".join(answer["notes"]):
        wrong.append(f"no note says: {TWICE[measure]}")
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
    parser.add_argument("--compare", type=Path, help="the product's answer, JSON")
    arguments = parser.parse_args()

    agreement = tomllib.loads(arguments.agreement.read_text(encoding="utf-8"))
    table, grant = find_table(agreement, arguments.table, arguments.grant)
    records = defaultdict(list)
    for item in arguments.records:
        party, _, path = item.partition("=")
        records[party].append(path)
    expected = Expected(agreement, table, grant, arguments.period, records, arguments.oldest)
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
    same = compare(cells, answer, arguments.period, table["by"]) and not notes
    print(f"{len(cells)} cells: {counts['released']} released, {counts['suppressed']} suppressed, "
          f"{counts['suppressed_by_z']} of these by Z, {counts['zero']} zero: "
          f"{'equal' if same else 'DIFFERENT'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
