# SPDX-License-Identifier: MIT
"""The service, as a person, a service manager and a collector of numbers see it."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

import service
from service import MAIN, House, free_port, sample, wait_for

PROGRAM = os.environ["HARMONY"]
RFC3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.house = House(PROGRAM)
        self.house.__enter__()
        self.addCleanup(self.house.__exit__, None, None, None)

    def alert_command(self, *more):
        """A command that keeps what it is given, one file an alert."""
        (self.house.folder / "alerts").mkdir(exist_ok=True)
        path = self.house.write("alert", "#!/bin/sh\n" + "\n".join(more) + """
            file=$(mktemp "$HOME/alerts/part.XXXXXX")
            { env | grep HARMONY_; echo ==; cat; } >"$file"
            mv "$file" "$HOME/alerts/$HARMONY_ALERT_EVENT-$HARMONY_ALERT_PROBLEM-$HARMONY_ALERT_INTEGRATION"\n""")
        os.chmod(path, 0o755)
        return str(path)

    def alert(self, event, problem, integration="dairy"):
        """(variables, text) of an alert, when it has come."""
        path = self.house.folder / "alerts" / f"{event}-{problem}-{integration}"
        wait_for(path.name, path.exists)
        variables, _, text = path.read_text().partition("==\n")
        return dict(line.split("=", 1) for line in variables.splitlines() if "=" in line), text


class Work(Case):
    def test_files_are_booked_and_archived(self):
        house = self.house
        house.configure({"dairy": house.ledger(interval="1h")})
        running = house.serve()
        running.wait("run_ended", direction="import")  # the first poll, at start
        began = time.monotonic()
        house.drop()
        runs = running.wait_booked(19, integration="dairy")
        wait_for("the archive", lambda: len(list((house.folder / "dairy/done").iterdir())) == 3)
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual({run["state"] for run in runs}, {"succeeded"})
        self.assertEqual(list((house.folder / "dairy/out").iterdir()), [])
        archive = dict(path.name.split("-", 1)[::-1] for path in (house.folder / "dairy/done").iterdir())
        self.assertEqual(set(archive), {"fmuta6.csv", "debitr.csv", "credit.csv"})
        self.assertLessEqual(set(archive.values()), {str(run["run"]) for run in runs})
        self.assertEqual(archive["fmuta6.csv"], str(runs[-1]["run"]))
        running.stop()

    def test_open_items_follow_the_books(self):
        house = self.house
        house.configure({"dairy": house.ledger(interval="1s")})
        running = house.serve()
        house.drop()
        snapshot = house.folder / "dairy/in/dbopen.csv"
        expected = (MAIN / "dbopen.expected.csv").read_bytes()
        wait_for("the open items", lambda: snapshot.exists() and snapshot.read_bytes() == expected)
        house.write("dairy/out/fmuta6.csv", payment("24700001", "1001", "142.80"))
        wait_for("the payment", lambda: b"24700001" not in snapshot.read_bytes())
        self.assertIn(b"24700003", snapshot.read_bytes())
        running.stop()

    def test_sighup(self):
        house = self.house
        house.configure({"dairy": house.ledger()}, alert_command=self.alert_command())
        running = house.serve()
        house.configure({"dairy": house.ledger(), "bakery": house.ledger("bakery")}, workers=2)
        self.assertIn("2 integrations", running.reload()["message"])
        self.assertIn("workers has changed", running.wait("reload")["message"])
        self.assertIn("MONOTONIC_USEC=", running.wait_told("RELOADING=1"))
        running.wait_told("READY=1", count=2)
        house.drop("bakery")
        running.wait_booked(19, integration="bakery")
        # one that is wrong leaves the one before in force
        house.write("harmony.conf", "[harmony]\nstore = harmony.db\n[integration x]\nconnector = ledgre\n")
        failed = running.reload("reload_failed")
        self.assertIn("ledgre", failed["message"])
        self.assertIn("stays in force", failed["message"])
        self.assertEqual(failed["line"], 4)
        house.drop("dairy")
        running.wait_booked(19, integration="dairy")
        # an endpoint that cannot be had does so, too, and nothing of it is half done
        house.configure({"bakery": house.ledger("bakery")}, metrics_listen="127.0.0.1:1", log_format="text")
        if os.geteuid() != 0:
            running.reload("reload_failed")
        running.stop()

    def test_secrets_of_one_integration_do_not_stop_the_others(self):
        house = self.house
        shop = {"connector": "exact-online", "client_id": "a", "client_secret_file": "secret.txt",
                "redirect_uri": "http://127.0.0.1:1/", "url": "http://127.0.0.1:1"}
        port = free_port()
        house.configure({"dairy": house.ledger(), "shop": shop}, alert_command=self.alert_command(),
                        metrics_listen=f"127.0.0.1:{port}")
        house.write("secret.txt", "canary\n")
        os.chmod(house.folder / "secret.txt", 0o644)
        running = house.serve()
        begun = running.wait("problem_begun", problem="configuration", integration="shop")
        self.assertIn("chmod 600", begun["message"])
        house.drop()
        running.wait("run_ended", direction="export", integration="dairy")
        self.assertEqual(sample(running.metrics(port), "harmony_problem", integration="shop", connector="",
                                problem="configuration"), 1)
        running.reload()
        self.assertEqual(len(running.events("problem_begun", integration="shop", problem="configuration")), 1)
        os.chmod(house.folder / "secret.txt", 0o600)
        running.reload()
        running.wait("problem_ended", problem="configuration", integration="shop")
        self.alert("ended", "configuration", "shop")
        running.stop(code=None)
        self.assertNotIn("canary", "\n".join(running.raw))


class Watch(Case):
    def test_told_by_the_system(self):
        """A scan that never comes: only the hint can have brought the file in."""
        house = self.house
        house.configure({"dairy": house.ledger()}, scan="1h")
        running = house.serve()
        running.wait("run_ended", direction="import")
        house.drop()
        self.assertEqual(running.wait_booked(19, patience=10)[0]["integration"], "dairy")
        # the folder goes and comes back, and is watched again
        os.rename(house.folder / "dairy/out", house.folder / "dairy/away")
        os.rename(house.folder / "dairy/away", house.folder / "dairy/out")
        mark = running.mark()
        house.write("dairy/out/fmuta6.csv", payment("24700001", "1001", "142.80"))
        running.wait("run_ended", direction="export", after=mark, patience=30)
        running.stop()

    def test_told_of_a_folder(self):
        """export_path may name the folder alone."""
        house = self.house
        house.configure({"dairy": house.ledger(export_path="dairy/out", books="books.db", import_path=None)}, scan="1h")
        running = house.serve()
        house.drop()
        running.wait_booked(19, patience=10)
        running.stop()

    @unittest.skipUnless(shutil.which("strace") and os.environ.get("HARMONY_SANITIZE", "none") == "none",
                         "strace is not installed, or a sanitizer does not bear it")
    def test_without_watches(self):
        for call, error, words in (("inotify_init1", "EMFILE", "by scanning alone"),
                                   ("inotify_add_watch", "ENOSPC", "max_user_watches")):
            with House(PROGRAM) as house:
                house.configure({"dairy": house.ledger()})
                plain = house.program
                house.program = str(house.write("traced", f"#!/bin/sh\nexec strace -D -f -o /dev/null -e trace={call} "
                                                          f"-e inject={call}:error={error} {plain} \"$@\"\n"))
                os.chmod(house.program, 0o755)
                running = house.serve()
                self.assertIn(words, running.wait("watch")["message"])
                house.drop()
                running.wait_booked(19)
                self.assertEqual(len(running.events("watch")), 1)
                running.stop()


def payment(invoice, party, amount):
    """A bank entry that pays a sales invoice."""
    rows = []
    for number in (0, 1):
        fields = [str(number), '"B"', '"20"', '"1"', '"2024"', '"24209999"', '"Betaling"', "20012024",
                  '"1100"' if number else '""', f'"{party}"', '""', f'"{invoice}"', amount, '""', '"EUR"', "1.000000"]
        rows.append(",".join(fields + ['""'] * 24))
    return "\r\n".join(rows) + "\r\n"


class Told(Case):
    def test_log_lines(self):
        house = self.house
        house.configure({"dairy": house.ledger()})
        running = house.serve()
        house.drop()
        running.wait_booked(19)
        running.stop()
        for raw in running.raw:
            line = json.loads(raw)
            self.assertRegex(line["time"], RFC3339)
            self.assertIn(line["level"], ("error", "warning", "info", "debug"))
            self.assertTrue(line["event"])
            self.assertTrue(line["message"])
        self.assertEqual([line["event"] for line in running.lines[-2:]], ["stopped", "closed"])

    def test_log_as_text(self):
        house = self.house
        house.configure({"dairy": house.ledger()}, log_format="text")
        running = house.serve("--verbose", ready=False)
        wait_for("ready", lambda: any(" ready " in text for text in running.raw))
        house.drop()
        wait_for("the run", lambda: any("direction=export" in text and "run_ended" in text for text in running.raw))
        running.stop()
        for raw in running.raw:
            self.assertRegex(raw, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warning|info|debug) \w+( \w+=(\"([^\"\\]|\\.)*\"|[^ \"]+))* ?message=")
        self.assertTrue(any(" debug run_begun " in text for text in running.raw))

    def test_quiet(self):
        house = self.house
        house.configure({"dairy": house.ledger()})
        running = house.serve("--quiet", ready=False)
        running.wait_told("READY=1")
        running.stop()
        self.assertEqual(running.raw, [])

    def test_json_document(self):
        house = self.house
        house.configure({"dairy": house.ledger()})
        running = house.serve("--json")
        house.drop()
        runs = running.wait_booked(19)
        document = json.loads(running.stop()[1])
        self.assertEqual((document["integrations"], document["exports"]), (1, len(runs)))

    def test_manager(self):
        house = self.house
        house.configure({"dairy": house.ledger()})
        running = house.serve(WATCHDOG_USEC="400000")
        running.wait_told("READY=1")
        running.wait_told("WATCHDOG=1", count=3)
        self.assertIn("1 integrations", running.wait_told("STATUS="
                      "1"))
        running.stop()
        running.wait_told("STOPPING=1")

    def test_no_watchdog_of_another_process(self):
        house = self.house
        house.configure({"dairy": house.ledger()})
        running = house.serve(WATCHDOG_USEC="20000", WATCHDOG_PID="1")
        running.wait_told("STATUS=1")
        running.stop()
        self.assertFalse([text for text in running.told if "WATCHDOG" in text])

    def test_status(self):
        house = self.house
        house.configure({"dairy": house.ledger()})
        self.assertEqual(house.json("status")["service"], {"alive": False})
        self.assertIn("not at work", house.run("status").stdout)
        running = house.serve()
        house.drop()
        running.wait_booked(19)
        running.wait("run_ended", direction="import")
        document = house.json("status")
        self.assertEqual(document["service"]["pid"], running.process.pid)
        self.assertTrue(document["service"]["alive"])
        self.assertRegex(document["service"]["started"], r"Z$")
        dairy, = document["integrations"]
        self.assertEqual((dairy["backlog"], dairy["records"]["booked"]), (0, 19))
        self.assertIn("next_import", dairy)
        self.assertEqual(dairy["last_export"]["state"], "succeeded")
        self.assertIn("at work since", house.run("status").stdout)
        # one service a store
        done = house.run("serve", code=7)
        self.assertIn("another service", done.stderr)
        running.kill()
        self.assertFalse(house.json("status")["service"]["alive"])

    def test_starts_wrong(self):
        house = self.house
        house.configure({"dairy": house.ledger()}, metrics_listen="0.0.0.0:9464")
        self.assertIn("loopback", house.run("serve", code=2).stderr)
        for wrong in ("localhost:9464", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "192.168.1.1:80", "[::]:80"):
            house.configure({"dairy": house.ledger()}, metrics_listen=wrong)
            self.assertIn("metrics_listen", house.run("serve", code=2).stderr)
        house.configure({"dairy": house.ledger()}, workers=65)
        self.assertIn("workers", house.run("serve", code=2).stderr)
        house.configure({"dairy": house.ledger()}, log_format="xml")
        self.assertIn("text|json", house.run("serve", code=2).stderr)
        house.configure({"dairy": house.ledger()}, store="nowhere/harmony.db")
        line = json.loads(house.run("serve", code=3).stderr.splitlines()[0])
        self.assertEqual(line["level"], "error")
        self.assertIn("nowhere", line["message"])


class Numbers(Case):
    def test_endpoint_and_file(self):
        house, port = self.house, free_port()
        house.configure({"dairy": house.ledger(), "bakery": house.ledger("bakery")}, metrics_file="numbers/harmony.prom",
                        metrics_listen=f"127.0.0.1:{port}")
        (house.folder / "numbers").mkdir()
        running = house.serve()
        house.drop()
        runs = running.wait_booked(19)
        running.wait("run_ended", direction="import", integration="dairy")
        whose = {"integration": "dairy", "connector": "ledger"}
        booked = lambda: sample(running.metrics(port), "harmony_records", state="booked", **whose) == 19
        wait_for("the numbers", booked)
        numbers = running.metrics(port)
        for name in ("oldest_waiting_age_seconds", "last_import_timestamp_seconds", "requests_total", "refusals_total",
                     "login_days_left", "problem", "integrations"):
            self.assertIn("harmony_" + name, numbers)
        self.assertEqual(sample(numbers, "harmony_integrations"), 2)
        self.assertEqual(sample(numbers, "harmony_exports_total", **whose), len(runs))
        self.assertAlmostEqual(sample(numbers, "harmony_last_import_timestamp_seconds", **whose), time.time(), delta=60)
        self.assertIsNone(sample(numbers, "harmony_login_days_left", **whose))
        path = house.folder / "numbers" / "harmony.prom"
        wait_for("metrics_file", path.exists)
        families = service.prometheus(path.read_text())
        self.assertEqual(set(families), set(numbers))
        self.assertEqual(path.stat().st_mode & 0o777, 0o644)
        running.stop()
        self.assertEqual([p.name for p in (house.folder / "numbers").iterdir()], ["harmony.prom"])

    def test_endpoint_says_no(self):
        house, port = self.house, free_port()
        house.configure({"dairy": house.ledger()}, metrics_listen=f"127.0.0.1:{port}")
        running = house.serve()
        for path, method, status in (("/", "GET", 404), ("/metrics", "POST", 405), ("/metrics/x", "GET", 404)):
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
            with self.assertRaises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request, timeout=10)
            self.assertEqual(caught.exception.code, status)
            caught.exception.close()
        import socket
        for garbage in (b"\r\n\r\n", b"GET\n\n", b"x" * 5000, b"\0\1\2\n\n", b"GET /metrics FTP/1\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port), 10) as client:
                client.sendall(garbage)
                self.assertRegex(client.recv(64), rb"^HTTP/1.1 4\d\d ")
        # clients that say nothing take all places; they are let go, and the service goes on
        silent = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(20)]
        house.drop()
        running.wait("run_ended", direction="export")
        running.metrics(port)
        for client in silent:
            client.close()
        running.stop()

    def test_strange_names(self):
        house, port = self.house, free_port()
        house.configure({"caf\u00e9-1": house.ledger("caf\u00e9")}, metrics_listen=f"127.0.0.1:{port}")
        running = house.serve()
        wait_for("it", lambda: sample(running.metrics(port), "harmony_records", integration="caf\u00e9-1",
                                      connector="ledger", state="new") == 0)
        running.stop()

    def test_file_that_cannot_be_written(self):
        house = self.house
        house.configure({"dairy": house.ledger()}, metrics_file="gone/harmony.prom", alert_command=self.alert_command())
        running = house.serve()
        self.assertIn("gone/harmony.prom", running.wait("problem_begun", problem="metrics")["message"])
        self.alert("begun", "metrics", "")
        running.stop()


class Alerts(Case):
    def wrong(self):
        self.house.drop(files=("debitr.csv", "credit.csv"))
        data = (MAIN / "fmuta6.csv").read_bytes()
        self.house.write("dairy/out/fmuta6.csv", data.replace(b'"1003"', b'"1009"'))

    def test_begun_and_ended(self):
        house = self.house
        house.configure({"dairy": house.ledger(interval="1s")}, alert_command=f"'{self.alert_command()}' --to \"the books\"")
        running = house.serve(CANARY="s3cr3t")
        self.wrong()
        begun = running.wait("problem_begun", problem="records")
        self.assertEqual(begun["level"], "warning")
        variables, text = self.alert("begun", "records")
        self.assertEqual(variables["HARMONY_ALERT_RUN"], str(begun["run"]))
        self.assertEqual(variables["HARMONY_ALERT_SUBJECT"], "harmony: dairy: records")
        self.assertRegex(variables["HARMONY_ALERT_SINCE"], r"Z$")
        self.assertEqual(variables["HARMONY_ALERT_UNTIL"], "")
        self.assertIn("70/24700004", text)
        self.assertIn("unknown_party", text)
        self.assertIn(f"harmony show {begun['run']}", text)
        self.assertIn("70/24700004", running.wait("record")["message"])
        running.wait("alert_sent")
        for failed in house.json("show", begun["run"])["details"]:
            house.run("edit", failed["id"], failed["error"]["field"] + "=1003")
        house.run("reoffer", "--run", begun["run"])
        running.wait("problem_ended", problem="records")
        self.assertIn("Until:", self.alert("ended", "records")[1])
        running.stop()

    def test_relative_command(self):
        """Relative to the configuration, wherever the service was started."""
        house = self.house
        (house.folder / "etc").mkdir()
        os.rename(self.alert_command(), house.folder / "etc/alert")
        house.configure({"dairy": house.ledger()}, alert_command="./alert")
        text = (house.folder / "harmony.conf").read_text().replace("dairy/", "../dairy/")
        house.write("etc/harmony.conf", text)
        running = house.serve("--config", str(house.folder / "etc/harmony.conf"))
        self.wrong()
        self.alert("begun", "records")
        running.stop()

    def test_names_every_line(self):
        """Each of them while there is room, and how many there are besides."""
        house = self.house
        house.configure({"dairy": house.ledger(export_path="dairy/out/export.jsonl")}, alert_command=self.alert_command())
        running = house.serve()
        for count, first in ((90, 26700001), (2000, 26800001)):
            house.write("dairy/out/export.jsonl", "".join(json.dumps({
                "kind": "sales_invoice", "journal": "70", "year": 2026, "entry_number": str(first + n), "party": "9999",
                "date": "2026-06-01", "total": "1.00",
                "lines": [{"number": 1, "account": "8000", "amount": "1.00"}]}) + "\n" for n in range(count)))
            begun = running.wait("problem_begun", problem="records", message=lambda text: str(count) in text)
            wait_for("the alert", lambda: f"{count} of {count}" in self.alert("begun", "records")[1])
            lines = [line for line in self.alert("begun", "records")[1].splitlines() if line.startswith("export.jsonl:")]
            self.assertTrue(all(line.endswith("]") for line in lines))
            self.assertEqual(len(running.events("record", run=begun["run"])), min(count, 100))
            self.assertEqual(len(lines), min(count, 100))
            if count > 100:
                self.assertIn("... and 1900 more\n", self.alert("begun", "records")[1])
        running.stop()

    def test_shell(self):
        house = self.house
        self.alert_command()
        house.configure({"dairy": house.ledger()}, alert_command="echo $HARMONY_ALERT_EVENT >> $HOME/told; ./alert",
                        alert_shell="yes")
        running = house.serve()
        self.wrong()
        self.alert("begun", "records")
        self.assertEqual((house.folder / "told").read_text(), "begun\n")
        running.stop()

    def test_no_shell(self):
        house = self.house
        house.configure({"dairy": house.ledger()}, alert_command="touch $HOME/told", alert_timeout="10s")
        running = house.serve()
        self.wrong()
        self.assertIn("'$HOME/told'", running.wait("alert_failed")["output"])
        self.assertFalse((house.folder / "told").exists())
        running.stop()

    def test_slow_and_silent_ones_hold_nothing_up(self):
        house = self.house
        command = self.alert_command('echo "what it prints"; exec sleep 1000')
        house.configure({"dairy": house.ledger()}, alert_command=command, alert_timeout="1s")
        running = house.serve()
        self.wrong()
        running.wait("problem_begun", problem="records")
        mark = running.mark()
        house.drop(files=("debitr.csv",))
        failed = running.wait("alert_failed")
        self.assertIn("alert_timeout", failed["message"])
        self.assertEqual(failed["output"], "what it prints\n")
        running.wait("run_ended", direction="export", after=mark)
        running.stop()

    def test_missing_command(self):
        house = self.house
        house.configure({"dairy": house.ledger()}, alert_command="/nowhere/alert")
        running = house.serve()
        self.wrong()
        self.assertIn("No such file", running.wait("alert_failed")["message"])
        running.stop()

    def test_prints_without_end(self):
        house = self.house
        house.configure({"dairy": house.ledger()}, alert_command="/usr/bin/yes", alert_timeout="1s")
        running = house.serve()
        self.wrong()
        self.assertTrue(running.wait("alert_failed")["output"].startswith("y\ny\n"))
        running.stop()


if __name__ == "__main__":
    unittest.main(verbosity=0)
