#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the service must show, with figures: kills, full disks, lost shares, packages that fail.

    shows.py PROGRAM [CASE...] [--long] [--seed N]

Without CASE all of them run. A case that this machine cannot run says so, and alone ends with 77.
"""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance"))
import records as R
from service import MAIN, PATIENCE, House, Late, free_port, wait_for

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


class Skip(Exception):
    pass


# ---- what the books must hold ----

def jsonl(records):
    return "".join(json.dumps(record) + "\n" for record in records)


def bookings(house, name):
    """entry number → how often it is in the ledger of an integration."""
    books = sqlite3.connect(f"file:{house.folder / name / 'books.db'}?mode=ro", uri=True)
    rows = books.execute("SELECT entry_number, COUNT(*) FROM bookings GROUP BY entry_number").fetchall()
    books.close()
    return dict(rows)


def states(house, name=None):
    """(integration, state) → number of records, from the store."""
    base = sqlite3.connect(f"file:{house.folder / 'harmony.db'}?mode=ro", uri=True)
    words = ("new", "offered", "booked", "skipped", "rejected", "waiting", "in_doubt")
    rows = base.execute("SELECT integration.name, record.state, COUNT(*) FROM record JOIN integration"
                        " ON integration.id = record.integration GROUP BY 1, 2").fetchall()
    base.close()
    return {(row[0], words[row[1]]): row[2] for row in rows if name in (None, row[0])}


def explain(house, name):
    """What is not booked, and why."""
    base = sqlite3.connect(f"file:{house.folder / 'harmony.db'}?mode=ro", uri=True)
    base.row_factory = sqlite3.Row
    rows = base.execute("SELECT record.* FROM record JOIN integration ON integration.id = record.integration"
                        " WHERE integration.name = ? AND record.state NOT IN (2, 3)", (name,)).fetchall()
    base.close()
    return "\n".join(str({k: row[k] for k in row.keys() if k in ("identifier", "state", "code", "message", "vendor")})
                     for row in rows[:8]) or "all that came is booked"


def ledger_records(count, first=26700001):
    return [R.party("customer", "1001", payment_condition="30")] + [
        R.invoice("sales_invoice", str(first + n), "1001", [R.line("8000", f"{10 + n % 90}.00")]) for n in range(count)]


def as_jsonl(settings, name):
    """An ERP that writes canonical records, which are shorter to make."""
    return dict(settings, export_path=f"{name}/out/export.jsonl")


def no_trouble(running, *words):
    """No problem but those."""
    other = [line for line in running.events("problem_begun") if line["problem"] not in words]
    assert not other, other


# ---- dbopen.csv ----

INVOICES = 150


class Reader(threading.Thread):
    """Reads snapshots again and again, as an ERP does; keeps what is not whole."""

    def __init__(self, paths):
        super().__init__(daemon=True)
        self.paths, self.reads, self.wrong, self.different, self.done = paths, 0, [], {}, False

    def run(self):
        while not self.done:
            for path in self.paths:
                try:
                    data = path.read_bytes()
                except FileNotFoundError:
                    if path in self.different:
                        self.wrong.append((path, "was gone"))
                    continue
                self.reads += 1
                fault = self.fault(data)
                if fault:
                    self.wrong.append((path, fault))
                self.different.setdefault(path, set()).add(data)

    @staticmethod
    def fault(data):
        """What is not whole in it. A payment pays the first and the last invoice, both or neither."""
        rows = data.split(b"\r\n")
        if rows[-1] != b"" or len(rows) != INVOICES + 1:
            return f"{len(rows)} rows, ends in {data[-20:]!r}"
        fields = [row.split(b",") for row in rows[:-1]]
        if any(len(row) != 11 for row in fields):
            return "a row of another width"
        if fields[0][6] != fields[-1][6]:
            return f"half of a payment: {fields[0]} {fields[-1]}"
        return None


def pay_both(number):
    """One cent for the first and for the last invoice, in one entry."""
    lines = [{"number": at, "account": "1300", "amount": "0.01", "party": "1001", "side": "sales",
              "invoice_number": str(26700000 + invoice)} for at, invoice in ((1, 1), (2, INVOICES))]
    return {"kind": "bank_entry", "journal": "20", "year": 2026, "period": 6, "entry_number": str(26200000 + number),
            "date": "2026-06-01", "description": "Betaling", "lines": lines}


@case
def snapshots(suite):
    """Whoever reads dbopen.csv sees a whole one: renewals, payments and kill -9 all the while."""
    renewals, kills = (5000, 200) if suite.long else (150, 6)
    names = [f"shop{n}" for n in range(24 if suite.long else 12)]
    with House(suite.program) as house:
        house.configure({name: as_jsonl(house.ledger(name, interval="1s"), name) for name in names})
        for name in names:
            house.write(f"{name}/out/export.jsonl", jsonl(ledger_records(INVOICES)))
        paths = [house.folder / name / "in" / "dbopen.csv" for name in names]
        running = house.serve()
        for name, path in zip(names, paths):
            wait_for(name, lambda path=path: path.exists() and path.read_bytes().count(b"\r\n") == INVOICES)
        reader = Reader(paths)
        reader.start()
        paid = {name: 0 for name in names}
        done, killed, began = 0, 0, time.monotonic()
        while done < renewals or killed < kills:
            for name in suite.random.sample(names, 4):
                out = house.folder / name / "out" / "export.jsonl"
                if not out.exists():
                    paid[name] += 1
                    house.write(f"{name}/out/export.jsonl", jsonl([pay_both(paid[name])]))
            if killed < kills:  # at any moment: the pace of kills follows that of renewals
                time.sleep(suite.random.uniform(0.05, 2 * (renewals - done) / max(1, kills - killed) / len(names))
                           if done < renewals else 0.1)
                running.kill()
                killed += 1
                done += len(running.events("run_ended", direction="import", state="succeeded"))
                running = house.serve()
                counted = 0
            else:
                time.sleep(0.2)
                now = len(running.events("run_ended", direction="import", state="succeeded"))
                done, counted = done + now - counted, now
        took = time.monotonic() - began
        for name, path in zip(names, paths):  # the last payment arrives, and each counts once
            wait_for(f"the last payment of {name}",
                     lambda path=path, name=name: path.read_bytes().split(b",")[6] == b"%d.%02d" % divmod(paid[name], 100))
        reader.done = True
        reader.join()
        running.stop()
        assert not reader.wrong, f"{len(reader.wrong)} reads were not whole: {reader.wrong[:3]}"
        for name in names:
            assert set(bookings(house, name).values()) == {1}
            assert len(bookings(house, name)) == INVOICES + paid[name]
        versions = sum(map(len, reader.different.values()))
        return (f"{done} renewals of {len(names)} files, {killed} kills, {reader.reads} reads, {versions} versions, "
                f"0 partial, {took:.0f} s")


# ---- kill, drain, reload ----

@case
def kills(suite):
    """kill -9 at any moment, of a large export: nothing is lost, nothing is booked twice."""
    count, rounds = (20000, 60) if suite.long else (1500, 6)
    with House(suite.program) as house:
        house.configure({"dairy": as_jsonl(house.ledger(), "dairy")})
        house.write("dairy/out/export.jsonl", jsonl(ledger_records(count)))
        for _ in range(rounds):
            running = house.serve(ready=False)
            time.sleep(suite.random.uniform(0.01, 0.6))
            running.kill()
        running = house.serve()
        wait_for("the rest", lambda: states(house).get(("dairy", "booked"), 0) == count + 1)
        running.stop()
        assert set(bookings(house, "dairy").values()) == {1} and len(bookings(house, "dairy")) == count
        assert set(states(house)) == {("dairy", "booked")}, states(house)
        assert not list((house.folder / "dairy/out").iterdir())
        return f"{count} records, {rounds} kills"


@case
def drain(suite):
    """SIGTERM in the middle of an export ends it within ten seconds; the next start goes on."""
    count = 30000 if suite.long else 6000
    worst = 0.0
    with House(suite.program) as house:
        house.configure({"dairy": as_jsonl(house.ledger(), "dairy")})
        house.write("dairy/out/export.jsonl", jsonl(ledger_records(count)))
        stops = 0
        while states_or_none(house).get(("dairy", "booked"), 0) < count + 1:
            running = house.serve()
            before = states_or_none(house).get(("dairy", "booked"), 0)
            wait_for("a little of it", lambda: states_or_none(house).get(("dairy", "booked"), 0) >
                     min(before + count // 8, count))
            took, _ = running.stop()
            worst, stops = max(worst, took), stops + 1
            no_trouble(running)
        assert set(bookings(house, "dairy").values()) == {1} and len(bookings(house, "dairy")) == count
        assert worst < 10, worst
        return f"{count} records, {stops} stops, the slowest took {worst:.2f} s"


def states_or_none(house):
    try:
        return states(house)
    except sqlite3.Error:
        return {}


@case
def drain_silent_package(suite):
    """A package that never answers does not keep the service from ending, and nothing is doubled."""
    import package_exact
    with Shop(suite, package_exact.ExactOnline(), timeout="60s") as shop:
        running = shop.house.serve()
        running.wait("run_ended", direction="import")
        shop.package.fault("hang_after", shop.package.offer)
        records = R.parties() + R.entries()
        shop.drop(records)
        wait_for("a request that hangs", lambda: any(r["fault"] for r in shop.package.requests()))
        took, _ = running.stop(code=None)
        assert took < 10, took
        shop.package.no_faults()
        running = shop.house.serve()
        shop.wait_booked(records, running)
        running.stop()
        return f"ended after {took:.1f} s"


@case
def reloads(suite):
    """SIGHUP while files arrive: each is booked once, and the interval that changed counts."""
    rounds = 100 if suite.long else 15
    with House(suite.program) as house:
        def configure(interval, extra):
            more = {"extra": as_jsonl(house.ledger("extra"), "extra")} if extra else {}
            house.configure({"dairy": as_jsonl(house.ledger(interval=interval), "dairy"), **more})
        configure("1h", False)
        running = house.serve()
        for n in range(rounds):
            house.write("dairy/out/export.jsonl", jsonl(ledger_records(20, first=26700001 + 20 * n)))
            configure(("1h", "30m")[n % 2], n % 3 == 0)
            running.reload()
            wait_for("the file", lambda: not (house.folder / "dairy/out/export.jsonl").exists())
        mark = running.mark()
        configure("1s", False)
        running.reload()
        second = running.wait("run_ended", after=running.wait("run_ended", after=mark, direction="import")["number"] + 1,
                              direction="import")
        assert second["state"] == "succeeded"
        wait_for("all", lambda: len(bookings(house, "dairy")) == 20 * rounds)
        running.stop()
        no_trouble(running)
        assert set(bookings(house, "dairy").values()) == {1}
        return f"{rounds} reloads"


# ---- what fails, is told once, and once more ----

def told_once(running, problem, integration):
    begun = running.events("problem_begun", problem=problem, integration=integration)
    ended = running.events("problem_ended", problem=problem, integration=integration)
    assert len(begun) == len(ended) == 1, f"{problem}: begun {len(begun)}, ended {len(ended)} times\n{running.tail()}"


@case
def full_disk(suite):
    """The store's disk runs full: told once; with room again all goes on, and that is told once."""
    if os.geteuid() != 0:
        raise Skip("not root")
    with House(suite.program) as house:
        small = house.folder / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "none", str(small)], check=False).returncode:
            raise Skip("no mount")
        house.configure({"dairy": as_jsonl(house.ledger(), "dairy"), "bakery": as_jsonl(house.ledger("bakery"), "bakery")},
                        store="small/harmony.db")
        running = house.serve()
        running.wait("run_ended", direction="import", integration="bakery")
        fill = small / "fill"
        with open(fill, "wb", buffering=0) as out:
            try:
                while True:
                    out.write(bytes(4096))
            except OSError:
                pass
        records = ledger_records(3000)
        house.write("dairy/out/export.jsonl", jsonl(records))
        begun = running.wait("problem_begun", problem="store")
        house.write("bakery/out/export.jsonl", jsonl(ledger_records(10)))
        fill.unlink()
        running.wait("problem_ended", problem="store", patience=180)
        wait_for("the records", lambda: len(bookings(house, "dairy")) == 3000 and len(bookings(house, "bakery")) == 10, 180)
        running.stop()
        told_once(running, "store", begun.get("integration"))
        assert set(bookings(house, "dairy").values()) == {1}
        return begun["message"]


