#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The simulator of Exact Online refuses what breaks a rule, books to the cent, honours faults."""
import http.client
import json
import socket
import subprocess
import sys
import os
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import base  # noqa: E402
import exact_online  # noqa: E402

CLIENT = {"client_id": exact_online.Simulator.MODES["client_id"],
          "client_secret": exact_online.Simulator.MODES["client_secret"]}
LOST = (ConnectionError, http.client.HTTPException, TimeoutError, socket.timeout)


class Case(unittest.TestCase):
    MODES = {}

    def setUp(self):
        self.sim = exact_online.Simulator(**self.MODES).start()
        self.addCleanup(self.sim.stop)
        self.token = "access-0"
        self.division = 123456

    def send(self, method, target, body=None, headers=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.sim.port, timeout=timeout)
        self.addCleanup(connection.close)
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        text = response.read()
        self.headers = dict(response.getheaders())
        return response.status, text

    def call(self, method, path, body=None, without=(), extra=None, timeout=60):
        headers = {"Authorization": "Bearer " + self.token, "Accept": "application/json",
                   "Prefer": "return=representation"}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = body if isinstance(body, (str, bytes)) else json.dumps(body)
        headers.update(extra or {})
        for name in without:
            headers.pop(name, None)
        if not path.startswith("/"):
            path = "/api/v1/%d/%s" % (self.division, path)
        status, text = self.send(method, path.replace(" ", "%20"), body, headers, timeout)
        try:
            return status, json.loads(text) if text else None
        except ValueError:
            return status, text

    def rows(self, path):
        status, body = self.call("GET", path)
        self.assertEqual(status, 200, body)
        return body["d"]["results"]

    def ledger(self, code):
        return self.sim.divisions[self.division].by_code("financial/GLAccounts", code)["ID"]

    def customer(self, **more):
        return self.sim.control(customers=[more])["customers"][0]

    def supplier(self, **more):
        return self.sim.control(suppliers=[more])["suppliers"][0]

    def sale(self, customer, *lines, **header):
        return dict({"Journal": "70", "Customer": customer, "EntryDate": "2026-03-05", "YourRef": "F1",
                     "SalesEntryLines": [self.line(*line) for line in lines or [("8000", 100, "2")]]}, **header)

    def purchase(self, supplier, *lines, **header):
        return dict({"Journal": "60", "Supplier": supplier, "EntryDate": "2026-03-05", "YourRef": "I1",
                     "PurchaseEntryLines": [self.line(*line) for line in lines or [("4500", 100, "4")]]}, **header)

    def memorial(self, *lines, **header):
        return dict({"JournalCode": "90", "GeneralJournalEntryLines":
                     [dict(self.line(*line), Date="2026-03-05") for line in lines]}, **header)

    def line(self, account, amount, vat="", **more):
        return dict({"GLAccount": self.ledger(account), "AmountFC": amount, "VATCode": vat}, **more)

    def books(self):
        return self.sim.books()[str(self.division)]

    def refused(self, status, rule, *arguments, **keywords):
        """The call fails with the status, and the broken rule is kept."""
        got, body = self.call(*arguments, **keywords)
        self.assertEqual(got, status, body)
        self.assertTrue(self.sim.violations, "no violation was kept")
        self.assertIn(rule, self.sim.violations[-1]["rule"])
        return body

    def invalid(self, text, path, body):
        status, said = self.call("POST", path, body)
        self.assertEqual(status, 500, said)
        self.assertEqual(said["error"]["message"]["value"], text)


SALES = "salesentry/SalesEntries"
PURCHASES = "purchaseentry/PurchaseEntries"
MEMORIALS = "generaljournalentry/GeneralJournalEntries"


