#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hledger as a second opinion: it accepts what we write, and makes the same totals.

Usage: hledger.py TO_HLEDGER. Skipped (77) when hledger is not installed."""
import csv
import io
import json
import os
import random
import shutil
import subprocess
import sys
from collections import defaultdict

AWKWARD = ["plain", "two  spaces", "semi;colon", " ; leading", "tab\tinside", "new\nline", "cr\r\nlf",
           "date:2024-99-99", "[2024-99-99]", "tag: value, other:", "(code) text", "! pending", "* cleared",
           "= 5 EUR", "@ 3", "{1}", "~ monthly", "\u00e9\u4e2d\U0001F600", "nbsp\u00a0x", "\u2028line",
           "\u3000wide", "\u200bzero", "a|b", "%41", "\"quoted\"", "'", "\\", "#", "comment", "include x",
           "end", "2024-01-01 x", "--", "<>", "&", "$5", "1,000.00", ";", "|", "a:b", ":a", "a:", "x" * 255]
SAFE = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def cents(n):
    return "%s%d.%02d" % ("-" if n < 0 else "", abs(n) // 100, abs(n) % 100)


class Books:
    """What the totals must be, counted apart from the library."""

    def __init__(self, rng):
        self.rng = rng
        self.totals = defaultdict(int)

    def text(self):
        return self.rng.choice(AWKWARD)

    def code(self):
        return self.rng.choice(["1001", "KP 10", "a:b", "x;y", "  ", "(v)", "\u00e9", "A/B", "1  2", "%", "a\u00a0b"])

    def amount(self):
        return self.rng.choice([0, 1, -1, 100, 12345, -99999, 10 ** 12 + 7, self.rng.randint(-10 ** 9, 10 ** 9)])

    def book(self, currency, prefix, code, amount):
        self.totals[(currency, prefix, code)] += amount

    def entry(self, number):
        kind = self.rng.choice(["sales_invoice", "purchase_invoice", "memorial", "bank_entry"])
        currency = self.rng.choice(["EUR", "EUR", "USD", None])
        record = {"kind": kind, "journal": self.code(), "entry_number": str(number), "date": "2024-%02d-%02d" %
                  (self.rng.randint(1, 12), self.rng.randint(1, 28)), "description": self.text(), "lines": []}
        if currency:
            record["currency"] = currency
        currency = currency or "EUR"
        sign = {"sales_invoice": -1, "bank_entry": -1}.get(kind, 1)
        total = 0
        for i in range(self.rng.randint(1, 6)):
            line = {"account": self.code(), "description": self.text()}
            amount, vat = self.amount(), self.rng.choice([0, 0, self.amount()]) if kind != "memorial" else 0
            line["amount"] = cents(amount)
            if vat or self.rng.random() < 0.2:
                line["vat_amount"] = cents(vat)
                line["vat_code"] = self.code()
                if vat:
                    self.book(currency, "vat:", line["vat_code"], sign * vat)
            account = ("ledger:", line["account"])
            if kind in ("memorial", "bank_entry") and self.rng.random() < 0.4:
                line["party"], line["side"] = self.code(), self.rng.choice(["sales", "purchase"])
                account = ("debtors:" if line["side"] == "sales" else "creditors:", line["party"])
            self.book(currency, account[0], account[1], sign * amount)
            total += amount + vat
            record["lines"].append(line)
        if kind == "memorial":
            record["lines"].append({"account": "9999", "amount": cents(-total)})
            self.book(currency, "ledger:", "9999", -total)
        elif kind == "bank_entry":
            self.book(currency, "journal:", record["journal"], total)
        else:
            record["party"] = self.code()
            side = "debtors:" if kind == "sales_invoice" else "creditors:"
            self.book(currency, side, record["party"], -sign * total)
        return record

    def other(self):
        return self.rng.choice([
            {"kind": "customer", "code": self.code(), "name": self.text()},
            {"kind": "outstanding_item", "side": "sales", "party": self.code(), "outstanding": "1.00",
             "description": self.text()}])


def escaped(code):
    """The name that the code must have: what is not a letter, digit, -, _ or . in hex."""
    odd = {"\u00a0", "\u3000"}
    return "".join(c if c in SAFE or (ord(c) > 127 and c not in odd)
                   else "".join("%%%02x" % b for b in c.encode()) for c in code)


def hledger(journal, *args):
    env = dict(os.environ, LC_ALL="C.UTF-8")
    run = subprocess.run(["hledger", "-f", "-", *args], input=journal, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, env=env)
    if run.returncode:
        sys.exit("hledger %s: %s" % (" ".join(args), run.stderr.decode()[:2000]))
    return run.stdout.decode()


def balances(journal):
    found = {}
    out = hledger(journal, "balance", "--flat", "--no-total", "--empty", "-O", "csv", "--layout", "bare")
    for row in csv.DictReader(io.StringIO(out)):
        found[(row["commodity"], row["account"])] = to_cents(row["balance"])
    return {k: v for k, v in found.items() if v}


def to_cents(text):
    whole, _, part = text.replace(",", "").partition(".")
    negative = whole.startswith("-")
    n = int(whole.lstrip("-") or "0") * 100 + int((part + "00")[:2])
    assert not part[2:].strip("0"), text
    return -n if negative else n


def main():
    if not shutil.which("hledger"):
        sys.exit(77)
    books = Books(random.Random(20240115))
    records = []
    for n in range(600):
        records.append(books.entry(n))
        if n % 10 == 0:
            records.append(books.other())
    lines = "".join(json.dumps(r, ensure_ascii=n % 2 == 0) + "\n" for n, r in enumerate(records))
    run = subprocess.run([sys.argv[1]], input=lines.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode:
        sys.exit("not written: " + run.stderr.decode())
    hledger(run.stdout, "check")
    want = {(c, prefix + escaped(code)): v for (c, prefix, code), v in books.totals.items() if v}
    have = balances(run.stdout)
    for key in sorted(set(want) | set(have)):
        if want.get(key) != have.get(key):
            sys.exit("%s: ours %s, hledger's %s" % (key, want.get(key), have.get(key)))
    if len(want) < 20:
        sys.exit("too few accounts to prove anything: %d" % len(want))
    print("%d records, %d totals agree" % (len(records), len(want)))


if __name__ == "__main__":
    main()
