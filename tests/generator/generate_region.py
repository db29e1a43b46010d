#!/usr/bin/env python3
"""Makes the input of a made-up region, "Vale": one movements.csv for each contributor.

The agencies and the children are invented; the district codes are real (the Thames Valley police
area). The same seed, size and day give the same bytes. README.md beside this file says which
published figures it is calibrated on and what is assumed.
"""

import argparse
import csv
import datetime as dt
import json
import math
import random
import sys
from pathlib import Path

from drawing import add_months, is_summer_time, nhs_number, pick, quotas
from meetings import Meetings
from yearly_return import YearlyReturn

HERE = Path(__file__).resolve().parent

COLUMNS = [
    "nhs_number", "child_ref", "date_of_birth", "source_ref", "event", "started_at", "ended_at",
    "origin", "destination", "place_type", "missing_risk", "exploitation_risk", "factors", "sex",
    "care_status", "return_interview", "case_ref",
]

PARTIES = [
    {"id": "vale-council", "name": "Vale Council", "kind": "local-authority", "hub": False,
     "areas": ["E10000025"]},
    {"id": "vale-police", "name": "Vale Police", "kind": "police", "hub": False,
     "areas": ["E23000029"]},
    {"id": "vale-health", "name": "Vale Health", "kind": "health", "hub": False,
     "areas": ["E54000044"]},
    {"id": "vale-voice", "name": "Vale Voice", "kind": "voluntary", "hub": False,
     "areas": ["E06000038", "E07000178"]},
    {"id": "vale-partnership", "name": "Vale Partnership", "kind": "partnership", "hub": True,
     "areas": []},
]

# The districts of Vale Council (Oxfordshire), and where it places children outside of them: the
# share of the children in care there for whom it is responsible.
COUNCIL = ["E07000177", "E07000178", "E07000179", "E07000180", "E07000181"]
COUNCIL_PLACES_IN = {"E06000037": 0.12, "E06000038": 0.12, "E06000060": 0.04}
# Where the voluntary service has its two projects.
VOICE = ["E06000038", "E07000178"]

# Routes along which many children go, beyond what distance would explain: (from, to, weight).
ROUTES = [
    ("E07000178", "E06000038", 5.0), ("E07000178", "E07000177", 4.0),
    ("E07000177", "E07000178", 8.0), ("E06000038", "E06000039", 6.0),
    ("E06000038", "E07000178", 2.5), ("E06000039", "E06000038", 7.0),
    ("E06000039", "E06000040", 4.0), ("E06000042", "E06000060", 7.0),
    ("E06000060", "E06000042", 6.0), ("E06000060", "E06000039", 5.0),
    ("E06000040", "E06000039", 6.0), ("E06000036", "E06000038", 5.0),
    ("E06000041", "E06000038", 6.0), ("E06000037", "E06000038", 5.0),
    ("E07000179", "E07000178", 6.0), ("E07000180", "E07000178", 6.0),
    ("E07000181", "E07000178", 6.0),
]
ELSEWHERE = ["E09000033", "E09000020", "E09000017", "E08000025", "E06000030", "E06000043"]

# DfE 2025: missing incidents by age (children looked after): 10-15 44 %, 16 and over 56 %.
# Within the bands the split is assumed.
AGE_WEIGHTS = {7: 1, 8: 1, 9: 2, 10: 8, 11: 16, 12: 40, 13: 85, 14: 130, 15: 165, 16: 290, 17: 270}
SHARE_MALE = 0.56             # Coram-i 2019, citing DfE: of children looked after with an incident
SHARE_REPEAT = 0.65           # the same: more than once in a year
MEAN_INCIDENTS = 6.8          # DfE 2025: mean incidents of a child who went missing, in a year
MAX_INCIDENTS = 60
SHARE_MISSING = 0.8           # assumed: of the children in the region's files, ever missing
# assumed: in which of the two years such a child goes missing
ACTIVE_YEARS = {(0, 1): 0.6, (0,): 0.16, (1,): 0.24}

PLACE_TYPES = {
    "private-address": 30, "railway-station": 9, "public-transport": 6, "shopping-centre": 9,
    "park": 8, "hotel": 6, "short-let": 5, "food-outlet": 6, "vehicle": 5, "bus-station": 4,
    "childrens-home": 4, "licensed-premises": 2, "taxi": 2, "other": 4, "": 20,
}


