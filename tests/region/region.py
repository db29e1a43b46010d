"""A region of real daemons on this machine, as scripts/quickstart makes it, for the tests here.

Everything waits for a condition and gives up after a time; only processes whose numbers stand in
the region's run folder are ever ended.
"""

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HUB = "vale-partnership"
CONTRIBUTORS = ["vale-council", "vale-police", "vale-health", "vale-voice"]
PARTIES = [HUB, *CONTRIBUTORS]
SLOWNESS = int(os.environ.get("HEDGEROW_SLOWNESS", "1"))  # programs under a sanitizer
PROGRAM = {"core": "hedgerowd", "gateway": "hedgerow-gateway"}


@dataclass
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"exit {self.code}\n{self.out}{self.err}"


def run(words, timeout=60, **more):
    done = subprocess.run([str(w) for w in words], capture_output=True,
                          timeout=timeout * SLOWNESS,
                          stdin=subprocess.DEVNULL, **more)
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def wait_until(condition, what, seconds=30):
    """What the condition gives, once it gives something true."""
    limit = time.monotonic() + seconds * SLOWNESS
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > limit:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def free_port():
    """Of this machine, below those that outgoing connections are given: what is found free here is
    so later."""
    while True:
        port = random.randrange(20000, 32768)
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def program_of(pid):
    """The program a process runs; None where there is no such process any more."""
    try:
        # A build that replaces the file while it runs makes it "deleted".
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")).removesuffix(" (deleted)")
    except OSError:
        return None


