#!/usr/bin/env python3
"""Regions with linked tables against the oracle, which shares no code with the product.

    linked_oracle_test.py --simulator PROGRAM --source ROOT [--from S] [--regions N] [--jobs J]

For each seed the simulator draws a region of 3 to 8 contributors - some hold nothing, some one
child, some children are known to several - and asks all linked questions. What the hub counted of
each cell (children by the number of agencies, or of episodes, and by pair of agencies) must be what
a plain set computation over the pooled records gives, and each answer what disclosure makes of it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PERIOD = "2026-Q3"


def counted_wrongly(expected, counted, cells):
    """Differences between the oracle's figures before disclosure and the hub's."""
    degrees, wrong = counted["degrees"], []
    link_cells = cells if expected.kind == "places" else [("all",)]
    if len(counted["tokens"]) != degrees * len(link_cells):
        return [f"{len(counted['tokens'])} classes for {len(link_cells)} cells"]
    for at, cell in enumerate(link_cells):
        got = counted["tokens"][at * degrees:(at + 1) * degrees]
        plain = Counter()
        for k, n in expected.with_exactly(cell).items():
            plain[min(k, degrees)] += n
        if got != [plain[k] for k in range(1, degrees + 1)]:
            wrong.append(f"{cell}: counted {got}, plain sets give {dict(plain)}")
        entered = sum(n * k for k, n in expected.with_exactly(cell).items())
        if expected.kind != "repeat-missing" and counted["entries"][at] != entered:
            wrong.append(f"{cell}: {counted['entries'][at]} entries, not {entered}")
    if expected.by == ["agency-pair"]:
        plain = [expected.figures()[cell] for cell in cells]
        if counted["pairs"] != plain:
            wrong.append(f"pairs: counted {counted['pairs']}, plain sets give {plain}")
    return wrong


def one_region(folder, oracle, seen, sizes):
    """Differences; counts in `seen` what there was to compare, in `sizes` contributors."""
    agreement = tomllib.loads((folder / "agreement.toml").read_text(encoding="utf-8"))
    records = {p["id"]: [folder / f"{p['id']}.csv"] for p in agreement["party"]
               if "contributor" in p["roles"]}
    sizes[len(records)] += 1
    for (path,) in records.values():
        rows = path.read_text(encoding="utf-8").splitlines()[1:]
        seen["contributors without rows"] += not rows
        seen["contributors without a number"] += bool(rows) and all(r[0] == "," for r in rows)
        seen["contributors of one child"] += len({r.split(",")[1].rstrip("b") for r in rows}) == 1
    wrong = []
    for asked in json.loads((folder / "answers.json").read_text(encoding="utf-8")):
        table, grant = oracle.find_table(agreement, asked["table"], None)
        expected = oracle.expect(agreement, table, grant, PERIOD, records, None)
        answer = asked["answer"]
        given = [c for p in answer["periods"] if p["period"] == PERIOD for c in p["cells"]]
        cells = [tuple(c[d] for d in expected.by) for c in given]
        wrong += counted_wrongly(expected, asked["counted"], cells)
        by_cell = {tuple(c[d] for d in expected.by): (c["status"], c["value"]) for c in given}
        plain = {tuple(c[d] for d in expected.by): (c["status"], c["value"])
                 for c in expected.cells()}
        wrong += [f"{table['name']} {cell}: {by_cell.get(cell)}, expected {plain.get(cell)}"
                  for cell in sorted(by_cell.keys() | plain.keys())
                  if by_cell.get(cell) != plain.get(cell)]
        wrong += oracle.compare_notes(expected, answer, PERIOD)
        for known in expected.children.values():
            for with_ in known.values():
                seen["children in a cell"] += 1
                seen["of several"] += len(with_) > 1
        for held in expected.held.values():
            seen["alone in an agency's cell"] += sum(1 for n in held.values() if n == 1)
        for status, _ in by_cell.values():
            seen[status] += 1
            seen[f"released of {table['name']}"] += status == "released"
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulator", required=True, type=Path)
    parser.add_argument("--source", required=True, type=Path)
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--regions", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    sys.path.insert(0, str(arguments.source / "tests/oracle"))
    import oracle  # pylint: disable=import-outside-toplevel

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
            wrong = one_region(Path(folder) / str(seed), oracle, seen, sizes)
            failed += bool(wrong)
            for line in wrong[:10]:
                print(f"seed {seed}: {line}")
    print(f"{arguments.regions} regions, {failed} differ; by number of contributors "
          f"{dict(sorted(sizes.items()))}; "
          + ", ".join(f"{n} {what}" for what, n in sorted(seen.items())))
    wanted = [what for what in seen if what.startswith("released of ")]
    wanted += ["suppressed", "of several", "alone in an agency's cell", "contributors without rows",
               "contributors without a number"]
    if arguments.regions >= 100:
        wanted += ["zero", "contributors of one child"]
        failed += sorted(sizes) != [3, 4, 5, 6, 7, 8]
    if failed or len(wanted) < 9 or not all(seen[what] for what in wanted):
        raise SystemExit("not as it must be")


if __name__ == "__main__":
    main()
