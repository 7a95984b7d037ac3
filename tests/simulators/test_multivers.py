#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The simulator of Multivers Online refuses what breaks a rule, and has both readings."""
import http.client
import json
import os
import socket
import sys
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import base  # noqa: E402
import multivers  # noqa: E402
from multivers_tables import PROXY  # noqa: E402

MODES = multivers.Simulator.MODES
DAY = "05-02-2026"


def money(name, value):
    return {name: value, name + "Cur": value}


def line(debit=0, credit=100, **more):
    return {"accountId": "8000", "vatCodeId": 2, "vatType": 0, "transactionDate": DAY,
            **money("creditAmount", credit), **money("debitAmount", debit), **more}


def vat(turnover=100, amount=21, code=2, scenario=6, **more):
    return dict({"vatCodeId": code, "vatScenarioId": scenario, "vatType": 0, "amountTurnoverCur": turnover,
                 "vatAmountCur": amount, "fiscalYear": 2026, "currencyId": ""}, **more)


def sales(**more):
    return dict({"customerId": "C1", "fiscalYear": 2026, "periodNumber": 2, "journalId": "VK",
                 "journalTransaction": 1, "invoiceId": "2026001", "invoiceDate": DAY,
                 "invoiceExpirationDate": "19-02-2026", "rebateExpirationDate": DAY,
                 "paymentConditionId": "14", "invoiceType": 0, "vatOnInvoice": True, "vatScenarioId": 6,
                 "customerInvoiceLines": [line()], "vatTransactionLines": [vat()]}, **more)


def purchase(**more):
    body = sales(supplierId="S1", journalId="IK", invoiceType=1, vatScenarioId=1,
                 supplierInvoiceLines=[line(100, 0, accountId="4500", vatCodeId=4)],
                 vatTransactionLines=[vat(code=4, scenario=1)])
    del body["customerId"], body["customerInvoiceLines"]
    return dict(body, **more)


def memorial(*amounts, **more):
    entries = [{"$type": PROXY % "Basic", "accountId": "4500", "transactionDate": DAY,
                "debitAmount": max(a, 0), "creditAmount": max(-a, 0)} for a in amounts]
    return dict({"fiscalYear": 2026, "periodNumber": 2, "journalId": "MEM", "journalTransaction": 1,
                 "transactionDate": DAY, "finTransEntries": entries}, **more)


class Case(unittest.TestCase):
    def setUp(self):
        self.start()

    def start(self, **modes):
        self.sim = multivers.Simulator(**modes).start()
        self.addCleanup(self.sim.stop)
        self.login = self.token("refresh_token", refresh_token="refresh-0")[1]
        self.sim.control(customers=[{"customerId": "C1", "shortName": "EEN", "name": "Een"}],
                         suppliers=[{"supplierId": "S1", "shortName": "TWEE", "name": "Twee"}])

    def send(self, method, target, body=None, headers=None):
        # No limit of time here: a machine may stand still for seconds. base.run_tests() has one.
        connection = http.client.HTTPConnection("127.0.0.1", self.sim.port)
        self.addCleanup(connection.close)
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        text = response.read()
        self.headers = dict(response.getheaders())
        try:
            return response.status, json.loads(text) if text else None
        except ValueError:
            return response.status, text

    def token(self, kind, headers=None, **form):
        form = dict({name: MODES[name] for name in ("client_id", "client_secret", "redirect_uri")},
                    grant_type=kind, **form)
        headers = dict({"Content-Type": "application/x-www-form-urlencoded"}, **headers or {})
        return self.send("POST", "/V221/OAuth/Token", urllib.parse.urlencode(form), headers)

    def call(self, method, path, body=None, database="MVL00001", **more):
        headers = dict({"Authorization": "Bearer " + self.login["access_token"], "Accept": "application/json",
                        "Content-Type": "application/json; charset=utf-8"}, **more)
        return self.send(method, "/V221/api/%s/%s" % (database, path),
                         None if body is None else json.dumps(body), {k: v for k, v in headers.items() if v})

    def refused(self, answer, path, rules=0):
        """A refusal about this property, which breaks this many rules of the interface."""
        self.assertEqual(answer[0], 400, answer)
        self.assertEqual(answer[1]["messages"][0]["path"], path)
        self.assertEqual(answer[1]["messages"][0]["messageType"], "Error")
        self.assertEqual(len(self.sim.violations), rules, self.sim.violations)
        self.sim.violations.clear()
        return answer[1]["messages"][0]["message"]

    def good(self, answer):
        self.assertEqual(answer[0], 200, answer)
        self.assertEqual(self.sim.violations, [])
        return answer[1]


