#!/usr/bin/env python3
"""Says of the quickstart's answer on places whether it shows the hotspot that the generator planted.

    hotspot.py region.json places-<period>.json

The first says how many children each agency saw there, which in life nobody could know.
"""

import json
import sys
import textwrap
from pathlib import Path


def say(text):
    print("\n" + textwrap.fill(text, 100, break_on_hyphens=False))


def main():
    planted, answer = (json.loads(Path(p).read_text(encoding="utf-8")) for p in sys.argv[1:])
    planted, least = planted["hotspot"], answer["rule"]["min_children"]
    names = {d["name"]: dict(zip(d["codes"], d["names"])) for d in answer["dimensions"]}
    cells = [c for p in answer["periods"] if p["period"] == planted["period"] for c in p["cells"]
             if all(c[d] == planted[d] for d in names)]
    where = f"{names['destination'][planted['destination']]}, {planted['place_type']}"
    if [c["status"] for c in cells] != ["released"]:
        say(f"The hotspot that was planted ({where}) is not in the answer.")
        return
    seen = {party: n for party, n in planted["seen"].items() if n}
    most = max(seen.values())
    alone = (f"No agency could have seen it: none saw more than {most} of them, and a figure "
             f"begins at {least}" if most < least else f"One agency alone saw {most} of them")
    say(f"A hotspot: {where}, about {cells[0]['value']} children. {alone} "
        f"({', '.join(f'{party} {n}' for party, n in sorted(seen.items()))}).")


if __name__ == "__main__":
    main()
