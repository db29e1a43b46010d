#!/usr/bin/env python3
"""Three regions of real daemons against the oracle, cell by cell (Measure 2), and what they made
against openssl (Measure 4). Of linked tables the oracle is a plain set computation."""

import csv
import datetime as dt
import io
import json
import re
import unittest

from region import CONTRIBUTORS, PARTIES, ROOT, Region, RegionTest, main, run

REGIONS = [(1, 1000), (2, 600), (3, 1000)]  # seed, children
LEAST = 5                                   # cells of either kind, in each region
TABLES = {"flows": "flows", "counts": "ages", "places": "seen-places", "overlap": "known-to-several"}


def oldest_kept(today):
    """The first day of the P24M that the agreement keeps."""
    try:
        return today.replace(year=today.year - 2)
    except ValueError:
        return today.replace(year=today.year - 2, day=28)


class OracleTest(RegionTest):
    def compare(self, region):
        """The oracle's verdict on each answer; of flows: released, suppressed, suppressed by Z."""
        # Rows on the border of what is kept are two years from the period that is asked about.
        words = ["--oldest", oldest_kept(dt.date.today()).isoformat()]
        for party in CONTRIBUTORS:
            for records in region.records(party):
                words += ["--records", f"{party}={records}"]
        found = {}
        for kind, table in TABLES.items():
            answer = region.dir / f"answers/{kind}-{region.period}.json"
            done = run(["python3", ROOT / "tests/oracle/oracle.py", "--agreement",
                        region.agreement, "--table", table, "--period", region.period, *words,
                        "--compare", answer])
            self.assertCode(done, 0)
            found[kind] = re.search(
                r"(\d+) released, (\d+) suppressed, (\d+) of these by Z.*equal", done.out)
            self.assertTrue(found[kind], done.out)
            self.check_csv(answer)
        for kind in ("counts", "places", "overlap"):
            self.assertGreater(int(found[kind][1]), 0, kind)
            self.assertGreater(int(found[kind][2]), 0, kind)
        self.check_hotspot(region)
        return [int(n) for n in found["flows"].groups()]

    def check_hotspot(self, region):
        """What three agencies saw together and none of them alone is in the answer, and said."""
        planted = json.loads((region.dir / "input/region.json").read_text())["hotspot"]
        answer = json.loads((region.dir / f"answers/places-{region.period}.json").read_text())
        self.assertEqual(planted["period"], region.period)
        self.assertEqual(answer["rule"]["min_agencies"], 3)
        self.assertEqual(len(planted["planted"]), 3)
        for party, children in planted["planted"].items():
            self.assertGreaterEqual(children, 4)
            self.assertLess(planted["seen"][party], answer["rule"]["min_children"])
        (cell,) = [c for c in answer["periods"][0]["cells"]
                   if c["destination"] == planted["destination"]
                   and c["place_type"] == "railway-station"]
        self.assertEqual(cell["status"], "released")
        self.assertGreaterEqual(cell["value"], 10)
        self.assertIn(f"A hotspot: {self.name_of(answer, planted['destination'])}, "
                      f"railway-station, about {cell['value']} children. No agency could have seen "
                      "it: none saw more than ", " ".join(region.made.out.split()))

    @staticmethod
    def name_of(answer, place):
        (names,) = [dict(zip(d["codes"], d["names"])) for d in answer["dimensions"]
                    if d["name"] == "destination"]
        return names[place]

    def check_csv(self, answer):
        """The same figures in the CSV, suppressed ones blank."""
        text = answer.with_suffix(".csv").read_bytes()
        self.assertTrue(text.startswith(b"\xef\xbb\xbfperiod,"))
        rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))
        (period,) = json.loads(answer.read_text())["periods"]
        cells = [r for r in rows if r["status"] != "note"]
        self.assertEqual([(r["status"], r["value"]) for r in cells],
                         [(c["status"], "" if c["value"] is None else str(c["value"]))
                          for c in period["cells"]])
        self.assertEqual(sum("match rate" in r["note"] for r in rows if r["period"]),
                         len(CONTRIBUTORS))

    def check_certificates(self, region):
        for party in PARTIES:
            folder = region.dir / "people" / party
            leaves = [folder / "officer.pem", region.home(party) / "keys/node.pem"]
            if party == "vale-council":
                leaves.append(folder / "analyst.pem")
            for leaf in leaves:
                done = run(["openssl", "verify", "-CAfile", folder / "root.pem", leaf])
                self.assertCode(done, 0)
                self.assertIn("OK", done.out)
        # And openssl is no pushover: another party's root does not do.
        done = run(["openssl", "verify", "-CAfile", region.dir / "people/vale-police/root.pem",
                    region.dir / "people/vale-council/officer.pem"])
        self.assertNotEqual(done.code, 0, str(done))

    def check_signatures(self, region):
        def verify(content):
            return run(["openssl", "cms", "-verify", "-binary", "-content", content,
                        "-inform", "PEM", "-in", f"{region.agreement}.p7s",
                        "-CAfile", region.dir / "roots.pem", "-purpose", "any",
                        "-out", "/dev/null"])
        self.assertCode(verify(region.agreement), 0)
        other = region.top / "other.toml"
        other.write_bytes(region.agreement.read_bytes() + b"\n")
        self.assertNotEqual(verify(other).code, 0)

    def check_receipts(self, region, parties=CONTRIBUTORS):
        """Every party's log is good, and holds what the first answer's receipts say."""
        done = region.at("vale-council", "--json", "ask", "--result", region.first_question())
        self.assertCode(done, 0)
        answer = region.top / "first.json"
        answer.write_text(done.out)
        receipts = {r["party"] for r in done.json["evidence"]["receipts"]}
        self.assertEqual(receipts & set(parties), set(parties))
        words = {p: ["audit", "verify", region.dir / f"evidence/{p}.log", "--certificate",
                     region.home(p) / "keys/node.pem"] for p in PARTIES}
        for party in PARTIES:
            done = region.hedgerow("--json", *words[party], "--answer", answer)
            self.assertCode(done, 0)
            self.assertEqual(done.json["receipts"], 1 if party in receipts else 0, party)
            self.assertTrue(done.json["key_known"])
        # A receipt that the log does not hold is missed.
        changed = json.loads(answer.read_text())
        mine, other = [next(r for r in changed["evidence"]["receipts"] if r["party"] == p)
                       for p in parties[:2]]
        mine["receipt"] = other["receipt"]
        answer.write_text(json.dumps(changed))
        self.assertCode(region.hedgerow(*words[parties[0]], "--answer", answer), 65)
        # So is one altered byte of the log.
        log = region.dir / f"evidence/{parties[0]}.log"
        altered = bytearray(log.read_bytes())
        altered[len(altered) // 2] ^= 1
        (region.top / "altered.log").write_bytes(altered)
        done = region.hedgerow("audit", "verify", region.top / "altered.log")
        self.assertCode(done, 65)

    def test_answers_equal_the_oracles_in_three_regions(self):
        by_z = 0
        for i, (seed, children) in enumerate(REGIONS):
            with self.subTest(seed=seed, children=children):
                region = Region(self.build, children, seed, keep=i == 0, questions=4)
                try:
                    released, suppressed, z = self.compare(region)
                    self.assertGreaterEqual(released, LEAST)
                    self.assertGreaterEqual(suppressed, LEAST)
                    by_z += z
                    print(f"seed {seed}, {children} children, {region.period}: {released} cells "
                          f"released, {suppressed} suppressed, {z} of these by Z: equal; "
                          + re.findall(r"Done in (\d+ s)", region.made.out)[0], flush=True)
                    if i == 0:
                        self.check_certificates(region)
                        self.check_signatures(region)
                        self.check_receipts(region)
                        self.assertEqual(len(region.stray_pids()), 10)
                        self.assertEqual(region.quickstart("--stop").code, 0)
                    self.assertEqual(region.stray_pids(), [])
                finally:
                    region.close()
        self.assertGreater(by_z, 0)


if __name__ == "__main__":
    main(limit_s=400)