class Login(Case):
    def test_credentials_stand_in_the_body(self):
        status, _ = self.token("refresh_token", {"Authorization": "Basic eDp5"}, refresh_token="refresh-1")
        self.assertEqual((status, len(self.sim.violations)), (400, 1))
        self.assertEqual(self.token("refresh_token", refresh_token="other")[0], 400)
        self.assertEqual(self.token("password")[0], 400)

    def test_a_refresh_token_turns_stays_or_is_not_given(self):
        self.assertEqual(self.login["refresh_token"], "refresh-1")
        self.assertEqual(self.token("refresh_token", refresh_token="refresh-0")[0], 400)
        self.start(refresh="static")
        self.assertEqual(self.login["refresh_token"], "refresh-0")
        self.assertEqual(self.token("refresh_token", refresh_token="refresh-0")[0], 200)
        self.start(refresh="absent")
        self.assertNotIn("refresh_token", self.login)
        self.assertEqual(self.token("refresh_token", refresh_token="refresh-0")[0], 200)
        self.assertIn("refresh_token", self.token("authorization_code", code="code-0")[1])

    def test_a_code_works_once_and_a_token_ends(self):
        self.assertEqual(self.token("authorization_code", code="code-0")[0], 200)
        self.assertEqual(self.token("authorization_code", code="code-0")[0], 400)
        self.assertEqual(self.call("GET", "CountryInfoList")[0], 200)
        self.sim.control(advance=3601)
        self.assertEqual(self.call("GET", "CountryInfoList")[0], 401)
        self.assertEqual(self.call("GET", "CountryInfoList", Authorization="Bearer nonsense")[0], 401)

    def test_the_consent_page(self):
        query = {"client_id": "app-1", "redirect_uri": MODES["redirect_uri"], "scope": multivers.SCOPE,
                 "response_type": "code", "state": "x"}
        self.assertEqual(self.send("GET", "/V221/OAuth/Authorize?" + urllib.parse.urlencode(query))[0], 302)
        query["scope"] = "other"
        self.assertEqual(self.send("GET", "/V221/OAuth/Authorize?" + urllib.parse.urlencode(query))[0], 400)

    def test_no_secret_stays_in_the_requests(self):
        self.assertNotIn("refresh-0", json.dumps(self.sim.requests))


