"""Rows as an agency holds them, the codes and places they fall into, and days: read from the text of
formats.md (Records) and answering.md, and shared by both oracles. No code is shared with the product.
"""

import csv
import datetime as dt
import sys
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


def shared_rows(rows, child, withheld):
    """Without those of every child of whom one of these references is withheld."""
    gone = {child({"child_ref": reference}) for reference in withheld}
    return [row for row in rows if child(row) not in gone]


def region_places(agreement, areas, level):
    """All parties' areas, opened into districts and taken to the level."""
    return {areas.at_level(d, level) for party in agreement["party"]
            for code in party.get("areas", []) for d in areas.districts(code)}


def axes_of(dimensions, where, region):
    """The codes of each dimension, in the order of the cells."""
    places = sorted(region) + [ELSEWHERE, OUTSIDE, UNKNOWN]
    return [places if d in PLACES else codes_of(d, where) for d in dimensions]


def cell_of(row, dimensions, region, areas, level):
    return tuple(place_of(row.get(d, ""), region, areas, level) if d in PLACES
                 else code_of(row, d) or UNKNOWN for d in dimensions)


def admits(row, where):
    return all(code_of(row, column) in wanted for column, wanted in where.items())


def contributors_of(agreement, records):
    found = [p["id"] for p in agreement["party"] if "contributor" in p["roles"]]
    if sorted(records) != sorted(found):
        sys.exit("oracle: records are needed for exactly: " + ", ".join(found))
    return found