@case
def lost_share(suite):
    """The export folder vanishes and comes back."""
    with House(suite.program) as house:
        house.configure({"dairy": as_jsonl(house.ledger(interval="1s"), "dairy"),
                         "bakery": as_jsonl(house.ledger("bakery"), "bakery")})
        running = house.serve()
        os.rename(house.folder / "dairy/out", house.folder / "dairy/away")
        running.wait("problem_begun", problem="folder", integration="dairy")
        mark = running.mark()
        running.wait("run_ended", after=mark, direction="import", integration="dairy")  # that goes on
        house.write("bakery/out/export.jsonl", jsonl(ledger_records(3)))
        running.wait("run_ended", direction="export", integration="bakery")
        house.write("dairy/away/export.jsonl", jsonl(ledger_records(5)))
        os.rename(house.folder / "dairy/away", house.folder / "dairy/out")
        running.wait("problem_ended", problem="folder", integration="dairy", patience=120)
        running.wait("run_ended", direction="export", integration="dairy")
        # and it is watched again: a file is found at once
        wait_for("an empty folder", lambda: not list((house.folder / "dairy/out").iterdir()))
        running.stop()
        told_once(running, "folder", "dairy")
        assert bookings(house, "dairy") == {str(26700001 + n): 1 for n in range(5)}