class Paths(Case):
    def test_percent_signs(self):
        self.sim.control(customers=[{"customerId": "A /\u00e9", "shortName": "AB"}])
        self.assertEqual(self.call("GET", "Customer/A%20%2F%C3%A9")[0], 400)
        self.assertEqual(len(self.sim.violations), 1)
        self.assertEqual(self.call("GET", "Customer/A!_20!_2F!_C3!_A9")[1]["customerId"], "A /\u00e9")
        self.sim.control(modes={"path_escape": "percent"})
        self.assertEqual(self.call("GET", "Customer/A%20%2F%C3%A9")[1]["customerId"], "A /\u00e9")
        self.assertEqual(self.call("GET", "Customer/A!_20")[0], 404)

    def test_a_post_tells_its_length(self):
        with socket.create_connection(("127.0.0.1", self.sim.port)) as bare:
            bare.sendall(b"POST /V221/api/MVL00001/GetInvoiceIdCommand HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b" 411 ", bare.recv(100))
        self.assertIn("length", self.sim.violations[-1]["rule"])

    def test_half_a_request_is_none(self):
        """The client was killed while it sent: nothing is done, and nothing held against it."""
        before = len(self.sim.requests)
        for sent in (b"", b"{"):
            with socket.create_connection(("127.0.0.1", self.sim.port)) as bare:
                bare.sendall(b"POST /V221/api/MVL00001/Customer HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n" + sent)
                bare.shutdown(socket.SHUT_WR)
                self.assertEqual(bare.recv(100), b"")
        self.assertEqual((len(self.sim.requests), self.sim.violations), (before, []))

    def test_addresses(self):
        self.assertEqual(self.send("GET", "/V19/api/MVL00001/CountryInfoList")[0], 404)
        self.assertEqual(self.call("GET", "CountryInfoList", database="MVL9")[0], 404)
        self.assertEqual(self.call("GET", "countryinfolist")[0], 404)
        self.assertEqual(self.call("DELETE", "Customer/C1")[0], 405)
        self.assertEqual(self.call("GET", "CountryInfoList", Accept=None)[0], 406)
        self.assertEqual(len(self.sim.violations), 5)

    def test_administrations(self):
        headers = {"Authorization": "Bearer " + self.login["access_token"], "Accept": "application/json"}
        rows = self.send("GET", "/V221/api/AdministrationNVL", None, headers)[1]
        self.assertEqual([row["name"] for row in rows], ["MVL00001", "MVL00002"])
        self.good(self.call("POST", "Customer", {"shortName": "X"}, database="MVL00002"))
        self.assertEqual(list(self.sim.first.parties["Customer"]), ["C1"])

    def test_too_many(self):
        self.sim.control(modes={"per_minute": 1})
        self.call("GET", "CountryInfoList")
        self.assertEqual(self.call("GET", "CountryInfoList")[0], 429)
        self.assertIn(int(self.headers["Retry-After"]), (60, 61))
        self.sim.control(modes={"retry_after": False})
        self.call("GET", "CountryInfoList")
        self.assertNotIn("Retry-After", self.headers)


class Lists(Case):
    TARGET = "CountryInfoList?$orderby=CountryId&$top=2&$skip=%d"

    def ids(self, target):
        return [row["countryId"] for row in self.good(self.call("GET", target.replace(" ", "%20").replace("'", "%27")))]

    def test_pages(self):
        self.assertEqual([self.ids(self.TARGET % skip) for skip in (0, 2, 4)], [["BE", "DE"], ["NL"], []])
        for mode, wanted in (("skip_ignored", ["BE", "DE"]), ("top_ignored", ["NL"]), ("ignored", ["BE", "DE", "NL"])):
            self.sim.control(modes={"paging": mode})
            self.assertEqual(self.ids(self.TARGET % 2), wanted)
        self.sim.control(modes={"page": 1, "paging": "honoured"})
        self.assertEqual(self.ids(self.TARGET % 1), ["DE"])

    def test_options(self):
        self.assertEqual(self.ids("CountryInfoList?$filter=CountryId eq 'NL' or Description eq 'x''y'"), ["NL"])
        self.assertEqual(self.good(self.call("GET", "CountryInfoList?$select=CountryId&$top=1")), [{"countryId": "NL"}])
        for wrong in ("$skip=2", "$orderby=countryId", "$orderby=Nix", "$filter=CountryId%20lt%201", "nix=1", "$top=x",
                      "$count=true"):
            self.assertEqual(self.call("GET", "CountryInfoList?" + wrong)[0], 400, wrong)
        self.assertEqual(self.call("GET", "JournalTypeNVL?$top=1")[0], 400)

    def test_years(self):
        for path in ("PeriodInfoList", "JournalInfoList", "SalesVatScenarioInfoList", "AccountNVL"):
            self.refused(self.call("GET", path), "/fiscalYear")
            self.assertTrue(self.good(self.call("GET", path + "?fiscalYear=2026")), path)
        self.refused(self.call("GET", "AccountInfoList/1999"), "/fiscalYear")
        self.assertEqual(len(self.good(self.call("GET", "AccountInfoList/2026"))), 16)
        self.start(periods=4)
        rows = self.good(self.call("GET", "PeriodInfoList?fiscalYear=2026"))
        self.assertEqual([(row["startDate"], row["endDate"]) for row in rows][1], ("1-4-2026", "30-6-2026"))
        self.start(periods=13, period_dates=False)
        self.assertNotIn("startDate", self.good(self.call("GET", "PeriodInfoList?fiscalYear=2026"))[12])

    def test_journals_and_their_types(self):
        for mode, kind in (("dutch", 1), ("other", 10)):
            self.start(journal_types=mode)
            rows = self.good(self.call("GET", "JournalInfoList?fiscalYear=2026"))
            self.assertEqual(next(r["journalType"] for r in rows if r["journalId"] == "VK"), kind)
            self.assertIn(str(kind), [row["name"] for row in self.good(self.call("GET", "JournalTypeNVL"))])

    def test_the_countries_of_the_administration(self):
        self.start(countries="own")
        self.assertEqual(self.ids("CountryInfoList?$orderby=CountryId"), ["B", "D", "NL"])
        self.refused(self.call("POST", "Customer", {"shortName": "X", "countryId": "BE"}), "/countryId")


class Relations(Case):
    def test_what_is_required_and_known(self):
        self.assertEqual(self.refused(self.call("POST", "Customer", {"name": "X"}), "/shortName"),
                         "ShortName is verplicht.")
        self.refused(self.call("POST", "Supplier", {"name": "X"}), "/shortName")
        for wrong in ({"shortName": "X" * 9}, {"name": "X" * 41}, {"Name": "X"}, {"nonsense": 1}, {"creditLimit": "5"},
                      {"creditLimit": -1}, {"customerStateId": "Q"}, {"vatScenarioId": "6"}, {"name": 5}):
            body = dict({"shortName": "X"}, **wrong)
            self.refused(self.call("POST", "Customer", body), "/" + next(iter(wrong)), 1)
        for wrong in ({"paymentConditionId": "99"}, {"countryId": "XX"}, {"vatScenarioId": 1}, {"customerId": "C1"}):
            body = dict({"shortName": "X"}, **wrong)
            self.refused(self.call("POST", "Customer", body), "/" + next(iter(wrong)))
        self.sim.control(modes={"supplier_short_name": False})
        self.good(self.call("POST", "Supplier", {"name": "X"}))
        self.sim.control(modes={"credit_squeeze": "required"})
        self.refused(self.call("POST", "Customer", {"shortName": "X"}), "/creditSqueezeId")
        self.good(self.call("POST", "Customer", {"shortName": "X", "creditSqueezeId": "0"}))

    def test_vat_numbers(self):
        def customer(number):
            return self.call("POST", "Customer", {"shortName": "X", "vatNumber": number})
        for wrong in ("12", "NL1234B01", "NL00123456701", "NL.0012.34.567.B01"):
            self.refused(customer(wrong), "/vatNumber")
        self.good(customer("NL001234567B01"))
        self.sim.control(modes={"vat_number": "97"})
        self.assertIn("97-proef", self.refused(customer("NL001234567B01"), "/vatNumber"))
        self.good(customer("NL000099998B57"))
        self.good(customer("BE0123456789"))

    def test_an_update_is_of_the_whole_object(self):
        whole = self.good(self.call("GET", "Customer/C1"))
        self.assertEqual(whole["freeFields"][1], 9007199254740993)
        self.good(self.raw_put(whole, name="Nieuw"))
        self.assertEqual(self.good(self.call("GET", "Customer/C1"))["name"], "Nieuw")
        self.refused(self.call("PUT", "Customer/C1", {"shortName": "X"}), "/customerGroupId", 1)
        self.refused(self.call("PUT", "Customer/C1", dict(whole, freeFields=[])), "/rating", 1)
        self.refused(self.call("PUT", "Customer/C1", dict(whole, customerId="C9")), "/customerId")

    def raw_put(self, whole, **changes):
        """With the decimals as they came, which a float would lose."""
        text = json.dumps(dict(whole, **changes)).replace("0.12345678901234568", "0.12345678901234567890")
        return self.send("PUT", "/V221/api/MVL00001/Customer/C1", text, {
            "Authorization": "Bearer " + self.login["access_token"], "Accept": "application/json",
            "Content-Type": "application/json; charset=utf-8"})

    def test_the_journal_of_a_relation_with_open_entries(self):
        whole = self.good(self.call("GET", "Customer/C1"))
        self.good(self.raw_put(whole, journalId="70"))
        self.good(self.call("POST", "CustomerInvoice", sales()))
        self.assertEqual(self.refused(self.raw_put(whole, journalId="VK"), "/journalId"),
                         "Journaalcode mag niet gewijzigd worden.")
        self.good(self.raw_put(whole, journalId="70"))
        self.sim.control(modes={"journal_code": "sent"})
        self.refused(self.raw_put(whole, journalId="70"), "/journalId")
        del whole["journalId"]
        self.good(self.raw_put(whole))
        self.assertEqual(self.good(self.call("GET", "Customer/C1"))["journalId"], "70")

    def test_bank_accounts_stand_apart(self):
        organization = self.good(self.call("GET", "Customer/C1"))["organizationId"]
        body = {"organizationId": organization, "iban": "NL91ABNA0417164300", "name": "Een"}
        self.good(self.call("POST", "BankAccount", body))
        self.assertEqual(len(self.good(self.call("GET", "BankAccountInfoList/ByCustomerId/C1"))), 1)
        self.assertEqual(self.good(self.call("GET", "BankAccountInfoList/BySupplierId/S1")), [])
        self.refused(self.call("POST", "BankAccount", dict(body, iban="x")), "/iban")
        self.refused(self.call("POST", "BankAccount", dict(body, organizationId=5)), "/organizationId")
        self.refused(self.call("POST", "BankAccount", dict(body, name="X" * 21)), "/name", 1)
        self.sim.control(modes={"supplier_banks": False})
        self.assertEqual(self.call("GET", "BankAccountInfoList/BySupplierId/S1")[0], 404)


class Invoices(Case):
    def total(self, body, kind="CustomerInvoice"):
        return self.good(self.call("POST", kind, body))["amountTotalCur"]

    def test_the_column_of_sales_lines(self):
        self.assertEqual(self.total(sales()), 121)
        self.start(sales_lines="debit")
        self.assertEqual(self.total(sales()), -79)
        self.assertEqual(self.total(sales(invoiceId="2", journalTransaction=2, customerInvoiceLines=[line(100, 0)])),
                         121)

    def test_a_supplier_without_a_payment_condition(self):
        self.sim.control(suppliers=[{"supplierId": "S2", "shortName": "DRIE", "paymentConditionId": ""}])
        self.refused(self.call("POST", "SupplierInvoice", purchase(supplierId="S2")), "/supplierId")
        self.assertEqual(self.call("POST", "SupplierInvoice", purchase())[0], 200)

    def test_the_form_of_a_credit_note(self):
        opposite = {"customerInvoiceLines": [line(100, 0)], "vatTransactionLines": [vat(-100, -21)]}
        self.assertEqual(self.total(sales(invoiceType=2)), -121)
        self.start(credit_notes="column")
        self.refused(self.call("POST", "CustomerInvoice", sales(invoiceType=2)), "/invoiceType")
        self.assertEqual(self.total(sales(**opposite)), -121)
        self.start(credit_notes="both", credit_total="positive")
        self.assertEqual(self.total(sales(invoiceType=2, **opposite)), 121)
        self.assertEqual(self.sim.first.invoices["Customer"][0]["_open"], -121)

    def test_purchases(self):
        self.assertEqual(self.total(purchase(), "SupplierInvoice"), 121)
        credit = purchase(invoiceType=3, invoiceId="2", journalTransaction=2)
        self.assertEqual(self.total(credit, "SupplierInvoice"), -121)
        self.refused(self.call("POST", "SupplierInvoice", purchase(invoiceType=0, invoiceId="3")), "/invoiceType")

    def test_vat_lines(self):
        for wrong, path in (([vat(99)], "0/amountTurnoverCur"), ([vat(100, -21)], "0/vatAmountCur"),
                            ([vat(), vat()], "1/"), ([vat(fiscalYear=2025)], "0/"), ([vat(100, 21.001)], "0/vatAmountCur")):
            self.refused(self.call("POST", "CustomerInvoice", sales(vatTransactionLines=wrong)),
                         "/vatTransactionLines/" + path, 1)
        self.refused(self.call("POST", "CustomerInvoice", sales(vatTransactionLines=[])), "/vatTransactionLines", 1)
        for wrong, path in ((vat(code=9), "vatCodeId"), (vat(scenario=1), "vatScenarioId")):
            self.refused(self.call("POST", "CustomerInvoice", sales(vatTransactionLines=[wrong])),
                         "/vatTransactionLines/0/" + path)
        body = sales(autoCalculateVat=True)
        del body["vatTransactionLines"]
        self.assertEqual(self.total(body), 121)
        self.start(auto_vat="refused")
        self.refused(self.call("POST", "CustomerInvoice", body), "/vatTransactionLines")

    def test_what_is_required_and_known(self):
        for name in ("customerId", "fiscalYear", "invoiceDate", "journalId", "journalTransaction", "paymentConditionId",
                     "periodNumber", "invoiceExpirationDate", "rebateExpirationDate", "invoiceId",
                     "customerInvoiceLines"):
            body = sales()
            del body[name]
            self.refused(self.call("POST", "CustomerInvoice", body), "/" + name)
        for wrong in ({"supplierId": "S1"}, {"amountFrozen": 1}, {"paymentReference": "1" * 17},
                      {"invoiceId": "123456789"}, {"openingBalance": True}, {"fiscalYear": "2026"}, {"invoiceType": 4}):
            self.refused(self.call("POST", "CustomerInvoice", sales(**wrong)), "/" + next(iter(wrong)), 1)
        for wrong in ({"accountId": "123456789"}, {"description": "x" * 101}, {"vatType": 8}, {"projectId": "P"}):
            self.refused(self.call("POST", "CustomerInvoice", sales(customerInvoiceLines=[line(**wrong)])),
                         "/customerInvoiceLines/0/" + next(iter(wrong)), 1)
        for wrong in ({"accountId": "9999"}, {"costCentreId": "X"}, {"costUnitId": "X"}, {"vatCodeId": 9}):
            self.refused(self.call("POST", "CustomerInvoice", sales(customerInvoiceLines=[line(**wrong)])),
                         "/customerInvoiceLines/0/" + next(iter(wrong)))

    def test_texts_are_shorter_in_old_versions(self):
        self.sim.control(modes={"version": "V19"})
        self.login = {"access_token": self.login["access_token"]}
        headers = {"Authorization": "Bearer " + self.login["access_token"], "Accept": "application/json",
                   "Content-Type": "application/json; charset=utf-8"}
        body = sales(customerInvoiceLines=[line(description="x" * 31)])
        answer = self.send("POST", "/V19/api/MVL00001/CustomerInvoice", json.dumps(body), headers)
        self.refused(answer, "/customerInvoiceLines/0/description", 1)

    def test_rules_of_the_books(self):
        self.sim.control(close=[2026, 1])
        for body, path in ((sales(fiscalYear=2030), "/fiscalYear"), (sales(periodNumber=13), "/periodNumber"),
                           (sales(periodNumber=1), "/periodNumber"), (sales(journalId="IK"), "/journalId"),
                           (sales(journalId="XX"), "/journalId"), (sales(mandateId="M1"), "/mandateId"),
                           (sales(customerId="C9"), "/customerId"),
                           (sales(paymentConditionId="9"), "/paymentConditionId"),
                           (sales(journalTransaction=0), "/journalTransaction"),
                           (sales(journalTransaction=10000), "/journalTransaction")):
            self.refused(self.call("POST", "CustomerInvoice", body), path)
        self.refused(self.call("POST", "CustomerInvoice", sales(invoiceId="F1")), "/invoiceId", 1)
        self.assertEqual(self.total(sales(mandateId="M1", paymentConditionId="INC")), 121)

    def test_numbers_are_taken_once(self):
        self.total(sales())
        self.refused(self.call("POST", "CustomerInvoice", sales(journalTransaction=2)), "/invoiceId")
        self.refused(self.call("POST", "CustomerInvoice", sales(invoiceId="2026002")), "/journalTransaction")
        self.sim.control(modes={"duplicates": "accepted"})
        self.total(sales())
        self.assertEqual(len(self.sim.first.invoices["Customer"]), 2)

    def test_the_next_number_and_another_writer(self):
        target = "GetNextJournalTransactionCommand?fiscalYear=2026&journalId=VK"
        self.assertEqual(self.call("POST", target)[1], {"messages": [], "nextJournalTransaction": 1})
        self.assertEqual(self.call("POST", target)[1]["nextJournalTransaction"], 1, "asking takes none")
        self.sim.control(taken=[2026, "VK"])
        self.refused(self.call("POST", "CustomerInvoice", sales()), "/journalTransaction")
        self.assertEqual(self.call("POST", target)[1]["nextJournalTransaction"], 2)
        self.sim.control(faults=[{"kind": "number_taken"}])
        self.refused(self.call("POST", "CustomerInvoice", sales(journalTransaction=2)), "/journalTransaction")
        self.sim.control(faults=[], last=[2026, "VK", 9999])
        self.refused(self.call("POST", target), "/journalTransaction")
        self.refused(self.call("POST", target.replace("VK", "XX")), "/journalId")
        self.assertEqual(self.call("GET", target)[0], 405)

    def test_amounts_are_paired_and_to_the_cent(self):
        for wrong in ({"creditAmountCur": 99}, money("creditAmount", 1.001), money("creditAmount", -1),
                      {"creditAmount": "1"}, {"creditAmount": True}):
            body = sales(customerInvoiceLines=[line(**wrong)])
            self.refused(self.call("POST", "CustomerInvoice", body),
                         "/customerInvoiceLines/0/creditAmount", 1)
        self.refused(self.call("POST", "CustomerInvoice", sales(customerInvoiceLines=[line(5, 100)])),
                     "/customerInvoiceLines/0/debitAmount", 1)

    def test_foreign_currencies(self):
        dollars = {"accountId": "8020", "transactionDate": DAY, "creditAmountCur": 100}
        body = sales(currencyId="USD", exchangeRate=0.9, customerInvoiceLines=[dollars], vatTransactionLines=[])
        told = self.good(self.call("POST", "CustomerInvoice", body))
        self.assertEqual((told["amountTotalCur"], told["amountTotal"]), (100, 90))
        body.update(invoiceId="2", journalTransaction=2, customerInvoiceLines=[dict(dollars, creditAmount=100)])
        self.refused(self.call("POST", "CustomerInvoice", body), "/customerInvoiceLines/0/creditAmount", 1)
        self.refused(self.call("POST", "CustomerInvoice", dict(body, currencyId="XXX")), "/currencyId")
        self.sim.control(modes={"exchange_rate": "refused"})
        self.refused(self.call("POST", "CustomerInvoice", body), "/exchangeRate")

    def test_dates(self):
        self.total(sales(invoiceDate="2026-02-05"))
        for mode, text in (("d-M-yyyy", "5-2-2026"), ("dd-MM-yyyy", "05-02-2026"), ("time", "05-02-2026 0:00:00"),
                           ("iso", "2026-02-05")):
            self.sim.control(modes={"dates": mode})
            self.assertEqual(self.call("GET", "CustomerInvoice/2026001")[1]["invoiceDate"], text)
        self.refused(self.call("POST", "CustomerInvoice", sales(invoiceDate="5-2-2026")), "/invoiceDate", 1)
        self.refused(self.call("POST", "CustomerInvoice", sales(invoiceDate="31-02-2026")), "/invoiceDate")
        self.sim.control(modes={"iso_dates": False})
        self.refused(self.call("POST", "CustomerInvoice", sales(invoiceDate="2026-02-05")), "/invoiceDate", 1)

    def test_the_payment_condition_and_the_due_date(self):
        self.sim.control(modes={"due_dates": "condition"})
        self.assertEqual(self.good(self.call("POST", "CustomerInvoice", sales(paymentConditionId="30")))
                         ["invoiceExpirationDate"], "7-3-2026")

    def test_what_a_fault_loses(self):
        self.sim.control(faults=[{"kind": "drop_lines"}])
        two = sales(customerInvoiceLines=[line(), line(0, 5, accountId="8020", vatCodeId=None)])
        self.assertEqual(self.total(two), 121)
        self.sim.control(faults=[{"kind": "lose_account"}])
        two.update(invoiceId="2", journalTransaction=2)
        self.assertEqual(self.total(two), 126)
        self.assertEqual(self.call("GET", "CustomerInvoice/2")[1]["customerInvoiceLines"][0]["accountId"], "")


class Memorials(Case):
    def test_balance(self):
        self.good(self.call("POST", "FinTrans", memorial(10, -10)))
        self.assertEqual(self.good(self.call("GET", "FinTrans/2026/MEM/1"))["totalDebitAmount"], 10)
        self.assertEqual(self.call("GET", "FinTrans/2026/MEM/2")[0], 404)
        uneven = memorial(10, -9, journalTransaction=2)
        self.refused(self.call("POST", "FinTrans", uneven), "/finTransEntries")
        self.sim.control(modes={"unbalanced": "accepted"})
        self.good(self.call("POST", "FinTrans", uneven))
        self.refused(self.call("POST", "FinTrans", memorial(1, -1, journalId="VK", journalTransaction=3)), "/journalId")
        self.refused(self.call("POST", "FinTrans", memorial(1, -1)), "/journalTransaction")

    def test_the_transactions_of_a_journal(self):
        self.good(self.call("POST", "FinTrans", memorial(10, -10)))
        self.good(self.call("POST", "CustomerInvoice", sales()))
        path = "JournalTransactionInfoList/%s/2026"
        rows = self.good(self.call("GET", path % "MEM"))
        self.assertEqual([row["transactionId"] for row in rows], [1])
        self.assertEqual(len(self.good(self.call("GET", path % "VK"))), 1)
        self.assertEqual(self.good(self.call("GET", "JournalTransactionInfoList/MEM/2025")), [])
        self.refused(self.call("GET", path % "X"), "/journalId")
        self.sim.control(modes={"journal_list": "without"})
        self.assertEqual(self.good(self.call("GET", path % "MEM")), [])
        self.sim.control(modes={"journal_list": "missing"})
        self.assertEqual(self.call("GET", path % "MEM")[0], 404)

    def test_the_type_comes_first_and_is_known(self):
        body = memorial(10, -10)
        first = body["finTransEntries"][0]
        for wrong in (dict({"accountId": "4500"}, **first), dict(first, **{"$type": "Basic"}), {"accountId": "4500"}):
            self.refused(self.call("POST", "FinTrans", dict(body, finTransEntries=[wrong])), "/finTransEntries/0/", 1)
        first["customerId"] = "C1"
        self.refused(self.call("POST", "FinTrans", body), "/finTransEntries/0/customerId", 1)

    def test_vat(self):
        body = memorial(121, -121)
        body["finTransEntries"][0].update(vatCodeId=4, vatAmount=21, vatIncluded=True)
        self.good(self.call("POST", "FinTrans", body))
        body["journalTransaction"] = 2
        body["finTransEntries"][0].update(vatIncluded=False)
        self.refused(self.call("POST", "FinTrans", body), "/finTransEntries")
        del body["finTransEntries"][0]["vatIncluded"]
        self.refused(self.call("POST", "FinTrans", body), "/finTransEntries/0/vatAmount", 1)

    def test_payments(self):
        self.good(self.call("POST", "CustomerInvoice", sales()))
        self.good(self.call("POST", "SupplierInvoice", purchase(invoiceId="77")))

        def paid(kind, party, invoice, amount):
            return {"$type": PROXY % kind, kind.lower() + "Id": party, "transactionDate": DAY,
                    kind.lower() + "EntryPayments": [{"invoiceId": invoice, "amountPaidCur": amount}]}
        body = memorial(-20)
        body["finTransEntries"] += [paid("Customer", "C1", "2026001", 1), paid("Supplier", "S1", "77", 21)]
        self.good(self.call("POST", "FinTrans", body))
        self.assertEqual(self.sim.first.invoices["Customer"][0]["_open"], 120)
        self.assertEqual(self.sim.first.invoices["Supplier"][0]["_open"], 100)
        body["journalTransaction"] = 2
        body["finTransEntries"][1] = paid("Customer", "C1", "9", 1)
        self.refused(self.call("POST", "FinTrans", body), "/finTransEntries/1/customerEntryPayments/0/invoiceId")
        self.start(supplier_entry="refused")
        self.refused(self.call("POST", "FinTrans", body), "/finTransEntries/2/")


class OpenItems(Case):
    def rows(self, state=1, side="Customer"):
        return self.good(self.call("GET", "%sInvoiceInfoList/ByFiscalYear/2026/%s" % (side, state)))

    def test_states_of_request_and_answer(self):
        self.call("POST", "CustomerInvoice", sales())
        self.assertEqual((len(self.rows(0)), self.rows(2)), (1, []))
        self.assertEqual(self.rows()[0]["state"], 2, "overdue is open")
        self.sim.control(pay={"side": "Customer", "invoice": "2026001", "amount": "21.00"})
        self.assertEqual([self.rows()[0][name] for name in ("invoiceBalanceCur", "settledAmountCur")], [100, 21])
        self.assertEqual(len(self.good(self.call("GET", "CustomerInvoiceInfoList/OpenInvoices/C1"))), 1)
        self.sim.control(modes={"invoice_state": "answer"})
        self.assertEqual([len(self.rows(state)) for state in (0, 1, 2)], [0, 0, 1])
        self.sim.control(modes={"invoice_state": "request"},
                         pay={"side": "Customer", "invoice": "2026001", "amount": None})
        self.assertEqual((self.rows(), self.rows(2)[0]["state"]), ([], 1))
        self.assertEqual(self.call("GET", "CustomerInvoiceInfoList/ByFiscalYear/2026/C1")[0], 400)

    def test_signs(self):
        self.call("POST", "CustomerInvoice", sales(invoiceType=2))
        self.call("POST", "SupplierInvoice", purchase())
        self.assertEqual(self.rows()[0]["invoiceBalanceCur"], -121)
        self.assertEqual(self.rows(side="Supplier")[0]["invoiceBalanceCur"], 121)
        self.sim.control(modes={"credit_balance": "positive", "payables_sign": "negative"})
        self.assertEqual(self.rows()[0]["invoiceBalanceCur"], 121)
        self.assertEqual(self.rows(side="Supplier")[0]["invoiceBalanceCur"], -121)
        self.assertEqual(self.good(self.call("GET", "CustomerInvoice/2026001"))["invoiceType"], 2)
        self.assertNotIn("invoiceType", self.good(self.call("GET", "CustomerInvoiceInfo/OnlyHeader/2026001")))

    def test_what_nobody_sent(self):
        self.sim.control(before={"party": "C1", "invoice": "901", "reference": "A-1", "amount": "-5.00"},
                         loose={"side": "Supplier", "party": "S1", "amount": "7.77"}, open_items=3)
        self.assertEqual([row["invoiceId"] for row in self.rows()], ["901", "50000000", "50000001", "50000002"])
        self.assertEqual([(row["isAdvance"], row["invoiceBalanceCur"]) for row in self.rows(side="Supplier")],
                         [(True, -7.77)])


class Errors(Case):
    def test_shapes(self):
        self.sim.control(modes={"errors": "pascal"})
        said = self.call("POST", "Customer", {})[1]["Messages"][0]
        self.assertEqual((said["Message"], said["Path"]), ("ShortName is verplicht.", "/ShortName"))
        self.sim.control(modes={"errors": "exception"})
        self.assertIn("exceptionId", self.call("POST", "Customer", {})[1])
        self.sim.control(modes={"errors": "bare"})
        self.assertEqual(self.call("POST", "Customer", {})[1], {"Message": "ShortName is verplicht."})
        self.sim.control(modes={"errors": "html"})
        self.assertEqual(self.call("POST", "Customer", {})[1][:6], b"<html>")
        self.sim.control(modes={"errors": "messages", "rule_status": 200})
        self.assertEqual(self.call("POST", "Customer", {})[0], 200)
        self.assertEqual(self.sim.first.parties["Customer"].keys(), {"C1"})

    def test_a_message_beside_what_was_done(self):
        self.sim.control(faults=[{"kind": "warning"}])
        said = self.good(self.call("POST", "CustomerInvoice", sales()))
        self.assertEqual((said["messages"][0]["messageType"], said["amountTotalCur"]), ("Warning", 121))
        self.sim.control(faults=[{"kind": "error_after"}])
        said = self.good(self.call("POST", "CustomerInvoice", sales(invoiceId="2", journalTransaction=2)))
        self.assertEqual(said["messages"][0]["messageType"], "Error")
        self.assertEqual(len(self.sim.first.invoices["Customer"]), 2)

    def test_a_refusal_on_demand(self):
        self.sim.control(faults=[{"kind": "status_400_message", "message": "Nee.", "path": "/vatNumber"}])
        self.assertEqual(self.refused(self.call("POST", "Customer", {"shortName": "X"}), "/vatNumber"), "Nee.")

    def test_a_creation_without_an_answer(self):
        self.sim.control(modes={"created": "empty"})
        self.assertEqual(self.call("POST", "Customer", {"shortName": "X"}), (200, None))

    def test_bodies(self):
        good = "application/json; charset=utf-8"
        for text, kind, status in (("{", good, 400), ("[]", good, 400), ("{}", "text/plain", 415)):
            answer = self.send("POST", "/V221/api/MVL00001/Customer", text, {
                "Authorization": "Bearer " + self.login["access_token"], "Accept": "application/json",
                "Content-Type": kind})
            self.assertEqual(answer[0], status)


if __name__ == "__main__":
    base.run_tests()
