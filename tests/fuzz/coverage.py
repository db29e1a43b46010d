#!/usr/bin/env python3
"""Line coverage of every decoder by the targets' seeds and corpora (g++, gcov).

    tests/fuzz/coverage.py [--build build/dev] [--out FOLDER] [--corpus FOLDER ...] [--missed]

Compiles the decoders' sources again with --coverage, and what is compiled together with them, links
them into a replay program of its own against the libraries of an ordinary build (ninja fuzz_replay
before), replays, and prints a table: of each file, or of the named functions in it, the lines that
ran. --missed lists the others. FOLDER keeps what was compiled for the next time.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]

# File, and where it does other things too, the functions that count.
DECODERS = {
    "crypto/base/bytes.cpp": ["Reader", "from_hex", "from_base64"],
    "crypto/certificate_decode.cpp": [],
    "crypto/checkpoint.cpp": ["parse", "verify", "open_checkpoint"],
    "crypto/cms.cpp": ["cms_list", "cms_verify", "cms_merge"],
    "crypto/cms_profile.cpp": [],
    "crypto/crl.cpp": ["decode"],
    "crypto/crl_decode.cpp": [],
    "crypto/dkg_transcript.cpp": [],
    "crypto/key_file.cpp": ["decrypt", "check_scheme", "is_bearable", "key_from"],
    "crypto/trace_record.cpp": ["open_trace_record"],
    "node/audit/confirmed.cpp": ["decode_slot"],
    "node/audit/entry.cpp": [],
    "node/audit/log.cpp": ["load", "take_record", "note_waiting", "reconcile"],
    "node/audit/receipt.cpp": ["decode_receipt", "verify"],
    "node/audit/verify.cpp": ["verify_export", "take_text"],
    "node/core/answer.cpp": ["decode", "read_"],
    "node/core/control_fields.cpp": [],
    "node/core/control_request.cpp": [],
    "node/core/receipt_rows.cpp": ["decode_receipts"],
    "node/daemon/config.cpp": ["parse_config", "text_of", "looks_like"],
    "node/gateway/caller.cpp": ["hear_opening", "may_be_opening"],
    "node/gateway/wire.cpp": [],
    "node/import/crosswalk.cpp": [],
    "node/import/csv_line.cpp": [],
    "node/import/csv_table.cpp": [],
    "node/import/nhs_number.cpp": [],
    "node/import/places.cpp": [],
    "node/import/return_rows.cpp": [],
    "node/import/row_rules.cpp": [],
    "node/import/rows.cpp": [],
    "node/import/ssda903.cpp": [],
    "node/ipc/control.cpp": ["control_kind", "read_error"],
    "node/ipc/frames.cpp": [],
    "node/ipc/link.cpp": ["decode_", "read_", "Credits"],
    "node/keys/request.cpp": ["decode_request", "read_keys", "undress"],
    "policies/agreement_lint.cpp": [],
    "policies/agreement_parse.cpp": [],
    "policies/calendar.cpp": ["parse", "read_period", "number"],
    "policies/code_list.cpp": ["parse", "read", "add", "check"],
    "policies/disclosure.cpp": ["decode_edition"],
    "policies/question.cpp": [],
    "policies/restrictions.cpp": ["parse", "read_restrictions", "names_asker"],
    "policies/toml_document.cpp": [],
    "policies/trace_lint.cpp": [],
    "protocol/answering.cpp": [],
    "protocol/asking.cpp": [],
    "protocol/credentials.cpp": ["verify_renewal", "decode"],
    "protocol/dkg/coordinator_state.cpp": [],
    "protocol/dkg/key_ready.cpp": ["verify", "accept_key_ready"],
    "protocol/dkg/key_share.cpp": [],
    "protocol/dkg/messages.cpp": ["decode", "read_"],
    "protocol/dkg/participant_state.cpp": [],
    "protocol/envelope.cpp": [],
    "protocol/header_bytes.cpp": [],
    "protocol/link/attempt.cpp": ["read", "check"],
    "protocol/link/contributor.cpp": ["read_begin"],
    "protocol/link/entry.cpp": ["decode"],
    "protocol/link/messages.cpp": ["decode", "read_", "check_bounds"],
    "protocol/pseudonymise/messages.cpp": ["decode", "read_", "peek", "to_set"],
    "protocol/pseudonymise/seen_batch.cpp": ["restore"],
    "protocol/release.cpp": ["read_"],
    "protocol/statement.cpp": [],
    "protocol/sum/contributor.cpp": ["restore"],
    "protocol/sum/hub.cpp": ["restore", "read_keys"],
    "protocol/sum/messages.cpp": ["decode", "read_"],
    "protocol/sum/standing.cpp": ["decode"],
    "protocol/trace/messages.cpp": ["decode", "read_", "verify_signed", "taken_apart"],
    "protocol/trace/requester.cpp": ["restore", "on_message"],
    "protocol/trace/responder.cpp": ["examine"],
}


class Unit:
    """What the compiler is called for once: a source, or several that are compiled together."""

    def __init__(self, entry):
        self.command = shlex.split(entry["command"])
        self.object = self.command[self.command.index("-o") + 1]  # as the linker's command says it
        self.target = pathlib.Path(self.object).parts
        file = pathlib.Path(entry["file"])
        included = re.findall(r'^#include "(.*\.cpp)"$', file.read_text(), re.MULTILINE)
        together = "Unity" in file.parts
        files = [pathlib.Path(f) for f in included] if together else [file]
        self.sources = [str(f.relative_to(ROOT)) for f in files if f.is_relative_to(ROOT)]

    def is_in(self, linked):
        """Linked by itself, or in one of the archives."""
        library = next((p for p in self.target if p.endswith(".dir")), "").removesuffix(".dir")
        return self.object in linked or any(w.endswith(f"/lib{library}.a") for w in linked)

    def compile(self, build, out):
        stem = "-".join(self.target[-3:]).removesuffix(".o")
        self.compiled = out / (stem + ".o")
        left_out = ("-O", "-g", "-Winvalid-pch")  # precompiled headers are of other options
        words = [w for w in self.command if not w.endswith("ccache") and not w.startswith(left_out)]
        words[words.index("-o") + 1] = str(self.compiled)
        words += ["-O0", "-g1", "--coverage", "-fprofile-update=single"]
        # The ordinary build knows what an object depends on, and is up to date.
        made = self.compiled.with_suffix(".command")
        if (self.compiled.exists() and made.exists() and made.read_text() == shlex.join(words)
                and self.compiled.stat().st_mtime > (build / self.object).stat().st_mtime):
            return
        subprocess.run(words, cwd=build, check=True)
        made.write_text(shlex.join(words))


def link_command(build):
    last = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "fuzz_replay"], check=True,
                          capture_output=True, text=True).stdout.strip().splitlines()[-1]
    return shlex.split(last.removeprefix(": && ").removesuffix(" && :"))


def units_of(build, linked):
    """The unit of each decoder that the replay program has in it."""
    listed = json.loads((build / "compile_commands.json").read_text())
    units = [u for u in map(Unit, listed) if u.is_in(linked)]
    found = {}
    for source in DECODERS:
        holding = [u for u in units if source in u.sources]
        # An object comes before an archive's.
        holding.sort(key=lambda u: u.object not in linked)
        if not holding:
            sys.exit(f"{source} is not in fuzz_replay")
        found[source] = holding[0]
    return found


def link(build, out, words, units):
    replaced = {u.object for u in units}
    words = [w for w in words if w not in replaced]
    program = out / "replay"
    words[words.index("-o") + 1] = str(program)
    first = next(i for i, w in enumerate(words) if w.endswith(".a"))
    objects = [str(u.compiled) for u in units]
    subprocess.run([*words[:first], *objects, *words[first:], "--coverage"], cwd=build, check=True)
    return program


def report(unit):
    """What gcov says of each source of a unit."""
    said = subprocess.run(["gcov", "--json-format", "--demangled-names", "--stdout",
                           str(unit.compiled.with_suffix(".gcda"))], check=True, capture_output=True)
    files = [f for line in said.stdout.splitlines() for f in json.loads(line)["files"]]
    return {f["file"]: f for f in files}


def measure(file, names):
    """Lines that can run and lines that ran, and the numbers of the others."""
    def counts(function):
        name = function["demangled_name"].replace("(anonymous namespace)", "").split("(")[0]
        return not names or any(n in name for n in names)

    wanted = [(f["start_line"], f["end_line"]) for f in file["functions"] if counts(f)]
    found = {}
    for line in file["lines"]:
        number = line["line_number"]
        if any(a <= number <= b for a, b in wanted):
            found[number] = max(found.get(number, 0), line["count"])
    missed = sorted(n for n, c in found.items() if not c)
    return len(found), len(found) - len(missed), missed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "dev")
    parser.add_argument("--out", type=lambda word: pathlib.Path(word).resolve())
    parser.add_argument("--corpus", type=pathlib.Path, action="append")
    parser.add_argument("--missed", action="store_true")
    words = parser.parse_args()
    build = words.build.resolve()
    with tempfile.TemporaryDirectory() as name:
        out = words.out or pathlib.Path(name)
        out.mkdir(parents=True, exist_ok=True)
        for stale in out.glob("*.gcda"):
            stale.unlink()
        linked = link_command(build)
        unit_of = units_of(build, linked)
        units = list(dict.fromkeys(unit_of.values()))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda unit: unit.compile(build, out), units))
        program = link(build, out, linked, units)
        for corpus in words.corpus or [ROOT / "tests" / "fuzz" / "corpus"]:
            subprocess.run([program, corpus.resolve()], check=True, capture_output=True)
        print("| Decoder | Lines | Run | Share |\n|---|---|---|---|")
        all_lines = all_run = 0
        reports = {unit: report(unit) for unit in units}
        for source, names in DECODERS.items():
            lines, ran, missed = measure(reports[unit_of[source]][str(ROOT / source)], names)
            all_lines, all_run = all_lines + lines, all_run + ran
            what = f" ({', '.join(names)})" if names else ""
            print(f"| `{source}`{what} | {lines} | {ran} | {100 * ran // max(lines, 1)} % |")
            if words.missed:
                print("    missed:", *missed, file=sys.stderr)
        print(f"| all | {all_lines} | {all_run} | {100 * all_run // all_lines} % |")


if __name__ == "__main__":
    main()
