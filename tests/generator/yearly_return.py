"""The council's SSDA903 return for the last full financial year, in the place of that year's
movements: header, episodes, missing, and a crosswalk to NHS numbers, with postcodes that exist.

The children and their missing episodes are those of the movements; episodes of care are drawn
around them. The same region gives the same bytes.
"""

import csv
import datetime as dt
from collections import defaultdict
from pathlib import Path

POSTCODES = Path(__file__).resolve().parent / "data" / "postcodes.csv"
NO_POSTCODE = "QX9 9QX"  # there is no area QX: what a typing error looks like

HEADER = ["CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB"]
EPISODES = ["CHILD", "DECOM", "RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "DEC", "REC",
            "REASON_PLACE_CHANGE", "HOME_POST", "PL_POST", "URN"]
MISSING = ["CHILD", "DOB", "MISSING", "MIS_START", "MIS_END"]
CROSSWALK = ["CHILD", "NHS_NUMBER"]
ABSENCES = ("missing", "away-without-authorisation")


def financial_year(today):
    """First and last day of the last financial year that has ended."""
    begins = today.year - 1 if (today.month, today.day) >= (4, 1) else today.year - 2
    return dt.date(begins, 4, 1), dt.date(begins + 1, 3, 31)


def written(day):
    return day.strftime("%d/%m/%Y") if day else ""


class YearlyReturn:
    def __init__(self, region, agency, home_districts, elsewhere):
        self.rng = region.stream("return")
        self.first, self.last = financial_year(region.today)
        self.home_districts = home_districts
        self.elsewhere = elsewhere
        self.postcodes = defaultdict(list)
        with open(POSTCODES, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                self.postcodes[row["district"]].append(row["postcode"])
        self.header, self.episodes, self.missing, self.crosswalk = [], [], [], []
        absences = self.take_year(agency)
        for child in region.children:
            refs = agency.refs.get(child.number)
            looked_after = child.council_child and child.care_status == "this-authority"
            if refs and looked_after and child.adult_on() > self.first:
                self.add(child, refs[0], absences.get(child.number, []))

    def take_year(self, agency):
        """Takes from the agency's movements what such returns hold, up to the end of the year, and
        gives the absences in it by child."""
        number_of = {ref: number for number, refs in agency.refs.items() for ref in refs}
        kept, absences = [], defaultdict(list)
        for item in agency.rows:
            started, _, row = item
            day = started.date()
            if day > self.last or row["event"] not in (*ABSENCES, "placement"):
                kept.append(item)
            elif day >= self.first and row["event"] in ABSENCES:
                until = row["ended_at"][:10]
                absences[number_of[row["child_ref"]]].append(
                    (day, dt.date.fromisoformat(until) if until else None, row["event"]))
        agency.rows = kept
        return absences

    def postcode(self, district):
        return NO_POSTCODE if self.rng.random() < 0.01 else self.rng.choice(self.postcodes[district])

    def add(self, child, ref, absences):
        rng = self.rng
        self.header.append([ref, 1 if child.number % 2 else 2, written(child.born), "WBRI", "", "",
                            ""])
        if rng.random() < 0.94:
            self.crosswalk.append([ref, child.nhs])
        until = min(self.last, child.adult_on() - dt.timedelta(days=3))
        seen = set()
        for started, ended, event in sorted(absences, key=lambda a: a[0]):
            if started not in seen and started <= until:
                seen.add(started)
                shown = ended if ended and ended <= self.last else None
                self.missing.append([ref, written(child.born), "M" if event == "missing" else "A",
                                     written(started), written(shown)])
        if rng.random() < 0.03:  # a family's short breaks: no movement
            for month in range(2):
                day = self.first + dt.timedelta(days=40 * month + rng.randrange(20))
                self.episode(ref, day, "S", "V4" if month else "V3", "U6",
                             day + dt.timedelta(days=4), rng.choice(self.home_districts),
                             child.home)
            return
        self.care(child, ref, min(seen, default=until), until)

    def care(self, child, ref, first_absence, until):
        """A line of episodes, nearly always from before the first absence."""
        rng = self.rng
        home = rng.choice(self.home_districts)
        latest = first_absence if rng.random() < 0.97 else until
        start = max(latest - dt.timedelta(days=rng.randrange(500)),
                    child.born + dt.timedelta(days=1))
        if start > until:
            return
        starts = [start]
        while rng.random() < 0.4 and len(starts) < 5:
            starts.append(starts[-1] + dt.timedelta(days=rng.randrange(20, 200)))
        starts = [day for day in starts if day <= until]
        place, area = self.placement(), child.home
        post = self.postcode(area)
        for i, day in enumerate(starts):
            reason = "S" if i == 0 else rng.choice("PPPTBUL")
            if i and reason != "L":
                place = self.placement()
                area = rng.choice([area, area, child.home, rng.choice(self.home_districts),
                                   rng.choice(self.elsewhere)])
                post = self.postcode(area)
            end = starts[i + 1] if i + 1 < len(starts) else None
            if end is None and rng.random() < 0.2:
                end = until
            if end and end < self.first:
                continue  # it ended in an earlier year, and stood in that year's return
            self.episode(ref, day, reason, rng.choice(["C2", "E1", "V2", "J1"]), place, end, home,
                         None, post)

    def placement(self):
        rng = self.rng
        return rng.choice(["T0", "T1", "T4"]) if rng.random() < 0.05 else \
            rng.choice(["U1", "U4", "U6", "K2", "H5"])

    def episode(self, ref, day, reason, status, place, end, home, area=None, post=None):
        self.episodes.append([ref, written(day), reason, status, "N1", place, "PR1", written(end),
                              "X1" if end else "", "", self.postcode(home),
                              post or self.postcode(area), ""])

    def write(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, columns, rows in (("header", HEADER, self.header),
                                    ("episodes", EPISODES, self.episodes),
                                    ("missing", MISSING, self.missing),
                                    ("crosswalk", CROSSWALK, self.crosswalk)):
            with open(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
                out = csv.writer(file, lineterminator="\r\n")
                out.writerow(columns)
                out.writerows(rows)