@case
def unreadable(suite):
    """A file that is none is set aside, once; a good one takes its place."""
    with House(suite.program) as house:
        house.configure({"dairy": house.ledger()})
        running = house.serve()
        house.write("dairy/out/fmuta6.csv", b"PK\3\4" + bytes(range(256)) * 40 + b"\n")
        aside = running.wait("file_aside", integration="dairy")
        running.wait("problem_begun", problem="file", integration="dairy")
        assert pathlib.Path(aside["path"]).exists(), aside
        house.drop()
        booked, at = 0, 0
        while booked < 19:  # the relations may be taken before the entries are there
            done = running.wait("run_ended", after=at, direction="export", integration="dairy")
            booked, at = booked + done["booked"], done["number"] + 1
        assert booked == 19, done
        running.wait("problem_ended", problem="file", integration="dairy")
        running.stop()
        told_once(running, "file", "dairy")
        assert len(running.events("file_aside")) == 1
        return aside["message"]


class Shop:
    """An integration with a simulated package, logged in."""

    def __init__(self, suite, package, house=None, name="shop", modes=None, wishes=None, **settings):
        self.house = house or House(suite.program)
        self.own = house is None
        self.name, self.package, self.dropped = name, package.start(modes, token_age=0, **(wishes or {})), 0
        for part in ("out", "in", "done"):
            (self.house.folder / name / part).mkdir(parents=True, exist_ok=True)
        self.house.write(f"{name}/secret.txt", package.client_secret() + "\n")
        keys = {"connector": package.name, "export_path": f"{name}/out/export.jsonl", "archive_path": f"{name}/done",
                "import_path": f"{name}/in/dbopen.csv", "interval": "1s", "stable": "0s", "timeout": "5s",
                "dbopen.encoding": "utf-8", **package.settings(), "client_secret_file": f"{name}/secret.txt", **settings}
        self.settings = dict(keys, **package.maps)
        if self.own:
            self.house.configure({name: self.settings})
            self.login()

    def login(self):
        self.house.run("login", self.name, "--code", self.package.code())

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.package.stop()
        if self.own:
            self.house.__exit__(*unused)

    def drop(self, records):
        self.house.write(f"{self.name}/out/export.jsonl", jsonl(records))

    def wait_booked(self, records, running, patience=PATIENCE):
        """Every record is in the books, once, as it was."""
        from cases import same_books
        want = len({(r["kind"], r.get("entry_number") or r["code"]) for r in records})
        wait_for("the bookings", lambda: states(self.house).get((self.name, "booked"), 0) == want, patience)
        same_books(self.package, records)

    def items(self):
        from cases import rows_of
        return rows_of(self.package, self.package.open_items())

    def snapshot(self):
        import csv
        try:
            with open(self.house.folder / self.name / "in" / "dbopen.csv", encoding="utf-8", newline="") as file:
                return sorted((r[0], r[1], r[5], r[6], r[7], r[8]) for r in csv.reader(file))
        except FileNotFoundError:
            return None


