#!/usr/bin/env python3
"""Traces against the oracle, which shares no code with the product.

    traced_oracle_test.py --simulator PROGRAM --source ROOT [--from S] [--regions N] [--jobs J]

For each seed the simulator draws a region of 3 to 8 contributors - some hold nothing, some one
child, some withhold children - and has children traced. Of every other contributor the result must
give a contact exactly where that contributor holds a row of the child (its NHS number, if any row of
the same reference has it) that began within the grant's history, and does not withhold the child.
"""

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TODAY = dt.date(2026, 11, 22)


def months_before(day, months):
    month = day.year * 12 + day.month - 1 - months
    return dt.date(month // 12, month % 12 + 1, day.day)


def one_region(folder, records, seen, sizes):
    """Differences; counts in `seen` what there was to compare, in `sizes` contributors."""
    agreement = tomllib.loads((folder / "agreement.toml").read_text(encoding="utf-8"))
    grant = next(g for g in agreement["grant"] if g["table"][0]["question"] == "trace")
    since = months_before(TODAY, int(grant["history"][1:-1]))
    contacts = {p["id"]: p["contacts"]["duty"] for p in agreement["party"]}
    holders = [p["id"] for p in agreement["party"] if "contributor" in p["roles"]]
    sizes[len(holders)] += 1
    said = json.loads((folder / "traces.json").read_text(encoding="utf-8"))
    held, older = {}, {}
    for party in holders:
        rows = records.latest_rows([folder / f"{party}.csv"], None)
        child = records.child_of_row(rows)
        shown = records.shared_rows(rows, child, said["withheld"][party] or [])
        numbers = {child(r)[1] for r in rows if child(r)[0] == "nhs"}
        held[party] = {child(r)[1] for r in shown if child(r)[0] == "nhs"
                       and records.london_day(r["started_at"]) >= since}
        kept = {child(r)[1] for r in shown if child(r)[0] == "nhs"}
        older[party] = kept - held[party]
        seen["withheld children"] += len(numbers - kept)
        seen["contributors without rows"] += not rows
        seen["contributors without a number"] += bool(rows) and not numbers
    wrong = []
    for trace in said["traces"]:
        others = sorted(set(holders) - {trace["home"]})
        result = {p["party"]: p for p in trace["result"]["parties"]}
        if sorted(result) != others or not trace["result"]["complete"]:
            wrong.append(f"a result of {sorted(result)}, not of {others}")
            continue
        for party in others:
            known = trace["number"] in held[party]
            expected = ("contact", contacts[party]) if known else ("nothing-to-share", "")
            got = (result[party]["status"], result[party]["contact"])
            if got != expected:
                wrong.append(f"{party}: {got}, expected {expected}")
            seen[expected[0]] += 1
            seen["known too long ago"] += trace["number"] in older[party]
            seen["traced"] += 1
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulator", required=True, type=Path)
    parser.add_argument("--source", required=True, type=Path)
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--regions", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    sys.path.insert(0, str(arguments.source / "tests/oracle"))
    import records  # pylint: disable=import-outside-toplevel

    seen = Counter()
    sizes = Counter()
    with tempfile.TemporaryDirectory() as folder:
        share = -(-arguments.regions // arguments.jobs)
        starts = range(arguments.first, arguments.first + arguments.regions, share)

        def simulate(start):
            count = min(share, arguments.first + arguments.regions - start)
            subprocess.run([arguments.simulator, "--out", folder, "--from", str(start),
                            "--count", str(count)], check=True)

        with ThreadPoolExecutor(arguments.jobs) as pool:
            list(pool.map(simulate, starts))
        failed = 0
        for seed in range(arguments.first, arguments.first + arguments.regions):
            wrong = one_region(Path(folder) / str(seed), records, seen, sizes)
            failed += bool(wrong)
            for line in wrong[:10]:
                print(f"seed {seed}: {line}")
    print(f"{arguments.regions} regions, {failed} differ; by number of contributors "
          f"{dict(sorted(sizes.items()))}; "
          + ", ".join(f"{n} {what}" for what, n in sorted(seen.items())))
    wanted = ["contact", "nothing-to-share", "withheld children", "known too long ago"]
    if arguments.regions >= 100:
        wanted += ["contributors without rows", "contributors without a number"]
        failed += sorted(sizes) != [3, 4, 5, 6, 7, 8]
    if failed or not all(seen[what] for what in wanted):
        raise SystemExit("not as it must be")


if __name__ == "__main__":
    main()
