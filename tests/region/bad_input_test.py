#!/usr/bin/env python3
"""Bad files, bad words and denied questions at the command line of a region of real daemons
(bad_files.py: files of records, and how a message is judged)."""

import datetime as dt
import json
import re
import shutil

import bad_files  # not its class by name, whose tests would run twice
from bad_files import Case
from region import HUB, PARTIES, main, run

# The rows of the demonstration's table of counts.
COUNTED = "event=health-attendance,placement,school-move"


class BadInputTest(bad_files.BadFiles):
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

    def sign_elsewhere(self, folder, name, out):
        """By another program than ours, which would not."""
        self.assertCode(run(["openssl", "cms", "-sign", "-binary", "-md", "sha256", "-in",
                             self.region.agreement, "-signer", folder / f"{name}.pem", "-inkey",
                             folder / f"{name}.key", "-passin", f"file:{folder}/{name}.passphrase",
                             "-outform", "PEM", "-out", out]), 0)
        return out

    def make_stranger(self):
        """The officer of an agency that is no party."""
        folder = self.region.top / "stranger"
        folder.mkdir(mode=0o700)
        for name in ("root", "officer"):
            (folder / f"{name}.passphrase").write_text("a passphrase of nobody's\n")
            (folder / f"{name}.passphrase").chmod(0o600)
        root = ["--passphrase-file", folder / "root.passphrase"]
        for words in (["init", "--agency", "vale-stranger"],
                      ["issue", "officer", "--root", folder, "--name", "officer",
                       "--person-passphrase-file", folder / "officer.passphrase"]):
            self.assertCode(self.region.hedgerow("agency", *words, "--out", folder, *root), 0)
        return folder

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
        by_root = self.sign_elsewhere(region.dir / "people/vale-council", "root",
                                      region.top / "root.p7s")
        stranger, with_stranger = self.make_stranger(), region.top / "stranger.p7s"
        self.assertCode(region.hedgerow(
            "agreement", "merge", signatures,
            self.sign_elsewhere(stranger, "officer", stranger / "own.p7s"), "--out",
            with_stranger), 0)
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
            Case("signing as a stranger", 77, "vale-stranger, .* is not a party",
                 ["agreement", "sign", region.agreement, "--credential", stranger / "officer.pem",
                  "--passphrase-file", stranger / "officer.passphrase", "--out",
                  region.top / "x.p7s"]),
            verify("line ends changed", crlf, signatures, "its line ends were changed", hint=True),
            verify("a word changed", other, signatures, "not byte for byte what .* signed",
                   hint=True),
            verify("two have not signed", region.agreement, three,
                   "not signed by: vale-partnership, vale-voice", hint=True),
            verify("signed with a root's key", region.agreement, by_root,
                   "vale-council:root:root: only officers sign"),
            verify("signed by a stranger too", region.agreement, with_stranger,
                   "vale-stranger has signed, and is not a party"),
            verify("no signatures", region.agreement, region.top / "none.p7s", "No such file"),
            install("not signed at all", region.agreement,
                    ["--signatures", region.top / "none.p7s", "--certificates", bundle],
                    r"none\.p7s: no such file", hint=False),
            install("not signed by all", region.agreement,
                    ["--signatures", three, "--certificates", bundle],
                    "not signed by: vale-partnership, vale-voice"),
            install("signed with a root's key", region.agreement,
                    ["--signatures", by_root, "--certificates", bundle],
                    "vale-council:root:root: only officers sign", hint=False),
            install("signed by a stranger too", region.agreement,
                    ["--signatures", with_stranger, "--certificates", bundle],
                    "vale-stranger has signed, and is not a party", hint=False),
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

    def released(self):
        """Of each party, how often its log speaks of an edition, an answer or another's question."""
        kinds = {"release", "edition", "answer.received", "answer.served", "question"}
        counts = {}
        for party in PARTIES:
            done = self.region.at(party, "--json", "audit", "show", "--last", "1000")
            self.assertCode(done, 0)
            counts[party] = sum(1 for e in done.json["entries"] if e["kind"] in kinds
                                and (party != "vale-council" or e["kind"] != "question"))
        return counts

    def test_questions(self):
        region = self.region
        today = dt.date.today()
        this_quarter = f"{today.year}-Q{(today.month - 1) // 3 + 1}"
        before = self.released()
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
                kind="counts", by="age-band", where=COUNTED),
            ask("counts of rows that the table does not count", 77,
                "no table counts exactly these rows", hint=True, kind="counts",
                by="age-band,event", where="event=absent"),
            ask("counts for another kind of period", 77, "nothing is released for such periods",
                hint=True, kind="counts", by="age-band,event", where=COUNTED, period="2025/26"),
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
        # Nothing was released, or told to anybody, for any of them.
        self.assertEqual(self.released(), before)
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

    def test_evidence(self):
        region, party = self.region, "vale-police"
        log, certificate = region.top / "police.log", region.home(party) / "keys/node.pem"
        self.assertCode(region.at(party, "audit", "export", "--out", log), 0)
        (answer,) = region.dir.glob("answers/flows-*.json")

        def verify(name, says, *more, file=log, code=65, hint=False):
            return Case(name, code, says, ["audit", "verify", file, *more], hint=hint)

        def altered(name, change, says):
            evidence = json.loads(answer.read_text())
            change(evidence)
            return verify(name, says, "--certificate", certificate, "--answer",
                          self.file(f"{name.replace(' ', '-')}.json", json.dumps(evidence)))

        def receipt(evidence):
            (found,) = (r for r in evidence["evidence"]["receipts"] if r["party"] == party)
            return found
        whole = log.read_bytes()
        self.check_all([
            verify("a folder", "is not an exported audit log", file=region.top),
            verify("an endless device", "is not an exported audit log", file="/dev/zero"),
            verify("no such file", "cannot open .*none", file=region.top / "none"),
            verify("a log cut short", "cut off|ended|shorter", file=self.file("cut.log", whole[:-900])),
            verify("another party's certificate", "under another key", "--certificate",
                   region.home("vale-voice") / "keys/node.pem"),
            verify("no certificate", "a certificate file without a certificate", "--certificate",
                   self.file("words.pem", "no certificate\n"), hint=True),
            verify("no certificate's file", "no such file", "--certificate", region.top / "none"),
            verify("an answer without a certificate", "--answer needs --certificate", "--answer",
                   answer, code=64, hint=True),
            verify("no answer", "not an answer as", "--certificate", certificate, "--answer",
                   region.agreement),
            altered("evidence that is a number", lambda a: a.update(evidence=1), "not an answer as"),
            altered("receipts that are a text", lambda a: a["evidence"].update(receipts="x"),
                    "not an answer as"),
            altered("a receipt that is not base64", lambda a: receipt(a).update(receipt="?"),
                    "a receipt that is not base64"),
            altered("a receipt that is a number", lambda a: receipt(a).update(receipt=7),
                    "number.json: the receipt of vale-police: "),
            altered("a receipt of another log", lambda a: receipt(a).update(
                receipt=a["evidence"]["receipts"][-1]["receipt"]),
                    "log.json: the receipt of vale-police: .*not signed by hedgerow/vale-police"),
        ])
        # As it was given, its receipt stands in the log; and what holds none says so.
        for change, says in ((lambda a: None, "1 receipt found in it"),
                             (lambda a: a["evidence"].update(receipts=[1, {}]),
                              "the answers hold no receipt of this log")):
            evidence = json.loads(answer.read_text())
            change(evidence)
            done = region.hedgerow("audit", "verify", log, "--certificate", certificate, "--answer",
                                   self.file("answer.json", json.dumps(evidence)))
            self.assertCode(done, 0)
            self.assertIn(says, done.out)

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
                done = run([region.bin / program, "--frobnicate"])
                self.assertCode(done, 64)
                self.assertRegex(done.err, rf"^({program}: .*--frobnicate\nhint: |usage: ).*\n$")
                done = run([region.bin / program, "--home", nowhere])
                self.assertCode(done, 78)
                self.assertRegex(done.err, rf"^{program}: .*nowhere.*\nhint: .*\n$")

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