def exact(suite, **more):
    import package_exact
    return Shop(suite, package_exact.ExactOnline(), **more)


@case
def poll(suite):
    """Drop a file, see it booked and archived within 5 seconds; pay, and the next poll shows it."""
    with exact(suite) as shop:
        running = shop.house.serve()
        running.wait("run_ended", direction="import")
        began = time.monotonic()
        records = R.parties() + R.entries()
        shop.drop(records)
        done = running.wait("run_ended", direction="export")
        wait_for("the archive", lambda: list((shop.house.folder / "shop/done").iterdir()))
        took = time.monotonic() - began
        assert took < 5, took
        assert done["booked"] == done["records"], done
        wait_for("the open items", lambda: shop.snapshot() == shop.items())
        before = shop.snapshot()
        shop.package.pay("26700001", None)
        began = time.monotonic()
        wait_for("the payment", lambda: shop.snapshot() == shop.items() != before)
        paid = time.monotonic() - began
        running.stop()
        no_trouble(running)
        return f"booked and archived in {took:.2f} s, a payment seen in {paid:.2f} s at an interval of 1 s"


@case
def foreseen(suite):
    """The next poll and the end of the login are told from the first poll on, by the numbers and by status alike."""
    import datetime
    with exact(suite, interval="30m") as shop:
        house, port = shop.house, free_port()
        house.configure({"shop": shop.settings}, metrics_listen=f"127.0.0.1:{port}")
        running = house.serve()
        running.wait("run_ended", direction="import")
        at = lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
        def told():
            numbers = running.metrics(port)
            of = lambda name: next(iter(numbers[name]["samples"].values()), None)
            return of("harmony_login_days_left"), of("harmony_next_import_timestamp_seconds")
        days, poll = wait_for("the end of the login", lambda: all(told()) and told())
        status, = house.json("status")["integrations"]
        assert 29 < days <= 30 and abs(at(status["login_expires"]) - time.time() - 30 * 86400) < 60, (days, status)
        assert abs(at(status["next_import"]) - poll) <= 1, (poll, status["next_import"])
        running.stop()
        without, = house.json("status")["integrations"]  # and when nobody is at work
        assert abs(at(without["next_import"]) - poll) <= 1, (poll, without["next_import"])
        return f"{days} days, the next poll in {poll - time.time():.0f} s"


