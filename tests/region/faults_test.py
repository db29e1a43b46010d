#!/usr/bin/env python3
"""Processes that die, return, come twice or are strangers, in a region of real daemons."""

import csv
import re
import resource
import shutil
import socket
import struct
import subprocess
import unittest

from region import (CONTRIBUTORS, HUB, Region, RegionTest, main, run, wait_until)

CHILDREN = 150
QUESTION = re.compile(r"later: hedgerow ask --result ([0-9a-f]{32})")


def cells(answer):
    return [(p["period"], p["edition_hash"], p["cells"]) for p in answer["periods"]]


class StrangersCore:
    """What a stranger's own core would tell its gateway: dial that hub, whose key is public. The
    gateway program is the real one, with the stranger's own CURVE key
    (docs/design/transport.md: frames, hello, configure, peer_up, trouble)."""

    HELLO, PEER_UP, TROUBLE, CONFIGURE, ROLE_NODE = 16, 17, 22, 32, 2

    def __init__(self, home, endpoint, own, hub):
        self.home, self.seen, self.gateway, self.link = home, [], None, None
        (home / "run").mkdir(mode=0o700, exist_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(home / "run/gateway.sock"))
        (home / "run/gateway.sock").chmod(0o600)
        self.listener.listen(1)
        self.listener.settimeout(20)
        self.configure = struct.pack("<BI", self.ROLE_NODE, len(endpoint)) + endpoint.encode() + \
            own + hub + struct.pack("<I", 0)

    def run(self, program):
        with open(self.home / "gateway.log", "wb") as log:
            self.gateway = subprocess.Popen([program, "--home", self.home], stderr=log,
                                            stdin=subprocess.DEVNULL)
        self.link, _ = self.listener.accept()
        self.link.settimeout(20)
        self.link.sendall(struct.pack("<IBB", 2 + len(self.configure), 1, self.CONFIGURE)
                          + self.configure)

    def next_frame(self):
        def exactly(n):
            data = b""
            while len(data) < n:
                more = self.link.recv(n - len(data))
                if not more:
                    raise AssertionError("the gateway ended the link")
                data += more
            return data
        size, _, kind = struct.unpack("<IBB", exactly(6))
        return kind, exactly(size - 2)

    def close(self):
        for end in (self.link, self.listener):
            if end:
                end.close()
        if self.gateway:
            self.gateway.terminate()
            try:
                self.gateway.wait(10)
            except subprocess.TimeoutExpired:
                self.gateway.kill()
                self.gateway.wait(10)


