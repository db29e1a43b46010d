#!/usr/bin/env python3
"""Bad files, bad words and denied questions at the command line of a region of real daemons: the
exit code, one line that says what is wrong, a hint where one helps, and never a value."""

import contextlib
import csv
import datetime as dt
import io
import os
import re
import shutil
import subprocess
import unittest
from dataclasses import dataclass

from region import HUB, PARTIES, ROOT, Outcome, Region, RegionTest, main, run

CHILDREN = 120
ENDLESS = 20_000_000  # bytes of rows: ten million of the shortest
HINT = re.compile(r"(?m)^hint: \S")
# The rows of the demonstration's table of counts.
CONTACTS = "event=health-attendance,service-contact,sighting"


@dataclass
class Case:
    name: str
    code: int
    says: str          # a regular expression, in what is said on stderr
    words: list
    hint: bool = False
    lines: bool = False  # a report of bad rows instead of one line


class BadInputTest(RegionTest):
    @classmethod
    def setUpClass(cls):
        cls.region = region = Region(cls.build, CHILDREN)
        cls.addClassCleanup(region.close)
        for party, kind, name in (("vale-police", "analyst", "analyst"),
                                  ("vale-council", "practitioner", "practitioner"),
                                  ("vale-council", "analyst", "second")):
            folder = region.dir / "people" / party
            shutil.copy(folder / "officer.passphrase", folder / f"{name}.passphrase")
            done = region.hedgerow(
                "agency", "issue", kind, "--root", folder, "--name", name, "--out", folder,
                "--passphrase-file", folder / "root.passphrase",
                "--person-passphrase-file", folder / f"{name}.passphrase")
            assert done.code == 0, done
        region.whole()
        with open(region.input("vale-council"), encoding="utf-8-sig", newline="") as file:
            cls.rows = [r for r in csv.DictReader(file) if r["nhs_number"]][:5]
        cls.numbers = {r["nhs_number"].replace(" ", "") for r in cls.rows}
        cls.references = {r[c] for r in cls.rows for c in ("child_ref", "source_ref", "case_ref") if r[c]}

    # --- files ---

    def file(self, name, content):
        path = self.region.top / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def movements(self, name, change=None, drop=None, add=None):
        """A file of good rows, except for what is changed in the third line's row, and for the
        column left out or added."""
        rows = [dict(r) for r in self.rows]
        if change:
            rows[1].update(change)
        columns = [c for c in rows[0] if c != drop] + ([add] if add else [])
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, extrasaction="ignore", restval="x",
                                lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return self.file(name, out.getvalue())

    def wrong_digit(self):
        number = self.rows[1]["nhs_number"].replace(" ", "")
        return number[:9] + str((int(number[9]) + 1) % 10)

    # --- judging ---

    def check(self, case, party=None):
        words = (["--home", self.region.home(party)] if party else []) + list(case.words)
        done = self.region.hedgerow(*words)
        said = f"{case.name}: {done}"
        self.assertEqual(done.code, case.code, said)
        self.assertRegex(done.err, case.says, said)
        errors = [line for line in done.err.splitlines()
                  if line and not line.startswith(("hint: ", "waiting: "))]
        if case.lines:
            self.assertTrue(errors, said)
        else:
            self.assertEqual(len(errors), 1, said)
            self.assertTrue(errors[0].startswith("hedgerow: "), said)
        self.assertEqual(bool(HINT.search(done.err)), case.hint, said)
        for value in self.numbers | self.references | {self.wrong_digit()}:
            self.assertNotIn(value, done.out + done.err, said)

    def check_all(self, cases, party=None):
        for case in cases:
            with self.subTest(case.name):
                self.check(case, party)

    def imports(self):
        done = self.region.at("vale-council", "--json", "audit", "show", "--last", "1000")
        self.assertCode(done, 0)
        return sum(1 for e in done.json["entries"] if e["kind"] == "import")

    def importing(self, name, file, says, hint=True, code=65):
        return Case(name, code, says, ["import", "movements", file], hint=hint)

    def streaming(self, stdin, *words):
        """An import at the council that reads standard input: a file, or an endless chunk."""
        command = [self.region.bin / "hedgerow", "--home", self.region.home("vale-council"),
                   "import", *words]
        endless = isinstance(stdin, bytes)
        with subprocess.Popen([str(w) for w in command], stdin=subprocess.PIPE if endless else stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            fed = 0
            if endless:
                try:
                    while fed < ENDLESS:
                        process.stdin.write(stdin)
                        fed += len(stdin)
                except BrokenPipeError:
                    pass
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
                process.stdin = None
            out, err = process.communicate(timeout=60)
        self.assertLess(fed, ENDLESS, "the command line read on")
        return Outcome(process.returncode, out.decode(), err.decode())

    # --- cases ---

    def test_files_of_records(self):
        before = self.imports()
        region = self.region
        number = self.rows[1]["nhs_number"].replace(" ", "")
        row = {
            "wrong check digit": ({"nhs_number": self.wrong_digit()}, "nhs_number"),
            "letters in the number": ({"nhs_number": "not-a-number"}, "nhs_number"),
            "a reference that is a number": ({"child_ref": number}, "child_ref"),
            "unknown event": ({"event": "vanished"}, "event"),
            "no such day": ({"started_at": "2026-02-30"}, "started_at"),
            "ended before it began": ({"ended_at": "2001-01-01"}, "ended_at"),
            "not an area": ({"origin": "E99999999"}, "origin"),
            "no source_ref": ({"source_ref": ""}, "source_ref"),
            "twice the same source_ref": ({"source_ref": self.rows[0]["source_ref"]},
                                          "source_ref"),
        }
        cases = [Case(name, 65, rf"(?m)^row\.csv:3: .*{column}",
                      ["import", "movements", ("row.csv", change)], lines=True,
                      hint=None)
                 for name, (change, column) in row.items()]
        for case in cases:
            with self.subTest(case.name):
                name, change = case.words[2]
                case.words[2] = self.movements(name, change)
                done = region.at("vale-council", *case.words)
                case.hint = bool(HINT.search(done.err))  # some rules have one
                self.check(case, "vale-council")
                self.assertIn("nothing was imported", done.out)

        importing = self.importing
        text = self.movements("good.csv").read_text()
        self.check_all([
            importing("a missing column", self.movements("a.csv", drop="destination"),
                      r"a\.csv:1: the column 'destination' is missing", hint=False),
            importing("no identifier at all", self.file("b.csv", re.sub(
                "nhs_number,child_ref", "", text, count=1).replace("\n", "\nx", 0)),
                      r"b\.csv:1: "),
            importing("an unknown column", self.movements("c.csv", add="surname"),
                      r"c\.csv:1: an unknown column, number 18: 'surname'"),
            importing("no header row", self.file("d.csv", text.split("\n", 1)[1]),
                      r"d\.csv:1: not a header row"),
            importing("UTF-16", self.file("e.csv", text.encode("utf-16")), r"e\.csv:1: .*UTF-16"),
            importing("an empty file", self.file("f.csv", ""), r"f\.csv: the file is empty",
                      hint=False),
            importing("a header row alone", self.file("g.csv", text.split("\n", 1)[0] + "\n"),
                      r"g\.csv: no rows", hint=False),
            importing("a program", region.bin / "hedgerow", r"hedgerow:1: the file holds NUL bytes"),
            importing("UTF-16 without a mark", self.file("h.csv", text.encode("utf-16-le")),
                      r"h\.csv:1: the file is UTF-16"),
            importing("NUL bytes", self.file("i.csv", text.replace(",", ",\0", 1)),
                      r"i\.csv:1: the file holds NUL bytes"),
            importing("semicolons", self.file("j.csv", text.replace(",", ";")),
                      r"j\.csv:1: the cells are parted by semicolons"),
            importing("a column twice", self.file("k.csv", text.replace("origin", "event", 1)),
                      r"k\.csv:1: the column 'event' stands twice", hint=False),
            importing("a first line of 100 MB", self.file("l.csv", b"x" * 100_000_000),
                      r"l\.csv:1: the header row is longer than 64 KiB"),
            importing("a device", "/dev/null", r"/dev/null: .*not a regular file"),
            importing("an endless device", "/dev/zero", r"/dev/zero: .*not a regular file"),
            importing("a pipe without a writer", self.pipe(), r"pipe: .*not a regular file"),
            importing("a folder", region.dir, r"region: .*not a regular file", hint=False),
            importing("no such file", region.top / "none.csv", r"none\.csv: no such file",
                      hint=False),
        ], "vale-council")
        self.check(importing("at the hub", region.input("vale-council"),
                             "vale-partnership holds no records", code=77), HUB)
        self.assertEqual(self.imports(), before)
        # A dry run imports nothing either; with --skip-bad the good rows are imported.
        bad = self.movements("skip.csv", {"nhs_number": self.wrong_digit()})
        self.assertCode(region.at("vale-council", "import", "movements", bad, "--dry-run"), 65)
        self.assertEqual(self.imports(), before)
        done = region.at("vale-council", "--json", "import", "movements", bad, "--skip-bad")
        self.assertCode(done, 0)
        self.assertEqual((done.json["unchanged"], done.json["report"]["refused"]), (4, 1))
        self.assertEqual(self.imports(), before + 1)

    def pipe(self):
        path = self.region.top / "pipe"
        os.mkfifo(path)
        return path

    def test_long_lines_and_stray_quotes_spoil_their_own_row(self):
        header, first, rest = self.movements("rows.csv").read_text().split("\n", 2)
        before = self.imports()
        for name, line, rule in (("quote.csv", first.replace(",", ",\"", 1), "quote"),
                                 ("nul.csv", first.replace(",", "\0,", 1), "control-character"),
                                 ("long.csv", "x" * 100_000_000, "line-too-long")):
            file = self.file(name, "\n".join((header, line, rest)))
            self.check(Case(name, 65, rf"(?m)^{name}:2: .*{rule}", ["import", "movements", file],
                            hint=rule != "control-character", lines=True), "vale-council")
            file.unlink()
        self.assertEqual(self.imports(), before)

    def test_standard_input(self):
        before = self.imports()
        text = self.movements("stream.csv").read_text()
        for name, content in (("plain", text), ("BOM", "\ufeff" + text),
                              ("Windows", "\ufeff" + text.replace("\n", "\r\n"))):
            with open(self.file("stream.csv", content), "rb") as stdin:
                done = self.streaming(stdin, "movements", "-", "--dry-run")
            self.assertCode(done, 0)
            self.assertIn("standard input: 5 rows read, 5 good", done.out, name)
        for name, says in (("/dev/zero", "standard input:1: the file holds NUL bytes"),
                           ("/dev/null", "standard input: the file is empty"),
                           (self.region.top, "standard input: a folder")):
            stdin = os.open(name, os.O_RDONLY)
            try:
                done = self.streaming(stdin, "movements", "-")
            finally:
                os.close(stdin)
            self.assertCode(done, 65)
            self.assertIn(says, done.err)
        # Rows without end: of ten million, no more are read than an import may have.
        header = text.split("\n", 1)[0] + "\n"
        done = self.streaming((header + "x\n" * 100_000).encode(), "movements", "-")
        self.assertCode(done, 65)
        self.assertRegex(done.err, r"standard input:2000\d\d: more than 200,000 rows\nhint: \S")
        self.assertEqual(self.imports(), before)

    def test_returns(self):
        region, before = self.region, self.imports()
        good = {part: (region.council_return / f"{part}.csv").read_text()
                for part in ("header", "episodes", "missing", "crosswalk")}
        number = self.wrong_digit()

        def returning(name, says, code=65, hint=True, lines=False, **changed):
            folder = region.top / name.replace(" ", "-")
            folder.mkdir()
            for part, text in (good | changed).items():
                if text is not None:
                    (folder / f"{part}.csv").write_text(text)
            return Case(name, code, says, ["import", "ssda903", folder], hint=hint, lines=lines)

        def rows(part, old, new):
            return {part: re.sub(old, new, good[part], count=1)}
        self.check_all([
            returning("no episodes", r"episodes\.csv: no such file", hint=False, episodes=None),
            returning("a column missing", r"header\.csv:1: the column 'DOB' is missing",
                      hint=False, **rows("header", "DOB", "ETHNIC")),
            returning("a column twice", r"missing\.csv:1: the column 'CHILD' stands twice",
                      hint=False, **rows("missing", "DOB", "CHILD")),
            returning("semicolons", r"episodes\.csv:1: .*semicolons",
                      episodes=good["episodes"].replace(",", ";")),
            returning("ISO dates", r"(?m)^episodes\.csv:2: DECOM: return-date", lines=True,
                      **rows("episodes", r"(\d\d)/(\d\d)/(\d{4})", r"\3-\2-\1")),
            returning("a child not in the header", r"(?m)^missing\.csv:2: CHILD: child-not-in-header",
                      lines=True, **rows("missing", r"\n[^,]*", "\nNOBODY")),
            returning("a wrong digit", r"(?m)^crosswalk\.csv:2: NHS_NUMBER: nhs-check-digit",
                      lines=True, **rows("crosswalk", r"\n([^,]*),\d*", rf"\n\1,{number}")),
            returning("a number for a child", r"(?m)^header\.csv:2: CHILD: reference-is-nhs-number",
                      lines=True, **rows("header", r"\n[^,]*", "\n" + min(self.numbers))),
            Case("no such folder", 65, "none: no such folder",
                 ["import", "ssda903", region.top / "none"], hint=True),
            Case("a folder and a file", 64, "but not both",
                 ["import", "ssda903", region.top, "--header", "x.csv"], hint=True),
            Case("one file alone", 64, "a return is three files",
                 ["import", "ssda903", "--header", "x.csv"], hint=True),
        ], "vale-council")
        done = region.at("vale-council", "--json", "import", "ssda903", region.council_return,
                         "--dry-run")
        self.assertCode(done, 0)
        self.assertFalse(done.json["imported"])
        self.assertEqual(self.imports(), before)
        # By its files, one of them on standard input: the same, and nothing new in it.
        folder = region.council_return
        with open(folder / "missing.csv", "rb") as stdin:
            done = self.streaming(stdin, "ssda903", "--header", folder / "header.csv", "--episodes",
                                  folder / "episodes.csv", "--missing", "-", "--crosswalk",
                                  folder / "crosswalk.csv")
        self.assertCode(done, 0)
        self.assertRegex(done.out, r"a yearly return: good for years, not for months")
        self.assertRegex(done.out, r"imported: 0 added, 0 replaced, [1-9]\d* unchanged")

    def test_a_published_fake_return_says_what_it_is(self):
        done = self.region.at("vale-council", "import", "ssda903",
                              ROOT / "tests/node/import/data/ssda903")
        self.assertCode(done, 0)
        for line in ("7768 rows read, 0 movements, 0 refused", "2675 children, 5050 episodes, 43 missing",
                     "short breaks (V3, V4): 803", "postcodes that do not exist: 8358",
                     "older than the agreement keeps records: 4290", "nothing was imported"):
            self.assertIn(line, done.out)

    def expired(self):
        """An agreement that all parties signed, and that has ended since."""
        text = self.region.agreement.read_text().replace('id = "vale-cse"', 'id = "vale-old"', 1)
        for date, day in (("from", "2024-01-01"), ("until", "2025-01-01")):
            text = re.sub(rf"(?m)^valid_{date} = .*$", f"valid_{date} = {day}", text)
        file = self.file("expired.toml", re.sub("(?m)^review_by = .*$", "review_by = 2024-06-01", text))
        signatures = []
        for party in PARTIES:
            signatures.append(self.region.top / f"expired-{party}.p7s")
            self.assertCode(self.region.hedgerow(
                "agreement", "sign", file, *self.region.person(party, "officer"), "--out",
                signatures[-1]), 0)
        self.assertCode(self.region.hedgerow("agreement", "merge", *signatures, "--out",
                                             f"{file}.p7s"), 0)
        return file

    def test_agreements(self):
        region = self.region
        text = region.agreement.read_text()
        officer = region.person("vale-council", "officer")
        bad = self.file("bad.toml", text.replace("threshold = 3", "threshold = 3\nnonsense = 1"))
        line = text[:text.index("threshold = 3")].count("\n") + 2
        crlf = self.file("crlf.toml", text.replace("\n", "\r\n"))
        other = self.file("other.toml", text.replace("min_children = 8", "min_children = 5"))
        broken = self.file("broken.toml", text[:len(text) // 2] + "\n[[")
        signatures = f"{region.agreement}.p7s"
        roots, bundle = region.dir / "roots.pem", region.certificates
        three = self.file("three.p7s", "")
        done = region.hedgerow("agreement", "merge", "--out", three, *(
            region.dir / f"people/{p}/vale-cse.p7s"
            for p in ("vale-council", "vale-police", "vale-health")))
        self.assertCode(done, 0)
        few = self.file("few.pem", "".join(
            (region.dir / f"people/{p}/root.pem").read_text() for p in ("vale-council", HUB)))

        def verify(name, file, p7s, says, hint=False):
            return Case(name, 65, says, ["agreement", "verify", file, "--signatures", p7s,
                                         "--roots", roots], hint=hint)

        def install(name, file, more, says, hint=True, code=65):
            return Case(name, code, says,
                        ["--home", region.home("vale-council"), "agreement", "install", file,
                         *more], hint=hint)
        self.check_all([
            Case("lint of errors", 65, r"bad\.toml has 1 error", ["agreement", "lint", bad]),
            Case("lint of broken TOML", 65, r"broken\.toml has 1 error",
                 ["agreement", "lint", broken]),
            Case("lint of no file", 65, r"none\.toml: No such file",
                 ["agreement", "lint", region.top / "none.toml"]),
            Case("signing what has errors", 65, rf"bad\.toml:{line}:1: unknown key 'nonsense'",
                 ["agreement", "sign", bad, *officer, "--out", region.top / "x.p7s"]),
            Case("signing as an analyst", 77, "signed by officers, not by urn:",
                 ["agreement", "sign", region.agreement, *region.person("vale-council", "analyst"),
                  "--out", region.top / "x.p7s"]),
            verify("line ends changed", crlf, signatures, "its line ends were changed", hint=True),
            verify("a word changed", other, signatures, "not byte for byte what .* signed",
                   hint=True),
            verify("two have not signed", region.agreement, three,
                   "not signed by: vale-partnership, vale-voice", hint=True),
            verify("no signatures", region.agreement, region.top / "none.p7s", "No such file"),
            install("not signed at all", region.agreement,
                    ["--signatures", region.top / "none.p7s", "--certificates", bundle],
                    r"none\.p7s: no such file", hint=False),
            install("not signed by all", region.agreement,
                    ["--signatures", three, "--certificates", bundle],
                    "not signed by: vale-partnership, vale-voice"),
            install("line ends changed", crlf, ["--signatures", signatures, "--certificates",
                                                bundle], "its line ends were changed"),
            install("a word changed", other, ["--signatures", signatures, "--certificates",
                                              bundle], "not byte for byte what .* signed"),
            install("certificates that lack parties", region.agreement,
                    ["--certificates", few], "vale-"),
            install("certificates that are none", region.agreement,
                    ["--certificates", region.input("vale-council")],
                    "a certificate file without a certificate"),
        ])
        self.check(install("expired", self.expired(),
                           ["--certificates", bundle], "the agreement expired on 2025-01-01",
                           code=77))
        done = region.hedgerow("agreement", "lint", bad)
        self.assertIn(f"bad.toml:{line}:1: error: unknown key 'nonsense'", done.out)
        self.assertFalse((region.top / "x.p7s").exists())
        # Whatever was tried, the agreement is as it was.
        listed = region.at("vale-council", "--json", "agreement", "list").json["agreements"]
        self.assertEqual([(a["agreement"], a["in_force"]) for a in listed], [("vale-cse", True)])

    def test_questions(self):
        region = self.region
        today = dt.date.today()
        this_quarter = f"{today.year}-Q{(today.month - 1) // 3 + 1}"
        council = {n: region.person("vale-council", n)
                   for n in ("officer", "practitioner", "second")}
        swapped = [*region.person("vale-council", "second")[:3],
                   region.dir / "people/vale-council/analyst.passphrase"]

        def ask(name, code, says, hint=False, period=None, **more):
            return Case(name, code, says, region.ask_words(period, **more), hint=hint)
        self.check_all([
            ask("a period that has not settled", 75, f"{this_quarter} is not settled yet",
                hint=True, period=this_quarter),
            ask("a period before the history", 77, "before the grant's history",
                period="2010-Q1"),
            ask("a kind of period not granted", 77, "nothing is released for such periods",
                hint=True, period="2025"),
            ask("not a period", 64, "--from: not a period", hint=True, period="2026-Q5"),
            ask("an unknown purpose", 77, "no such purpose", purpose="curiosity"),
            ask("no reason", 77, "a reason is required", hint=True, reason=None),
            ask("an empty reason", 77, "a reason is required", hint=True, reason=" "),
            ask("dimensions that no table has", 77, "no table has exactly these dimensions",
                hint=True, by="origin"),
            ask("rows that no table counts", 77, "no table counts exactly these rows", hint=True,
                where="event=placement"),
            ask("an unknown event", 64, "event: 'vanished' is not in the code list", hint=True,
                where="event=vanished"),
            ask("an unknown area", 64, "origin: 'E99999999' is not an area", hint=True,
                where="origin=E99999999"),
            ask("an area that is one", 77, "no table counts exactly these rows", hint=True,
                where="origin=E06000038"),
            ask("an unknown dimension", 64, "'colour' is not a dimension", hint=True,
                kind="counts", by="colour"),
            ask("factors", 64, "nothing is counted by factors", hint=True, kind="counts",
                by="factors"),
            ask("four dimensions", 64, "at most three dimensions, and these are 4",
                kind="counts", by="age-band,origin,sex,event"),
            ask("a part of a table", 77, "no table has exactly these dimensions", hint=True,
                kind="counts", by="age-band", where=CONTACTS),
            ask("counts of rows that the table does not count", 77,
                "no table counts exactly these rows", hint=True, kind="counts",
                by="age-band,event", where="event=absent"),
            ask("counts for another kind of period", 77, "nothing is released for such periods",
                hint=True, kind="counts", by="age-band,event", where=CONTACTS, period="2025/26"),
            ask("another agreement", 77, "no agreement vale-other", hint=True,
                agreement="vale-other"),
            ask("another agency's analyst", 77, "another agency", hint=True,
                person=region.person("vale-police", "analyst")),
            ask("an officer", 77, "does not sign questions", hint=True,
                person=council["officer"]),
            ask("a practitioner", 77, "no grant for this purpose names the asker",
                person=council["practitioner"]),
            ask("another person's passphrase", 77, "passphrase does not open", person=swapped),
            ask("no such credential", 78, r"cannot read .*/nobody\.pem: No such file",
                person=region.person("vale-council", "nobody")),
        ])
        at_home = ["--home", region.home("vale-council")]
        self.check_all([
            Case("a device as a certificate file", 65, "/dev/null: not a regular file",
                 [*at_home, "keys", "revoke", "/dev/null"]),
            Case("the result of no question", 65, "no question with this id",
                 [*at_home, "ask", "--result", "0" * 32]),
            Case("not an id", 64, "not a question's id", [*at_home, "ask", "--result", "x"],
                 hint=True),
            Case("nothing asked", 64, "what is asked", [*at_home, "ask"], hint=True),
        ])
        # Whoever may ask is answered, so it was none of the words they all share.
        self.assertCode(region.ask(person=council["second"]), 0)

    def test_usage_and_a_daemon_that_does_not_run(self):
        region = self.region
        nowhere = region.top / "nowhere"
        nowhere.mkdir(mode=0o700)
        self.check_all([
            Case("an unknown command", 64, "frobnicate", ["frobnicate"], hint=True),
            Case("an unknown option", 64, "--frobnicate", ["status", "--frobnicate"], hint=True),
            Case("no command", 64, ".", [], hint=True),
            Case("half a command", 64, ".", ["agreement"], hint=True),
            Case("an option missing", 64, "--agreement", ["ask", "flows"], hint=True),
            Case("counts by nothing", 64, "--", ["ask", "counts", "--agreement", "vale-cse"],
                 hint=True),
            Case("a number out of range", 64, "--last", ["audit", "show", "--last", "0"],
                 hint=True),
            *(Case(f"no daemon: {' '.join(map(str, words))}", 69, "nowhere",
                   ["--home", nowhere, *words], hint=True)
              for words in (["status"], ["keys", "status"], ["agreement", "list"],
                            ["audit", "show"], ["ask", "--result", "0" * 32],
                            ["import", "movements", region.input("vale-council")])),
        ])
        # The daemons' own words, and a home that is none.
        for program in ("hedgerowd", "hedgerow-gateway"):
            with self.subTest(program):
                self.assertCode(run([region.bin / program, "--frobnicate"]), 64)
                done = run([region.bin / program, "--home", nowhere])
                self.assertCode(done, 78)
                self.assertRegex(done.err, rf"(?m)^{program}: .*nowhere")

    def test_configurations(self):
        region = self.region
        home = region.top / "configured"
        (home / "keys").mkdir(parents=True, mode=0o700)
        for key in (region.home("vale-voice") / "keys").iterdir():
            shutil.copy2(key, home / "keys")
        good = (region.home("vale-voice") / "hedgerow.toml").read_text()
        for name, text, says in (
                ("no party", good.replace("party", "# party"), "party is missing"),
                ("both ends", good + 'listen = "tcp://127.0.0.1:1"\n', "exactly one of hub and"),
                ("an unknown key", good + 'port = "1"\n', r"hedgerow\.toml:\d:1: unknown key"),
                ("not an endpoint", good.replace("tcp://", "http://"), "not an endpoint"),
                ("not TOML", "party = \n", r"hedgerow\.toml:1:")):
            with self.subTest(name):
                (home / "hedgerow.toml").write_text(text)
                done = run([region.bin / "hedgerowd", "--home", home, "--check-config"])
                self.assertCode(done, 78)
                self.assertRegex(done.err, says)
        (home / "hedgerow.toml").write_text(good)
        self.assertCode(run([region.bin / "hedgerowd", "--home", home, "--check-config"]), 0)
        (home / "state").mkdir(mode=0o755)
        for words in (["--check-config"], []):
            done = run([region.bin / "hedgerowd", "--home", home, *words])
            self.assertCode(done, 78)
            self.assertRegex(done.err, r"^hedgerowd: .*/state is open to other users\nhint: chmod")
        (home / "state").rmdir()
        restrictions = home / "restrictions.toml"
        restrictions.write_text("[[raise]]\nmin_children = ten\n")
        done = run([region.bin / "hedgerowd", "--home", home, "--check-config"])
        self.assertCode(done, 78)
        self.assertRegex(done.err, r"restrictions\.toml:2:")
        restrictions.write_text("[[raise]]\nmin_children = 10\n")
        done = run([region.bin / "hedgerowd", "--home", home, "--check-config"])
        self.assertCode(done, 0)
        self.assertRegex(done.out, r"restrictions\.toml: good; 0 refuse, 1 raise")
        restrictions.unlink()
        # A part of the keys gone or altered, and the daemon does not start.
        for name in ("master.key", "node.keys", "node.pem"):
            with self.subTest(name):
                path = home / "keys" / name
                kept, mode = path.read_bytes(), path.stat().st_mode
                path.unlink()
                daemon = [region.bin / "hedgerowd", "--home", home, "--check-config"]
                self.assertCode(run(daemon), 78)
                path.write_bytes(kept[:-20] + bytes(20))
                path.chmod(mode)
                done = run(daemon)
                self.assertIn(done.code, (65, 78), str(done))
                path.unlink()
                path.write_bytes(kept)
                path.chmod(mode)
                self.assertCode(run(daemon), 0)


if __name__ == "__main__":
    main(limit_s=400)
