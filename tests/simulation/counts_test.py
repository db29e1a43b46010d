#!/usr/bin/env python3
"""Counts and flows at every place level, over every kind of period, in both measures, by up to
three dimensions: simulated regions against the oracle, cell by cell, notes included.

    counts_test.py --simulator PROGRAM --source ROOT

Each region has several grants, of which no two count the same row. Questions that
must be refused are asked of the same regions.
"""

import argparse
import contextlib
import datetime as dt
import io
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

TODAY = "2026-11-22"
PARTIES = ["vale-council", "vale-health", "vale-police", "vale-voice"]
LEVELS = ["social-care-authority", "district", "police-area"]
# name, question, by, events, measure, period of the grant, periods asked for
TABLES = [
    ("ages", "counts", ["age_band", "sex"], ["missing"], "reports", "quarter",
     ("2026-Q2", "2026-Q3")),
    ("homes", "counts", ["origin", "age_band", "missing_risk"], ["missing"], "children", "year",
     ("2025", "2025")),
    ("away", "flows", ["origin", "destination"], ["away-without-authorisation"], "children",
     "financial-year", ("2025/26", "2025/26")),
    ("away-places", "counts", ["origin", "destination", "place_type"],
     ["away-without-authorisation"], "reports", "month", ("2026-08", "2026-09")),
    ("seen", "counts", ["place_type", "exploitation_risk", "event"],
     ["sighting", "service-contact", "placement", "health-attendance"], "reports",
     "financial-year", ("2025/26", "2025/26")),
    ("care", "counts", ["return_interview", "care_status"], ["placement", "sighting"], "children",
     "quarter", ("2026-Q3", "2026-Q3")),
]
GRANT = """
[[grant]]
id = "{name}-grant"
purpose = "pattern-detection"
askers = ["role:analyst"]
reason = "required"
period = "{period}"
settle = "P14D"
history = "P24M"

[[grant.table]]
name = "{name}"
question = "{question}"
by = {by}
{level}where = {{ event = {events} }}
measure = "{measure}"

[grant.disclosure]
min_children = {least}
min_agencies = {agencies}
round_to = {rounding}
true_zero = {zero}
noise = "none"
"""
WHERE = ["event=missing"]
# kind, by, where, from, to; exit code; words of the error and its hint
REFUSED = [
    ("counts", "age_band", WHERE, "2026-Q3", "", 77, "exactly these dimensions", "'ages'"),
    ("counts", "age_band,sex", [], "2026-Q3", "", 77, "exactly these rows", "'ages'"),
    ("counts", "age_band,sex", ["event=missing", "origin=E06000038"], "2026-Q3", "", 77,
     "exactly these rows", "'ages'"),
    ("counts", "age_band,sex", WHERE, "2026-08", "", 77, "such periods", "each quarter"),
    ("counts", "age_band,sex", WHERE, "2026-Q4", "", 75, "2026-Q4 is not settled", "2027-01-15"),
    ("counts", "age_band,sex", WHERE, "2024-Q1", "2026-Q3", 77, "history", ""),
    ("counts", "origin,destination,place_type", ["event=away-without-authorisation"], "2024-12",
     "2026-10", 77, "too large: 23 periods of", "fewer periods"),
]


def tables_of(number):
    """No row may count in two tables, so the regions share the tables between them."""
    return TABLES[number % 2::2]


def refused_of(number):
    """What the region's own first table is refused; and what is too large, where it can be."""
    too_large = [r for r in REFUSED if r[6].startswith("too large")]
    return too_large if number % 2 else [r for r in REFUSED if r not in too_large]


def grants(number):
    """Other rules in each region."""
    rules = [dict(least=8, agencies=1, rounding=5, zero="false"),
             dict(least=5, agencies=1, rounding=5, zero="true"),
             dict(least=6, agencies=2, rounding=10, zero="false")]
    text = ""
    for name, question, by, events, measure, period, _ in tables_of(number):
        place = {"origin", "destination"} & set(by)
        level = f'place_level = "{LEVELS[number]}"\n' if place else ""
        text += GRANT.format(name=name, question=question, by=json.dumps(by), level=level,
                             events=json.dumps(events), measure=measure, period=period,
                             **rules[number])
    return text


def ask(question, by, events, asked):
    return dict(kind=question, by=",".join(by), where=["event=" + ",".join(events)],
                **dict(zip(("from", "to"), asked)))