class Child:
    """One invented child: the truth behind what the agencies hold."""

    def __init__(self, number, nhs, home, born, sex, goes_missing):
        self.number = number
        self.nhs = nhs
        self.home = home            # the district of the placement or family
        self.born = born
        self.sex = sex
        self.goes_missing = goes_missing
        self.years = ()             # in which of the two years
        self.care_status = "no"
        self.council_child = False  # Vale Council is responsible
        self.known_to = set()
        self.haunts = []            # where this child is found, most usual first
        self.risk = "low"
        self.factors = ""

    def adult_on(self):
        try:
            return self.born.replace(year=self.born.year + 18)
        except ValueError:
            return dt.date(self.born.year + 18, 2, 28)


class Agency:
    """One agency's view: its own references, its gaps, its file."""

    def __init__(self, party, rng, never_numbered, row_gap, second_ref):
        self.party = party
        self.rng = rng
        self.never_numbered = never_numbered
        self.row_gap = row_gap
        self.second_ref = second_ref
        self.prefix = "".join(word[0] for word in party.split("-")).upper()
        self.refs = {}
        self.unnumbered = {}
        self.rows = []

    def reference(self, child):
        if child.number not in self.refs:
            count = 2 if self.rng.random() < self.second_ref else 1
            self.refs[child.number] = [
                f"{self.prefix}-C{self.rng.randrange(10**7):07d}-{child.number}"
                for _ in range(count)]
            self.unnumbered[child.number] = self.rng.random() < self.never_numbered
        return self.rng.choice(self.refs[child.number])

    def record(self, child, event, started, ended, origin, destination, numbered=False, **more):
        """`numbered`: with the child's number, whatever the agency's gaps."""
        ref = self.reference(child)
        nhs = child.nhs
        if not numbered and (self.unnumbered[child.number] or self.rng.random() < self.row_gap):
            nhs = ""
        elif self.rng.random() < 0.1:
            nhs = f"{nhs[:3]} {nhs[3:6]} {nhs[6:]}"
        row = dict.fromkeys(COLUMNS, "")
        row.update(nhs_number=nhs, child_ref=ref, date_of_birth=child.born.isoformat(),
                   event=event, origin=origin, destination=destination, sex=child.sex,
                   care_status=child.care_status, **more)
        row["started_at"] = self.written(started)
        row["ended_at"] = self.written(ended) if ended else ""
        self.rows.append((started, len(self.rows), row))

    def written(self, moment):
        """Some agencies keep times, some only dates; the police's system writes some in UTC."""
        if self.party == "vale-police":
            if self.rng.random() < 0.06:
                utc = moment - dt.timedelta(hours=1) if is_summer_time(moment) else moment
                return utc.strftime("%Y-%m-%dT%H:%MZ")
            return moment.strftime("%Y-%m-%dT%H:%M")
        if self.party == "vale-council" and self.rng.random() < 0.5:
            return moment.strftime("%Y-%m-%d %H:%M")
        return moment.strftime("%Y-%m-%d")

    def write(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.rows.sort(key=lambda item: (item[0], item[1]))
        police = self.party == "vale-police"
        quoting = csv.QUOTE_ALL if self.party == "vale-health" else csv.QUOTE_MINIMAL
        encoding = "utf-8-sig" if police else "utf-8"
        with open(folder / "movements.csv", "w", encoding=encoding, newline="") as file:
            out = csv.DictWriter(file, COLUMNS, quoting=quoting,
                                 lineterminator="\r\n" if police else "\n")
            out.writeheader()
            for number, (_, _, row) in enumerate(self.rows, 1):
                row["source_ref"] = f"{self.prefix}-R{number:06d}"
                out.writerow(row)


class Region:
    def __init__(self, seed, children, today):
        self.seed = seed
        self.today = today
        # A margin of two days, so that no row is older than P24M when it is imported.
        self.first_day = add_months(today, -24) + dt.timedelta(days=2)
        self.last_day = today - dt.timedelta(days=1)
        self.districts = self.read_districts()
        self.flows = self.draw_flows()
        self.agencies = {
            "vale-council": Agency("vale-council", self.stream("council"), 0.02, 0.01, 0.0),
            "vale-police": Agency("vale-police", self.stream("police"), 0.09, 0.06, 0.03),
            "vale-health": Agency("vale-health", self.stream("health"), 0.0, 0.0, 0.01),
            "vale-voice": Agency("vale-voice", self.stream("voice"), 0.28, 0.08, 0.02),
        }
        self.taken = set()  # NHS numbers
        self.children = self.draw_children(children)
        self.meetings = Meetings(self, COUNCIL, VOICE)

    def stream(self, name):
        return random.Random(f"hedgerow-vale/{self.seed}/{name}")

    def read_districts(self):
        with open(HERE / "data" / "thames_valley_districts.csv", encoding="utf-8") as file:
            return {row["code"]: row for row in csv.DictReader(file)}

    def draw_flows(self):
        """For each district, how usual each destination is; each region has its own habits."""
        rng = self.stream("flows")
        flows = {}
        for origin in self.districts:
            weights = {}
            for destination, facts in self.districts.items():
                near = 0.06 if destination in COUNCIL and origin in COUNCIL else 0.025
                weights[destination] = near * float(facts["weight"])
            weights[origin] = 5.0
            for start, end, weight in ROUTES:
                if start == origin:
                    weights[end] += weight
            weights["elsewhere"] = 1.1
            weights["outside-england"] = 0.2
            flows[origin] = {to: w * math.exp(rng.gauss(0, 0.15)) for to, w in weights.items()}
        return flows

    def draw_children(self, count):
        rng = self.stream("children")
        weights = {code: float(facts["weight"]) * math.exp(rng.gauss(0, 0.06))
                   for code, facts in self.districts.items()}
        homes = quotas(rng, weights, count)
        children = []
        span = (self.last_day - self.first_day).days
        for number in range(1, count + 1):
            goes_missing = rng.random() < SHARE_MISSING
            years = pick(rng, ACTIVE_YEARS) if goes_missing else (0, 1)
            # The age is drawn for a day on which the child may go missing.
            day = self.first_day + dt.timedelta(
                days=int(rng.uniform(years[0] / 2, (years[-1] + 1) / 2) * span))
            age = pick(rng, AGE_WEIGHTS if goes_missing else {age: 1 for age in range(4, 18)})
            born = day - dt.timedelta(days=int((age + rng.random()) * 365.2425))
            male = rng.random() < (SHARE_MALE if goes_missing else 0.5)
            sex = "male" if male else "female"
            if rng.random() < 0.01:
                sex = rng.choice(["other", "not-recorded"])
            child = Child(number, nhs_number(rng, self.taken), homes[number - 1], born, sex,
                          goes_missing)
            child.years = years
            self.draw_circumstances(rng, child)
            children.append(child)
        return children

    def plant_child(self, rng, home, agency):
        """One more, whom no other agency knows."""
        born = self.today - dt.timedelta(days=rng.randrange(12 * 365, 16 * 365))
        child = Child(len(self.children) + 1, nhs_number(rng, self.taken), home, born,
                      rng.choice(["male", "female"]), False)
        child.known_to.add(agency)
        self.children.append(child)
        return child

    def draw_circumstances(self, rng, child):
        inside = child.home in COUNCIL
        in_care = rng.random() < (0.6 if child.goes_missing else 0.25)
        if inside:
            child.council_child = rng.random() < (0.8 if in_care else 0.9)
        elif child.home in COUNCIL_PLACES_IN:
            child.council_child = in_care and rng.random() < COUNCIL_PLACES_IN[child.home]
        if in_care:
            child.care_status = "this-authority" if child.council_child else "other-authority"
        child.risk = pick(rng, {"low": 30, "medium": 35, "high": 20, "not-assessed": 15}
                          if child.goes_missing else {"low": 50, "not-assessed": 50})
        if child.risk in ("medium", "high"):
            factors = [f"{name}:{rng.choice(['suspected', 'suspected', 'confirmed'])}"
                       for name, share in (("cse", 0.5), ("cce", 0.45), ("trafficking", 0.12),
                                           ("gangs", 0.25)) if rng.random() < share]
            child.factors = ";".join(factors)
        child.haunts = [pick(rng, self.flows[child.home]) for _ in range(3)]

        known = child.known_to
        if child.council_child and rng.random() < 0.92:
            known.add("vale-council")
        if rng.random() < (0.93 if child.goes_missing else 0.35):
            known.add("vale-police")
        if rng.random() < 0.5:
            known.add("vale-health")
        if child.home in VOICE and rng.random() < (0.3 if child.goes_missing else 0.12):
            known.add("vale-voice")
        if not known:
            known.add("vale-health")

    def incidents_in_year(self, rng):
        if rng.random() >= SHARE_REPEAT:
            return 1
        # Two or more, long-tailed, so that the mean over all is MEAN_INCIDENTS.
        more = (MEAN_INCIDENTS - (1 - SHARE_REPEAT)) / SHARE_REPEAT - 2
        return min(2 + int(rng.expovariate(1 / (more + 0.5))), MAX_INCIDENTS)

    def episodes(self, rng, child):
        """(start, end or None, kind), in order and never overlapping."""
        days = (self.last_day - self.first_day).days + 1
        starts = []
        for year in child.years:
            # Episodes come in spells: a third of them lie near the spell's middle.
            begin, end = year * days / 2, (year + 1) * days / 2
            middle = rng.uniform(begin, end)
            for _ in range(self.incidents_in_year(rng)):
                at = rng.gauss(middle, 25) if rng.random() < 0.33 else rng.uniform(begin, end)
                if begin <= at < end:
                    starts.append(at)
        starts.sort()
        out = []
        midnight = dt.datetime.combine(self.first_day, dt.time())
        latest = dt.datetime.combine(self.last_day, dt.time(23, 59))
        for i, at in enumerate(starts):
            started = midnight + dt.timedelta(minutes=round(at * 1440))
            if started.date() >= child.adult_on() - dt.timedelta(days=2) or started > latest:
                continue
            if out and (out[-1][1] is None or started <= out[-1][1]):
                continue
            ended = started + dt.timedelta(minutes=30 + int(rng.expovariate(1 / 1300)))
            if i + 1 < len(starts):
                until = midnight + dt.timedelta(minutes=round(starts[i + 1] * 1440) - 20)
                ended = min(ended, until)
            ended = max(ended, started + dt.timedelta(minutes=10))
            out.append((started, ended if ended <= latest else None,
                        "missing" if rng.random() < 0.93 else "away-without-authorisation"))
        return out

    def destination(self, rng, child):
        if rng.random() < 0.07:
            return ""
        place = rng.choice([child.home] + child.haunts)
        return rng.choice(ELSEWHERE) if place == "elsewhere" else place

    def missing(self, rng, child, started, ended, event):
        """One episode, as each agency that knows the child and hears of it writes it down."""
        destination = self.destination(rng, child)
        origin = child.home if rng.random() < 0.98 else ""
        place_type = pick(rng, PLACE_TYPES) if destination else ""
        risk = pick(rng, {"low": 20, "medium": 55, "high": 20, "no-apparent-risk": 2,
                          "not-assessed": 3})
        interview = pick(rng, {"completed-72h": 40, "completed-late": 15, "declined": 30,
                               "offered": 5, "not-offered": 10})
        common = dict(place_type=place_type, missing_risk=risk, exploitation_risk=child.risk,
                      factors=child.factors)
        if "vale-police" in child.known_to and rng.random() < 0.92:
            self.agencies["vale-police"].record(
                child, event, started, ended, origin, destination,
                case_ref=f"VP/MISPER/{started:%y}/{rng.randrange(10**6):06d}", **common)
        if "vale-council" in child.known_to and child.council_child and rng.random() < 0.85:
            # The carer's first report is sometimes dated a day earlier.
            told = started
            if rng.random() < 0.08 and started.date() > self.first_day:
                told = started - dt.timedelta(days=1)
            self.agencies["vale-council"].record(
                child, event, told, ended, origin, destination if rng.random() < 0.93 else "",
                return_interview=interview if ended else "",
                case_ref=f"VC/LCS/{child.number:06d}", **common)
        if "vale-voice" in child.known_to and rng.random() < 0.35:
            self.agencies["vale-voice"].record(child, event, started, ended, origin, destination,
                                               return_interview=interview if ended else "",
                                               **common)

    def other_events(self, rng, child):
        """Everything that is not an absence; `missing` is what most questions are about."""
        span = (self.last_day - self.first_day).days
        adult = child.adult_on() - dt.timedelta(days=2)

        def some_day(mean):
            for _ in range(int(rng.expovariate(1 / mean) + 0.5)):
                day = self.first_day + dt.timedelta(days=rng.randrange(span + 1))
                if day < adult:
                    yield dt.datetime.combine(day, dt.time(rng.randrange(24), rng.randrange(60)))

        risk = dict(exploitation_risk=child.risk, factors=child.factors)
        if "vale-health" in child.known_to:
            for at in some_day(1.6):
                self.agencies["vale-health"].record(
                    child, "health-attendance", at, at, child.home, self.destination(rng, child),
                    place_type="hospital")
        if "vale-police" in child.known_to:
            for at in some_day(0.9):
                self.agencies["vale-police"].record(
                    child, "sighting", at, None, child.home, self.destination(rng, child),
                    place_type=pick(rng, PLACE_TYPES), **risk)
        if "vale-voice" in child.known_to:
            for at in some_day(3.0):
                self.agencies["vale-voice"].record(child, "service-contact", at, at, child.home,
                                                   child.home, **risk)
        if "vale-council" in child.known_to:
            event = "placement" if child.care_status != "no" else "service-contact"
            for at in some_day(0.8):
                self.agencies["vale-council"].record(
                    child, event, at, None, rng.choice(COUNCIL), child.home,
                    place_type="foster-home" if event == "placement" else "",
                    case_ref=f"VC/LCS/{child.number:06d}", **risk)
            if rng.random() < 0.08:
                for at in some_day(1.0):
                    self.agencies["vale-council"].record(
                        child, "school-move", at, at, child.home, child.home, place_type="school")

    def build(self):
        rng = self.stream("events")
        for child in self.children:
            if child.goes_missing:
                for started, ended, event in self.episodes(rng, child):
                    self.missing(rng, child, started, ended, event)
            self.other_events(rng, child)
        self.meetings.add()

    def write(self, out, parties):
        out.mkdir(parents=True, exist_ok=True)
        for party in parties:
            if not party["hub"]:
                self.agencies[party["id"]].write(out / party["id"])
        facts = {
            "schema": "hedgerow/region/1",
            "region": "Vale",
            "seed": self.seed,
            "children": len(self.children),
            "today": self.today.isoformat(),
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "districts": sorted(self.districts),
            "hotspot": self.meetings.hotspot,
            "parties": [dict(party, rows=0 if party["hub"] else
                             len(self.agencies[party["id"]].rows)) for party in parties],
        }
        with open(out / "region.json", "w", encoding="utf-8", newline="\n") as file:
            json.dump(facts, file, indent=2, sort_keys=True)
            file.write("\n")


def read_parties(path):
    """The parties as given: names and areas may be changed, ids and who holds records may not."""
    parties = json.loads(Path(path).read_text(encoding="utf-8"))
    known = {party["id"]: party["hub"] for party in PARTIES}
    if {party["id"]: party["hub"] for party in parties} != known:
        sys.exit("generate_region: the parties must be " + ", ".join(known))
    return parties


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, type=Path, help="folder to write to")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--children", type=int, default=4000)
    parser.add_argument("--today", required=True, type=dt.date.fromisoformat,
                        help="the day on which the region is looked at, YYYY-MM-DD")
    parser.add_argument("--parties", help="JSON list of parties, as in region.json, to write there "
                        "in place of the built-in ones")
    parser.add_argument("--return", action="store_true", dest="yearly_return",
                        help="the council's last full financial year as an SSDA903 return, in "
                        "place of its movements up to that year's end")
    arguments = parser.parse_args()
    if not 1 <= arguments.children <= 20000:
        parser.error("--children: 1 to 20000")
    parties = read_parties(arguments.parties) if arguments.parties else PARTIES
    region = Region(arguments.seed, arguments.children, arguments.today)
    region.build()
    if arguments.yearly_return:
        council = region.agencies["vale-council"]
        YearlyReturn(region, council, COUNCIL, sorted(region.districts)).write(
            arguments.out / "vale-council" / "ssda903")
    region.write(arguments.out, parties)
    for party in parties:
        if not party["hub"]:
            rows = len(region.agencies[party["id"]].rows)
            print(f"{party['id']}: {rows} rows", file=sys.stderr)


if __name__ == "__main__":
    main()
