#!/usr/bin/env python3
"""A region of real daemons on loopback: how long a question takes that is served from a release,
its log's fsync included, and how much memory core and gateway hold after that. With --idle and
--flood the same among strangers at the hub's door.

    region_bench.py BUILD-DIR [--children N] [--questions N] [--idle N] [--flood N-A-SECOND]

The hub lets answers go on whole seconds; "beyond the tick" is what an answer takes from there to
the end of `hedgerow ask`.
"""

import argparse
import re
import statistics
import subprocess
import sys
import time
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "region"))
import region as regions  # noqa: E402

REST = 0.2  # a question is put this long after a whole second


def put_questions(region, number):
    """Milliseconds: from the call to its end, and beyond the tick."""
    whole, beyond = [], []
    for i in range(number):
        now = time.time()
        time.sleep((REST - now) % 1.0)
        begin = time.time()
        asked = region.ask(reason=f"A measure of the time that an answer takes, {i}")
        end = time.time()
        if asked.code != 0:
            raise SystemExit(f"ask: {asked}")
        whole.append(1000 * (end - begin))
        beyond.append(1000 * (end % 1.0))
    return whole, beyond


def memory(region, party, part):
    text = Path(f"/proc/{region.pid(party, part)}/status").read_text(encoding="ascii")
    return {name: int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) / 1024
            for name in ("VmRSS", "VmHWM")}


def print_times(what, whole, beyond):
    print(f"{what}: median {statistics.median(whole):.0f} ms, worst {max(whole):.0f} ms; beyond the "
          f"tick median {statistics.median(beyond):.1f} ms, worst {max(beyond):.1f} ms")


def print_memory(region):
    for party in regions.PARTIES:
        for part in regions.PROGRAM:
            m = memory(region, party, part)
            print(f"{party} {part}: resident {m['VmRSS']:.1f} MiB, at most {m['VmHWM']:.1f} MiB")


def among_strangers(region, build, idle, flood, questions):
    home = region.home(regions.HUB)
    key = (home / "keys/curve.key").read_text(encoding="ascii").split()[0]
    listen = tomllib.loads((home / "hedgerow.toml").read_text(encoding="utf-8"))["listen"]
    with subprocess.Popen([build / "bin/gateway_crowd", listen, key, str(idle), "0", str(flood),
                           "20000", "600"], stdout=subprocess.PIPE, text=True) as crowd:
        try:
            for line in crowd.stdout:
                if int(line.split()[1]) >= idle:
                    break
            times = put_questions(region, questions)
            m = memory(region, regions.HUB, "gateway")
        finally:
            crowd.kill()
            rest = crowd.stdout.read().splitlines()
    print_times(f"question among {idle} idle strangers and {flood} HELLOs a second", *times)
    print(f"strangers, at the end: seconds, opened, welcomed, ended, held: {rest[-1] if rest else line}")
    print(f"hub's gateway meanwhile: resident {m['VmRSS']:.1f} MiB, at most {m['VmHWM']:.1f} MiB")


def main():
    words = argparse.ArgumentParser()
    words.add_argument("build", type=Path)
    words.add_argument("--children", type=int, default=1000)
    words.add_argument("--questions", type=int, default=30)
    words.add_argument("--idle", type=int, default=0)
    words.add_argument("--flood", type=int, default=0)
    args = words.parse_args()
    region = regions.Region(args.build, args.children, questions=4)
    try:
        region.whole()
        put_questions(region, 2)
        print_times("question, served from a release", *put_questions(region, args.questions))
        print_memory(region)
        if args.idle or args.flood:
            among_strangers(region, args.build.resolve(), args.idle, args.flood, args.questions)
    finally:
        region.close()


if __name__ == "__main__":
    main()
