"""What an SSDA903 return says about movement, read by itself: rows as a movements file would have
them. From the text of formats.md (Records, SSDA903); no code is shared with the product or with the
generator.

A return is a folder with header.csv, episodes.csv, missing.csv and perhaps crosswalk.csv. Postcodes
are those of data/postcodes.csv; any other does not exist.
"""

import csv
import datetime as dt
from pathlib import Path

POSTCODES = Path(__file__).resolve().parent / "data" / "postcodes.csv"
SHORT_BREAKS = ("V3", "V4")
MOVES = ("P", "B", "T", "U")


def table(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return [{k: v.strip() for k, v in row.items()} for row in csv.DictReader(file)]


def day(text):
    return dt.datetime.strptime(text, "%d/%m/%Y").date() if text else None


def read_return(folder):
    folder = Path(folder)
    districts = {r["postcode"].replace(" ", ""): r["district"] for r in table(POSTCODES)}

    def district(postcode):
        return districts.get(postcode.replace(" ", "").upper(), "")

    header = {r["CHILD"]: r for r in table(folder / "header.csv")}
    numbers = {}
    if (folder / "crosswalk.csv").exists():
        numbers = {r["CHILD"]: r["NHS_NUMBER"] for r in table(folder / "crosswalk.csv")}

    def row(kind, child, started, event, origin, destination):
        return {"source_ref": f"return/{kind}/{child}/{started}", "child_ref": child,
                "nhs_number": numbers.get(child, ""), "event": event,
                "date_of_birth": day(header[child]["DOB"]).isoformat(),
                "sex": {"1": "male", "2": "female"}.get(header[child].get("SEX"), ""),
                "care_status": "this-authority", "started_at": started.isoformat(),
                "origin": origin, "destination": destination}

    rows = []
    stays = {}  # child -> (from, until, district), in order
    for episode in sorted(table(folder / "episodes.csv"), key=lambda r: day(r["DECOM"])):
        if episode["LS"] in SHORT_BREAKS:
            continue
        child, started = episode["CHILD"], day(episode["DECOM"])
        here = district(episode["PL_POST"])
        before = stays.setdefault(child, [])
        if episode["RNE"] == "S":
            rows.append(row("episode", child, started, "placement",
                            district(episode["HOME_POST"]), here))
        elif episode["RNE"] in MOVES and before:
            there = before[-1][2]
            if there and here and there != here:
                rows.append(row("episode", child, started, "placement-move", there, here))
        before.append((started, day(episode["DEC"]), here))

    for absence in table(folder / "missing.csv"):
        child, started = absence["CHILD"], day(absence["MIS_START"])
        begun = [stay for stay in stays.get(child, []) if stay[0] <= started]
        origin = ""
        if begun:
            _, until, here = begun[-1]
            origin = here if until is None or started <= until else ""
        event = {"M": "missing", "A": "away-without-authorisation"}[absence["MISSING"]]
        rows.append(row("missing", child, started, event, origin, ""))
    return rows