class Tokens(Case):
    def ask(self, fields=None, headers=None, target="/api/oauth2/token", method="POST"):
        if isinstance(fields, dict):
            fields = urllib.parse.urlencode(fields)
        head = {"Content-Type": "application/x-www-form-urlencoded"}
        head.update(headers or {})
        status, text = self.send(method, target, fields, head)
        return status, json.loads(text)

    def refresh(self, token, **more):
        return self.ask(dict(CLIENT, grant_type="refresh_token", refresh_token=token, **more))

    def test_refresh_rotates_and_expires_in_is_text(self):
        status, body = self.refresh("refresh-0")
        self.assertEqual((status, body["expires_in"], body["token_type"]), (200, "600", "bearer"))
        self.assertNotEqual(body["refresh_token"], "refresh-0")
        self.token = body["access_token"]
        self.assertEqual(self.call("GET", "/api/v1/current/Me?$select=CurrentDivision")[0], 200)
        self.assertEqual(self.sim.violations, [])

    def test_refresh_token_is_good_once(self):
        self.refresh("refresh-0")
        self.sim.control(advance=580)
        status, body = self.refresh("refresh-0")
        self.assertEqual(status, 401)
        self.assertIn("Old refresh token", body["error_description"])

    def test_too_early_is_refused_and_harmless(self):
        token = self.refresh("refresh-0")[1]["refresh_token"]
        self.sim.control(advance=560)
        status, body = self.refresh(token)
        self.assertEqual((status, body["error"]), (400, "access_denied"))
        self.assertIn("TooEarly", self.headers["Reason"])
        self.sim.control(advance=11)
        self.assertEqual(self.refresh(token)[0], 200)

    def test_refresh_token_dies_after_thirty_days(self):
        self.sim.control(advance=31 * 86400)
        self.assertEqual(self.refresh("refresh-0")[1]["error"], "invalid_request")

    def test_credentials_and_fields(self):
        form = dict(CLIENT, grant_type="refresh_token", refresh_token="refresh-0")
        for status, fields, headers in (
                (400, form, {"Authorization": "Basic aWQ6czpjcmV0"}),
                (400, json.dumps(form), {"Content-Type": "application/json"}),
                (401, dict(form, client_secret="wrong"), {}),
                (400, dict(form, redirect_uri="https://harmony.example/callback"), {}),
                (400, {k: v for k, v in form.items() if k != "client_secret"}, {}),
                (400, dict(form, grant_type="password"), {}),
                (400, dict(form, refresh_token="made-up"), {})):
            self.sim.violations.clear()
            self.assertEqual(self.ask(fields, headers)[0], status, fields)
            self.assertEqual(len(self.sim.violations), 1)
        self.assertEqual(self.ask(form, target="/api/oauth2/token?x=1")[0], 400)
        self.assertEqual(self.ask(form)[0], 200)

    def test_two_hundred_calls_a_day(self):
        for _ in range(200):
            self.refresh("made-up")
        self.assertEqual(self.refresh("refresh-0")[0], 429)
        self.sim.control(advance=86401)
        self.assertEqual(self.refresh("refresh-0")[0], 200)

    def test_code_is_good_once_and_redirect_uri_exact(self):
        good = dict(CLIENT, grant_type="authorization_code", code="code-0",
                    redirect_uri="https://harmony.example/callback")
        self.assertEqual(self.ask(good)[0], 200)
        self.assertEqual(self.ask(good)[0], 400)
        self.sim.control(code={"code": "code-1"})
        self.assertEqual(self.ask(dict(good, code="code-1", redirect_uri=good["redirect_uri"] + "/"))[0], 400)

    def test_consent_gives_a_code_once_encoded(self):
        query = urllib.parse.urlencode({"client_id": CLIENT["client_id"], "response_type": "code", "state": "s&1",
                                        "redirect_uri": "https://harmony.example/callback"})
        status, _ = self.send("GET", "/api/oauth2/auth?" + query)
        self.assertEqual(status, 302)
        back = dict(urllib.parse.parse_qsl(self.headers["Location"].partition("?")[2]))
        self.assertEqual(back["state"], "s&1")
        self.assertEqual(self.ask(dict(CLIENT, grant_type="authorization_code", code=back["code"],
                                       redirect_uri="https://harmony.example/callback"))[0], 200)
        self.assertEqual(self.send("GET", "/api/oauth2/auth?" + query.replace("callback", "other"))[0], 400)

    def test_access_token_lives_ten_minutes(self):
        self.sim.control(advance=601)
        self.assertEqual(self.call("GET", "/api/v1/current/Me?$select=CurrentDivision")[0], 401)
        self.assertEqual(self.sim.violations, [])


