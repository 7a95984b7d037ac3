# SPDX-License-Identifier: MIT
"""Hostile input for check and convert: no crash, no hang, bounded memory, a clear end."""

import gzip
import random
import time
import unittest

import harness
from harness import MAIN, SANITIZED

SECONDS = 10
MEMORY = 64 * 1024 * 1024


class Hostile(harness.Case):
    def attack(self, name, data, *args):
        path = self.write(name, data)
        for command in ("check", "convert"):
            start = time.monotonic()
            result = self.run_it(command, *args, path, timeout=60, measure=True)
            if not SANITIZED:
                self.assertLess(time.monotonic() - start, SECONDS, f"{command} {name}")
                self.assertLess(result.peak, MEMORY, f"{command} {name}")
            self.assertIn(result.code, (0, 1, 3), f"{command} {name}: {result.err[-500:]}")
            if result.code:
                self.assertRegex(result.err, r"\[[a-z_]+\]")
        if len(data) < 2_000_000:
            self.document(self.run_it("--json", "check", *args, path).code, "check", *args, path)

    def row(self):
        return (MAIN / "fmuta6.csv").read_bytes().split(b"\r\n")[2:4]

    def test_empty(self):
        self.attack("empty.csv", b"")

    def test_noise(self):
        source = random.Random(6)
        self.attack("noise.csv", bytes(source.randrange(256) for _ in range(1_000_000)))
        self.attack("text.csv", bytes(source.choice(b'0123456789VIM",;\r\n.- ') for _ in range(1_000_000)))

    def test_long_line(self):
        self.attack("line.csv", b"x" * (64 << 20))
        self.attack("line2.csv", b"\r\n".join(self.row()) + b"\r\n" + b"7," * (32 << 20) + b"\r\n")

    def test_open_quote(self):
        head, line = self.row()
        self.attack("quote.csv", head + b"\r\n" + line[:60] + b'"' + (line + b"\r\n") * 200_000)

    def test_columns(self):
        self.attack("columns.csv", b"0,V,70," + b"," * 100_000 + b"\r\n")
        self.attack("quotes.csv", b'"",' * 100_000 + b"\r\n")

    def test_nul(self):
        self.attack("nul.csv", b"\0" * 1_000_000)
        data = (MAIN / "fmuta6.csv").read_bytes()
        self.attack("nuls.csv", data.replace(b"Melk", b"Me\0k"))

    def test_utf_16(self):
        text = (MAIN / "fmuta6.csv").read_bytes().decode("cp1252")
        self.attack("le.csv", text.encode("utf-16"))
        self.attack("be.csv", b"\xfe\xff" + text.encode("utf-16-be"))
        self.attack("bare.csv", text.encode("utf-16-le"))

    def test_dates_and_amounts(self):
        data = (MAIN / "fmuta6.csv").read_bytes()
        for date in (b"31022024", b"00000000", b"99999999", b"-1012024", b"15012024" * 9, b"2024-13-45"):
            self.attack("dates.csv", data.replace(b"15012024", date))
        for amount in (b"9" * 30, b"-" + b"9" * 19, b"92233720368547758.08", b"1e9", b"0x10", b"1.2.3", b"NaN",
                       b"--1", b"92233720368547758.07"):
            self.attack("amounts.csv", data.replace(b",100.00,", b"," + amount + b","))

    def test_masters(self):
        data = (MAIN / "debitr.csv").read_bytes()
        self.attack("masters.csv", data.replace(b"Dorpsstraat 1", b"x" * 60_000))
        self.attack("cut.csv", data[:-30])

    def test_many_journals(self):
        head, line = self.row()
        entries = []
        for i in range(3000):
            old, new = b'"70"', b'"%d"' % i
            entries += [head.replace(old, new, 1), line.replace(old, new, 1)]
        self.attack("journals.csv", b"\r\n".join(entries) + b"\r\n")

    def test_bomb(self):
        self.attack("bomb.gz", gzip.compress(b"0" * (256 << 20), 9))

    def test_jsonl(self):
        self.attack("deep", b'{"kind":"memorial","lines":' + b"[" * 1_000_000)
        self.attack("open", b'{"kind":"' + b"x" * (16 << 20))
        self.attack("lines", b"{}\n" * 100_000)
        self.attack("bad", b'{"kind":"memorial","date":"2024-02-31","x":"\xff\xfe","amount":1e999}\n' * 1000)

    def test_special_files(self):
        for path in ("/dev/null", "/dev/zero", "out"):
            start = time.monotonic()
            self.assertIn(self.run_it("check", path).code, (0, 3), path)
            self.assertLess(time.monotonic() - start, SECONDS)


@unittest.skipIf(SANITIZED, "the sanitizers slow it down and use memory of their own")
class Large(harness.Case):
    def test_memory_does_not_grow(self):
        data = (MAIN / "fmuta6.csv").read_bytes()
        path = self.folder / "large.csv"
        with open(path, "wb") as file:
            for i in range(5000):
                file.write(data.replace(b'"24', b'"%04d' % i))
        small = self.check(0, "convert", "-q", MAIN / "fmuta6.csv", measure=True)
        large = self.check(0, "convert", "-q", path, measure=True)
        self.assertLess(large.peak, MEMORY)
        self.assertLess(large.peak - small.peak, 8 << 20)


if __name__ == "__main__":
    harness.main()