def has_ended(pid):
    """Whether every thread of a process has: until then its files are open, and its locks held."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return True
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii", errors="replace") as file:
                state = file.read().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state not in "ZX":
            return False
    return True


class Region:
    """quickstart's region under a temporary folder. `build` is a folder whose bin/ holds the
    programs."""

    def __init__(self, build, children, seed=1, keep=True, questions=1):
        self.build = Path(build).resolve()
        self.top = Path(tempfile.mkdtemp(prefix="hedgerow-"))
        self.dir = self.top / "region"
        self.bin = self.build / "bin"
        self.children = []
        try:
            self.made = self.quickstart("--seed", seed, "--children", children,
                                        "--questions", questions,
                                        *(["--keep"] if keep else []))
            if self.made.code != 0:
                raise AssertionError(f"quickstart: {self.made}\n{self.logs()}")
        except BaseException:
            self.close()
            raise

    def quickstart(self, *words, timeout=240):
        with subprocess.Popen([str(ROOT / "scripts/quickstart"), "--dir", str(self.dir),
                               *map(str, words)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=dict(os.environ, HEDGEROW_BUILD=str(self.build))) as process:
            try:
                out, _ = process.communicate(timeout=timeout * SLOWNESS)
            except BaseException:
                process.terminate()  # its trap ends what it started
                raise
        return Outcome(process.returncode, out.decode(), "")

    def close(self):
        try:
            if self.dir.exists():
                for pid in self.pids():
                    os.kill(pid, signal.SIGCONT)
                self.quickstart("--stop", timeout=60)
        finally:
            for child in self.children:
                child.poll()
            shutil.rmtree(self.top, ignore_errors=True)

    def logs(self):
        return "".join(f"--- {f.name}\n{f.read_text()[-1500:]}"
                       for f in sorted(self.dir.glob("run/*.log")))

    # --- places ---

    def home(self, party):
        return self.dir / "nodes" / party

    def person(self, party, name):
        """The words that name a credential to the command line."""
        folder = self.dir / "people" / party
        return ["--credential", folder / f"{name}.pem",
                "--passphrase-file", folder / f"{name}.passphrase"]

    def input(self, party):
        return self.dir / "input" / party / "movements.csv"

    @property
    def council_return(self):
        return self.dir / "input/vale-council/ssda903"

    def records(self, party):
        """All that was imported at a party, in that order."""
        return ([self.council_return] if party == "vale-council" else []) + [self.input(party)]

    @property
    def agreement(self):
        return self.dir / "agreement/vale-cse.toml"

    @property
    def certificates(self):
        return self.dir / "agreement/parties.pem"

    @property
    def period(self):
        """The period that quickstart asked about."""
        (answer,) = self.dir.glob("answers/flows-*.json")
        return answer.stem.removeprefix("flows-")

    def period_before(self, quarters):
        year, quarter = (int(x) for x in self.period.split("-Q"))
        number = year * 4 + quarter - 1 - quarters
        return f"{number // 4}-Q{number % 4 + 1}"

    def first_question(self):
        """The id of the question that computed the release."""
        text = (self.dir / f"answers/flows-{self.period}.txt").read_text()
        return re.search(r"question ([0-9a-f]{32}) in the log", text)[1]

    # --- commands ---

    def hedgerow(self, *words, timeout=90):
        return run([self.bin / "hedgerow", *words], timeout=timeout)

    def at(self, party, *words, timeout=90):
        return self.hedgerow("--home", self.home(party), *words, timeout=timeout)

    def ask_words(self, period=None, *, party="vale-council", person=None, purpose=None,
                  reason="A test of the region", where="event=missing", by="origin,destination",
                  agreement="vale-cse", wait=60, kind="flows"):
        words = ["--home", self.home(party), "--json", "ask", kind, "--agreement", agreement,
                 "--purpose", purpose or "pattern-detection", "--from", period or self.period,
                 "--by", by, "--where", where, "--wait", wait,
                 *(person or self.person("vale-council", "analyst"))]
        return words + (["--reason", reason] if reason is not None else [])

    def ask(self, period=None, **more):
        return self.hedgerow(*self.ask_words(period, **more), timeout=more.get("wait", 60) + 30)

    def import_file(self, party, file=None):
        return self.at(party, "--json", "import", "movements", file or self.input(party),
                       timeout=120)

    def log_size(self, party):
        status = self.status(party)
        return status["log_size"] if status else None

    def status(self, party):
        done = self.at(party, "--json", "status")
        return done.json if done.code == 0 else None

    def whole(self):
        """Waits until every node runs and the hub has them all."""
        for party in PARTIES:
            least = len(CONTRIBUTORS) if party == HUB else 1

            def there():
                status = self.status(party)
                return status and status["gateway"] and status["peers_up"] >= least
            wait_until(there, f"{party} is up and connected\n{self.logs()}", 60)

    # --- processes ---

    def pids(self):
        """The region's processes that live, by the files of quickstart."""
        found = []
        for file in sorted(self.dir.glob("run/*.pid")):
            pid = int(file.read_text())
            if program_of(pid) in PROGRAM.values():
                found.append(pid)
        return found

    def stray_pids(self):
        """Every process of these programs that names this region's folder."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit() and program_of(entry) in PROGRAM.values():
                try:
                    words = Path(f"/proc/{entry}/cmdline").read_bytes()
                except OSError:
                    continue
                if os.fsencode(self.dir) in words:
                    found.append(int(entry))
        return found

    def pid(self, party, part):
        pid = int((self.dir / f"run/{party}.{part}.pid").read_text())
        if program_of(pid) != PROGRAM[part]:
            raise AssertionError(f"{party}.{part} does not run\n{self.logs()}")
        return pid

    def pause(self, party):
        os.kill(self.pid(party, "core"), signal.SIGSTOP)

    def resume(self, party):
        os.kill(self.pid(party, "core"), signal.SIGCONT)

    def kill(self, party, part):
        pid = self.pid(party, part)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: has_ended(pid), f"{party}.{part} has ended")

    def start(self, party, part):
        with open(self.dir / f"run/{party}.{part}.log", "ab") as log:
            child = subprocess.Popen([self.dir / "bin" / PROGRAM[part], "--home", self.home(party)],
                                     stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.children.append(child)
        (self.dir / f"run/{party}.{part}.pid").write_text(f"{child.pid}\n")
        try:
            wait_until(lambda: self.status(party) is not None, f"{party} answers", 30)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from error


class RegionTest(unittest.TestCase):
    """The test programs' first word is the build folder."""
    build = None

    def assertCode(self, outcome, code):  # noqa: N802 (unittest's own way of naming)
        self.assertEqual(outcome.code, code, str(outcome))


def main(limit_s):
    """Runs the calling program's tests; after limit_s everything is torn down and has failed."""
    if len(sys.argv) < 2 or not (Path(sys.argv[1]) / "bin").is_dir():
        sys.exit(f"usage: {sys.argv[0]} BUILD-DIR [UNITTEST-WORDS...]")

    def give_up(*_):
        raise TimeoutError(f"the tests took longer than {limit_s} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.signal(signal.SIGTERM, give_up)
    signal.alarm(limit_s * SLOWNESS)
    RegionTest.build = Path(sys.argv[1]).resolve()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
