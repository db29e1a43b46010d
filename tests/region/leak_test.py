#!/usr/bin/env python3
"""No identifier of the input stands in any file of a region, nor in the memory of a core after an
import; and a build that stores plaintext on purpose is found out (Measure 3)."""

import shutil
import unittest

from identifiers import Identifiers, without_empty_pages
from region import CONTRIBUTORS, PARTIES, SLOWNESS, Region, RegionTest, main, run

CHILDREN = 300


def inputs(region):
    files = [region.input(p) for p in CONTRIBUTORS]
    return files + [region.council_return / f"{part}.csv" for part in ("header", "crosswalk")]


class LeakTest(RegionTest):
    def core_dump(self, region, party):
        """The memory of a party's core. All of it: what the process asks to be left out of core
        dumps too, since who takes the dump need not care. Cores are not dumpable, so this needs
        root, as any thief of memory does."""
        self.assertTrue(shutil.which("gcore"), "gdb is needed: see scripts/packages --tests")
        pid = region.pid(party, "core")
        done = run(["gcore", "-a", "-o", region.top / "dump", pid], timeout=120)
        dump = region.top / f"dump.{pid}"
        self.assertTrue(dump.exists(), f"no core dump; gcore needs root here: {done}")
        return dump

    def found_in_memory(self, identifiers, region, party):
        dump = self.core_dump(region, party)
        try:
            # It is the memory of a core, or nothing was looked at.
            data = dump.read_bytes()
            self.assertIn(f"hedgerow/{party}".encode(), data)
            return identifiers.in_bytes(without_empty_pages(data))
        finally:
            dump.unlink()

    def test_nothing_leaks(self):
        region = Region(self.build, CHILDREN, questions=4)
        self.addCleanup(region.close)
        identifiers = Identifiers(inputs(region))
        self.assertGreater(len(identifiers.numbers), CHILDREN // 2)
        self.assertGreater(len(identifiers.references), CHILDREN)
        # What is looked for can be found where it is, and in what people write.
        held = set().union(*(identifiers.in_file(f) for f in inputs(region)))
        self.assertEqual(held, identifiers.numbers | identifiers.references)
        number = min(identifiers.numbers)
        dashed = b"-".join((number[:3], number[3:6], number[6:]))
        self.assertEqual(identifiers.in_bytes(b"x" + dashed + b"1"), {number})
        self.assertEqual(identifiers.in_bytes(b"77" + number + b"7"), {number})

        for party in CONTRIBUTORS:
            self.assertCode(region.import_file(party), 0)
            if party == "vale-council":
                self.assertCode(region.at(party, "import", "ssda903", region.council_return), 0)
            if SLOWNESS == 1:  # a sanitizer has tables of terabytes, and keeps what is freed
                self.assertEqual(self.found_in_memory(identifiers, region, party), set(), party)
        self.assertEqual(identifiers.in_folder(region.dir, leave_out="input"), {})
        self.assertGreater(sum(1 for _ in region.dir.glob("nodes/*/state/**/*.db")), len(PARTIES))
        # What is still in a write-ahead log moves when the nodes end.
        self.assertCode(region.quickstart("--stop"), 0)
        self.assertEqual(identifiers.in_folder(region.dir, leave_out="input"), {})

    def test_a_build_that_stores_plaintext_is_found_out(self):
        region = Region(self.build / "planted", CHILDREN // 3)
        self.addCleanup(region.close)
        identifiers = Identifiers(inputs(region))
        found = identifiers.in_folder(region.dir, leave_out="input")
        for party in CONTRIBUTORS:
            of_party = set().union(*(hits for file, hits in found.items()
                                     if file.startswith(f"nodes/{party}/")))
            self.assertTrue(of_party & identifiers.references, f"{party}: {sorted(found)}")
            self.assertTrue(of_party & identifiers.numbers, f"{party}: {sorted(found)}")
        self.assertEqual({f.split("/")[1] for f in found}, set(CONTRIBUTORS), sorted(found))
        if SLOWNESS == 1:
            self.assertTrue(self.found_in_memory(identifiers, region, "vale-council"))


if __name__ == "__main__":
    main(limit_s=400)
