# SPDX-License-Identifier: MIT
"""convert: records out, in each form, and back."""

import csv
import gzip
import json
import os
import shutil
import subprocess

import harness
from harness import MAIN, PROGRAM, SAMPLES


class Convert(harness.Case):
    def content(self, records):
        """The records without where they came from."""
        return [{k: v for k, v in record.items() if k != "source"} for record in records]

    def test_jsonl(self):
        records = self.records(MAIN / "fmuta6.csv")
        self.assertEqual(len(records), 13)
        invoice = records[1]
        self.assertEqual(invoice["kind"], "sales_invoice")
        self.assertEqual(invoice["total"], "142.80")
        self.assertEqual(invoice["date"], "2024-01-15")
        self.assertEqual(invoice["due_date"], "2024-02-14")
        self.assertEqual(invoice["party"], "1001")
        self.assertEqual(invoice["source"], {"file": "fmuta6.csv", "line": 3})
        self.assertEqual(invoice["lines"][0]["description"], 'Kaas, jong "48+" 12kg')
        self.assertEqual(invoice["lines"][0]["vat_amount"], "21.00")
        self.assertEqual(records[5]["description"], "Factuur 24700005, café")
        self.assertEqual(records[0]["lines"][0]["party"], "0042")

    def test_relations_come_first(self):
        kinds = [r["kind"] for r in self.records(MAIN / "fmuta6.csv", MAIN / "credit.csv", MAIN / "debitr.csv")]
        self.assertEqual(kinds[:6], ["supplier"] * 2 + ["customer"] * 4)

    def test_json_is_one_document(self):
        document = self.document(0, "convert", MAIN / "fmuta6.csv", MAIN / "debitr.csv")
        self.assertEqual(len(document["records"]), 17)
        self.assertEqual((document["written"], document["rejected"]), (17, 0))
        self.document(2, "convert", "--to", "hledger", MAIN / "fmuta6.csv")
        self.document(2, "convert", "--to", "fmuta6", MAIN / "fmuta6.csv")
        document = self.document(3, "convert", "nothing.csv")
        self.assertEqual(document["records"], [])

    def test_round_trips(self):
        for name in ("fmuta6.csv", "debitr.csv", "credit.csv"):
            records = self.content(self.records(MAIN / name))
            jsonl = self.check(0, "convert", MAIN / name).out
            self.assertEqual(self.content(self.records("-", stdin=jsonl)), records, name)
            fmuta6 = self.check(0, "convert", "--to", "fmuta6", MAIN / name).out
            self.assertTrue(fmuta6.startswith(b"\xef\xbb\xbf"))
            self.assertEqual(fmuta6.count(b"\n"), fmuta6.count(b"\r\n"))
            self.assertEqual(self.content(self.records("-", stdin=fmuta6)), records, name)
            cp850 = self.check(0, "convert", "--to", "fmuta6", "--set", "fmuta6.encoding=cp850", "-",
                               stdin=jsonl).out
            again = self.records("--set", "fmuta6.encoding=cp850", "-", stdin=cp850)
            self.assertEqual(self.content(again), records, name)

    def test_fmuta6_is_written_in_one_dialect(self):
        """Settings tell how the input is written; only the code page holds for the output, too."""
        rows = (b"0;V;70;;;1;x;15-01-24;;1001;;;-121,00\r\n"
                b"1;V;70;;;;x;;8000;;;;-121,00" + b";" * 8 + b"2;-21,00\r\n")
        args = [a for s in ("delimiter=semicolon", "decimal=comma", "dates=DD-MM-YY", "vat=inclusive",
                            "sales_sign=debit-credit") for a in ("--set", "fmuta6." + s)]
        written = self.check(0, "convert", "--to", "fmuta6", *args, "-", stdin=rows).out
        self.assertIn(b',"x",15012024,"","1001","","",121.00,', written)
        self.assertEqual(self.content(self.records("-", stdin=written)),
                         self.content(self.records(*args, "-", stdin=rows)))

    def test_an_array_is_no_dbopen(self):
        result = self.check(1, "convert", "-", stdin=b'[{"kind":"customer","code":"1","name":"x"}]')
        self.assertIn("write {...}", result.err)

    def test_says_that_there_is_nothing(self):
        for nothing in (b"", b"\x1a", b"0,V,70" + b"," * 37):
            result = self.check(0, "convert", "-", stdin=nothing)
            self.assertEqual(result.out, b"")
            self.assertIn("no record in it", result.err)

    def test_dbopen(self):
        items = self.records(MAIN / "dbopen.expected.csv")
        self.assertEqual(len(items), 7)
        self.assertEqual(items[0]["outstanding"], "7.10")
        self.assertEqual(items[0]["side"], "sales")
        self.write("short.csv", "0042|7.10\n1001|142.80\n")
        args = ["--set", "dbopen.columns=relation,outstanding", "--set", "dbopen.delimiter=|"]
        items = self.records("--from", "dbopen", *args, "--set", "dbopen.sides=sales", "short.csv")
        self.assertEqual([i["party"] for i in items], ["0042", "1001"])

    def test_a_set_delimiter_tells_dbopen(self):
        """A delimiter that is set tells what the file is; entries beside it are told all the same."""
        with open(MAIN / "dbopen.expected.csv", encoding="cp1252", newline="") as source:
            rows = list(csv.reader(source))
        with open(self.folder / "odd.csv", "w", encoding="cp1252", newline="") as target:
            csv.writer(target, delimiter="^").writerows(rows)
        items = self.records("--set", "dbopen.delimiter=^", "odd.csv")
        self.assertEqual(self.content(items), self.content(self.records(MAIN / "dbopen.expected.csv")))
        entries = self.records("--set", "dbopen.delimiter=^", "--set", "dbopen.columns=relation",
                               MAIN / "fmuta6.csv")
        self.assertEqual(entries, self.records(MAIN / "fmuta6.csv"))

    def test_formats_do_not_mix_in_fmuta6(self):
        result = self.check(2, "convert", "--to", "fmuta6", MAIN / "fmuta6.csv", MAIN / "debitr.csv")
        self.assertIn("one kind", result.err)
        result = self.check(2, "convert", "--to", "fmuta6", MAIN / "dbopen.expected.csv")
        self.assertIn("outstanding_item has no place", result.err)

    @harness.unittest.skipUnless(shutil.which("hledger"), "hledger is not installed")
    def test_hledger_accepts_it(self):
        journal = self.check(0, "convert", "--to", "hledger", MAIN / "debitr.csv", MAIN / "fmuta6.csv").out
        subprocess.run(["hledger", "-f", "-", "check"], input=journal, check=True, capture_output=True)
        done = subprocess.run(["hledger", "-f", "-", "balance", "ledger:8000", "-O", "csv", "-N"], input=journal,
                              check=True, capture_output=True, text=False)
        self.assertIn(b"310.00", done.stdout)  # 100 - 50 + 250 + 10

    def test_wrong_formats(self):
        self.assertIn("jsonl|fmuta6|hledger", self.check(2, "convert", "--to", "xml", "f").err)
        self.assertIn("auto|fmuta6|dbopen|jsonl", self.check(2, "convert", "--from", "xml", "f").err)

    def test_from_decides(self):
        self.assertEqual(self.records("--from", "fmuta6", MAIN / "fmuta6.csv"), self.records(MAIN / "fmuta6.csv"))
        self.assertNotEqual(self.run_it("convert", "--from", "jsonl", MAIN / "fmuta6.csv").code, 0)

    def test_rejected_are_left_out(self):
        data = (MAIN / "fmuta6.csv").read_bytes().replace(b"15012024", b"31022024")
        result = self.check(1, "convert", "-", stdin=data)
        self.assertEqual(len(result.text.splitlines()), 12)
        self.assertIn("[invalid_date]", result.err)

    def test_stdin_in_small_pieces(self):
        whole = self.check(0, "convert", MAIN / "fmuta6.csv").out
        data = (MAIN / "fmuta6.csv").read_bytes()
        for form in (data, gzip.compress(data), whole):
            process = subprocess.Popen([PROGRAM, "convert", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for i in range(0, 1200):
                process.stdin.write(form[i:i + 1])
                process.stdin.flush()
            process.stdin.write(form[1200:])
            out, _ = process.communicate()
            self.assertEqual(process.returncode, 0)
            self.assertEqual(self.content(map(json.loads, out.splitlines())),
                             self.content(map(json.loads, whole.splitlines())))

    def test_broken_pipe_is_quiet(self):
        many = (MAIN / "fmuta6.csv").read_bytes()
        self.write("many.csv", b"".join(many.replace(b'"24', b'"%02d' % (i % 90 + 10)) for i in range(200)))
        read, write = os.pipe()
        process = subprocess.Popen([PROGRAM, "convert", "many.csv"], stdout=write, stderr=subprocess.PIPE,
                                   cwd=self.folder)
        os.close(write)
        os.read(read, 100)
        os.close(read)
        _, err = process.communicate(timeout=30)
        self.assertIn(process.returncode, (0, 1))
        self.assertNotIn(b"standard output", err)
        self.assertNotIn(b"Sanitizer", err)

    @harness.unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "convert", str(MAIN / "fmuta6.csv")], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 5)
        self.assertIn(b"cannot write to standard output", done.stderr)

    def test_samples(self):
        totals = {"A": ["142.80", "-60.50", "60.50"], "B": ["142.80", "-60.50"]}
        for letter, expected in totals.items():
            path, = SAMPLES.glob(f"{letter}-*.csv")
            records = self.records(path)
            self.assertEqual([r["total"] for r in records if "total" in r][:len(expected)], expected)


if __name__ == "__main__":
    harness.main()
