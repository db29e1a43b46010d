#!/usr/bin/env python3
"""Line coverage of every decoder by the targets' seeds and corpora (g++, gcov).

    tests/fuzz/coverage.py [--build build/dev] [--out FOLDER] [--corpus FOLDER ...] [--missed]

Compiles the decoders' sources again with --coverage, links them into a replay program of its own
against the libraries of an ordinary build (ninja fuzz_replay before), replays, and prints a table:
of each file, or of the named functions in it, the lines that ran. --missed lists the others.
FOLDER keeps what was compiled for the next time.
"""

import argparse
import concurrent.futures
import gzip
import json
import pathlib
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
    "crypto/key_file.cpp": ["decrypt", "check_scheme", "is_bearable", "key_from"],
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
    "node/gateway/wire.cpp": [],
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
    "protocol/answering.cpp": [],
    "protocol/asking.cpp": [],
    "protocol/credentials.cpp": ["verify_renewal", "decode"],
    "protocol/dkg/coordinator_state.cpp": [],
    "protocol/dkg/key_share.cpp": [],
    "protocol/dkg/messages.cpp": ["decode", "read_"],
    "protocol/dkg/participant_state.cpp": [],
    "protocol/envelope.cpp": [],
    "protocol/header_bytes.cpp": [],
    "protocol/pseudonymise/messages.cpp": ["decode", "read_", "peek", "to_set"],
    "protocol/pseudonymise/seen_batch.cpp": ["restore"],
    "protocol/statement.cpp": [],
    "protocol/sum/contributor.cpp": ["restore"],
    "protocol/sum/hub.cpp": ["restore", "read_keys"],
    "protocol/sum/messages.cpp": ["decode", "read_"],
}


def commands(build):
    listed = json.loads((build / "compile_commands.json").read_text())
    return {str(pathlib.Path(e["file"]).relative_to(ROOT)): shlex.split(e["command"])
            for e in listed if pathlib.Path(e["file"]).is_relative_to(ROOT)}


def compile_again(build, out, source, command):
    target = out / (source.replace("/", "-") + ".o")
    newest = max(f.stat().st_mtime for f in (ROOT / source, ROOT / source.replace(".cpp", ".h"))
                 if f.exists())
    if target.exists() and target.stat().st_mtime > newest:
        return target
    words = [w for w in command if not w.endswith("ccache") and not w.startswith(("-O", "-g"))]
    words[words.index("-o") + 1] = str(target)
    subprocess.run([*words, "-O0", "-g1", "--coverage", "-fprofile-update=single"], cwd=build,
                   check=True)
    return target


def link(build, out, objects, sources):
    last = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "fuzz_replay"], check=True,
                          capture_output=True, text=True).stdout.strip().splitlines()[-1]
    words = shlex.split(last.removeprefix(": && ").removesuffix(" && :"))
    replaced = tuple(f"{s}.o" for s in sources)
    words = [w for w in words if not w.endswith(replaced)]
    program = out / "replay"
    words[words.index("-o") + 1] = str(program)
    first = next(i for i, w in enumerate(words) if w.endswith(".a"))
    subprocess.run([*words[:first], *map(str, objects), *words[first:], "--coverage"], cwd=build,
                   check=True)
    return program


def measure(out, source, names):
    """Lines that can run and lines that ran, and the numbers of the others."""
    data = out / (source.replace("/", "-") + ".gcda")
    subprocess.run(["gcov", "--json-format", "--demangled-names", str(data)], cwd=out, check=True,
                   capture_output=True)
    found = {}
    for report in out.glob(data.stem + "*.gcov.json.gz"):
        for file in json.loads(gzip.decompress(report.read_bytes()))["files"]:
            if not file["file"].endswith(source):
                continue
            wanted = [(f["start_line"], f["end_line"]) for f in file["functions"]
                      if not names or any(
                          n in f["demangled_name"].replace("(anonymous namespace)", "").split("(")[0]
                          for n in names)]
            for line in file["lines"]:
                number = line["line_number"]
                if any(a <= number <= b for a, b in wanted):
                    found[number] = max(found.get(number, 0), line["count"])
    return len(found), sum(1 for n in found.values() if n), sorted(n for n, c in found.items() if not c)


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
        for stale in out.glob("*.gc[do]*"):
            if stale.suffix != ".gcno":
                stale.unlink()
        known = commands(build)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            objects = list(pool.map(lambda s: compile_again(build, out, s, known[s]), DECODERS))
        program = link(build, out, objects, DECODERS)
        for corpus in words.corpus or [ROOT / "tests" / "fuzz" / "corpus"]:
            subprocess.run([program, corpus.resolve()], check=True, capture_output=True)
        print("| Decoder | Lines | Run | Share |\n|---|---|---|---|")
        all_lines = all_run = 0
        for source, names in DECODERS.items():
            lines, ran, missed = measure(out, source, names)
            all_lines, all_run = all_lines + lines, all_run + ran
            what = f" ({', '.join(names)})" if names else ""
            print(f"| `{source}`{what} | {lines} | {ran} | {100 * ran // max(lines, 1)} % |")
            if words.missed:
                print("    missed:", *missed, file=sys.stderr)
        print(f"| all | {all_lines} | {all_run} | {100 * all_run // all_lines} % |")


if __name__ == "__main__":
    main()
