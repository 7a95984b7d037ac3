# SPDX-License-Identifier: MIT
"""check: what is in a file, and everything that is wrong with it."""

import gzip
import re
import shutil

import harness
from harness import MAIN, SAMPLES

DIAGNOSTIC = re.compile(r"^[^:]+(:\d+(:\d+)?)?: (error|warning|note): .+ \[[a-z_]+\]$")


class Check(harness.Case):
    def sample(self, letter):
        path, = SAMPLES.glob(f"{letter}-*.csv")
        return path

    def one(self, code, *args, **kwargs):
        file, = self.document(code, "check", *args, **kwargs)["files"]
        return file

    def test_summary(self):
        file = self.one(0, MAIN / "fmuta6.csv")
        self.assertEqual(file["kind"], "entries")
        self.assertEqual(file["format"], "fmuta6")
        self.assertEqual((file["records"], file["entries"]), (13, 13))
        self.assertEqual(file["rejected"], 0)
        self.assertEqual(
            file["kinds"],
            {"sales_invoice": 5, "purchase_invoice": 4, "memorial": 2, "bank_entry": 2},
        )
        journals = {j["journal"]: (j["kind"], j["entries"], j["total"]) for j in file["journals"]}
        self.assertEqual(
            journals,
            {
                "10": ("bank_entry", 1, "5.00"),
                "20": ("bank_entry", 1, "-543.70"),
                "60": ("purchase_invoice", 4, "1305.82"),
                "70": ("sales_invoice", 5, "484.10"),
                "90": ("memorial", 2, "1237.06"),
            },
        )
        self.assertEqual(
            file["dialect"],
            {
                "encoding": "windows-1252", "delimiter": "comma", "decimal": "point",
                "dates": "DDMMYYYY", "quoted": True, "byte_order_mark": False,
                "title_row": False, "company_column": False, "columns": 40,
            },
        )

    def test_summary_for_people(self):
        text = self.check(0, "check", MAIN / "fmuta6.csv").text
        self.assertIn("entries\n", text)
        self.assertIn("windows-1252, comma between fields, texts quoted, decimal point", text)
        self.assertRegex(text, r"(?m)^  70 +sales_invoice +5 +484\.10")
        self.assertRegex(text, r"(?m)^  90 +memorial +2 +1237\.06")

    def test_kinds(self):
        document = self.document(0, "check", MAIN / "debitr.csv", MAIN / "credit.csv", MAIN / "fmuta6.csv")
        self.assertEqual([f["kind"] for f in document["files"]], ["customers", "suppliers", "entries"])
        self.assertEqual(document["records"], 19)
        shutil.copy(MAIN / "debitr.csv", self.folder / "fmuta6.csv")
        self.assertEqual(self.one(0, "fmuta6.csv")["kind"], "customers")
        self.assertEqual(self.one(0, MAIN / "dbopen.expected.csv")["kind"], "outstanding items")

    def test_dialects(self):
        expected = {
            "A": dict(delimiter="comma", decimal="point", dates="DDMMYYYY", columns=40, quoted=True),
            "B": dict(delimiter="comma", decimal="comma", dates="DDMMYYYY", columns=40, quoted=True),
            "C": dict(encoding="cp850", dates="DDMMYYY"),
            "D": dict(company_column=True, columns=40),
            "E": dict(columns=30, dates="DD-MM-YY"),
            "F": dict(title_row=True, dates="DD-MM-YYYY", quoted=False),
            "G": dict(dates="DDMMYY"),
            "H": dict(encoding="utf-8", decimal="comma", byte_order_mark=True),
        }
        for letter, facts in expected.items():
            document = self.document(self.run_it("check", self.sample(letter)).code, "check", self.sample(letter))
            dialect = document["files"][0]["dialect"]
            self.assertEqual({k: dialect[k] for k in facts}, facts, letter)

    def test_every_diagnostic(self):
        rows = (MAIN / "fmuta6.csv").read_bytes().split(b"\r\n")
        rows[3] = rows[3].replace(b"15012024", b"31022024")
        rows[6] = rows[6].replace(b"-50.00", b"-50.005")
        self.write("bad.csv", b"\r\n".join(rows))
        file = self.one(1, "bad.csv")
        self.assertEqual(file["rejected"], 2)
        self.assertEqual(file["records"], 11)
        found = {d["code"]: d for d in file["diagnostics"] if d["severity"] == "error"}
        self.assertEqual((found["invalid_date"]["line"], found["invalid_date"]["column"]), (4, 8))
        self.assertEqual(found["invalid_date"]["raw"], "31022024")
        self.assertEqual((found["invalid_amount"]["line"], found["invalid_amount"]["column"]), (7, 13))
        result = self.check(1, "check", "bad.csv")
        self.assertRegex(result.err, r"(?m)^bad\.csv:4:8: error: .*31022024.* \[invalid_date\]$")
        self.assertRegex(result.err, r"(?m)^bad\.csv:7:13: error: .*-50\.005.* \[invalid_amount\]$")
        for line in result.err.splitlines():
            self.assertRegex(line, DIAGNOSTIC)
        self.assertIn("2 rejected", result.text)

    def test_quiet(self):
        self.assertEqual(self.check(0, "check", "-q", MAIN / "fmuta6.csv").out, b"")

    def test_empty(self):
        for content in (b"", b"\xef\xbb\xbf"):
            self.write("empty.csv", content)
            file = self.one(0, "empty.csv")
            self.assertEqual(file["records"], 0)
        self.write("empty.csv", b"")
        self.assertEqual(self.one(0, "empty.csv")["kind"], "empty")
        self.assertIn("empty.csv: empty", self.check(0, "check", "empty.csv").text)
        self.write("blank.csv", "\r\n\r\n")
        self.assertIn("without any record", self.check(0, "check", "blank.csv").text)

    def test_unreadable(self):
        for name in ("nothing.csv", "out"):
            document = self.document(3, "check", name)
            self.assertIn("error", document["files"][0])
            self.assertIn(name, self.check(3, "check", name).err)
        self.write("noise.csv", bytes(range(1, 256)) * 10)
        self.document(3, "check", "noise.csv")

    def test_one_bad_file_does_not_stop_the_others(self):
        document = self.document(3, "check", "nothing.csv", MAIN / "debitr.csv", "nobody.csv")
        self.assertEqual([f["records"] for f in document["files"]], [0, 4, 0])
        err = self.check(3, "check", "nothing.csv", MAIN / "debitr.csv", "nobody.csv").err
        self.assertIn("nothing.csv", err)
        self.assertIn("nobody.csv", err)

    def test_stdin_and_gzip(self):
        data = (MAIN / "fmuta6.csv").read_bytes()
        plain = self.one(0, MAIN / "fmuta6.csv")
        plain.pop("file")
        self.write("a.csv.gz", gzip.compress(data))
        for args, stdin in ((["-"], data), (["-"], gzip.compress(data)), (["a.csv.gz"], b"")):
            file = self.one(0, *args, stdin=stdin)
            self.assertEqual(file.pop("file"), args[0])
            self.assertEqual(file, plain)
        self.write("cut.gz", gzip.compress(data)[:-20])
        error = self.document(3, "check", "cut.gz")["error"]
        self.assertEqual(error["file"], "cut.gz", "as it is called, not as what is in it")
        self.assertIn("cut.gz: ", error["message"])

    def test_nothing_in_it(self):
        """No dialect is told of a file in which nothing stands."""
        for name, data in (("empty", b""), ("mark", b"\xef\xbb\xbf"), ("end", b"\x1a"), ("lines", b"\r\n\r\n")):
            self.write(name, data)
            self.assertRegex(self.check(0, "check", name).text, f"^{name}: empty, .*\n$")

    def test_set(self):
        for pair, words in (
            ("fmuta6.encodin=utf-8", ["did you mean fmuta6.encoding?"]),
            ("encoding=utf-8", ["fmuta6.encoding"]),
            ("fmuta6.encoding=latin1", ["utf-8", "cp850", "windows-1252"]),
            ("fmuta6.decimal=.", ["point", "comma"]),
            ("dbopen.header=maybe", ["yes", "no"]),
            ("dbopen.sides=both", ["sales", "purchase"]),
            ("nonsense", ["KEY=VALUE"]),
            ("interval=30m", ["fmuta6.*", "dbopen.*"]),
            ("=x", ["KEY=VALUE"]),
            ("fmuta6.total=", ["warn", "reject"]),
        ):
            error = self.document(2, "check", "--set", pair, MAIN / "fmuta6.csv")["error"]
            for word in words:
                self.assertIn(word, error["message"], pair)
            self.document(2, "convert", "--set", pair, MAIN / "fmuta6.csv")
        for pair in ("fmuta6.delimiter=comma", "fmuta6.delimiter=,", "fmuta6.dates=DDMMYYYY",
                     "fmuta6.decimal=point", "fmuta6.vat=exclusive", "fmuta6.sales_sign=natural",
                     "fmuta6.memorial_sign=credit", "fmuta6.total=reject", "fmuta6.encoding=cp850",
                     "dbopen.columns=relation,outstanding", "dbopen.delimiter=semicolon"):
            self.check(0, "check", "--set", pair, MAIN / "fmuta6.csv")

    def test_set_total(self):
        data = (MAIN / "fmuta6.csv").read_bytes().replace(b",142.80,", b",142.81,")
        self.write("total.csv", data)
        file = self.one(0, "total.csv")
        warning, = [d for d in file["diagnostics"] if d["code"] == "total_mismatch"]
        self.assertEqual(warning["severity"], "warning")
        self.assertIn("142.81", warning["message"])
        self.assertIn("142.80", warning["message"])
        self.assertEqual(self.one(1, "--set", "fmuta6.total=reject", "total.csv")["rejected"], 1)

    def test_no_control_characters_on_the_terminal(self):
        rows = (MAIN / "fmuta6.csv").read_bytes().replace(b"15012024", b"\x1b[31m")
        self.write("escape.csv", rows)
        err = self.check(1, "check", "escape.csv").err
        self.assertNotIn("\x1b", err)

    def test_relations_and_entries_belong_together(self):
        data = (MAIN / "fmuta6.csv").read_bytes().replace(b'"1003"', b'"1009"')
        self.write("other.csv", data)
        self.assertEqual(self.document(0, "check", "other.csv")["diagnostics"], [])
        self.assertEqual(self.document(0, "check", "other.csv", MAIN / "credit.csv")["diagnostics"], [])
        for order in (["other.csv", MAIN / "debitr.csv"], [MAIN / "debitr.csv", "other.csv"]):
            missing, = self.document(0, "check", *order)["diagnostics"]
            self.assertEqual((missing["code"], missing["file"], missing["line"]), ("unknown_party", "other.csv", 10))
            self.assertIn("1009", missing["message"])
            self.assertIn("other.csv:10: warning: customer 1009", self.check(0, "check", *order).err)
        self.assertEqual(self.document(0, "check", *MAIN.glob("*[6rt].csv"))["diagnostics"], [])

    def test_jsonl(self):
        lines = self.check(0, "convert", MAIN / "fmuta6.csv").out
        self.write("records", lines)
        file = self.one(0, "records")
        self.assertEqual((file["format"], file["records"]), ("jsonl", 13))
        self.write("records", lines + b'{"kind":"sales_invoice"}\n{"kind":\n')
        self.assertEqual(self.one(1, "records")["rejected"], 2)


if __name__ == "__main__":
    harness.main()
