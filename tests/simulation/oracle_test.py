#!/usr/bin/env python3
"""Twenty simulated regions against the oracle, which shares no code with the product.

    oracle_test.py --simulator PROGRAM --source ROOT

For each seed: the generator makes the input, the simulator runs a region of real cores over it, and
tests/oracle/oracle.py computes from input files and agreement what the answer must be. Every cell
must be equal, and each run must hold at least 5 released and 5 suppressed cells; over all runs some
are suppressed by Z.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TODAY = "2026-11-22"
PERIOD = "2026-Q3"
PARTIES = ["vale-council", "vale-health", "vale-police", "vale-voice"]
COUNTS = re.compile(r"(\d+) cells: (\d+) released, (\d+) suppressed, (\d+) of these by Z")


def one_region(seed, children, simulator, source, folder):
    """Counts of released and suppressed cells and of those by Z; raises where anything differs."""
    data, agreement, answer = folder / "input", folder / "agreement.toml", folder / "answer.json"
    subprocess.run([sys.executable, source / "tests/generator/generate_region.py", "--out", data,
                    "--seed", str(seed), "--children", str(children), "--today", TODAY],
                   check=True, capture_output=True)
    subprocess.run([simulator, "--input", data, "--agreement-out", agreement,
                    "--answer-out", answer, "--seed", str(seed)], check=True)
    records = [f for p in PARTIES for f in ("--records", f"{p}={data / p / 'movements.csv'}")]
    compared = subprocess.run([sys.executable, source / "tests/oracle/oracle.py", "--agreement",
                               agreement, "--table", "flows", "--period", PERIOD, *records,
                               "--compare", answer], capture_output=True, text=True, check=False)
    print(f"seed {seed}: {compared.stdout.strip()}", flush=True)
    found = COUNTS.search(compared.stdout)
    if compared.returncode != 0 or not found:
        raise SystemExit(f"seed {seed}: the answer is not the oracle's\n{compared.stderr}")
    return tuple(int(n) for n in found.groups()[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulator", required=True, type=Path)
    parser.add_argument("--source", required=True, type=Path)
    parser.add_argument("--regions", type=int, default=20)
    parser.add_argument("--children", type=int, default=600)
    arguments = parser.parse_args()
    by_z = 0
    for seed in range(1, arguments.regions + 1):
        with tempfile.TemporaryDirectory() as folder:
            released, suppressed, z = one_region(seed, arguments.children, arguments.simulator,
                                                 arguments.source, Path(folder))
        if released < 5 or suppressed < 5:
            raise SystemExit(f"seed {seed}: too few cells to mean anything")
        by_z += z
    if by_z == 0:
        raise SystemExit("no cell was suppressed by Z in any region")
    print(f"{arguments.regions} regions: all equal; {by_z} cells suppressed by Z")


if __name__ == "__main__":
    main()
