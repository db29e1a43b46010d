#!/usr/bin/env python3
"""Derives postcodes.bin.xz from the ONS Postcode Directory: which postcodes exist, and in which
district each lies.

    derive.py --directory onspd_postcode_lad.csv.xz --out postcodes.bin.xz [--check]

The directory is a CSV of `postcode,lad`, postcodes without the blank. The format is described in
postcodes.h. --check reads the written file back and compares it with the directory, postcode by
postcode.
"""

import argparse
import csv
import io
import lzma
import re
import struct
import sys

MAGIC = b"hedgerow-postcodes/1"
POSTCODE = re.compile(r"([A-Z])([A-Z]?)([0-9])([0-9A-Z]?)([0-9])([A-Z])([A-Z])")
UNITS = 26 * 26
BITMAP = (UNITS + 7) // 8
ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def key(match):
    """The sector's number and the unit's number within it."""
    a, b, c, d, sector, x, y = match.groups()
    n = ord(a) - 65
    n = n * 27 + (ord(b) - 64 if b else 0)
    n = n * 10 + int(c)
    n = n * 37 + (ALNUM.index(d) + 1 if d else 0)
    n = n * 10 + int(sector)
    return n, (ord(x) - 65) * 26 + ord(y) - 65


def read_directory(path):
    """(sector, unit) -> district code, and how many rows have no postcode of today's shape."""
    known, skipped = {}, 0
    with lzma.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            match = POSTCODE.fullmatch(row["postcode"])
            if match:
                known[key(match)] = row["lad"]
            else:
                skipped += 1
    return known, skipped


def encode(known):
    codes = sorted(set(known.values()))
    number = {code: i for i, code in enumerate(codes)}
    sectors, runs, last = {}, [], None
    for (sector, unit), code in sorted(known.items()):
        bitmap = sectors.setdefault(sector, bytearray(BITMAP))
        bitmap[unit // 8] |= 1 << unit % 8
        if code != last:
            runs.append((sector * UNITS + unit, number[code]))
            last = code
    out = io.BytesIO()
    out.write(MAGIC)
    out.write(struct.pack("<H", len(codes)))
    for code in codes:
        assert len(code) == 9
        out.write(code.encode())
    out.write(struct.pack("<I", len(sectors)))
    for sector in sectors:
        out.write(struct.pack("<I", sector))
    for bitmap in sectors.values():
        out.write(bitmap)
    out.write(struct.pack("<I", len(runs)))
    for start, _ in runs:
        out.write(struct.pack("<I", start))
    for _, code in runs:
        out.write(struct.pack("<H", code))
    return out.getvalue()


def decode(data):
    source = io.BytesIO(data)

    def numbers(count, kind):
        size = struct.calcsize(kind)
        return [n for (n,) in struct.iter_unpack("<" + kind, source.read(count * size))]

    assert source.read(len(MAGIC)) == MAGIC
    (count,) = numbers(1, "H")
    codes = [source.read(9).decode() for _ in range(count)]
    (count,) = numbers(1, "I")
    sectors = numbers(count, "I")
    bitmaps = [source.read(BITMAP) for _ in range(count)]
    (count,) = numbers(1, "I")
    starts = numbers(count, "I")
    ends = starts[1:] + [1 << 32]
    districts = numbers(count, "H")
    assert not source.read()
    known, at = {}, 0
    for sector, bitmap in zip(sectors, bitmaps):
        for unit in range(UNITS):
            if bitmap[unit // 8] >> unit % 8 & 1:
                while ends[at] <= sector * UNITS + unit:
                    at += 1
                known[sector, unit] = codes[districts[at]]
    return known


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    known, skipped = read_directory(arguments.directory)
    data = encode(known)
    packed = lzma.compress(data, check=lzma.CHECK_CRC64, filters=[
        {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 21}])
    with open(arguments.out, "wb") as file:
        file.write(packed)
    print(f"{len(known)} postcodes, {skipped} left out (not of today's shape), "
          f"{len(data)} bytes, {len(packed)} compressed", file=sys.stderr)
    if arguments.check:
        with lzma.open(arguments.out) as file:
            if decode(file.read()) != known:
                sys.exit("derive: what was written differs from the directory")
        print("checked", file=sys.stderr)


if __name__ == "__main__":
    main()
