"""The expected answer of a linked table: places, overlap or repeat-missing, as a plain set computation
over the pooled records, which the product never makes.

From the text of link.md (What is counted, Figures) and disclosure.md (Links). Which entries a node
leaves out beyond a bound is fixed by a key of its own and cannot be known here: where records exceed
a bound, the oracle ends.
"""

import datetime as dt
import itertools
import math
import sys
from collections import Counter, defaultdict

from records import (Areas, admits, axes_of, cell_of, child_of_row, contributors_of, latest_rows,
                     london_day, match_band, period_days, region_places, shared_rows)

REGION = ("all",)


def days_of(duration):
    """Of P90D."""
    return int(duration.removeprefix("P").removesuffix("D"))


def chosen_of_overlap(figures, least):
    """Of figures for 1, 2, ... agencies or more, the positions of those that are shown: each at least
    `least`, and by as much below the one shown before it."""
    shown = []
    for at, figure in enumerate(figures):
        if figure >= least and (not shown or figures[shown[-1]] - figure >= least):
            shown.append(at)
    return shown


class Linked:
    """The cells of one table for one period. `children` are those before disclosure: link cell ->
    NHS number -> what it was entered with, agencies or, for repeat-missing, days."""

    KINDS = ("places", "overlap", "repeat-missing")
    measure = "children"

    def __init__(self, agreement, table, grant, period, records, oldest, withheld=None):
        areas = Areas()
        self.rule = grant["disclosure"]
        self.kind = table["question"]
        self.level = table.get("place_level", "district")
        where = table.get("where", {})
        region = region_places(agreement, areas, self.level)
        contributors = contributors_of(agreement, records)
        first, last = period_days(period)
        self.times = table.get("times")
        if self.kind == "repeat-missing":
            first = last - dt.timedelta(days=days_of(table["within"]) - 1)
        self.set_form(table, where, region, contributors)

        self.children = defaultdict(lambda: defaultdict(set))
        self.held = defaultdict(dict)  # link cell -> agency -> its distinct children there
        self.match = {}                # agency -> the band of its match rate
        for agency in contributors:
            everybody, entries = set(), set()
            rows = latest_rows(records[agency], oldest)
            child = child_of_row(rows)
            rows = shared_rows(rows, child, (withheld or {}).get(agency, ()))
            for row in rows:
                day = london_day(row["started_at"])
                if not first <= day <= last or not admits(row, where):
                    continue
                who, number = child(row)
                everybody.add((who, number))
                if who != "nhs":
                    continue
                if self.kind == "places":
                    cell = cell_of(row, self.by, region, areas, self.level)
                    entries.add((number, cell, None))
                else:
                    entries.add((number, REGION, day if self.times else None))
            self.check_bounds(agency, table, entries)
            self.enter(agency, entries)
            brought = {number for number, _, _ in entries}
            self.match[agency] = match_band(len(brought), len(everybody), len(everybody),
                                            self.rule["min_children"])

    def set_form(self, table, where, region, contributors):
        """The cells of the answer and what it says of itself."""
        self.link = {"entries": table["entries"]}
        self.notes = ["children: counted once across agencies, however many know them",
                      "left out: rows of children whose NHS number an agency does not know"]
        if self.kind == "places":
            self.by = table["by"]
            self.space = list(itertools.product(*axes_of(self.by, where, region)))
            self.link["cells_per_child"] = table["cells_per_child"]
        elif self.kind == "repeat-missing":
            self.by, self.space = ["region"], [REGION]
            within = days_of(table["within"])
            self.link |= {"times": self.times, "within_days": within,
                          "episodes_per_child": table["episodes_per_child"]}
            self.notes += [f"{self.times} or more episodes in the last {within} days of the period",
                           "an episode that two agencies date differently, if only by a day, "
                           "counts twice"]
        elif table.get("by", []) == ["agency"]:
            self.by = ["agency-pair"]
            self.pairs = {(f"{a}+{b}",): {a, b}
                          for a, b in itertools.combinations(sorted(contributors), 2)}
            self.space = list(self.pairs)
        else:
            self.by = ["agencies"]
            self.space = [(f"{k}-or-more",) for k in range(1, len(contributors) + 1)]
            self.notes.append("a figure for two agencies or more is part of that for one")

    def check_bounds(self, agency, table, entries):
        if len(entries) > table["entries"]:
            sys.exit(f"oracle: {agency} has {len(entries)} entries, above the table's "
                     f"{table['entries']}: which of them stay is known to nobody else")
        most = {"places": table.get("cells_per_child"), "overlap": 1,
                "repeat-missing": table.get("episodes_per_child")}[self.kind]
        of_child = max(Counter(number for number, _, _ in entries).values(), default=0)
        if of_child > most:
            sys.exit(f"oracle: {agency} has a child with {of_child} entries, above the table's "
                     f"{most}: which of them stay is known to nobody else")

    def enter(self, agency, entries):
        present = defaultdict(set)
        for number, cell, day in entries:
            present[cell].add(number)
            self.children[cell][number].add(agency if day is None else day)
        for cell, numbers in present.items():
            self.held[cell][agency] = len(numbers)

    # --- before disclosure ---

    def with_exactly(self, cell):
        """d: k -> children of the link cell with exactly k agencies, or episodes."""
        return Counter(len(entered) for entered in self.children.get(cell, {}).values())

    def distinct(self, cell, least=1):
        return sum(n for k, n in self.with_exactly(cell).items() if k >= least)

    def k_and_z(self, cell):
        """Agencies with the local floor of children in the link cell, and with fewer but some."""
        floor = math.ceil(self.rule["min_children"] / max(1, self.rule.get("min_agencies", 1)))
        held = self.held.get(cell, {}).values()
        return sum(1 for n in held if n >= floor), sum(1 for n in held if 1 <= n < floor)

    def figures(self):
        """Of each cell of the answer, before disclosure."""
        if self.kind == "places":
            return {cell: self.distinct(cell) for cell in self.space}
        if self.kind == "repeat-missing":
            return {REGION: self.distinct(REGION, self.times)}
        if self.by == ["agencies"]:
            return {cell: self.distinct(REGION, k) for k, cell in enumerate(self.space, 1)}
        known = self.children.get(REGION, {}).values()
        return {cell: sum(1 for agencies in known if pair <= agencies)
                for cell, pair in self.pairs.items()}

    # --- and after ---

    def may_show(self, link_cell):
        k, z = self.k_and_z(link_cell)
        return k >= max(1, self.rule.get("min_agencies", 1)) and (k >= 2 or z == 0)

    def shown(self):
        """The cells whose figures are released."""
        least, figures = self.rule["min_children"], self.figures()
        if self.kind == "places":
            return {c for c in self.space if figures[c] >= least and self.may_show(c)}
        if not self.may_show(REGION):
            return set()
        if self.by == ["agencies"]:
            return {self.space[at] for at in
                    chosen_of_overlap([figures[c] for c in self.space], least)}
        return {c for c in self.space if figures[c] >= least}

    def cells(self):
        figures, shown, rounding = self.figures(), self.shown(), self.rule["round_to"]
        out = []
        for cell in self.space:
            status, value = "suppressed", None
            if cell in shown:
                status = "released"
                value = (2 * figures[cell] + rounding) // (2 * rounding) * rounding
            elif (self.kind == "places" and self.rule.get("true_zero", False)
                  and not self.children.get(cell)):
                status, value = "zero", 0
            out.append(dict(zip(self.by, cell), status=status, value=value))
        return sorted(out, key=lambda c: [c[d] for d in self.by])

    def suppressed_by_z(self):
        """Cells large enough, and held back only since one agency has too few there."""
        least = self.rule["min_children"]
        needed = max(1, self.rule.get("min_agencies", 1))

        def by_z(cell):
            k, z = self.k_and_z(cell if self.kind == "places" else REGION)
            return k == 1 >= needed and z > 0
        return sum(1 for cell, figure in self.figures().items() if figure >= least and by_z(cell))