def check_table(oracle, agreement, name, records, answer):
    """Counts of cells by status, and the match rates stated; raises where anything differs."""
    if "error" in answer:
        raise SystemExit(f"{name}: refused: {answer}")
    table, grant = oracle.find_table(agreement, name, None)
    counts, rates = dict(released=0, suppressed=0, zero=0), set()
    for period in answer["periods"]:
        expected = oracle.Expected(agreement, table, grant, period["period"], records,
                                   dt.date(2024, 11, 22))
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            same = oracle.compare(expected.cells(), answer, period["period"], table["by"])
        wrong = oracle.compare_notes(expected, answer, period["period"])
        if wrong or not same:
            raise SystemExit(f"{name} {period['period']}: {wrong}\n{said.getvalue()}")
        for cell in expected.cells():
            counts[cell["status"]] += 1
        rates |= set(expected.match.values())
    return counts, rates


def check_region(arguments, oracle, number, folder):
    data, toml, answers = folder / "input", folder / "agreement.toml", folder / "answers.json"
    subprocess.run([sys.executable, arguments.source / "tests/generator/generate_region.py",
                    "--out", data, "--seed", str(100 + number), "--children",
                    str(arguments.children), "--today", TODAY], check=True, capture_output=True)
    (folder / "grants.toml").write_text(grants(number))
    tables, cases = tables_of(number), refused_of(number)
    questions = [ask(q, by, events, asked) for _, q, by, events, _, _, asked in tables]
    refused = [dict(zip(("kind", "by", "where", "from", "to"), r)) for r in cases]
    late = [dict(questions[0], days=20)]  # after the agreement has run out
    (folder / "questions").write_text("".join(json.dumps(q) + "\n" for q in questions + refused
                                              + questions[:1] + late))
    subprocess.run([arguments.simulator, "--input", data, "--agreement-out", toml,
                    "--answer-out", answers, "--seed", str(100 + number),
                    "--valid-until", "2026-12-10", "--grants", folder / "grants.toml", "--questions", folder / "questions"],
                   check=True)
    agreement = tomllib.loads(toml.read_text(encoding="utf-8"))
    records = {p: [data / p / "movements.csv"] for p in PARTIES}
    given = json.loads(answers.read_text(encoding="utf-8"))
    seen, all_rates = dict(released=0, suppressed=0, zero=0), set()
    for (name, *_), answer in zip(tables, given):
        counts, rates = check_table(oracle, agreement, name, records, answer)
        print(f"{LEVELS[number]}, {name}: {counts['released']} released, {counts['suppressed']} "
              f"suppressed, {counts['zero']} zero: equal", flush=True)
        seen = {status: seen[status] + counts[status] for status in seen}
        all_rates |= rates
    for case, answer in zip(cases, given[len(tables):]):
        *_, code, words, hint = case
        if answer.get("code") != code or words not in answer["error"] or hint not in answer["hint"]:
            raise SystemExit(f"{case}: {str(answer)[:500]}")
    again, expired = given[-2:]
    if expired.get("code") != 77 or expired["error"] != "the agreement expired on 2026-12-10":
        raise SystemExit(f"after the agreement expired: {expired}")
    if [p["cells"] for p in again["periods"]] != [p["cells"] for p in given[0]["periods"]] or \
            [p["parties"] for p in again["periods"]] != [p["parties"] for p in given[0]["periods"]]:
        raise SystemExit("the same question got another answer")
    return seen, all_rates


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulator", required=True, type=Path)
    parser.add_argument("--source", required=True, type=Path)
    parser.add_argument("--children", type=int, default=700)
    arguments = parser.parse_args()
    sys.path.insert(0, str(arguments.source / "tests/oracle"))
    import oracle  # pylint: disable=import-outside-toplevel
    zeros, released, bands = 0, 0, set()
    for number in range(len(LEVELS)):
        with tempfile.TemporaryDirectory() as folder:
            seen, rates = check_region(arguments, oracle, number, Path(folder))
        if seen["released"] < 5 or seen["suppressed"] < 20:
            raise SystemExit(f"region {number}: too few cells to mean anything: {seen}")
        zeros += seen["zero"]
        released += seen["released"]
        bands |= rates
    if zeros == 0 or released < 60 or len(bands) < 3 or "not stated" not in bands:
        raise SystemExit(f"too little was seen: {zeros} zeros, {released} released, match rates {sorted(bands)}")
    print(f"{len(LEVELS)} regions: all equal; match rates seen: {', '.join(sorted(bands))}")


if __name__ == "__main__":
    main()