@case
def package_down(suite):
    """A package that is down for long: told once, and what waits is booked when it is back."""
    with exact(suite) as shop:
        running = shop.house.serve()
        running.wait("run_ended", direction="import", state="succeeded")
        snapshot = shop.snapshot()
        shop.package.fault("503")
        records = R.parties() + R.entries()
        shop.drop(records)
        running.wait("problem_begun", problem="package", integration="shop")
        mark = running.mark()
        for _ in range(3):
            mark = running.wait("run_ended", after=mark, direction="import")["number"] + 1
        assert shop.snapshot() == snapshot, "a failed poll changed the file"
        shop.package.no_faults()
        running.wait("problem_ended", problem="package", integration="shop", patience=180)
        shop.wait_booked(records, running, 180)
        running.stop()
        told_once(running, "package", "shop")


@case
def paced(suite):
    """A package that allows 60 requests a minute, and one worker: what waits for its limit holds up nobody else."""
    with exact(suite, wishes={"per_minute": 60}, interval="1h") as shop:
        house = shop.house
        house.configure({"shop": shop.settings, "dairy": as_jsonl(house.ledger(interval="1h"), "dairy")}, workers=1)
        running = house.serve()
        running.wait("run_ended", direction="import", integration="shop")
        shop.drop(R.parties() + [R.sales(str(26700001 + n), "1001", "10.00") for n in range(200)])
        wait_for("the limit", lambda: states(house, "shop").get(("shop", "booked"), 0) > 30)
        worst = 0.0
        for n in range(4):
            began = time.monotonic()
            house.write("dairy/out/export.jsonl", jsonl(ledger_records(5, first=26700001 + 5 * n)))
            wait_for("the other", lambda n=n: states(house, "dairy").get(("dairy", "booked"), 0) == 6 + 5 * n)
            worst = max(worst, time.monotonic() - began)
        assert worst < 10, worst
        runs = len(running.events("run_ended", integration="shop"))
        assert runs < 8, f"{runs} runs that came to nothing"
        took, _ = running.stop()
        assert took < 10, took
        no_trouble(running)
        assert ("shop", "in_doubt") not in states(house, "shop"), states(house, "shop")
        assert not shop.package.violations(), shop.package.violations()[:3]
        return f"another's file was booked after {worst:.2f} s at most, {runs} runs"


