#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Rows of generated files as Python's csv reads them, and as the tokenizer does.

Compared is what the two must agree on: no repair, no ^Z, no quote that stays open, no text
behind the closing quote of a field of several lines; blank lines are no rows here.
"""
import csv
import io
import random
import subprocess
import sys


def field(rng):
    letters = rng.choices('abc 019.;-\x82\xeb', k=rng.choice((0, 1, 2, 4, 4, 4, 9, 70)))
    text = ''.join(letters)
    kind = rng.randrange(10)
    if kind < 4:
        return text
    if kind == 4:  # a quote that opens nothing
        return 'x' + text + '"' + text
    if kind == 5:  # text behind the closing quote
        return '"' + text + '"t' + text + '"'
    inner = text + rng.choice(('', '', '""', ',', '\n', '\r\n', '""\n,')) + text
    return '"' + inner + '"'


def document(rng):
    end = rng.choice(('\n', '\r\n', '\r'))
    rows = [','.join(field(rng) for _ in range(rng.choice((1, 2, 5, 40))))
            for _ in range(rng.randrange(1, 60))]
    return end.join(rows) + rng.choice(('', end))


def expected(text):
    return [row for row in csv.reader(io.StringIO(text, newline='')) if row]


def got(program, text, scan, chunk):
    out = subprocess.run([program, str(scan), str(chunk)], input=text.encode('latin-1'),
                         stdout=subprocess.PIPE, check=True).stdout.decode('ascii')
    return [[bytes.fromhex(cell).decode('latin-1') for cell in line.split(',')]
            for line in out.split('\n')[:-1]]


def main():
    rng = random.Random(6)
    for number in range(60):
        text = document(rng)
        want = expected(text)
        for scan in (1, 2, 3):
            have = got(sys.argv[1], text, scan, rng.choice((1, 7, 64, 100000)))
            if have != want:
                row = next((i for i, (a, b) in enumerate(zip(have, want)) if a != b),
                           min(len(have), len(want)))
                print(f'document {number}, scanner {scan}, row {row} differs:')
                print(have[row:row + 1], want[row:row + 1])
                return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
