"""Bad files of records at the command line of a region of real daemons; and how a message is judged:
the exit code, one line that says what is wrong, a hint where one helps, and never a value."""

import contextlib
import csv
import io
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from region import HUB, ROOT, Outcome, Region, RegionTest

CHILDREN = 120
ENDLESS = 20_000_000  # bytes of rows: ten million of the shortest
HINT = re.compile(r"(?m)^hint: \S")


@dataclass
class Case:
    name: str
    code: int
    says: str          # a regular expression, in what is said on stderr
    words: list
    hint: bool = False
    lines: bool = False  # a report of bad rows instead of one line


class BadFiles(RegionTest):
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
        return done

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
        hinted = set(row) - {"ended before it began", "twice the same source_ref"}
        cases = [Case(name, 65, rf"(?m)^row\.csv:3: .*{column}",
                      ["import", "movements", ("row.csv", change)], lines=True,
                      hint=name in hinted)
                 for name, (change, column) in row.items()]
        for case in cases:
            with self.subTest(case.name):
                name, change = case.words[2]
                case.words[2] = self.movements(name, change)
                done = self.check(case, "vale-council")
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
            importing("a link to itself", self.ring(), r"ring\.csv: Too many levels", hint=False),
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

    def ring(self):
        path = self.region.top / "ring.csv"
        path.symlink_to(path)
        return path

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

    def test_crosswalks(self):
        region, before = self.region, self.imports()
        good = (region.council_return / "crosswalk.csv").read_text()
        first, *rows = good.splitlines()

        def crosswalk(name, says, text, hint=True, lines=False):
            file = region.top / f"{name.replace(' ', '-')}.csv"
            file.write_text(text)
            return Case(name, 65, says, ["import", "crosswalk", file], hint=hint, lines=lines)

        def row(line):
            return "\n".join([first, line, *rows]) + "\n"
        number = min(self.numbers)
        self.check_all([
            crosswalk("a wrong digit in numbers", r"(?m)^a-wrong-digit-in-numbers\.csv:2: "
                      r"NHS_NUMBER: nhs-check-digit", row("A1," + self.wrong_digit()), lines=True),
            crosswalk("a number for a reference", r"(?m)csv:2: CHILD: reference-is-nhs-number",
                      row(f"{number},"), lines=True),
            crosswalk("two numbers of a child", r"(?m)csv:3: NHS_NUMBER: number-differs",
                      row("A1,9990000018\nA1,9990000026"), lines=True),
            crosswalk("no reference", r"(?m)csv:2: CHILD: missing-value", row(",9990000018"),
                      hint=False, lines=True),
            crosswalk("no number column", r"csv:1: the column 'nhs_number' is missing",
                      "child_ref\nA1\n", hint=False),
            crosswalk("another file", r"(?s)csv:1: an unknown column.*hint: it has the columns of a "
                      "return's header file", (region.council_return / "header.csv").read_text()),
            crosswalk("nothing in it", r"csv: no rows behind", first + "\n", hint=False),
            Case("no crosswalk", 65, "none: no such file",
                 ["import", "crosswalk", region.top / "none"], hint=False),
        ], "vale-council")
        with open(region.council_return / "crosswalk.csv", "rb") as stdin:
            done = self.streaming(stdin, "crosswalk", "-", "--replace", "--dry-run")
        self.assertCode(done, 0)
        self.assertRegex(done.out, r"nothing was imported; the keyholders would be asked for [1-9]")
        self.assertEqual(self.imports(), before)

    def test_a_published_fake_return_says_what_it_is(self):
        done = self.region.at("vale-council", "import", "ssda903",
                              ROOT / "tests/node/import/data/ssda903")
        self.assertCode(done, 0)
        for line in ("7768 rows read, 0 movements, 0 refused", "2675 children, 5050 episodes, 43 missing",
                     "short breaks (V3, V4): 803", "postcodes that do not exist: 8358",
                     "older than the agreement keeps records: 4290", "nothing was imported"):
            self.assertIn(line, done.out)
