"""What the agencies see of children besides absences, enough of it to link: places where children
gather, children with whom several services work, and in one quarter a hotspot that none of three
agencies can know alone.

Drawn after everything else and from streams of its own, so that the rest of a region is the same
with or without it. The numbers do not grow with the region: they stay within the entries that the
agreement fixes for a linked table.
"""

import datetime as dt
from collections import defaultdict

# Places where children gather, in every quarter: seen by all agencies that work there, or mostly by
# two of them.
BUSY, QUIET = 3, 3
GATHERING = ["shopping-centre", "park", "bus-station", "food-outlet", "hotel", "service-station"]
SEEN = 6         # children whom one agency sees there in a quarter
SEEN_LITTLE = 2

CASES = 14       # children a quarter with whom all agencies work that know them, two or more
DEEP_CASES = 20  # likewise, three or more

HOTSPOT_AGENCIES = ["vale-council", "vale-police", "vale-voice"]
HOTSPOT_TYPE = "railway-station"
HOTSPOT_CHILDREN = 5  # at each of the three, known to no other agency
# An agency that sees others there too still sees fewer than eight.
MOST_SEEN_BEFORE = 2


def quarter_of(day):
    return day.year, (day.month - 1) // 3 + 1


def first_of(quarter):
    year, number = quarter
    return dt.date(year, 3 * number - 2, 1)


def after(quarter):
    year, number = quarter
    return (year, number + 1) if number < 4 else (year + 1, 1)


def settled_quarter(today):
    """The last one that ended 14 days or more before today."""
    year, number = quarter_of(today - dt.timedelta(days=14))
    return (year, number - 1) if number > 1 else (year - 1, 4)


def spread(rng, items, count):
    """At most `count` of them."""
    return rng.sample(items, min(count, len(items)))


class Meetings:
    """`council`, `voice`: the districts in which the two work; the others work everywhere."""

    def __init__(self, region, council, voice):
        self.region = region
        self.works_in = {"vale-council": set(council), "vale-voice": set(voice)}
        self.districts = sorted(self.works_in["vale-council"] | self.works_in["vale-voice"])
        quarter, self.quarters = quarter_of(region.first_day), []
        while first_of(quarter) <= region.last_day:
            self.quarters.append(quarter)
            quarter = after(quarter)
        self.hotspot = None  # region.json's

    def works(self, agency, district):
        return district in self.works_in.get(agency, [district])

    def add(self):
        self.add_gatherings(self.region.stream("gatherings"))
        self.add_cases(self.region.stream("cases"))
        self.add_hotspot(self.region.stream("hotspot"))

    def moment(self, rng, quarter, child):
        """A time of the quarter, not on its border, and within the region's days; None where the
        child is an adult by then."""
        begin = max(first_of(quarter) + dt.timedelta(days=2), self.region.first_day)
        end = min(first_of(after(quarter)) - dt.timedelta(days=3), self.region.last_day)
        if end < begin:
            return None
        day = begin + dt.timedelta(days=rng.randrange((end - begin).days + 1))
        if day >= child.adult_on() - dt.timedelta(days=2) or day < child.born:
            return None
        return dt.datetime.combine(day, dt.time(8 + rng.randrange(14), rng.randrange(60)))

    def record(self, rng, agency, child, event, quarter, destination, place_type="", **more):
        at = self.moment(rng, quarter, child)
        if at is not None:
            self.region.agencies[agency].record(
                child, event, at, None, child.home, destination, place_type=place_type,
                exploitation_risk=child.risk, factors=child.factors, **more)

    # --- where children gather ---

    def add_gatherings(self, rng):
        agencies = sorted(self.region.agencies)
        where = [(d, t) for d in self.districts for t in GATHERING]
        for place, (district, place_type) in enumerate(spread(rng, where, BUSY + QUIET)):
            near = [c for c in self.region.children if district in (c.home, *c.haunts)]
            here = [a for a in agencies if self.works(a, district)]
            rng.shuffle(here)
            for quarter in self.quarters:
                known = [c for c in near if len(c.known_to) > 1]
                regulars = spread(rng, known, SEEN)
                for number, agency in enumerate(here):
                    much = place < BUSY or number < 2
                    seen = self.seen_by(rng, agency, near, regulars, SEEN if much else SEEN_LITTLE)
                    for child in seen:
                        self.record(rng, agency, child, "sighting", quarter, district, place_type)

    @staticmethod
    def seen_by(rng, agency, near, regulars, count):
        """Some of the regulars whom the agency knows, and others of its own."""
        mine = [c for c in regulars if agency in c.known_to][:count // 2]
        others = [c for c in near if agency in c.known_to and c not in mine]
        return mine + spread(rng, others, count - len(mine))

    # --- whom several services work with ---

    def add_cases(self, rng):
        for quarter in self.quarters:
            for least, count in ((2, CASES), (3, DEEP_CASES)):
                for child in spread(rng, [c for c in self.region.children
                                          if len(c.known_to) >= least], count):
                    for agency in sorted(child.known_to):
                        self.record(rng, agency, child, "service-contact", quarter, child.home)

    # --- the hotspot ---

    def seen_there(self, quarter, district):
        """Agency to its distinct children, seen in the quarter in the hotspot's kind of place."""
        seen = defaultdict(set)
        first, end = first_of(quarter), first_of(after(quarter))
        for name, agency in self.region.agencies.items():
            number_of = {ref: number for number, refs in agency.refs.items() for ref in refs}
            for started, _, row in agency.rows:
                if (row["event"] == "sighting" and row["destination"] == district
                        and row["place_type"] == HOTSPOT_TYPE and first <= started.date() < end):
                    seen[name].add(number_of[row["child_ref"]])
        return seen

    def add_hotspot(self, rng):
        quarter = settled_quarter(self.region.today)
        districts = rng.sample(self.districts, len(self.districts))
        before = {d: max(map(len, self.seen_there(quarter, d).values()), default=0)
                  for d in districts}
        district = next((d for d in districts if before[d] <= MOST_SEEN_BEFORE),
                        min(districts, key=before.get))
        for agency in HOTSPOT_AGENCIES:
            homes = sorted(self.works_in.get(agency, self.districts))
            for _ in range(HOTSPOT_CHILDREN):
                child = self.region.plant_child(rng, rng.choice(homes), agency)
                for _ in range(1 + (rng.random() < 0.4)):
                    self.record(rng, agency, child, "sighting", quarter, district, HOTSPOT_TYPE,
                                numbered=True)
        seen = self.seen_there(quarter, district)
        self.hotspot = {
            "period": f"{quarter[0]}-Q{quarter[1]}", "destination": district,
            "place_type": HOTSPOT_TYPE,
            "planted": {agency: HOTSPOT_CHILDREN for agency in HOTSPOT_AGENCIES},
            "seen": {agency: len(seen[agency]) for agency in sorted(self.region.agencies)},
        }