@case
def expired_login(suite):
    """A login that a person must renew: told once, the service goes on by itself afterwards."""
    with exact(suite) as shop:
        running = shop.house.serve()
        running.wait("run_ended", direction="import", state="succeeded")
        with shop.package.sim.lock:
            shop.package.sim.access.clear()
            shop.package.sim.refresh.clear()
        records = R.parties() + R.entries()
        shop.drop(records)
        begun = running.wait("problem_begun", problem="login", integration="shop")
        assert "harmony login" in begun["message"], begun
        shop.login()
        running.wait("problem_ended", problem="login", integration="shop", patience=180)
        shop.wait_booked(records, running, 180)
        running.stop()
        told_once(running, "login", "shop")
        return begun["message"]


# ---- all of it ----

# What the line and a package can do; refusals are not among them: those are for a person.
TROUBLE = ["reset_before", "reset_after", "hang_before", "hang_after", "408", "429", "500", "502", "503", "504",
           "502_after", "500_after", "truncated", "cut", "garbage", "empty", "endless", "slow", "expire_token"]


def trouble(suite, package):
    """One fault, or none, until the next round."""
    if suite.random.random() < 0.2:
        package.no_faults()
        return
    kind = suite.random.choice(TROUBLE)
    more = {"headers": {"Retry-After": "1"}} if kind == "429" else {"seconds": 0.5} if kind == "slow" else {}
    package.fault(kind, **more, **suite.random.choice([{"every": 3}, {"every": 7}, {"nth": 2}, {"times": 4}]))


def round_of(number):
    """What one round of the ERP brings to each integration."""
    made = [R.sales(str(26700000 + 10 * number + n), ("1001", "1002")[n % 2], f"{10 + number}.{n:02}") for n in range(3)]
    made += [R.purchase(str(26600000 + 10 * number + n), "2001", f"{20 + number}.{n:02}") for n in range(2)]
    made.append(R.memorial(str(26900000 + number), f"{number}.10"))
    return R.parties() + made if number == 1 else made


@case
def everything(suite):
    """All four packages and the ledger in one service, with faults and kills: no record is lost or doubled."""
    from conformance import PACKAGES
    rounds, kills_until = (60, 20) if suite.long else (6, 3)
    with House(suite.program) as house:
        port = free_port()
        shops = [Shop(suite, package(), house=house, name=name, timeout="3s") for name, package in sorted(PACKAGES.items())]
        try:
            keep = {shop.name: shop.settings for shop in shops}
            keep["dairy"] = as_jsonl(house.ledger(interval="1s"), "dairy")
            house.configure(keep, metrics_listen=f"127.0.0.1:{port}", workers=4)
            for shop in shops:
                shop.login()
            return all_together(suite, house, shops, rounds, kills_until, port)
        finally:
            for shop in shops:
                shop.package.stop()


