# SPDX-License-Identifier: MIT
"""The main job: an export into the ledger, and dbopen.csv back; then history and correction."""

import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess

import harness
from harness import CONFIG, MAIN, PROGRAM

RFC3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")


class Job(harness.Case):
    def setUp(self):
        super().setUp()
        self.main_job()

    def counts(self, document):
        records = document["records"]
        self.assertEqual(
            records["total"],
            sum(records[k] for k in ("booked", "skipped", "rejected", "waiting", "in_doubt")),
        )
        return {k: v for k, v in records.items() if v}

    def test_export_then_import(self):
        document = self.document(0, "export", "dairy")
        self.assertEqual(document["run"], 1)
        self.assertEqual((document["integration"], document["direction"], document["state"]),
                         ("dairy", "export", "succeeded"))
        self.assertRegex(document["started"], RFC3339)
        self.assertRegex(document["finished"], RFC3339)
        self.assertEqual(self.counts(document), {"total": 19, "booked": 19})
        document = self.document(0, "import", "dairy")
        self.assertEqual(document["direction"], "import")
        self.assertEqual(document["items"], {"sales": 4, "purchase": 3})
        self.assertTrue(document["file"].endswith("in/dbopen.csv"))
        self.assertEqual((self.folder / "in" / "dbopen.csv").read_bytes(),
                         (MAIN / "dbopen.expected.csv").read_bytes())

    def test_says_that_no_file_is_there(self):
        self.assertNotIn("none lies at", self.check(0, "export", "dairy").err)
        for file in (self.folder / "out").iterdir():
            file.unlink()
        self.assertIn("none lies at export_path", self.check(0, "export", "dairy").err)

    def test_import_elsewhere(self):
        self.check(0, "export", "dairy")
        self.check(0, "import", "dairy", "-o", "elsewhere.csv")
        self.assertEqual((self.folder / "elsewhere.csv").read_bytes(),
                         (MAIN / "dbopen.expected.csv").read_bytes())
        self.assertFalse((self.folder / "in" / "dbopen.csv").exists())

    def test_nothing_is_booked_twice(self):
        self.check(0, "export", "dairy")
        files = [self.folder / "out" / name for name in ("debitr.csv", "credit.csv", "fmuta6.csv")]
        self.assertEqual(self.counts(self.document(0, "export", "dairy", *files)), {"total": 19, "skipped": 19})
        data = files[2].read_bytes()
        files[2].write_bytes(data.replace(b",302.50,", b",303.50,").replace(b",250.00,", b",251.00,"))
        document = self.document(1, "export", "dairy", *files)
        self.assertEqual(self.counts(document), {"total": 19, "skipped": 18, "rejected": 1})
        failed, = self.document(0, "show", document["run"])["details"]
        self.assertEqual(failed["error"]["code"], "changed_after_booking")
        self.assertEqual(failed["identifier"], "70/24700003")

    def test_what_changed_after_booking(self):
        """The reason names the field, and both values."""
        data = (MAIN / "fmuta6.csv").read_bytes()
        self.check(0, "export", "dairy")
        for right, wrong, field, old, new in (
            (b",142.80,", b",142.81,", None, "", ""),  # a header's total that does not count
            (b'"8010"', b'"8011"', "lines.2.account", "8010", "8011"),
            (b",21.00,", b",21.01,", "total", "142.80", "142.81"),
            (b",14022024,", b",,", "due_date", "2024-02-14", "absent"),
        ):
            self.assertIn(right, data)
            self.write("out/fmuta6.csv", data.replace(right, wrong, 1))
            document = self.document(1 if field else 0, "export", "dairy")
            if field:
                failed, = self.document(0, "show", document["run"])["details"]
                self.assertEqual((failed["error"]["code"], failed["error"]["field"]), ("changed_after_booking", field))
                self.assertIn(f"{field} was {old}, and is {new} now", failed["error"]["message"])

    def test_relations_only_once_and_any_order(self):
        files = [MAIN / name for name in ("fmuta6.csv", "credit.csv", "debitr.csv")]
        self.assertEqual(self.counts(self.document(0, "export", "dairy", *files)), {"total": 19, "booked": 19})

    def test_correct_and_reoffer(self):
        data = (MAIN / "fmuta6.csv").read_bytes()
        self.write("out/fmuta6.csv", data.replace(b'"1003"', b'"1009"'))
        document = self.document(1, "export", "dairy")
        self.assertEqual(document["state"], "partial")
        result = self.run_it("show", document["run"])
        self.assertIn("1009", result.text)
        self.assertIn("unknown_party", result.text)
        details = self.document(0, "show", document["run"])["details"]
        self.assertTrue(details)
        invoice, = [d for d in details if d["identifier"] == "70/24700004"]
        self.assertEqual(invoice["state"], "rejected")
        self.assertEqual(invoice["error"]["code"], "unknown_party")
        self.assertEqual(invoice["error"]["field"], "party")
        self.assertEqual(invoice["source"]["file"], "fmuta6.csv")
        self.assertEqual(len(self.document(0, "show", "--all", document["run"])["details"]), 19)
        self.assertEqual(self.document(0, "show", "--failed", document["run"])["details"], details)

        wrong = self.document(2, "edit", invoice["id"], "date=2024-02-31")
        self.assertEqual(wrong["error"]["code"], "invalid_date")
        self.document(2, "edit", invoice["id"], "nofield=1")
        self.document(2, "edit", "999999", "party=1")
        edited = self.document(0, "edit", invoice["id"], "party=1003")
        change, = edited["changes"]
        self.assertEqual((change["field"], change["old"], change["new"]), ("party", "1009", "1003"))
        again = self.document(0, "reoffer", invoice["id"])
        self.assertEqual(self.counts(again), {"total": 1, "booked": 1})
        for run in (document["run"], again["run"]):
            edit, = self.document(0, "show", run)["edits"]
            self.assertEqual(edit, {"record": invoice["id"], "identifier": "70/24700004", **change})
            self.assertRegex(self.check(0, "show", run).text, r"edited .* by .*70/24700004 +party: 1009 -> 1003")
        self.assertEqual(list(invoice["error"]), ["code", "field", "message", "vendor"])
        self.document(2, "reoffer", "999999")
        self.document(2, "show", "999")
        runs = self.document(0, "history")["runs"]
        self.assertEqual([r["run"] for r in runs], sorted((r["run"] for r in runs), reverse=True))
        self.assertEqual(self.document(0, "history", "dairy")["runs"], runs)
        self.assertIn("partial", self.check(0, "history").text)

    def test_the_person_behind_sudo_is_who_edits(self):
        """The service's user runs the command; the history names who logged in."""
        def log_in(uid):
            try:
                pathlib.Path("/proc/self/loginuid").write_text(str(uid))
            except OSError:
                os._exit(77)

        person = pwd.getpwall()[1]
        data = (MAIN / "fmuta6.csv").read_bytes()
        self.write("out/fmuta6.csv", data.replace(b'"1003"', b'"1009"'))
        failed = self.document(0, "show", self.document(1, "export", "dairy")["run"])["details"][0]
        done = subprocess.run([PROGRAM, "--json", "edit", str(failed["id"]), "description=x"], cwd=self.folder,
                              capture_output=True, preexec_fn=lambda: log_in(person.pw_uid))
        if done.returncode == 77:
            self.skipTest("nobody may be logged in here")
        self.assertEqual(json.loads(done.stdout)["changes"][0]["who"], person.pw_name)

    def test_what_could_not_be_read_is_mended_where_it_is_told(self):
        """The field that show names, corrected alone, books the record."""
        row = (b'%d,"V","70","1","2024","%d","Factuur",15012024,"%s","1001","","%d",100.00,"","EUR",1.000000,'
               b'"",,14022024,,"",%s,"03","","B",,"","",,"","","N","",,,,,"","",""\r\n')
        cases = [
            (b",15012024,", b",31022024,", "date", "2024-01-31"),
            (b'"1","2024"', b'"1","20x4"', "year", "2024"),
            (b'"70","1"', b'"70","x"', "period", "1"),
            (b",14022024,", b",30022024,", "due_date", "2024-03-01"),
            (b'"",100.00,', b'"",abc,', "total", "100.00"),
            (b'"8000","1001","","24709999",100.00', b'"8000","1001","","24709999",abc', "lines.1.amount", "90.00"),
            (b',"",0.00,', b',"",x,', "lines.1.vat_amount", "0.05"),
            (b'1,"V","70"', b'1,"V","71"', "journal", "70"),
        ]
        for number, (right, wrong, field, value) in enumerate(cases, 24709900):
            whole = row % (0, 24709999, b"", 24709999, b"") + row % (1, 24709999, b"8000", 24709999, b"0.00")
            whole = whole.replace(b'"","1001","","24709999",100.00', b'"","1001","","",100.00')
            self.assertIn(right, whole)
            data = whole.replace(right, wrong).replace(b"24709999", b"%d" % number)
            self.write("wrong.csv", data)
            run = self.document(1, "export", "dairy", MAIN / "debitr.csv", "wrong.csv")["run"]
            failed, = self.document(0, "show", run)["details"]
            self.assertEqual(failed["error"]["field"], field)
            changes = self.document(0, "edit", failed["id"], f"{field}={value}")["changes"]
            fields = [change["field"] for change in changes]
            self.assertEqual(fields, [field, "total"] if field in ("lines.1.amount", "lines.1.vat_amount") else [field])
            self.assertEqual(self.counts(self.document(0, "reoffer", failed["id"])), {"total": 1, "booked": 1})

    def refused(self, right, wrong, *files):
        """An export in which a text was put in place of another: the failed record, and the run."""
        data = (MAIN / "fmuta6.csv").read_bytes()
        self.assertIn(right, data)
        self.write("out/fmuta6.csv", data.replace(right, wrong, 1))
        run = self.document(1, "export", "dairy")["run"]
        failed, = self.document(0, "show", run)["details"]
        return failed, run

    def test_a_field_that_cannot_be_read_is_no_old_content(self):
        """What is booked and comes again with a date that is none is not skipped in silence."""
        data = (MAIN / "fmuta6.csv").read_bytes()
        self.assertIn(b",14022024,", data)
        absent = data.replace(b",14022024,", b",,")
        self.write("out/fmuta6.csv", absent)
        self.assertEqual(self.counts(self.document(0, "export", "dairy")), {"total": 19, "booked": 19})
        self.write("out/fmuta6.csv", data.replace(b",14022024,", b",30022024,"))
        document = self.document(1, "export", "dairy")
        self.assertEqual(self.counts(document), {"total": 19, "skipped": 18, "rejected": 1})
        failed, = self.document(0, "show", document["run"])["details"]
        self.assertEqual((failed["error"]["code"], failed["error"]["field"]), ("invalid_date", "due_date"))
        self.write("out/fmuta6.csv", absent)
        self.assertEqual(self.counts(self.document(0, "export", "dairy")), {"total": 19, "skipped": 19})

    def test_a_known_mistake_stays_skipped(self):
        """What was corrected and booked is skipped when the file brings the mistake again."""
        failed, _ = self.refused(b"15012024", b"31022024")
        self.document(0, "edit", failed["id"], "date=2024-01-15")
        self.document(0, "reoffer", failed["id"])
        self.assertEqual(self.counts(self.document(0, "export", "dairy")), {"total": 19, "skipped": 19})

    def test_lines_that_are_no_record(self):
        """A line that becomes no record is in no count, but the run says so."""
        good = '{"kind":"customer","code":"77","name":"Good"}\n'
        for bad, code in (('{"kind":"foo"}', "invalid_value"), ('{"name":"x"}', "missing_field"),
                          ('{"kind":"customer",', "damaged_row")):
            self.write("x.jsonl", good + bad + "\n")
            self.assertEqual(self.document(1, "check", "x.jsonl")["rejected"], 1)
            document = self.document(1, "export", "dairy", "x.jsonl")
            self.assertEqual(self.counts(document)["total"], 1)
            self.assertEqual((document["state"], document["error"]["code"]), ("partial", code))
            self.assertIn("x.jsonl:2: ", document["error"]["message"])
            self.assertIn("x.jsonl:2: ", self.check(0, "show", document["run"]).text)
        self.write("x.jsonl", good + "{}\n" + "{}\n")
        self.assertIn("2 lines", self.document(1, "export", "dairy", "x.jsonl")["error"]["message"])
        self.write("x.jsonl", good + '{"kind":"customer","code":"78","credit_limit":"x"}\n')
        self.assertNotIn("error", self.document(1, "export", "dairy", "x.jsonl"))

    def test_total_taken_away(self):
        """An invoice always has a total: without one it is that of the lines again."""
        failed, _ = self.refused(b"15012024", b"31022024")
        changes = self.document(0, "edit", failed["id"], "date=2024-01-15", "total=")["changes"]
        self.assertEqual([(c["field"], c["old"], c["new"]) for c in changes],
                         [("date", "31022024", "2024-01-15"), ("total", "142.80", ""), ("total", "", "142.80")])
        self.assertEqual(self.counts(self.document(0, "reoffer", failed["id"])), {"total": 1, "booked": 1})

    def test_raw_text_is_that_of_its_field(self):
        """What the file had in one field is never shown as that of another."""
        failed, first = self.refused(b"15012024", b"31022024")
        self.assertEqual((failed["error"]["field"], failed["error"]["raw"]), ("date", "31022024"))
        self.document(0, "edit", failed["id"], "date=2024-01-15", "party=9999")
        result = self.check(1, "reoffer", failed["id"])
        self.assertNotIn("31022024", result.err)
        again, = self.document(0, "show", self.document(0, "history")["runs"][0]["run"])["details"]
        self.assertEqual(again["error"]["code"], "unknown_party")
        self.assertNotIn("raw", again["error"])
        then, = self.document(0, "show", first)["details"]
        self.assertEqual((then["error"]["field"], then["error"]["raw"]), ("date", "31022024"))

    def test_everything_that_is_wrong(self):
        """A record with more than one mistake is shown with all of them at once."""
        data = (MAIN / "fmuta6.csv").read_bytes()
        self.write("out/fmuta6.csv", data.replace(b"15012024", b"31022024").replace(b"14022024", b"30022024"))
        result = self.check(1, "export", "dairy")
        self.assertRegex(result.err, r'fmuta6.csv:\d+: error: record \d+, too: due_date "30022024": ')
        run = self.document(0, "history")["runs"][0]["run"]
        shown = self.document(0, "show", run)
        failed, = shown["details"]
        others = [f["field"] for f in shown["findings"] if f["record"] == failed["id"]]
        self.assertEqual([failed["error"]["field"], *others], ["date", "due_date"])
        self.assertIn(f"also wrong with record {failed['id']}, ", self.check(0, "show", run).text)
        changes = [f"{field}=2024-01-15" for field in [failed["error"]["field"], *others]]
        self.assertEqual(self.document(0, "edit", failed["id"], *changes)["findings"], [])
        self.assertNotIn("findings", self.document(0, "show", run))

    def test_years_are_written_in_full(self):
        failed, _ = self.refused(b"15012024", b"31022024")
        edited = self.document(1, "edit", failed["id"], "date=2024-01-15", "year=24")
        self.assertEqual([f["field"] for f in edited["findings"]], ["year"])

    def test_warnings_are_told(self):
        """A total that the lines do not make is booked by its lines, and not in silence."""
        data = (MAIN / "fmuta6.csv").read_bytes()
        self.write("out/fmuta6.csv", data.replace(b",142.80,", b",143.80,"))
        result = self.check(0, "export", "dairy")
        self.assertRegex(result.err, r"fmuta6.csv:\d+:13: warning: .*143\.80.*142\.80.*\[total_mismatch\]")
        self.assertEqual(self.check(0, "-q", "export", "dairy").err, "")

    def test_reoffer_run(self):
        data = (MAIN / "debitr.csv").read_bytes()
        (self.folder / "out" / "debitr.csv").write_bytes(b"\r\n".join(data.split(b"\r\n")[:3]) + b"\r\n")
        first = self.document(1, "export", "dairy")
        self.assertGreater(first["records"]["rejected"], 0)
        self.document(0, "export", "dairy", MAIN / "debitr.csv")
        again = self.document(0, "reoffer", "--run", first["run"])
        self.assertEqual(self.counts(again)["booked"], first["records"]["rejected"])
        self.check(0, "import", "dairy")
        self.assertEqual((self.folder / "in" / "dbopen.csv").read_bytes(),
                         (MAIN / "dbopen.expected.csv").read_bytes())

    def test_for_people(self):
        result = self.check(0, "export", "dairy")
        self.assertEqual(result.text, "run 1, export of dairy succeeded: 19 records: 19 booked\n")
        result = self.check(0, "import", "dairy")
        self.assertIn("4 sales, 3 purchase", result.text)
        self.assertIn("dbopen.csv", result.text)
        text = self.check(0, "show", 1).text
        self.assertIn("70/24700003", text)
        self.assertRegex(self.check(0, "history").text, r"(?m)^ +1 +dairy +export +succeeded +\d{4}-")
        text = self.check(0, "status").text
        self.assertIn("dairy (ledger)", text)
        self.assertIn("last import", text)
        self.assertEqual(self.check(0, "-q", "export", "dairy").text, "")

    def test_times_are_local_for_people(self):
        started = self.document(0, "export", "dairy")["started"]
        here = self.check(0, "history", env={"TZ": "UTC"}).text
        there = self.check(0, "history", env={"TZ": "Asia/Tokyo"}).text
        self.assertIn(started[:19].replace("T", " "), here)
        self.assertNotIn(started[:19].replace("T", " "), there)

    def test_status(self):
        integration, = self.document(0, "status")["integrations"]
        self.assertNotIn("last_export", integration)
        self.check(0, "export", "dairy")
        self.check(0, "import", "dairy")
        integration, = self.document(0, "status")["integrations"]
        self.assertEqual(integration["last_export"]["run"], 1)
        self.assertEqual(integration["last_import"]["run"], 2)
        self.assertEqual(integration["records"]["booked"], 19)
        self.assertEqual(integration["interval_seconds"], 1800)
        self.assertRegex(integration["next_import"], RFC3339)

    def test_dry_run(self):
        document = self.document(0, "export", "--dry-run", "dairy")
        self.assertEqual(len(document["requests"]), 19)
        self.assertTrue(all(r["request"] for r in document["requests"]))
        self.assertEqual(self.document(0, "history")["runs"], [])
        text = self.check(0, "export", "dairy", "-n").text
        self.assertIn("24700003", text)
        self.assertIn("nothing was sent", text)
        self.assertEqual(self.document(0, "history")["runs"], [])

    def test_test(self):
        document = self.document(0, "test", "dairy")
        self.assertEqual(document["integration"], "dairy")
        self.assertIsInstance(document["findings"], list)
        self.check(0, "test", "dairy")

    def test_login_is_not_for_the_ledger(self):
        self.document(2, "login", "dairy")
        self.document(2, "login", "dairy", "--code", "x")
        self.document(2, "login", "dairy", "--refresh-token-stdin", stdin=b"token\n")
        self.document(2, "login", "dairy", "--refresh-token-stdin", "--code", "x")
        self.document(2, "login", "dairy", "--refresh-token-stdin", stdin=b"")

    def test_unreadable_input(self):
        os.remove(self.folder / "out" / "fmuta6.csv")
        self.document(3, "export", "dairy", "nothing.csv")
        self.write("noise.csv", bytes(range(1, 256)) * 10)
        self.document(3, "export", "dairy", "noise.csv")
        self.assertEqual(self.document(0, "status")["integrations"][0]["records"]["booked"], 0)

    def test_another_run_holds_it(self):
        """A run that waits in its own intake of a pipe holds the integration."""
        fifo = self.folder / "pipe.csv"
        os.mkfifo(fifo)
        process = subprocess.Popen([PROGRAM, "export", "dairy", "pipe.csv"], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with open(fifo, "wb") as pipe:
            self.document(7, "export", "dairy")
            pipe.write((MAIN / "debitr.csv").read_bytes())
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)

    def invoices(self, count):
        """JSON lines: one customer, and so many invoices of 1.00."""
        lines = ['{"kind":"customer","code":"1","name":"One","country":"NL"}']
        lines += [
            f'{{"kind":"sales_invoice","journal":"70","year":2024,"entry_number":"{i}","invoice_number":"{i}",'
            '"party":"1","date":"2024-01-15","currency":"EUR","total":"1.00",'
            '"lines":[{"number":1,"account":"8000","amount":"1.00"}]}'
            for i in range(count)
        ]
        return self.write("many.jsonl", "\n".join(lines) + "\n")

    def test_interrupted(self):
        """The first SIGINT ends a run at a point where nothing is half done."""
        count = 3000
        self.invoices(count)
        process = subprocess.Popen([PROGRAM, "--json", "export", "dairy", "many.jsonl"], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while process.poll() is None and not (self.folder / "books.db").exists():
            pass
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        self.assertIn(process.returncode, (0, 5), err)
        document = json.loads(out)
        if process.returncode == 5 and "run" in document:
            self.assertEqual(self.counts(document)["total"], count + 1)
        self.check(0, "export", "dairy", "many.jsonl")
        self.assertEqual(self.document(0, "import", "dairy")["items"]["sales"], count)
        self.assertEqual(self.document(0, "status")["integrations"][0]["records"]["booked"], count + 1)

    def test_damaged_store(self):
        self.check(0, "export", "dairy")
        store = self.folder / "harmony.db"
        data = bytearray(store.read_bytes())
        data[0:16] = b"not a database!!"
        store.write_bytes(data)
        for name in ("harmony.db-wal", "harmony.db-shm"):
            (self.folder / name).unlink(missing_ok=True)
        self.document(3, "status")
        self.assertEqual(store.read_bytes(), bytes(data))
        os.chmod(store, 0o644)
        self.assertIn("chmod", self.run_it("status").err)

    def test_key_file(self):
        """The message about a key that is not there says the command that mends it."""
        self.configure("[harmony]\nkey_file = harmony.key\n" + CONFIG.replace("[harmony]\n", "", 1))
        self.assertIn("harmony rekey", self.document(2, "history")["error"]["message"])
        self.assertEqual(self.document(0, "rekey")["key"], "made")
        self.check(0, "export", "dairy")
        self.assertEqual(self.document(0, "rekey")["key"], "renewed")
        self.check(0, "history")
        self.write("harmony.key", b"k" * 32)
        os.chmod(self.folder / "harmony.key", 0o600)
        self.assertIn("restore that key file", self.document(2, "history")["error"]["message"])

    def test_emptied_store(self):
        """A store that was cut to nothing is not taken for a new one."""
        self.check(0, "export", "dairy")
        os.truncate(self.folder / "harmony.db", 0)
        for command in (["history"], ["export", "dairy"]):
            self.assertEqual(self.document(3, *command)["error"]["code"], "corrupt")
        self.assertEqual((self.folder / "harmony.db").stat().st_size, 0)
        (self.folder / "harmony.db").unlink()
        self.check(0, "export", "dairy")

    def test_snapshot_that_cannot_be_written(self):
        """That is no unreadable input: it is tried again."""
        document = self.document(5, "import", "dairy", "-o", "missing/dbopen.csv")
        self.assertEqual(document["state"], "failed")
        self.assertIn("missing/dbopen.csv", document["error"]["message"])
        text = self.check(5, "import", "dairy", "-o", "missing/dbopen.csv").text
        self.assertIn("nothing was written", text)
        self.assertNotIn("outstanding", text + self.check(0, "history").text)

    def test_items_of_one_side(self):
        self.configure(CONFIG + "dbopen.sides = sales\ndbopen.columns = relation,outstanding\n"
                       "dbopen.header = yes\ndbopen.delimiter = semicolon\ndbopen.decimal = comma\n")
        self.check(0, "export", "dairy")
        self.check(0, "import", "dairy")
        self.assertEqual(
            (self.folder / "in" / "dbopen.csv").read_text(),
            '"relation";"outstanding"\n"0042";7,10\n"1001";142,80\n"1001";-60,50\n"1002";200,00\n',
        )


if __name__ == "__main__":
    harness.main()
