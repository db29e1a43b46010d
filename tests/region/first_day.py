"""A first day at vale-council, as docs/guide-{officer,operator,analyst,practitioner}.md tell it: the scenes of
the guides in the order of the story, and what the other four parties do meanwhile.

A scene is a `## ` section with `<!-- scene N -->` below its heading. Its ```console blocks are
transcripts (tests/cli/transcript.py), run in one folder; `<!-- meanwhile: WORDS -->` between them
is a method of Others, and stands beside the sentence that tells the reader about it. `[..]` and
`[...]` stand for what differs from day to day, and the guides' periods (WRITTEN_PERIODS) for those
that stand so to the day of the test.
"""

import datetime
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
import transcript  # noqa: E402

from region import (CONTRIBUTORS, HUB, PARTIES, PROGRAM, ROOT, free_port, program_of, run,  # noqa: E402
                    wait_until)

GUIDES = ["guide-officer.md", "guide-operator.md", "guide-analyst.md", "guide-practitioner.md"]
COUNCIL = "vale-council"


WRITTEN_PERIODS = ["2026-Q2", "2026-Q3", "2026-Q4", "2025/26"]


def periods(today):
    """The two latest quarters that are settled, the one that runs, and the last financial year."""
    day = today - datetime.timedelta(days=14)
    now, settled = (d.year * 4 + (d.month - 1) // 3 for d in (today, day))
    quarter = [f"{n // 4}-Q{n % 4 + 1}" for n in (settled - 2, settled - 1, now)]
    year = day.year if day.month >= 4 else day.year - 1
    return [*quarter, f"{year - 1}/{year % 100:02}"]


def of_today(step, names):
    """The step with the periods of today in the place of the written ones."""
    def put(text):
        return re.sub("|".join(map(re.escape, names)), lambda m: names[m[0]], text)
    return transcript.Step(step.line, put(step.command), [put(x) for x in step.expected], step.code)


@dataclass
class Scene:
    number: int
    guide: str
    heading: str
    parts: list  # transcript.Step, or the words of a meanwhile


def scenes():
    """All of them, in order. Every console block of the guides is in one."""
    found = []
    for guide in GUIDES:
        scene, block, first = None, None, 0
        for line_number, line in enumerate((ROOT / "docs" / guide).read_text().splitlines(), 1):
            where = f"{guide}:{line_number}"
            if block is not None:
                if line == "```":
                    for step in transcript.parse("\n".join(block), where):
                        step.line += first
                        scene.parts.append(step)
                    block = None
                else:
                    block.append(line)
            elif line.startswith("## "):
                scene, heading = None, line[3:]
            elif mark := re.fullmatch(r"<!-- scene (\d+) -->", line):
                scene = Scene(int(mark[1]), guide, heading, [])
                found.append(scene)
            elif mark := re.fullmatch(r"<!-- meanwhile: (.*) -->", line):
                scene.parts.append(mark[1])
            elif line == "```console":
                if scene is None:
                    raise ValueError(f"{where}: a transcript that is in no scene")
                block, first = [], line_number
    found.sort(key=lambda s: s.number)
    if [s.number for s in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"scenes are missing or double: {[s.number for s in found]}")
    return found


class Others:
    """The other four parties, and the world outside vale-council's desk `folder`."""

    def __init__(self, folder, bin_dir):
        self.folder, self.bin, self.running = folder, bin_dir, []
        self.others = folder.parent / "others"
        self.names = [p for p in PARTIES if p != COUNCIL]
        self.password = folder.parent / "password"
        self.password.write_text("a passphrase of this test")
        for person in ("root", "officer", "analyst", "practitioner", "approver"):  # what a reader would type
            (folder / f"{person}.pass").write_text(f"the {person}'s own passphrase")

    def hedgerow(self, *words):
        done = run([self.bin / "hedgerow", *words], timeout=120)
        if done.code != 0:
            raise AssertionError(f"{words}: {done}")
        return done

    def do(self, words):
        getattr(self, words.replace(" ", "_").replace("'", "").replace(",", ""))()

    # --- what the guides name ---

    def the_roots_of_the_others_arrive(self):
        """And the hub says where it listens."""
        endpoint = f"tcp://127.0.0.1:{free_port()}"
        arrived = self.folder / "arrived"
        arrived.mkdir()
        (arrived / "hub-address").write_text(endpoint)
        for p in self.names:
            words = ["--passphrase-file", self.password]
            self.hedgerow("agency", "init", "--agency", p, "--out", self.others / p, *words)
            self.hedgerow("agency", "issue", "officer", "--root", self.others / p, "--name",
                          "officer", "--out", self.others / p, *words, "--person-passphrase-file",
                          self.password)
            self.hedgerow("agency", "issue", "node", "--root", self.others / p, "--home",
                          self.others / p / "node", *words)
            (arrived / f"{p}.root.pem").write_bytes((self.others / p / "root.pem").read_bytes())

    def the_others_sign(self):
        for p in self.names:
            self.hedgerow("agreement", "sign", self.folder / "vale-cse.toml", "--credential",
                          self.others / p / "officer.pem", "--passphrase-file", self.password,
                          "--out", self.folder / "arrived" / f"{p}.p7s")

    def the_node_certificates_of_the_others_arrive(self):
        for p in self.names:
            (self.folder / "arrived" / f"{p}.node.pem").write_bytes(
                (self.others / p / "node/keys/node.pem").read_bytes())

    def the_others_install(self):
        port = re.search(r":(\d+)\"", (self.folder / "node/hedgerow.toml").read_text())[1]
        for p in self.names:
            home = self.others / p / "node"
            end = "listen" if p == HUB else "hub"
            (home / "hedgerow.toml").write_text(
                f'party = "{p}"\n{end} = "tcp://127.0.0.1:{port}"\n')
            self.start(p, home)
        for p in self.names:
            self.hedgerow("--home", self.others / p / "node", "agreement", "install",
                          self.folder / "vale-cse.toml", "--signatures",
                          self.folder / "vale-cse.toml.p7s", "--certificates",
                          self.folder / "parties.pem")

    def the_keyholders_make_the_key(self):
        def ready(home):
            done = run([self.bin / "hedgerow", "--home", home, "--json", "keys", "status"])
            return done.code == 0 and '"ready": true' in done.out
        for home in [self.folder / "node", *(self.others / p / "node" for p in self.names)]:
            wait_until(lambda h=home: ready(h), f"the key is at {home}", 90)

    def the_others_import(self):
        for p in CONTRIBUTORS:
            if p != COUNCIL:
                self.hedgerow("--home", self.others / p / "node", "import", "movements",
                              self.folder.parent / "input" / p / "movements.csv")

    def the_practitioner_has_a_child_in_mind(self):
        today = datetime.datetime.now(datetime.timezone.utc).date()
        number = run([sys.executable, ROOT / "tests/generator/known_child.py",
                      self.folder.parent / "input", COUNCIL, str(today)])
        if number.code != 0:
            raise AssertionError(f"known_child: {number}")
        (self.folder / "child").write_text(number.out)
        (self.folder / "case").write_text("MASH/2026/0417\n")

    # --- processes ---

    def logs(self):
        files = [*self.folder.glob("*.log"), *self.others.glob("*/node/*.log")]
        return "".join(f"--- {f.relative_to(self.folder.parent)}\n{f.read_text()[-1500:]}"
                       for f in files)

    def start(self, name, home):
        for part, program in PROGRAM.items():
            with open(home / f"{part}.log", "ab") as log:
                self.running.append(subprocess.Popen(
                    [self.bin / program, "--home", home], stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log))
        wait_until(lambda: run([self.bin / "hedgerow", "--home", home, "status"]).code == 0,
                   f"{name} answers", 30)

    def close(self):
        for file in self.folder.glob("*.pid"):
            text = file.read_text().strip()
            if text.isdigit() and program_of(int(text)) in PROGRAM.values():
                subprocess.run(["kill", text], check=False)
        for process in self.running:
            process.terminate()
        for process in self.running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