def all_together(suite, house, shops, rounds, kills_until, port):
    running, killed, kept, sizes = house.serve(), 0, {shop.name: [] for shop in shops}, []
    logs, past, count, logins, began = [], [], 0, [0], time.monotonic()
    for number in range(1, rounds + 1):
        for shop in shops:
            told = [line["event"] for line in past + running.lines
                    if line.get("problem") == "login" and line.get("integration") == shop.name]
            if told[-1:] == ["problem_begun"]:  # also when the service that told it was killed since
                # the answer to a renewal was lost, and with it a token that works once: a person logs in
                shop.package.no_faults()
                shop.login()
                logins[0] += 1
            trouble(suite, shop.package)
            shop.package.sim.control(advance=60)  # an hour of theirs in the long profile
            records = round_of(number)
            waiting = house.folder / shop.name / "out" / "export.jsonl"
            if waiting.exists():  # not taken yet: the ERP writes both in one file
                records = [json.loads(line) for line in waiting.read_text().splitlines()] + records
            shop.drop(records)
            kept[shop.name] += round_of(number)
        house.write("dairy/out/export.jsonl", jsonl(ledger_records(20, first=26700001 + 20 * number)))
        time.sleep(suite.random.uniform(0.5, 2.5))
        if number <= kills_until:
            running.kill()
            logs += running.raw
            past += running.lines
            killed += 1
            running = house.serve()
        else:
            running.metrics(port)
            sizes.append(running.memory())
        wait_for("the ledger", lambda: not (house.folder / "dairy/out/export.jsonl").exists())
    for shop in shops:
        shop.package.no_faults()
    for shop in shops:  # what waits for its time is offered at once, as a person would; the service does not mind
        def settled(shop=shop):
            now = states(house, shop.name)
            if now.get((shop.name, "booked"), 0) == len(kept[shop.name]):
                return True
            if house.run("export", shop.name, code=None).returncode == 4:
                logins[0] += house.run("login", shop.name, "--code", shop.package.code(), code=None).returncode == 0
            return False
        try:
            wait_for(f"the bookings of {shop.name}", settled, 240, 1.0)
        except Late as late:
            raise Late(f"{late}: {explain(house, shop.name)}") from late
        shop.wait_booked(kept[shop.name], running)
        count += len(kept[shop.name])
        # When the answer to a renewal is lost, nobody knows which token is good: the old one is tried, once.
        lost = killed + sum(1 for r in shop.package.requests()
                            if r["fault"] and re.search(shop.package.token, r["method"] + " " + r["url"]))
        again = [v for v in shop.package.violations() if v["rule"] == "refresh tokens are good once"]
        assert len(again) <= lost, f"{shop.name}: {len(again)} tokens were used again, and {lost} renewals lost"
        bad = [v for v in shop.package.violations() if v not in again]
        assert not bad, bad[:3]
        wait_for(f"the open items of {shop.name}", lambda shop=shop: shop.snapshot() == shop.items())
    wait_for("the ledger", lambda: len(bookings(house, "dairy")) == 20 * rounds)
    assert set(bookings(house, "dairy").values()) == {1}
    took = time.monotonic() - began
    sizes.append(running.memory())
    told = len(running.events("problem_begun")), len(running.events("problem_ended"))
    numbers = running.metrics(port)
    asked = int(sum(numbers["harmony_requests_total"]["samples"].values()))
    running.stop()
    logs += running.raw
    for shop in shops:
        for secret in shop.package.secrets:
            assert not any(secret in line for line in logs), f"a secret was said: {shop.name}"
    if os.environ.get("HARMONY_SANITIZE", "none") == "none" and len(sizes) > 12:
        early, late = max(sizes[4:10]), sizes[-1]
        assert late < early * 1.1 + 1048576, f"memory grew: {[size >> 10 for size in sizes]} KiB"
    return (f"{count + 20 * rounds + 1} records in {rounds} rounds, {killed} kills, {logins[0]} logins by a person, {asked} requests since the last of "
            f"them, problems begun {told[0]} and ended {told[1]}, memory {sizes[min(4, len(sizes) - 1)] >> 10} to "
            f"{sizes[-1] >> 10} KiB, {took:.0f} s")


# ---- running them ----

class Suite:
    def __init__(self, options):
        self.program, self.long = os.path.abspath(options.program), options.long
        self.random = random.Random(options.seed)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("case", nargs="*", default=[])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_intermixed_args()
    failed = ran = 0
    for name in options.case or CASES:
        began = time.monotonic()
        try:
            said = CASES[name](Suite(options))
            ran += 1
            print(f"ok    {name:22} {time.monotonic() - began:6.1f} s  {said or ''}", flush=True)
        except Skip as why:
            print(f"skip  {name:22} {why}", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL  {name}", flush=True)
            traceback.print_exc()
    return 1 if failed else 0 if ran else 77


if __name__ == "__main__":
    sys.exit(main())
