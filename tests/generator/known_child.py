#!/usr/bin/env python3
"""Writes the NHS number of a made-up child that several agencies know, for a trace to be tried.

    known_child.py INPUT-DIR ASKING-PARTY TODAY > FILE

The child that most of the others have a movement of within a year before TODAY, fewest movements
first, so that it is no odd one; says on standard error which of them those are.
"""

import csv
import datetime
import json
import sys
from collections import defaultdict
from pathlib import Path


def known(folder, since):
    """By number, with its digits only: how many movements each party has of the child."""
    found = defaultdict(lambda: defaultdict(int))
    for party in json.loads((folder / "region.json").read_text(encoding="utf-8"))["parties"]:
        file = folder / party["id"] / "movements.csv"
        if not file.exists():
            continue
        with file.open(encoding="utf-8-sig", newline="") as rows:
            for row in csv.DictReader(rows):
                number = row["nhs_number"].replace(" ", "")
                if number and row["started_at"][:10] >= since:
                    found[number][party["id"]] += 1
    return found


def main():
    folder, asking, today = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    since = datetime.date.fromisoformat(today) - datetime.timedelta(days=365)
    children = known(folder, since.isoformat())
    number = min(children, key=lambda n: (-len(children[n].keys() - {asking}),
                                          sum(children[n].values()), n))
    print(f"{number[:3]} {number[3:6]} {number[6:]}")
    print(", ".join(sorted(children[number].keys() - {asking})), file=sys.stderr)


if __name__ == "__main__":
    main()
