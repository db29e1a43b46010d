#!/usr/bin/env python3
"""Derives england-2025.txt from open data (see LICENCE.md for the sources).

    derive.py DATA_DIR > england-2025.txt

DATA_DIR holds dfe_lad_la_region_codes.csv, lookup_ltla24_csp24_pfa24.csv,
lookup_ltla24_icb24_by_lsoa.csv, ons_la_changes.csv and ons_uk_topojson_2014_2025.json.
"""
import collections
import csv
import json
import os
import sys

WORDS = {
    "event": "missing away-without-authorisation placement placement-move sighting service-contact "
             "health-attendance school-move absent",
    "place_type": "railway-station bus-station public-transport hotel short-let taxi vehicle "
                  "service-station food-outlet shopping-centre park private-address childrens-home "
                  "supported-accommodation foster-home school hospital licensed-premises online other",
    "missing_risk": "no-apparent-risk low medium high not-assessed",
    "exploitation_risk": "low medium high not-assessed",
    "factors": "cse cce trafficking gangs",
    "factor_certainty": "suspected confirmed",
    "sex": "male female other not-recorded",
    "care_status": "no this-authority other-authority care-leaver unknown",
    "return_interview": "not-offered offered declined completed-72h completed-late",
    "age_band": "under-1 1-4 5-9 10-12 13-14 15 16-17 18-and-over",
}
ATTRIBUTION = (
    "Contains OS data (c) Crown copyright and database right. Source: Office for National Statistics "
    "and Department for Education, licensed under the Open Government Licence v3.0. "
    "Area look-ups by way of geographr (MIT).")


def rows(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8-sig", newline="") as f:
        return list(csv.DictReader(f))


def is_district(code):
    return code[:3] in ("E06", "E07", "E08", "E09")


def main(folder):
    topology = json.load(open(os.path.join(folder, "ons_uk_topojson_2014_2025.json"), encoding="utf-8"))
    known = {}  # code -> (name, first year or None, last year or None)
    for g in topology["objects"]["ltla"]["geometries"]:
        p = g["properties"]
        known[p["areacd"]] = (p["areanm"], p.get("start"), p.get("end"))
    counties = {g["properties"]["areacd"]: g["properties"]["areanm"]
                for g in topology["objects"]["cty"]["geometries"] if "end" not in g["properties"]}
    current = sorted(c for c, (_, _, end) in known.items() if is_district(c) and end is None)
    former = sorted(c for c, (_, _, end) in known.items() if is_district(c) and end is not None)

    replaced = collections.defaultdict(list)  # former code -> its successors
    for r in rows(folder, "ons_la_changes.csv"):
        if is_district(r["oldcd"]) and is_district(r["newcd"]):
            assert known[r["oldcd"]][2] == int(r["start"]) - 1, r
            replaced[r["oldcd"]].append(r["newcd"])

    dfe = {r["lad_code"]: r for r in rows(folder, "dfe_lad_la_region_codes.csv")}
    police_of, police = {}, {}
    for r in rows(folder, "lookup_ltla24_csp24_pfa24.csv"):
        if r["pfa24_code"].startswith("E23"):
            police_of[r["ltla24_code"]] = r["pfa24_code"]
            police[r["pfa24_code"]] = r["pfa24_name"]
    boards_of, boards = collections.defaultdict(list), {}
    for r in rows(folder, "lookup_ltla24_icb24_by_lsoa.csv"):
        boards_of[r["ltla24_code"]].append((-float(r["share"]), r["icb24_code"]))
        boards[r["icb24_code"]] = r["icb24_name"]
    # The 2024 look-ups hold the codes before 1 April 2025.
    for old, new in replaced.items():
        for table in (police_of, boards_of):
            if old in table and len(new) == 1 and new[0] not in table:
                table[new[0]] = table[old]

    out = ["hedgerow-codes 1", "version england-2025", "attribution " + ATTRIBUTION]
    for name, words in WORDS.items():
        out.append("vocabulary " + name + " " + words)
    for kind, table in (("county", counties), ("police-area", police), ("care-board", boards)):
        for code in sorted(table):
            out.append(f"{kind}\t{code}\t{table[code]}")
    for code in current:
        name, start, _ = known[code]
        county = dfe[code]["new_la_code"] if code.startswith("E07") else "-"
        assert county == "-" or county in counties, (code, county)
        shares = ",".join(b for _, b in sorted(boards_of[code]))
        out.append(f"district\t{code}\t{start or '-'}\t{county}\t{police_of[code]}\t{shares}\t{name}")
    for code in former:
        name, start, end = known[code]
        assert replaced[code], code
        out.append(f"former\t{code}\t{start or '-'}\t{end}\t{','.join(sorted(replaced[code]))}\t{name}")
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