class Requests(Case):
    def test_headers(self):
        path = "financial/Journals?$select=Code"
        self.refused(401, "Bearer", "GET", path, without=["Authorization"])
        self.refused(401, "unknown access", "GET", path, extra={"Authorization": "Bearer nonsense"})
        self.refused(200, "Accept", "GET", path, without=["Accept"])
        self.refused(400, "Content-Type", "POST", "crm/Accounts", {"Name": "A"}, without=["Content-Type"])

    def test_paths(self):
        self.refused(403, "division", "GET", "/api/v1/999/financial/Journals?$select=Code")
        self.assertEqual(self.headers["Reason"], "NoDivisionAccess")
        self.refused(404, "resource", "GET", "cashflow/Payables?$select=ID")
        self.refused(404, "path", "GET", "/nowhere")
        self.refused(405, "offered", "PUT", MEMORIALS + "(guid'%s')" % self.ledger("8000"), {})
        self.refused(405, "offered", "POST", "bulk/CRM/Accounts", {"Name": "A"})
        self.refused(404, "12 kB", "GET", "financial/Journals?$select=Code&$filter=Code eq '%s'" % ("x" * 12300))

    def test_select(self):
        self.refused(400, "$select", "GET", "financial/Journals")
        body = self.refused(400, "Nope", "GET", "financial/Journals?$select=Code,Nope")
        self.assertEqual(set(body["error"]), {"code", "message"})
        self.refused(400, "option", "GET", "financial/Journals?$select=Code&$format=json")
        status, body = self.call("GET", "financial/Journals?$top=1")
        self.assertEqual((status, type(body["d"])), (200, list))

    def test_filters(self):
        accounts, terms = "crm/Accounts?$select=ID", "bulk/Cashflow/Receivables?$select=ID"
        for path, rule in ((accounts, "mandatory"), (accounts + "&$filter=Website eq 'x'", "mandatory"),
                           ("bulk/CRM/Accounts?$select=ID", "mandatory"),
                           ("bulk/Financial/GLAccounts?$select=ID", "mandatory"),
                           ("financialtransaction/TransactionLines?$select=ID", "mandatory"),
                           (terms + "&$filter=Modified gt datetime'2020-01-01'", "allows no filter"),
                           (terms + "&$filter=YourRef eq 'x'", "allows no filter"),
                           (terms + "&$filter=Status eq '20'", "incompatible"),
                           (terms + "&$filter=Account eq 'x'", "incompatible"),
                           (terms + "&$filter=Account eq guid'x'", "Unrecognized"),
                           (terms + "&$filter=Status eq 20 or", "expected"),
                           (terms + "&$filter=Nope eq 20", "No property"),
                           (terms + "&$skip=60", "$skip"),
                           ("financial/Journals?$select=ID&$skiptoken=guid'x'", "__next")):
            self.refused(400, rule, "GET", path)
            self.sim.errors.clear()
        self.assertEqual(self.rows(terms), [])

    def test_filter_operators(self):
        self.customer(Code="7", Name="Jan's")
        for text, count in (("Code eq '                 7'", 1), ("Code eq '7'", 0), ("trim(Code) eq '7'", 1),
                            ("Name eq 'Jan''s'", 1), ("startswith(Name,'jan') and Blocked eq false", 1),
                            ("not (Status eq 'C')", 0), ("Modified gt datetime'2020-01-01T00:00:00'", 1),
                            ("Status eq 'A' or (Status eq 'C' and IsSupplier eq false)", 1)):
            with self.subTest(text):
                self.assertEqual(len(self.rows("crm/Accounts?$select=ID&$filter=" + text)), count)

    def test_pages(self):
        self.sim.control(customers=130)
        path, seen = "/api/v1/123456/crm/Accounts?$select=ID&$filter=Status eq 'C'", []
        sizes = []
        while path:
            body = self.call("GET", path)[1]["d"]
            sizes.append(len(body["results"]))
            seen += [row["ID"] for row in body["results"]]
            path = body.get("__next")
            if path:
                self.assertTrue(path.startswith(self.sim.url + "/"))
                path = path[len(self.sim.url):]
        self.assertEqual((sizes, len(set(seen))), ([60, 60, 10], 130))

    def test_bulk_pages(self):
        self.sim.control(open_items=1001)
        body = self.call("GET", "bulk/Cashflow/Receivables?$select=ID&$filter=Status eq 20")[1]["d"]
        self.assertEqual(len(body["results"]), 1000)
        self.assertEqual(len(self.call("GET", body["__next"][len(self.sim.url):])[1]["d"]["results"]), 1)

    def test_bodies(self):
        for rule, body in (("unknown property Nope", {"Name": "A", "Nope": 1}),
                           ("read only", {"Name": "A", "IsSales": True}),
                           ("not of type Edm.String", {"Name": 1}),
                           ("not of type Edm.Boolean", {"Name": "A", "IsSupplier": "true"}),
                           ("not of type Edm.Guid", {"Name": "A", "GLAR": "8000"}),
                           ("not of type Edm.DateTime", {"Name": "A", "StartDate": "01-02-2026"}),
                           ("not JSON", "{"), ("no object", "[]")):
            self.sim.errors.clear()
            self.refused(400, rule, "POST", "crm/Accounts", body)
        lines = self.sale(self.customer())
        lines["SalesEntryLines"] = lines["SalesEntryLines"][0]
        self.refused(400, "array", "POST", SALES, lines)
        self.assertEqual(self.sim.journal, [])

    def test_rate_limits(self):
        self.sim.control(modes={"minute_limit": 2})
        path = "/api/v1/current/Me?$select=CurrentDivision"
        self.assertEqual(self.call("GET", path)[0], 200)
        self.assertEqual(len(self.headers["X-RateLimit-Reset"]), 13)
        self.sim.calls["Minutely-"] = (int(self.sim.now()) // 60 * 60, 2)
        self.assertEqual(self.call("GET", path)[0], 429)
        self.assertIn("X-RateLimit-Minutely-Reset", self.headers)
        self.assertNotIn("X-RateLimit-Reset", self.headers)
        self.sim.control(advance=60)
        self.assertEqual(self.call("GET", path)[0], 200)

    def test_error_velocity(self):
        for _ in range(11):
            self.call("GET", "financial/Journals")
        self.assertEqual(self.call("GET", "financial/Journals?$select=Code")[0], 403)
        self.assertEqual(self.call("GET", "vat/VATCodes?$select=Code")[0], 200)
        self.sim.control(advance=3601)
        self.sim.access["access-0"] = self.sim.now() + 600
        self.assertEqual(self.call("GET", "financial/Journals?$select=Code")[0], 200)


class Business(Case):
    def test_sales_entry(self):
        customer = self.customer()
        none = self.customer(Status="A")
        for text, change in (("Ongeldig: Klant (Type)", {"Customer": none}),
                             ("Ongeldige referentie: Klant", {"Customer": self.ledger("8000")}),
                             ("Verplicht: Dagboek", {"Journal": None}),
                             ("Ongeldige referentie: Dagboek", {"Journal": "71"}),
                             ("Ongeldig: Dagboek", {"Journal": "60"}),
                             ("Geblokkeerd: Dagboek", {"Journal": "79"}),
                             ("Periode is afgesloten: 2024 - 6", {"EntryDate": "2024-06-30"}),
                             ("Onbekend: Boekjaar (Periode-datumtabel)", {"EntryDate": "2022-12-31"}),
                             ("Ongeldige referentie: Valuta", {"Currency": "XYZ"}),
                             ("Niet toegestaan: Wisselkoers", {"Journal": "72", "Rate": 1.1}),
                             ("Ongeldige referentie: Betalingsconditie", {"PaymentCondition": "99"}),
                             ("Te lang: Omschrijving", {"Description": "x" * 61}),
                             ("Verplicht: Boekingsregels", {"SalesEntryLines": []})):
            with self.subTest(text):
                self.invalid(text, SALES, self.sale(customer, **change))
        bare = self.customer(PaymentConditionSales=None)
        self.invalid("Verplicht: Betalingsconditie", SALES, self.sale(bare))
        self.assertEqual((self.sim.journal, self.books()["sales"], self.books()["receivables"]), ([], [], []))

    def test_lines(self):
        customer = self.customer()
        for text, line in (("Ongeldig: Grootboekrekeningtype", ("1300", 100)),
                           ("Geblokkeerd: Grootboekrekening", ("8090", 100)),
                           ("Verplicht: Kostenplaats", ("4600", 100)),
                           ("Ongeldige referentie: Btw-code", ("8000", 100, "9")),
                           ("Geblokkeerd: Btw-code", ("8000", 100, "7")),
                           ("Niet toegestaan: Btw-code", ("8000", 100, "4")),
                           ("Verplicht: Bedrag", ("8000", None))):
            with self.subTest(text):
                self.invalid(text, SALES, self.sale(customer, line))
        both = self.sale(customer, ("1300", 100), ("8000", 100, "9"))
        self.invalid("Ongeldig: Grootboekrekeningtype\r\nOngeldige referentie: Btw-code", SALES, both)
        wrong = self.sale(customer)
        wrong["SalesEntryLines"][0]["CostCenter"] = "KP99"
        self.invalid("Ongeldige referentie: Kostenplaats", SALES, wrong)

    def test_english(self):
        self.sim.control(modes={"language": "en"})
        self.invalid("Mandatory: Journal", SALES, self.sale(self.customer(), Journal=None))

    def test_purchase_duplicates(self):
        supplier = self.supplier()
        self.assertEqual(self.call("POST", PURCHASES, self.purchase(supplier))[0], 201)
        self.invalid("Bestaat reeds: Inkoopboeking", PURCHASES, self.purchase(supplier))
        for other in (self.purchase(supplier, YourRef="I2"), self.purchase(supplier, EntryDate="2026-03-06"),
                      self.purchase(supplier, ("4500", 101, "4"))):
            self.assertEqual(self.call("POST", PURCHASES, other)[0], 201)
        self.invalid("Ongeldig: Leverancier (type)", PURCHASES, self.purchase(self.customer()))

    def test_entry_number_in_use(self):
        customer = self.customer()
        self.assertEqual(self.call("POST", SALES, self.sale(customer, EntryNumber=26700042))[0], 201)
        self.invalid("In gebruik: Boekstuknummer", SALES, self.sale(customer, EntryNumber=26700042))

    def test_memorial(self):
        self.invalid("De boeking is niet in evenwicht op: 2026 / 3 (Type: Overig) - Verschil: EUR 1.000,01",
                     MEMORIALS, self.memorial(("4500", 1000.01), ("7900", 0)))
        self.invalid("Ongeldig: Dagboek", MEMORIALS, self.memorial(("4500", 1), ("7900", -1), JournalCode="70"))
        self.invalid("Niet toegestaan: Btw-code", MEMORIALS,
                     self.memorial(("4500", 1, "2"), ("7900", -1), JournalCode="MEM"))
        default = self.memorial(("8000", 1), ("7900", -1), JournalCode="MEM")
        del default["GeneralJournalEntryLines"][0]["VATCode"]
        self.invalid("Niet toegestaan: Btw-code", MEMORIALS, default)
        self.invalid("Verplicht: Relatie", MEMORIALS, self.memorial(("1300", 1), ("7900", -1)))

    def test_accounts(self):
        self.invalid("Verplicht: Naam", "crm/Accounts", {"Code": "5"})
        self.invalid("Ongeldige referentie: Land", "crm/Accounts", {"Name": "A", "Country": "QQ"})
        status, body = self.call("POST", "crm/Accounts", {"Name": "A", "Code": "5", "Status": "C"})
        self.assertEqual((status, body["d"]["Code"], body["d"]["Country"]), (201, " " * 17 + "5", "NL "))
        self.invalid("Bestaat reeds: Code", "crm/Accounts", {"Name": "B", "Code": "5"})
        self.assertEqual(self.call("POST", "crm/Accounts", {"Name": "C"})[1]["d"]["Code"].strip(), "6")
        place = "crm/Accounts(guid'%s')" % body["d"]["ID"]
        self.assertEqual(self.call("PUT", place, {"City": "Ede"}), (204, None))
        row = self.call("GET", place + "?$select=Name,City")[1]["d"]
        self.assertEqual((row["Name"], row["City"]), ("A", "Ede"))
        self.invalid("Ongeldige referentie: Relatie", "crm/BankAccounts",
                     {"Account": self.ledger("8000"), "BankAccount": "NL91ABNA0417164300"})
        self.assertEqual(self.call("POST", "crm/BankAccounts", {"Account": body["d"]["ID"], "Main": True,
                                                                "BankAccount": "NL91ABNA0417164300"})[0], 201)

    def test_divisions_are_apart(self):
        customer = self.customer()
        sale = self.sale(customer)
        self.division = 654321
        self.invalid("Ongeldige referentie: Klant", SALES, sale)


class Books(Case):
    def book(self, path, body):
        status, said = self.call("POST", path, body)
        self.assertEqual(status, 201, said)
        return said["d"]

    def test_sales_to_the_cent(self):
        entry = self.book(SALES, self.sale(self.customer(), ("8000", "33.33", "2"), ("8010", 10.05, "1"),
                                           ("8020", -3, "0")))
        self.assertEqual((entry["AmountFC"], entry["VATAmountFC"], entry["Type"]), (48.28, 7.9, 20))
        self.assertEqual(entry["DueDate"], "/Date(1775260800000)/")
        self.assertIn("__deferred", entry["SalesEntryLines"])
        books = self.books()
        self.assertEqual({k: str(v) for k, v in books["balance"].items()},
                         {"1300": "48.28", "8000": "-33.33", "8010": "-10.05", "8020": "3.00", "1500": "-7.90"})
        lines = self.rows("salesentry/SalesEntryLines?$select=LineNumber,AmountFC,VATAmountFC,VATCode"
                          "&$filter=EntryID eq guid'%s'" % entry["EntryID"])
        self.assertEqual([(r["AmountFC"], r["VATAmountFC"], r["VATCode"]) for r in lines],
                         [(33.33, 7, "2  "), (10.05, 0.9, "1  "), (-3, 0, "0  ")])
        term = self.rows("bulk/Cashflow/Receivables?$select=AmountDC,TransactionAmountDC,TransactionEntryID,YourRef"
                         "&$filter=Status eq 20 or Status eq 30")[0]
        self.assertEqual((term["AmountDC"], term["TransactionAmountDC"], term["TransactionEntryID"],
                          term["YourRef"]), (-48.28, 48.28, entry["EntryID"], "F1"))
        listed = self.rows("read/financial/ReceivablesList?$select=Amount")
        self.assertEqual(listed[0]["Amount"], 48.28)
        self.assertEqual(self.sim.violations, [])

    def test_vat_amount_overrides_and_inclusive_code(self):
        sale = self.sale(self.customer(), ("8000", 100, "2"), ("8000", 121, "3"))
        sale["SalesEntryLines"][0]["VATAmountFC"] = 20.99
        entry = self.book(SALES, sale)
        self.assertEqual((entry["AmountFC"], entry["VATAmountFC"]), (241.99, 41.99))

    def test_credit_note(self):
        entry = self.book(SALES, self.sale(self.customer(), ("8000", -100, "2")))
        self.assertEqual((entry["Type"], entry["AmountFC"]), (21, -121))
        term = self.books()["receivables"][0]
        self.assertEqual((term["AmountFC"], term["TransactionAmountFC"]), (121, -121))

    def test_purchase(self):
        for mode, amount in (("positive", 121), ("negative", -121)):
            self.sim.control(reset=True, modes={"payables_sign": mode})
            self.book(PURCHASES, self.purchase(self.supplier()))
            term = self.rows("bulk/Cashflow/Payments?$select=AmountFC&$filter=Status eq 20")[0]
            self.assertEqual(term["AmountFC"], amount)
            self.assertEqual({k: str(v) for k, v in self.books()["balance"].items()},
                             {"1600": "-121.00", "4500": "100.00", "1510": "21.00"})

    def test_memorial_with_vat_and_control_account(self):
        memorial = self.memorial(("4500", 100, "4"), ("1300", -121))
        memorial["GeneralJournalEntryLines"][1]["Account"] = self.customer()
        entry = self.book(MEMORIALS, memorial)
        self.assertEqual(sum(self.books()["balance"].values()), 0)
        self.assertEqual(self.books()["receivables"][0]["AmountFC"], 121)
        rows = self.rows("financialtransaction/TransactionLines?$select=EntryID&$filter=JournalCode eq '90' and "
                         "Date eq datetime'2026-03-05'")
        self.assertEqual({row["EntryID"] for row in rows}, {entry["EntryID"]})

    def test_payments(self):
        entry = self.book(SALES, self.sale(self.customer()))["EntryID"]
        path = "bulk/Cashflow/Receivables?$select=AmountDC,EntryID&$filter=Status eq 20 or Status eq 30"
        self.sim.control(instalments={"entry": entry, "parts": [["21.00", 30]]})
        self.assertEqual(sorted(row["AmountDC"] for row in self.rows(path)), [-100, -21])
        self.sim.control(pay={"entry": entry, "amount": "50.00"})
        self.assertEqual(sorted(row["AmountDC"] for row in self.rows(path)), [-50, -21])
        self.sim.control(unmatched={"account": self.books()["accounts"][0]["ID"], "amount": "10.00"})
        self.assertEqual(sorted(row["AmountDC"] for row in self.rows(path)), [-50, -21, 10])
        self.sim.control(pay={"entry": entry})
        self.assertEqual([row["AmountDC"] for row in self.rows(path)], [10])

    def test_without_prefer_only_what_was_sent_comes_back(self):
        sale = self.sale(self.customer())
        body = self.call("POST", SALES, sale, without=["Prefer"])[1]["d"]
        self.assertIsNone(body["AmountFC"])
        self.assertEqual(body["YourRef"], "F1")
        self.assertTrue(body["EntryID"])

    def test_delete(self):
        entry = self.book(SALES, self.sale(self.customer()))["EntryID"]
        self.assertEqual(self.call("DELETE", SALES + "(guid'%s')" % entry)[0], 204)
        books = self.books()
        self.assertEqual((books["sales"], books["receivables"], books["balance"]), ([], [], {}))
        self.assertEqual([row["action"] for row in self.sim.journal], ["POST", "DELETE"])


class Modes(Case):
    GUID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"

    def test_entry_id(self):
        sale = self.sale(self.customer(), EntryID=self.GUID)
        self.assertEqual(self.call("POST", SALES, sale)[1]["d"]["EntryID"], self.GUID)
        self.invalid("Bestaat reeds: ID", SALES, sale)
        self.sim.control(modes={"entry_id": "ignored"})
        self.assertNotEqual(self.call("POST", SALES, sale)[1]["d"]["EntryID"], self.GUID)

    def test_entry_number(self):
        sale = self.sale(self.customer(), EntryNumber=7)
        self.assertEqual(self.call("POST", SALES, sale)[1]["d"]["EntryNumber"], 7)
        self.sim.control(modes={"entry_number": "renumbered"})
        self.assertEqual(self.call("POST", SALES, sale)[1]["d"]["EntryNumber"], 26700001)

    def test_type(self):
        sale = self.sale(self.customer(), ("8000", -1, "2"), Type=21)
        self.refused(400, "Type is read only", "POST", SALES, sale)
        self.sim.control(modes={"tolerate_read_only": True})
        self.assertEqual(self.call("POST", SALES, dict(sale, Type=20))[1]["d"]["Type"], 21)
        self.sim.control(modes={"tolerate_read_only": False, "type_writable": True})
        self.assertEqual(self.call("POST", SALES, sale)[1]["d"]["Type"], 21)
        del sale["Type"]
        self.assertEqual(self.call("POST", SALES, sale)[1]["d"]["Type"], 20)

    def test_sales_duplicates(self):
        sale = self.sale(self.customer())
        self.assertEqual(self.call("POST", SALES, sale)[0], 201)
        self.assertEqual(self.call("POST", SALES, sale)[0], 201)
        self.sim.control(modes={"sales_duplicates": "refused"})
        self.invalid("Bestaat reeds: Uw ref.", SALES, sale)

    def test_overlong(self):
        self.sim.control(modes={"overlong": "truncate"})
        sale = self.sale(self.customer(), Description="x" * 61)
        self.assertEqual(self.call("POST", SALES, sale)[1]["d"]["Description"], "x" * 60)

    def test_unknown_mode_is_refused(self):
        status, text = self.send("POST", "/_sim/control", '{"modes": {"nope": 1}}')
        self.assertEqual(status, 400)
        self.assertIn(b"nope", text)


class Faults(Case):
    def setUp(self):
        super().setUp()
        self.customer_id = self.customer()

    def fault(self, kind, **more):
        self.sim.control(faults=[dict({"match": "POST .*SalesEntries", "nth": 1, "kind": kind}, **more)])

    def post(self, timeout=60):
        return self.call("POST", SALES, self.sale(self.customer_id), timeout=timeout)

    def booked(self):
        return len(self.books()["sales"])

    def test_lost_connections(self):
        for kind, booked in (("reset_before", 0), ("hang_before", 0), ("reset_after", 1), ("hang_after", 1),
                             ("truncated", 1), ("endless", 1)):
            with self.subTest(kind):
                before = self.booked()
                self.fault(kind)
                try:
                    connection = http.client.HTTPConnection("127.0.0.1", self.sim.port, timeout=0.3)
                    connection.request("POST", "/api/v1/123456/" + SALES, json.dumps(self.sale(self.customer_id)), {
                        "Authorization": "Bearer access-0", "Accept": "application/json",
                        "Content-Type": "application/json"})
                    response = connection.getresponse()
                    if kind == "endless":
                        self.assertEqual(len(response.read(1 << 20)), 1 << 20)
                    else:
                        response.read()
                        self.fail("an answer came")
                except LOST:
                    pass
                connection.close()
                self.assertEqual(self.booked() - before, booked)
                self.assertEqual(self.post()[0], 201)

    def test_statuses(self):
        for kind, status, booked in (("408", 408, 0), ("429", 429, 0), ("502", 502, 0), ("503", 503, 0),
                                     ("status_500", 500, 0), ("502_after", 502, 1), ("garbage", 201, 1),
                                     ("empty", 201, 1), ("slow", 201, 1), ("cut", 201, 1)):
            with self.subTest(kind):
                before = self.booked()
                self.fault(kind, seconds=0.01)
                got, body = self.post()
                self.assertEqual((got, self.booked() - before), (status, booked))
                self.assertEqual(isinstance(body, dict), kind == "slow")
                self.assertEqual(self.post()[0], 201)

    def test_500_with_message(self):
        self.fault("status_500_message", message="Kapot")
        self.assertEqual(self.post()[1]["error"]["message"]["value"], "Kapot")

    def test_drop_lines(self):
        self.fault("drop_lines")
        status, body = self.call("POST", SALES, self.sale(self.customer_id, ("8000", 100, "2"), ("8000", 50, "2")))
        self.assertEqual((status, body["d"]["AmountFC"]), (201, 121))
        self.assertEqual(len(self.books()["sales"][0]["lines"]), 1)
        self.fault("lose_account")
        self.assertEqual(self.post()[0], 201)
        self.assertIsNone(self.books()["sales"][1]["lines"][0]["GLAccount"])

    def test_expire_token(self):
        self.fault("expire_token")
        self.assertEqual(self.post()[0], 401)
        self.assertEqual(self.post()[0], 401)
        self.assertEqual((self.booked(), self.sim.violations), (0, []))
        self.sim.access["access-0"] = self.sim.now() + 600
        self.fault("expire_token", once=True)
        self.assertEqual([self.post()[0], self.post()[0]], [401, 201])

    def test_token_reset_after_rotates(self):
        self.sim.control(faults=[{"match": "oauth2/token", "kind": "token_reset_after", "nth": 1}])
        form = urllib.parse.urlencode(dict(CLIENT, grant_type="refresh_token", refresh_token="refresh-0"))
        with self.assertRaises(LOST):
            self.send("POST", "/api/oauth2/token", form, {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertIn("refresh-0", self.sim.dead)

    def test_when(self):
        self.sim.control(faults=[{"at_request": 3, "kind": "503"}])
        self.assertEqual([self.post()[0] for _ in range(4)], [201, 201, 503, 201])
        self.sim.control(faults=[{"match": "POST", "every": 2, "times": 2, "kind": "503"}])
        self.assertEqual([self.post()[0] for _ in range(7)], [201, 503, 201, 503, 201, 201, 201])

    def test_control_over_http(self):
        self.assertEqual(self.post()[0], 201)
        books = json.loads(self.send("GET", "/_sim/books")[1])
        self.assertEqual(books["123456"]["balance"]["1300"], "121.00")
        self.assertEqual(json.loads(self.send("GET", "/_sim/requests")[1])[0]["status"], 201)
        self.assertEqual(len(json.loads(self.send("GET", "/_sim/journal")[1])), 1)
        self.assertEqual(json.loads(self.send("GET", "/_sim/violations")[1]), [])
        self.assertEqual(self.send("POST", "/_sim/reset")[0], 200)
        self.assertEqual(self.booked(), 0)

    def test_keep_alive(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.sim.port, timeout=60)
        ports = set()
        for _ in range(3):
            connection.request("GET", "/_sim/violations")
            self.assertEqual(connection.getresponse().read(), b"[]")
            ports.add(connection.sock.getsockname()[1])
        self.assertEqual(len(ports), 1)
        connection.close()


class Runner(unittest.TestCase):
    def run_below(self, code, *options):
        return subprocess.call([sys.executable, exact_online.__file__, *options, sys.executable, "-c", code],
                               stderr=subprocess.DEVNULL)

    def test_status_and_address(self):
        code = ("import os, urllib.request, sys; urllib.request.urlopen(os.environ['HARMONY_TEST_URL'] + "
                "'/_sim/violations'); sys.exit(7)")
        self.assertEqual(self.run_below(code), 7)

    def test_strict_fails_a_command_that_broke_a_rule(self):
        code = ("import os, urllib.request, urllib.error\ntry:\n urllib.request.urlopen("
                "os.environ['HARMONY_TEST_URL'] + '/nowhere')\nexcept urllib.error.HTTPError: pass")
        self.assertEqual(self.run_below(code), 0)
        self.assertEqual(self.run_below(code, "--strict"), 1)


if __name__ == "__main__":
    base.run_tests()