class FaultsTest(RegionTest):
    @classmethod
    def setUpClass(cls):
        cls.region = Region(cls.build, CHILDREN)
        cls.addClassCleanup(cls.region.close)

    def setUp(self):
        self.region.whole()

    def answer(self, **more):
        done = self.region.ask(**more)
        self.assertCode(done, 0)
        return done.json

    def rows_renamed(self, party, name, count):
        """A file of rows that the party does not hold yet."""
        with open(self.region.input(party), encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))[:count]
        out = self.region.top / f"{name}.csv"
        with open(out, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            for row in rows:
                writer.writerow(dict(row, source_ref=f"{name}-{row['source_ref']}"))
        return out, len(rows)

    def assertImported(self, done, added, unchanged):  # noqa: N802
        self.assertCode(done, 0)
        result = done.json
        self.assertEqual((result["added"], result["replaced"], result["unchanged"]),
                         (added, 0, unchanged))

    def test_a_dead_keyholder_stops_imports_and_nothing_else(self):
        region = self.region
        before = self.answer()
        fresh, rows = self.rows_renamed("vale-council", "dead-keyholder", 60)
        region.kill("vale-health", "core")
        done = region.at("vale-council", "import", "movements", fresh)
        self.assertCode(done, 75)
        self.assertRegex(done.err, r"(?m)^hedgerow: .*vale-health")
        self.assertEqual(cells(self.answer()), cells(before))
        region.start("vale-health", "core")
        region.whole()
        # The import that failed left nothing behind; and the same file twice changes nothing.
        self.assertImported(region.import_file("vale-council", fresh), rows, 0)
        self.assertImported(region.import_file("vale-council", fresh), 0, rows)
        self.assertEqual(cells(self.answer()), cells(before))

    def test_a_gateway_that_died_loses_nothing(self):
        region = self.region
        before = self.answer()
        region.kill("vale-council", "gateway")
        wait_until(lambda: not region.status("vale-council")["gateway"], "the core has noticed")
        self.assertIn("hedgerow-gateway is not running", region.at("vale-council", "status").out)
        done = region.ask(wait=1)
        self.assertCode(done, 75)
        self.assertIn("no answer yet: hedgerow-gateway is not running on this node", done.err)
        question = QUESTION.search(done.err)
        self.assertTrue(question, str(done))
        region.start("vale-council", "gateway")
        region.whole()
        later = region.at("vale-council", "--json", "ask", "--result", question[1])
        self.assertCode(later, 0)
        self.assertEqual(cells(later.json), cells(before))
        self.assertEqual(cells(self.answer()), cells(before))

    def test_a_core_killed_in_an_import_has_stored_all_or_nothing(self):
        region = self.region
        fresh, rows = self.rows_renamed("vale-council", "killed-core", 60)
        asked = {p: region.log_size(p) for p in ("vale-police", "vale-health")}
        region.pause("vale-voice")  # without it no pseudonym is whole, so the import hangs
        importing = subprocess.Popen(
            [region.bin / "hedgerow", "--home", region.home("vale-council"), "import", "movements",
             fresh], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            wait_until(lambda: all(region.log_size(p) > size for p, size in asked.items()),
                       "the other keyholders have been asked, and logged it")
            self.assertIsNone(importing.poll())
            region.kill("vale-council", "core")
            out, _ = importing.communicate(timeout=30)
            self.assertNotEqual(importing.returncode, 0, out)
            self.assertRegex(out.decode(), r"(?m)^hedgerow: ")
        finally:
            region.resume("vale-voice")
            importing.kill()
            importing.wait(10)
        region.start("vale-council", "core")
        region.whole()
        self.assertImported(region.import_file("vale-council", fresh), rows, 0)
        self.assertImported(region.import_file("vale-council", fresh), 0, rows)

    def test_a_hub_killed_in_a_question_answers_it_after_its_restart(self):
        region = self.region
        period = region.period_before(1)  # not asked about yet, so it must be computed
        begun = region.log_size("vale-police")
        region.pause("vale-voice")        # without it there is no sum, so the question hangs
        words = [str(w) for w in region.ask_words(period, wait=2)]
        asking = subprocess.Popen([region.bin / "hedgerow", *words], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            wait_until(lambda: region.log_size("vale-police") > begun,
                       "the question has reached the contributors")
            region.kill(HUB, "core")
            _, err = asking.communicate(timeout=60)
        finally:
            region.resume("vale-voice")
            asking.kill()
            asking.wait(10)
        self.assertEqual(asking.returncode, 75, err)
        question = QUESTION.search(err.decode())
        self.assertTrue(question, err)
        region.start(HUB, "core")
        region.whole()
        later = region.at("vale-council", "--json", "ask", "--wait", 120, "--result", question[1],
                          timeout=150)
        self.assertCode(later, 0)
        answer = later.json
        self.assertEqual([p["period"] for p in answer["periods"]], [period])
        self.assertEqual({p["party"]: p["status"] for p in answer["periods"][0]["parties"]},
                         dict.fromkeys(CONTRIBUTORS, "answered"))
        # It is the release now, whoever asks.
        self.assertEqual(cells(self.answer(period=period)), cells(answer))

    def test_every_node_returns_with_what_it_knew(self):
        region = self.region
        before = self.answer()
        for party in (HUB, *CONTRIBUTORS):
            region.kill(party, "core")
        for party in (HUB, *CONTRIBUTORS):
            region.start(party, "core")
        region.whole()
        self.assertEqual(cells(self.answer()), cells(before))
        for party in (HUB, *CONTRIBUTORS):
            log = region.top / f"returned-{party}.log"
            self.assertCode(region.at(party, "audit", "export", "--out", log), 0)
            self.assertCode(region.hedgerow("audit", "verify", log, "--certificate",
                                            region.home(party) / "keys/node.pem"), 0)

    def test_a_disk_without_room_stops_the_node_until_there_is_some(self):
        region = self.region
        party = "vale-council"
        fresh, rows = self.rows_renamed(party, "no-room", 40)
        region.kill(party, "core")
        # No file may grow beyond where the log stands: as a full disk, for this process alone.
        limit = (region.home(party) / "state/log/entries").stat().st_size + 200

        def no_room():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        full = subprocess.Popen([region.bin / "hedgerowd", "--home", region.home(party)],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, preexec_fn=no_room)
        try:
            wait_until(lambda: full.poll() is not None or region.status(party), "it starts or ends")
            if full.poll() is None:
                done = region.import_file(party, fresh)
                self.assertNotEqual(done.code, 0, str(done))
                self.assertRegex(done.err, r"(?m)^hedgerow: ")
            _, err = full.communicate(timeout=30)
        finally:
            full.kill()
            full.wait(10)
        self.assertEqual(full.returncode, 70, err)
        self.assertRegex(err.decode(), r"(?m)^hedgerowd: .*File too large")
        self.assertRegex(err.decode(), r"(?m)^hint: make room")
        region.start(party, "core")
        region.whole()
        self.assertImported(region.import_file(party, fresh), rows, 0)

    def test_two_daemons_never_share_a_home(self):
        region = self.region
        done = run([region.bin / "hedgerowd", "--home", region.home("vale-voice")])
        self.assertCode(done, 78)
        self.assertRegex(done.err, r"(?m)^hedgerowd: .*another hedgerowd runs on this store")
        self.assertRegex(done.err, r"(?m)^hint: ")
        self.assertIsNotNone(region.status("vale-voice"))

    def test_keys_open_to_others_are_refused(self):
        region = self.region
        for name, mode in (("master.key", 0o644), ("master.key", 0o440), ("curve.key", 0o604)):
            with self.subTest(name=name, mode=oct(mode)):
                home = region.top / "loose"
                (home / "keys").mkdir(parents=True, mode=0o700)
                shutil.copy(region.home("vale-voice") / "hedgerow.toml", home)
                for key in (region.home("vale-voice") / "keys").iterdir():
                    shutil.copy2(key, home / "keys")
                daemon = [region.bin / "hedgerowd", "--home", home, "--check-config"]
                self.assertCode(run(daemon), 0)
                (home / "keys" / name).chmod(mode)
                program = "hedgerowd"
                if name == "curve.key":  # the gateway alone reads it
                    program = "hedgerow-gateway"
                    daemon = [region.bin / program, "--home", home]
                done = run(daemon)
                self.assertCode(done, 78)
                self.assertRegex(done.err, rf"(?m)^{program}: .*{name}")
                self.assertNotIn((home / "keys" / name).read_bytes()[:16].hex(), done.err)
                shutil.rmtree(home)

    def test_a_strangers_gateway_is_ignored(self):
        region = self.region
        secret = region.top / "stranger.passphrase"
        secret.write_text("of a stranger in the vale\n")
        secret.chmod(0o400)
        home = region.top / "stranger"
        root = region.top / "strangers-root"
        self.assertCode(region.hedgerow("agency", "init", "--agency", "vale-voice", "--out", root,
                                        "--passphrase-file", secret), 0)
        self.assertCode(region.hedgerow("agency", "issue", "node", "--root", root, "--home", home,
                                        "--passphrase-file", secret), 0)
        own = bytes.fromhex((home / "keys/curve.key").read_text().split()[0])
        hub = bytes.fromhex((region.home(HUB) / "keys/curve.key").read_text().split()[0])
        listen = re.search(r'"(tcp://[^"]+)"', (region.home(HUB) / "hedgerow.toml").read_text())[1]
        core = StrangersCore(home, listen, own, hub)
        try:
            core.run(region.bin / "hedgerow-gateway")
            kinds = []
            while core.TROUBLE not in kinds:  # the hub has turned it away
                kind, _ = core.next_frame()
                kinds.append(kind)
                self.assertLess(len(kinds), 10)
            self.assertNotIn(core.PEER_UP, kinds)
            self.assertEqual(kinds[0], core.HELLO)
            # The real one is there and the region works.
            self.assertEqual(region.status(HUB)["peers_up"], len(CONTRIBUTORS))
            self.answer()
        finally:
            core.close()
        # The same gateway with a key of the agreement is let in: it was the key.
        region.kill("vale-voice", "core")
        region.kill("vale-voice", "gateway")
        (home / "run/gateway.sock").unlink()
        (home / "keys/curve.key").unlink()
        shutil.copy2(region.home("vale-voice") / "keys/curve.key", home / "keys")
        own = bytes.fromhex((home / "keys/curve.key").read_text().split()[0])
        core = StrangersCore(home, listen, own, hub)
        try:
            core.run(region.bin / "hedgerow-gateway")
            kinds = []
            while core.PEER_UP not in kinds:
                kind, _ = core.next_frame()
                kinds.append(kind)
                self.assertLess(len(kinds), 10)
            self.assertNotIn(core.TROUBLE, kinds)
        finally:
            core.close()
        region.start("vale-voice", "core")
        region.start("vale-voice", "gateway")
        region.whole()


if __name__ == "__main__":
    main(limit_s=400)
