"""The identifiers of a region's input, and a search for them in any bytes."""

import csv
import re

REFERENCES = ("child_ref", "source_ref", "case_ref", "CHILD")
STEM = 4  # bytes that begin a reference; few of them differ
DIGITS = re.compile(rb"[0-9]{10,}")
GROUPED = re.compile(rb"(?=([0-9]{3})[ -]([0-9]{3})[ -]([0-9]{4}))")


PAGE = 4096


def without_empty_pages(data):
    """Most of a process's memory is zeros, in which nothing can stand. What stands on two pages is
    left as it is."""
    pages = (data[i:i + PAGE] for i in range(0, len(data), PAGE))
    return b"".join(page if page.strip(b"\0") else b"\0" for page in pages)


class Identifiers:
    def __init__(self, files):
        """From movements.csv files, and a return's header and crosswalk: NHS numbers, and the
        agencies' references."""
        self.numbers, self.references = set(), set()
        for name in files:
            with open(name, encoding="utf-8-sig", newline="") as file:
                for row in csv.DictReader(file):
                    number = row.get("nhs_number", row.get("NHS_NUMBER", "")).replace(" ", "")
                    if number:
                        self.numbers.add(number.encode())
                    self.references.update(row[c].encode() for c in REFERENCES if row.get(c))
        stems = {r[:STEM] for r in self.references}
        self.lengths = sorted({len(r) for r in self.references})
        self.stem = re.compile(b"(?=" + b"|".join(re.escape(s) for s in sorted(stems)) + b")")

    def in_bytes(self, data):
        """The identifiers that stand in `data`."""
        found = set()
        for run in DIGITS.finditer(data):
            digits = run[0]
            found.update(n for n in (digits[i:i + 10] for i in range(len(digits) - 9))
                         if n in self.numbers)
        for group in GROUPED.finditer(data):
            number = b"".join(group.groups())
            if number in self.numbers:
                found.add(number)
        for at in self.stem.finditer(data):
            for length in self.lengths:
                word = data[at.start():at.start() + length]
                if word in self.references:
                    found.add(word)
        return found

    def in_file(self, path):
        return self.in_bytes(path.read_bytes())

    def in_folder(self, top, leave_out):
        """By file: what stands in it. Links are not followed; `leave_out` is a folder's name."""
        found = {}
        for path in sorted(top.rglob("*")):
            inside = path.relative_to(top)
            if inside.parts[0] == leave_out or path.is_symlink() or not path.is_file():
                continue
            hits = self.in_file(path)
            if hits:
                found[str(inside)] = hits
        return found
