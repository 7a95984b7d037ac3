#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A simulator of Multivers Online, as strict as what is known of it.

multivers.py COMMAND...   runs COMMAND with HARMONY_TEST_URL set, ends with its status
multivers.py --port N     serves until interrupted
Simulator(**modes)        in a Python test: .start() .stop() .url .control(...)

It starts with the refresh token "refresh-0" and the code "code-0". What is not known of the
real service is a mode, in both readings.

Control below /_sim/ (see base.py for faults, modes, advance, forget and reset) knows also:
  customers: N or [{...}]   suppliers: N or [{...}]   open_items: N
  pay: {"side": "Customer", "invoice": "1", "amount": "1.00" or null for all of it}
  loose: {"side": "Customer", "party": "1001", "amount": "1.00"}
  before: {"party": "1001", "invoice": "901", "reference": "A-1", "amount": "1.00"}
  close: [year, period]     taken: [year, journal]    last: [year, journal, number]
  expire_tokens: true       code: "text"
Faults of its own: drop_lines, lose_account, number_taken, expire_token, warning (booked, with
a warning), error_after (booked, and an error in the answer), status_400_message (with "message"
and "path").
"""
import datetime
import json
import os
import re
import sys
import urllib.parse
from decimal import Decimal

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import base  # noqa: E402
from base import Answer  # noqa: E402
from multivers_books import (CUSTOMERS, JOURNAL_TYPES, SIDES, Administration, Broken, Refusal,  # noqa: E402
                             parse_date)
from multivers_tables import NVL, ROWS  # noqa: E402

SCOPE = "http://UNIT4.Multivers.API/Web/WebApi/*"
DATES = re.compile(r"[dD]ate$|^date[A-Z]")
OPTIONS = {"$select", "$filter", "$orderby", "$top", "$skip"}
# The options of a list beside those of OData.
OWN = {"PeriodInfoList": {"fiscalYear"}, "JournalInfoList": {"fiscalYear"}, "AccountNVL": {"fiscalYear"},
       "SalesVatScenarioInfoList": {"fiscalYear"}, "PurchaseVatScenarioInfoList": {"fiscalYear"},
       "VatScenarioRuleInfoList": {"scenarioId"}, "CustomerGroupInfoList": {"fiscalYear"},
       "SupplierGroupNVL": {"fiscalYear"}, "CustomerInvoiceInfoList": {"id", "invoiceState", "startDate", "endDate"},
       "SupplierInvoiceInfoList": {"id", "invoiceState", "startDate", "endDate"}}


def pascal(name):
    return name[:1].upper() + name[1:]


def named(table, key, **more):
    return [dict({key: one, "description": str(text)}, **more) for one, text in table.items()]


def nvl(table):
    return [{"name": str(name), "value": str(value)} for name, value in table.items()]


class Simulator(base.Simulator):
    """A strict simulator of Multivers Online, and of Boekhoud Gemak, which has the same API."""
    MODES = {
        "version": "V221", "databases": ["MVL00001", "MVL00002"], "client_id": "app-1", "client_secret": "sec!ret/1+&=",
        "redirect_uri": "https://harmony.example/callback", "token_life": 3600, "periods": 12,
        "old_access_dies": False, "per_minute": 0, "retry_after": True,
        "bare_429": 0,                 # that many calls in, one answer of 429 that says nothing
        # what is not documented, in both readings
        "refresh": "rotating",         # or static, or absent from the answer
        "page": 0,                     # most rows of an answer, whatever $top says; 0: no end
        "paging": "honoured",          # or skip_ignored, top_ignored, ignored
        "sales_lines": "credit",       # the column of sales lines; or debit
        "credit_notes": "type",        # invoiceType 2 and 3; or column, the opposite one; or both
        "credit_total": "negative",    # of a credit note, in the answer; or positive
        "credit_balance": "negative",  # of a credit note, in lists; or positive
        "payables_sign": "positive",   # of what we owe, in lists; or negative
        "invoice_state": "request",    # what a request's state means; or answer, as rows have it
        "iso_dates": True, "dates": "d-M-yyyy",  # taken; and written: or dd-MM-yyyy, time, iso; unknown
        "partial_put": "clears",       # what a PUT does not say; or keeps
        "auto_vat": "computed",        # without VAT lines; or refused
        "path_escape": "bang",         # !_ for % in paths; or percent
        "unbalanced": "refused",       # a FinTrans out of balance; or accepted
        "duplicates": "refused",       # a number that is taken; or accepted
        "supplier_short_name": True,   # required of suppliers, too
        "credit_squeeze": "optional",  # of customers; or required
        "supplier_entry": "accepted",  # SupplierEntryProxy; or refused
        "supplier_banks": True,        # BankAccountInfoList/BySupplierId is there
        "journal_list": "whole",       # JournalTransactionInfoList; or missing, or without memorials
        "exchange_rate": "known",      # or refused
        "countries": "iso",            # or own, the administration's
        "due_dates": "kept",           # or condition, which the payment condition makes
        "journal_code": "changed",     # refused of a relation with open entries; or sent, the same, too; or group
        "vat_number": "format",        # what is checked of a Dutch one; or 97
        "journal_types": "dutch",      # how journals' types are numbered and called; or other
        "period_dates": True,          # periods tell their days
        "period_name": "periodNumber",  # what their number is called; or periodId
        "advance_ids": True,           # money in advance has a number
        "documents": "kept",           # what a memorial is called; or cut, dropped
        "missing": 404,                # HTTP status of what is not there; or 400
        "rule_status": 400,            # HTTP status of a broken business rule; 200: with an Error inside
        "errors": "messages",          # or pascal, exception, bare, html
        "created": "object",           # answer to a creation; or empty
    }

    def seed(self):
        self.access, self.refresh, self.codes = {}, {"refresh-0"}, {"code-0"}
        self.generation, self.times, self.asked = 0, [], 0
        self.all = {name: Administration(self.modes, lambda: datetime.date.fromtimestamp(self.now()))
                    for name in self.modes["databases"]}

    @property
    def first(self):
        """The administration that the tests look at."""
        return self.all[self.modes["databases"][0]]

    # ---- refusals

    def message(self, status, text, path="/"):
        shape = self.modes["errors"]
        if shape == "html":
            return Answer(status, "<html>%s</html>" % text, {"Content-Type": "text/html"})
        if shape == "bare":
            return Answer(status, {"Message": text})
        if shape == "pascal":
            return Answer(status, {"Messages": [{"Message": text, "MessageType": "Error", "Path": "/".join(
                pascal(part) for part in path.split("/"))}]})
        said = {"messages": [{"message": text, "messageType": "Error", "path": path}]}
        return Answer(status, dict(said, exceptionId="d2a5") if shape == "exception" else said)

    def refuse(self, request, rule, status=400, path="/"):
        self.violate(request, rule, self.message(status, rule, path))

    def plain_failure(self, request, kind):
        if kind == "status_400_message":
            return self.message(400, request.fault_value("message", "Fout."), request.fault_value("path", "/"))
        return super().plain_failure(request, kind)

    # ---- login

    def token(self, request):
        form = dict(urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True))
        wrong = None
        if request.method != "POST" or not request.headers.get("content-type", "").startswith(
                "application/x-www-form-urlencoded") or request.query:
            wrong = "a token is asked for with POST and a form"
        elif "authorization" in request.headers:
            wrong = "credentials stand in the body"
        elif any(form.get(name) != self.modes[name] for name in ("client_id", "client_secret", "redirect_uri")):
            wrong = "wrong client"
        if wrong:
            self.violate(request, wrong, Answer(400, {"error": "invalid_client"}))
        if form.get("grant_type") == "authorization_code":
            if form.get("code") not in self.codes:
                self.violate(request, "a code is good once", Answer(400, {"error": "invalid_grant"}))
            self.codes.discard(form["code"])
        elif form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") not in self.refresh:
                self.violate(request, "refresh tokens are good once", Answer(400, {"error": "invalid_grant"}))
        else:
            self.violate(request, "unknown grant_type", Answer(400, {"error": "unsupported_grant_type"}))
        return self.issue(form)

    def issue(self, form):
        self.generation += 1
        mode, consent, fresh = self.modes["refresh"], "code" in form, "refresh-%d" % self.generation
        said = {"access_token": "access!%d" % self.generation, "token_type": "bearer",
                "expires_in": self.modes["token_life"], "scope": SCOPE, "date": "1-1-2026"}
        if self.modes["old_access_dies"]:
            self.access = {token: 0 for token in self.access}
        self.access[said["access_token"]] = self.now() + self.modes["token_life"]
        if mode == "rotating":
            self.refresh.discard(form.get("refresh_token"))
        if mode == "rotating" or consent:
            self.refresh.add(fresh)
        if mode != "absent" or consent:
            said["refresh_token"] = fresh if fresh in self.refresh else form["refresh_token"]
        return Answer(200, said)

    def authorize(self, request):
        query = dict(urllib.parse.parse_qsl(request.query))
        wanted = {"client_id": self.modes["client_id"], "redirect_uri": self.modes["redirect_uri"], "scope": SCOPE,
                  "response_type": "code"}
        if not query.pop("state", "") or query != wanted:
            self.refuse(request, "the address of the consent page")
        self.codes.add("code-1")
        return Answer(302, b"", {"Location": self.modes["redirect_uri"] + "?code=code-1"})

    def check_login(self, request):
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or token not in self.access:
            self.violate(request, "no access token, or one that nobody gave",
                         Answer(401, {"Message": "Authorization has been denied for this request."}))
        if request.is_fault("expire_token"):
            self.access[token] = 0
        if self.access[token] <= self.now():
            raise Answer(401, {"Message": "Authorization has been denied for this request."})

    def throttle(self):
        self.asked += 1
        if self.asked == self.modes["bare_429"]:
            raise Answer(429, b"")
        if not self.modes["per_minute"]:
            return
        self.times = [at for at in self.times if at > self.now() - 60]
        if len(self.times) >= self.modes["per_minute"]:
            wait = int(self.times[0] + 61 - self.now())
            raise Answer(429, b"", {"Retry-After": wait} if self.modes["retry_after"] else {})
        self.times.append(self.now())

    # ---- paths

    def handle(self, request):
        path = request.target.partition("?")[0]
        parts = path.split("/")[1:]
        if parts[0].upper() != self.modes["version"].upper():
            self.violate(request, "another version", Answer(404, "<html>Not Found</html>", {
                "Content-Type": "text/html"}))
        if parts[1:] == ["OAuth", "Token"]:
            return self.token(request)
        if parts[1:] == ["OAuth", "Authorize"]:
            return self.authorize(request)
        if "%" in path and self.modes["path_escape"] == "bang":
            self.refuse(request, "a percent sign in the path: it is written !_")
        if self.modes["path_escape"] == "percent" and "!_" in path:
            self.refuse(request, "!_ in the path: it is written with a percent sign", 404)
        if not re.fullmatch(r"[A-Za-z0-9/_.~!%-]+", path):
            self.refuse(request, "a character in the path that must be escaped")
        if len(parts) < 3 or parts[1] != "api":
            self.refuse(request, "no such address", 404)
        if request.headers.get("accept") != "application/json":
            self.refuse(request, "Accept: application/json is missing", 406)
        self.check_login(request)
        self.throttle()
        return self.route(request, [urllib.parse.unquote(part.replace("!_", "%")) for part in parts[2:]])

    def route(self, request, parts):
        self.query = dict(urllib.parse.parse_qsl(request.query, keep_blank_values=True))
        if parts[0] in ("version", "SystemVersionInfo", "SessionInfo") and len(parts) == 1:
            return Answer(200, {"version": "2.2.1"})
        names = {name: "Voorbeeld bedrijf" for name in self.modes["databases"]}
        if parts == ["AdministrationNVL"]:
            return self.listed(request, "AdministrationNVL", nvl(names))
        if parts == ["AdministrationInfoList"]:
            return Answer(200, [{"administrationId": at, "code": name, "description": text, "shortName": name}
                                for at, (name, text) in enumerate(names.items(), 1)])
        if parts[0] not in self.all:
            self.refuse(request, "no access to this division", 404)
        self.books_ = self.all[parts[0]]
        try:
            return self.resource(request, parts[1], parts[2:]) if len(parts) > 1 else \
                self.refuse(request, "no such address", 404)
        except Refusal as refusal:
            if isinstance(refusal, Broken):
                self.violate(request, "%s: %s" % (refusal.path, refusal.text))
            return self.message(self.modes["rule_status"], refusal.text, refusal.path)

    def resource(self, request, name, keys):
        if name.startswith("Get") and name.endswith("Command"):
            return self.number_command(request, name, keys)
        if name in SIDES:
            return self.party(request, SIDES[name], keys)
        if name in ("CustomerInvoice", "SupplierInvoice"):
            return self.invoice(request, SIDES[name[:-7]], keys)
        if name == "FinTrans":
            return self.fin_trans(request, keys)
        if name == "BankAccount" and request.method == "POST" and not keys:
            return self.made(request, name, self.books_.make_bank(self.body(request)))
        if request.method != "GET":
            self.refuse(request, "%s is not written" % name, 405)
        if name.endswith("Info") and keys:
            return self.info(request, name, keys)
        rows = self.rows(name, keys)
        if rows is None:
            self.refuse(request, "no such address", 404)
        return self.listed(request, name, rows)

    def year(self, text):
        if not (text or "").isdigit() or int(text) not in self.books_.years:
            raise Refusal("Boekjaar %s bestaat niet." % text, "/fiscalYear")
        return int(text)

    def number_command(self, request, name, keys):
        books = self.books_
        if request.method != "POST" or keys:
            self.refuse(request, "a command is posted", 405)
        if name == "GetNextJournalTransactionCommand":
            if set(self.query) != {"fiscalYear", "journalId"}:
                self.refuse(request, "the command takes fiscalYear and journalId")
            year, journal = self.year(self.query["fiscalYear"]), self.query["journalId"]
            if journal not in books.journals:
                raise Refusal("Dagboek '%s' bestaat niet." % journal, "/journalId")
            return Answer(200, {"messages": [], "nextJournalTransaction": books.next_transaction(year, journal)})
        self.refuse(request, "no such command", 404)

    # ---- lists

    def rows(self, name, keys):
        books = self.books_
        party = {"Customer": CUSTOMERS, "Supplier": SIDES["Supplier"]}
        found = re.fullmatch(r"(Customer|Supplier)InvoiceInfoList", name)
        if found:
            return self.invoice_rows(party[found[1]], keys)
        if name == "BankAccountInfoList" and len(keys) == 2 and (
                keys[0] == "ByCustomerId" or (keys[0] == "BySupplierId" and self.modes["supplier_banks"])):
            owner = books.parties[keys[0][2:-2]].get(keys[1], {}).get("organizationId")
            return [one for one in books.banks if one["organizationId"] == owner]
        if name == "AccountInfoList" and len(keys) == 1:
            return named(books.accounts, "accountId", fiscalYear=self.year(keys[0]))
        if name == "AccountNVL" and len(keys) == 2 and keys[0] == "All":
            return nvl(books.accounts) if self.year(keys[1]) else None
        if name == "JournalTransactionInfoList" and len(keys) == 2:
            if self.modes["journal_list"] == "missing":
                raise self.message(404, "No HTTP resource was found that matches the request URI.")
            return self.transaction_rows(keys[0], self.year(keys[1]))
        if name == "VatScenarioRuleInfoList" and len(keys) == 1:
            return self.rule_rows(self.year(keys[0]))
        return self.plain_rows(name) if not keys else None

    def plain_rows(self, name):
        books = self.books_
        years = [{"fiscalYear": y, "description": str(y), "startDate": "01-01-%d" % y, "endDate": "31-12-%d" % y}
                 for y in books.years]
        table = {
            "FiscalYearInfoList": lambda: years,
            "JournalTypeNVL": lambda: nvl(JOURNAL_TYPES[self.modes["journal_types"]]),
            "VatCodeInfoList": lambda: [{"vatCodeId": c, "description": "BTW", "vatPercentage": p,
                                         "vatPercentagesByDate": []} for c, p in books.vat.items()],
            "PaymentConditionInfoList": lambda: named(books.conditions, "paymentConditionId"),
            "CostCentreInfoList": lambda: named(books.centres, "costCentreId"),
            "CostUnitInfoList": lambda: named(books.units, "costUnitId"),
            "CountryInfoList": lambda: named(books.countries, "countryId"),
            "CurrencyInfoList": lambda: named(books.currencies, "currencyId"),
            "CustomerInfoList": lambda: self.party_rows(CUSTOMERS),
            "SupplierInfoList": lambda: self.party_rows(SIDES["Supplier"]),
            "CustomerNVL": lambda: nvl({k: v.get("name") for k, v in books.parties["Customer"].items()}),
            "SupplierNVL": lambda: nvl({k: v.get("name") for k, v in books.parties["Supplier"].items()})}
        by_year = {"PeriodInfoList": self.period_rows, "JournalInfoList": self.journal_rows,
                   "AccountNVL": lambda y: nvl(books.accounts), "SupplierGroupNVL": lambda y: nvl({1: "Binnenland"}),
                   "SalesVatScenarioInfoList": lambda y: self.scenario_rows("Customer", y),
                   "PurchaseVatScenarioInfoList": lambda y: self.scenario_rows("Supplier", y),
                   "CustomerGroupInfoList": lambda y: named({1: "Binnenland"}, "customerGroupId")}
        if name in by_year:
            return by_year[name](self.year(self.query.get("fiscalYear")))
        return table[name]() if name in table else None

    def scenario_rows(self, party, year):
        return named(self.books_.scenarios[party], "vatScenarioId", fiscalYear=year)

    def party_rows(self, side):
        return [{name: row.get(name) for name in ROWS[side.party + "InfoList"]}
                for row in self.books_.parties[side.party].values()]

    def period_rows(self, year):
        count = self.books_.years[year]
        rows = []
        for n in range(1, count + 1):
            first = datetime.date(year, min(12, (n - 1) * 12 // min(count, 12) + 1), 1)
            after = datetime.date(year + 1, 1, 1) if n >= min(count, 12) else \
                datetime.date(year, n * 12 // min(count, 12) + 1, 1)
            last = after - datetime.timedelta(1)
            row = {"fiscalYear": year, self.modes["period_name"]: n, "description": "Periode %d" % n}
            if self.modes["period_dates"]:
                first = last if n > 12 else first
                row.update(startDate=first.strftime("%d-%m-%Y"), endDate=last.strftime("%d-%m-%Y"))
            rows.append(row)
        return rows

    def journal_rows(self, year):
        kinds = {"VK": 0, "IK": 1, "MEM": 2, "BNK": 4}
        numbers = list(JOURNAL_TYPES[self.modes["journal_types"]])
        return [{"journalId": id_, "description": id_, "fiscalYear": year, "journalType": numbers[kinds[kind]],
                 "journalKind": 0, "journalTransaction": self.books_.last.get((year, id_), 0),
                 "accountId": {"VK": "1300", "IK": "1600"}.get(kind, ""), "currencyId": "EUR",
                 "openingBalanceJournal": False}
                for id_, kind in self.books_.journals.items()]

    def transaction_rows(self, journal, year):
        books = self.books_
        if journal not in books.journals:
            raise Refusal("Dagboek '%s' bestaat niet." % journal, "/journalId")
        found = [(row, row.get("reference", ""), row["invoiceDate"]) for side in SIDES for row in books.invoices[side]
                 if not row.get("_foreign")]
        if self.modes["journal_list"] == "whole":
            found += [(row, row.get("description", ""), row["transactionDate"]) for row in books.fin_trans]
        return [{"transactionId": row["journalTransaction"], "description": text, "transactionDate": date,
                 "previousBalance": Decimal(0), "newBalance": Decimal(0)}
                for row, text, date in found if (row["fiscalYear"], row["journalId"]) == (year, journal)]

    def rule_rows(self, year):
        side = "Customer" if self.query.get("scenarioId") in ("6", "7") else "Supplier"
        if int(self.query.get("scenarioId") or 0) not in self.books_.scenarios[side]:
            raise Refusal("BTW-scenario bestaat niet.", "/scenarioId")
        return [{"fiscalYear": year, "vatScenarioId": int(self.query["scenarioId"]), "vatCodeId": str(code),
                 "amountType": 0, "invoiceType": 0, "negateAmount": False, "vatSection": "", "vatType": 0} for code in self.books_.vat]

    def invoice_rows(self, side, keys):
        """By the state in the address: 0 any, 1 open, 2 paid; or as in answers: 0 open, 1 settled, 2 overdue."""
        state = self.query.get("invoiceState", "0")
        if keys[:1] == ["ByFiscalYear"] and len(keys) == 3:
            state = keys[2]
            if state not in ("0", "1", "2"):
                raise Broken("invoiceState is 0, 1 of 2.")
            return self.books_.invoice_rows(side, int(state), self.year(keys[1]), self.query.get("id"))
        if keys[:1] == ["OpenInvoices"] and len(keys) == 2:
            return self.books_.invoice_rows(side, 1, party=keys[1])
        if len(keys) == 1 and state in ("0", "1", "2"):
            return self.books_.invoice_rows(side, int(state), party=keys[0])
        return None

    def listed(self, request, name, rows):
        query = self.query
        unknown = set(query) - OWN.get(name, set()) - (set() if name in NVL else OPTIONS)
        if unknown:
            self.refuse(request, "%s has no option %s" % (name, sorted(unknown)[0]))
        if name not in NVL:
            rows = self.chosen(request, name, rows)
        return self.answer_json(rows)

    def chosen(self, request, name, rows):
        query, mode = self.query, self.modes["paging"]
        order = query.get("$orderby", "").split()
        if order:
            key = self.property(request, name, order[0])
            rows = sorted(rows, key=lambda row: (isinstance(row[key], str), row[key]), reverse=order[1:] == ["desc"])
        elif query.get("$skip", "0") != "0":
            self.refuse(request, "$skip without $orderby skips nobody knows what")
        if "$filter" in query:
            rows = self.filtered(request, name, rows, query["$filter"])
        for option in ("$top", "$skip"):
            if not query.get(option, "0").isdigit():
                self.refuse(request, "%s is a whole number" % option)
        if mode in ("honoured", "top_ignored"):
            rows = rows[int(query.get("$skip", 0)):]
        if "$top" in query and mode in ("honoured", "skip_ignored"):
            rows = rows[:int(query["$top"])]
        if self.modes["page"]:
            rows = rows[:self.modes["page"]]
        if "$select" in query:
            wanted = [self.property(request, name, one.strip()) for one in query["$select"].split(",")]
            rows = [{key: row.get(key) for key in wanted} for row in rows]
        return rows

    def property(self, request, name, word):
        key = word[:1].lower() + word[1:]
        if name == "PeriodInfoList" and key.startswith("period") and key != self.modes["period_name"]:
            raise self.message(400, "Could not find a property named '%s'." % word)  # nobody can know
        if word != pascal(word) or key not in ROWS[name]:
            self.refuse(request, "%s has no property %s" % (name, word))
        return key

    def filtered(self, request, name, rows, text):
        tests = []
        for word in re.split(r" or (?=[A-Z]\w* eq )", text):
            found = re.fullmatch(r"([A-Z]\w*) eq ('((?:[^']|'')*)'|-?\d+)", word)
            if not found:
                self.refuse(request, "a filter is Property eq 'text', joined by or")
            value = int(found[2]) if found[3] is None else found[3].replace("''", "'")
            tests.append((self.property(request, name, found[1]), value))
        return [row for row in rows if any(row.get(key) == value for key, value in tests)]

    # ---- objects

    def answer_json(self, value, status=200):
        """Amounts as they are, to the last decimal; a float would change some."""
        text = json.dumps(self.render(value), ensure_ascii=False)
        return Answer(status, re.sub(r'"\\u0000([^"]*)\\u0000"', r"\1", text.replace("\0", "\\u0000")),
                      {"Content-Type": "application/json; charset=utf-8"})

    def render(self, value, name=""):
        """Dates in the style of the mode, nothing of the simulator's own."""
        if isinstance(value, dict):
            return {k: self.render(v, k) for k, v in value.items() if not k.startswith("_")}
        if isinstance(value, list):
            return [self.render(one) for one in value]
        if isinstance(value, Decimal):
            return "\0%s\0" % value
        if isinstance(value, str) and value and DATES.search(name):
            date = parse_date(value, True)
            styles = {"iso": date.isoformat(), "dd-MM-yyyy": date.strftime("%d-%m-%Y"),
                      "time": date.strftime("%d-%m-%Y 0:00:00"), "unknown": date.strftime("%Y/%m/%d"),
                      "d-M-yyyy": "%d-%d-%d" % (date.day, date.month, date.year)}
            return styles[self.modes["dates"]]
        return value

    def body(self, request):
        kind = request.headers.get("content-type", "").lower().replace(" ", "")
        if kind != "application/json;charset=utf-8":
            self.refuse(request, "a body is application/json; charset=utf-8", 415)
        try:
            body = json.loads(request.body.decode("utf-8"), parse_float=Decimal)
        except ValueError:
            self.refuse(request, "the body is no JSON")
        if not isinstance(body, dict):
            self.refuse(request, "the body is no object")
        return body

    def made(self, request, resource, row):
        self.journal.append({"resource": resource, "row": base.plain(row)})
        return self.done(request, Answer(200, b"") if self.modes["created"] == "empty" else self.shown(row))

    def done(self, request, answer):
        """With what a fault says beside it."""
        if request.is_fault("warning"):
            said = {"message": "Let op: de vervaldatum valt in een weekend.", "messageType": "Warning", "path": "/"}
            answer = self.answer_json(dict(json.loads(answer.body or b"{}", parse_float=Decimal), messages=[said]))
        if request.is_fault("error_after"):
            answer = self.message(200, "Er is een fout opgetreden na het opslaan.")
        return answer

    def shown(self, row):
        return self.answer_json(dict(row, messages=[]))

    def missing(self, what):
        raise self.message(self.modes["missing"], what + " bestaat niet.")

    def party(self, request, side, keys):
        table = self.books_.parties[side.party]
        if request.method == "POST" and not keys:
            return self.made(request, side.party, self.books_.make_party(side, self.body(request)))
        if len(keys) != 1 or request.method not in ("GET", "PUT"):
            self.refuse(request, "relations are made, read and changed", 405)
        if keys[0] not in table:
            self.missing(side.party)
        if request.method == "GET":
            return self.shown(table[keys[0]])
        row = self.books_.change_party(side, self.body(request), keys[0])
        self.journal.append({"resource": side.party, "row": base.plain(row)})
        return self.done(request, self.shown(row))

    def info(self, request, name, keys):
        if name in ("CustomerInfo", "SupplierInfo") and len(keys) == 1:
            row = self.books_.parties[name[:-4]].get(keys[0])
            return self.shown(row) if row else self.missing(name[:-4])
        if name in ("CustomerInvoiceInfo", "SupplierInvoiceInfo") and len(keys) == 2 and keys[0] == "OnlyHeader":
            side = SIDES[name[:-11]]
            row = next((one for one in self.books_.invoices[side.party] if one["invoiceId"] == keys[1]), None)
            return self.shown(self.books_.row_of(side, row)) if row else self.missing("Factuur")
        if name in ("JournalInfo", "AccountInfo") and len(keys) == 1:
            year, key = self.year(self.query.get("fiscalYear")), pascal(name)[:-4].lower() + "Id"
            rows = self.journal_rows(year) if name == "JournalInfo" else named(self.books_.accounts, key)
            row = next((one for one in rows if one[key] == keys[0]), None)
            return self.shown(row) if row else self.missing(name[:-4])
        return self.refuse(request, "no such address", 404)

    def invoice(self, request, side, keys):
        books = self.books_
        if request.method == "POST" and not keys:
            return self.made(request, side.invoice, books.told_invoice(
                books.book_invoice(side, self.body(request), request)))
        if request.method != "GET" or len(keys) != 1:
            self.refuse(request, "invoices are made and read", 405)
        row = next((one for one in books.invoices[side.party] if one["invoiceId"] == keys[0]), None)
        return self.shown(books.told_invoice(row)) if row else self.missing("Factuur")

    def fin_trans(self, request, keys):
        if request.method == "POST" and not keys:
            return self.made(request, "FinTrans", self.books_.book_fin_trans(self.body(request), request))
        if request.method != "GET" or len(keys) != 3:
            self.refuse(request, "transactions are made and read", 405)
        row = next((one for one in self.books_.fin_trans if keys == [
            str(one["fiscalYear"]), one["journalId"], str(one["journalTransaction"])]), None)
        return self.shown(row) if row else self.missing("Transactie")

    # ---- control

    def command(self, name, value):
        books = self.first
        if name == "code":
            self.codes.add(value)
        elif name == "expire_tokens":
            self.access = {token: 0 for token in self.access}
        elif name == "close":
            books.closed.add(tuple(value))
        elif name == "taken":
            books.take_number(*value)
        elif name == "last":
            books.last[value[0], value[1]] = value[2]
        elif name in ("customers", "suppliers"):
            side = SIDES[pascal(name[:-1])]
            for row in [{} for _ in range(value)] if isinstance(value, int) else value:
                books.make_party(side, dict({"shortName": "REL", "name": "Relatie", "paymentConditionId": "30"}, **row))
        elif name == "open_items":
            for number in range(value):
                books.add_invoice(CUSTOMERS, next(iter(books.parties["Customer"])), str(50000000 + number), "1.00")
        elif name == "pay":
            row = next(one for one in books.invoices[value["side"]] if one["invoiceId"] == value["invoice"])
            row["_open"] -= row["_open"] if value["amount"] is None else Decimal(value["amount"])
        elif name == "loose":
            number = str(60000000 + len(books.invoices[value["side"]])) if self.modes["advance_ids"] else ""
            books.add_invoice(SIDES[value["side"]], value["party"], number, -Decimal(value["amount"]), _advance=True)
        elif name == "before":
            books.add_invoice(CUSTOMERS, value["party"], value["invoice"], value["amount"], value.get("reference", ""))
        else:
            super().command(name, value)

    def books(self):
        return {"parties": self.first.parties, "invoices": self.first.invoices,
                "fin_trans": self.first.fin_trans, "banks": self.first.banks}


if __name__ == "__main__":
    sys.exit(base.main(Simulator))
