#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The simulator of Minox refuses what is not known to work, and both readings differ."""
import json
import unittest
import urllib.error
import urllib.request
from decimal import Decimal

import base
import minox

UUID = "12345678-1234-5234-9234-123456789abc"


class Case(unittest.TestCase):
    modes = {}

    def setUp(self):
        self.sim = minox.Simulator(**self.modes).start()
        self.addCleanup(self.sim.stop)

    def ask(self, method, path, body=None, token="access-0", kind="application/json", raw=False):
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = "Bearer " + token
        if data is not None:
            headers["Content-Type"] = kind
        url = self.sim.url + ("" if raw else "/api/1/tenant/4711/administration/1/") + path
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method)) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None, answer.headers
        except urllib.error.HTTPError as refusal:
            text = refusal.read()
            try:
                return refusal.code, json.loads(text), refusal.headers
            except ValueError:
                return refusal.code, text, refusal.headers

    def customer(self):
        return self.ask("POST", "customer?journal_id=VK", {"externalid": "1001", "addresses": [{"name": "Een"}]})[1]["id"]

    def lines(self, customer, amount=121, **more):
        common = {"journal": {"id": "VK"}, "period": {"id": 5, "fiscal_year": 2026}, "document_date": "2026-05-11",
                  "invoice_number": 17, "description": "Factuur 17"}
        return [dict(common, account=self.account(customer, "customer"), debit=121, credit=0),
                dict(common, account=self.account(8000), debit=0, credit=amount,
                     vat={"id": 2, "amount": 21}, **more)]

    @staticmethod
    def account(id_, kind="ledger_account"):
        return {"id": str(id_), "scheme": "MINOX", "type": kind}

    def put(self, lines):
        return self.ask("PUT", "transaction_line_batch/" + UUID, lines)


class Rules(Case):
    def test_login(self):
        self.assertEqual(self.ask("GET", "journal", token=None)[0], 401)
        self.assertEqual(self.ask("GET", "journal", token="nonsense")[0], 401)
        self.sim.control(expire_tokens=True)
        self.assertEqual(self.ask("GET", "journal")[0], 401)

    def test_refresh_tokens_are_good_once(self):
        form = {"grant_type": "refresh_token", "refresh_token": "refresh-0", "client_id": "harmony-client",
                "client_secret": "s3cr3t/+&="}
        status, answer, _ = self.ask("POST", "/oauth/token", form, token=None, raw=True)
        self.assertEqual((status, answer["refresh_token"]), (200, "refresh-1"))
        self.assertEqual(self.ask("POST", "/oauth/token", form, token=None, raw=True)[0], 400)
        self.assertEqual(self.ask("GET", "journal", token=answer["access_token"])[0], 200)

    def test_relations(self):
        self.assertEqual(self.ask("GET", "customer/by_externalid/1001")[0], 404)
        self.assertEqual(self.ask("POST", "customer", {"externalid": "1001", "addresses": [{"name": "Een"}]})[0], 400)
        id_ = self.customer()
        self.assertEqual(self.ask("GET", "customer/by_externalid/1001")[1]["id"], id_)
        for wrong in ({"nonsense": 1}, {"bank_accounts": {"iban": "NL1"}}, {"addresses": [{"city_": "Gent"}]},
                      {"vat": {"number": "1"}}, {"blocked": True}, {"language": {"id": "nl"}},
                      {"addresses": [{"phone_numbers": [{"number": "1"}]}]}):
            self.assertEqual(self.ask("PATCH", "customer/%d" % id_, wrong)[0], 400, wrong)
        self.assertEqual(self.ask("PATCH", "customer/%d" % id_, {"payment_term": {"id": 30}})[0], 200)

    def test_put_twice_is_one_batch(self):
        lines = self.lines(self.customer())
        self.assertEqual(self.put(lines)[0], 200)
        self.assertEqual(self.put(lines)[0], 200)
        self.assertEqual(len(self.sim.batches), 1)
        self.assertEqual(len(self.ask("GET", "receivable?status=open")[1]["collection"]), 1)
        self.assertEqual(self.sim.violations, [])

    def test_lines(self):
        customer = self.customer()
        for spoil in ({"debit": 1}, {"nonsense": 1}, {"due_date": "11-05-2026"}, {"invoice_number": "17"},
                      {"journal": {"id": "??"}}, {"account": self.account(9999)}, {"account": dict(self.account(0), id=8000)},
                      {"account": {"id": "8000", "type": "ledger_account"}}, {"account": {"id": "8000", "scheme": "MINOX"}},
                      {"description": ""}, {"invoice_number": 0},
                      {"cost_center": {"id": 99}}, {"credit": -121}, {"credit": "121.00"}, {"credit": 121.001},
                      {"vat": {"id": 2, "amount": "21.00"}}, {"vat": {"id": 2}}, {"vat": {"id": 2, "amount": 21, "rate": 1}},
                      {"journal": {"id": "IK"}}, {"journal": "VK"}, {"invoice_number": 18}, {"payment_term": {"id": 31}},
                      {"customer": {"id": str(customer)}}, {"account": self.account(8000, "account")},
                      {"period": {"id": 13, "fiscal_year": 2026}}, {"period": {"id": "5", "fiscal_year": 2026}},
                      {"period": {"id": 5, "fiscal_year": 2031}}, {"document_date": "2025-12-31"}):
            lines = self.lines(customer)
            lines[1].update(spoil)
            self.assertEqual(self.put(lines)[0], 400, spoil)
        self.assertEqual(self.ask("PUT", "transaction_line_batch/none", self.lines(customer))[0], 400)
        self.assertEqual(self.sim.batches, {})

    def test_a_memorial_settles(self):
        customer = self.customer()
        self.put(self.lines(customer))
        common = {"journal": {"id": "MEM"}, "period": {"id": 5, "fiscal_year": 2026}, "document_date": "2026-05-20",
                  "description": "Verrekend"}
        lines = [dict(common, account=self.account(customer, "customer"), debit=0, credit=21, invoice_number=17),
                 dict(common, account=self.account(customer, "customer"), debit=0, credit=5),
                 dict(common, account=self.account(3000), debit=26, credit=0)]
        self.assertEqual(self.ask("PUT", "transaction_line_batch/" + UUID[:-1] + "0", lines)[0], 200)
        rows = {row["invoice_number"]: Decimal(row["balance"])
                for row in self.ask("GET", "receivable?status=open")[1]["collection"]}
        self.assertEqual(rows, {17: 100, 0: -5})

    def test_options(self):
        for path in ("journal?currentpage=1&status=open", "receivable?status=open", "customer?search=x"):
            self.assertEqual(self.ask("GET", path)[0], 200, path)
        self.assertEqual(self.sim.violations, [])
        for path in ("journal?page=1", "vat?status=open", "receivable?state=open", "transaction_line_batch/%s?x=1" % UUID):
            self.assertEqual(self.ask("GET", path)[0], 400, path)

    def test_messages(self):
        self.sim.control(close=[2026, 5])
        status, answer, _ = self.put(self.lines(self.customer()))
        self.assertEqual((status, answer[0]["message_code"]), (400, "MNX-0200"))
        self.sim.control(modes={"errors": "2xx"})
        status, answer, _ = self.put(self.lines(10001))
        self.assertEqual((status, answer[0]["message_type"]), (200, "error"))
        self.assertEqual(self.sim.batches, {})

    def test_rate(self):
        headers = self.ask("GET", "journal")[2]
        self.assertTrue(int(headers["x-rate-limit-remaining"]) > 0)
        self.sim.control(modes={"minute_limit": 1, "rate_headers": False})
        status, _, headers = self.ask("GET", "journal")
        self.assertEqual((status, headers["x-rate-limit-reset"], headers["Retry-After"]), (429, None, None))

    def test_pages(self):
        self.sim.control(modes={"page": 2})
        answer = self.ask("GET", "journal")[1]
        self.assertEqual(len(answer["collection"]), 2)
        self.assertTrue(answer["links"]["next"].startswith(self.sim.url))
        self.sim.control(modes={"bare_lists": True})
        self.assertEqual(len(self.ask("GET", "journal")[1]), 6)


class Readings(Case):
    """What one reading takes, the other refuses."""

    def check(self, modes, lines, taken):
        self.sim.control(modes=modes)
        self.assertEqual(self.put(lines)[0], 200 if taken else 400, modes)

    def test_both(self):
        customer = self.customer()
        gross, net = self.lines(customer), self.lines(customer, 100)
        self.check({"line_amounts": "gross"}, gross, True)
        self.check({"line_amounts": "net"}, gross, False)
        self.check({"line_amounts": "net"}, net, True)
        self.check({"line_amounts": "gross"}, net, False)
        for way in ("own", "none"):
            self.check({"vat_lines": way}, gross, False)
        self.check({"vat_lines": "with", "contra_line": "omit"}, gross, False)
        self.check({"contra_line": "send", "cost_type": "unknown"}, self.lines(customer, cost_type={"id": 7}), False)
        self.check({"cost_type": "known"}, self.lines(customer, cost_type={"id": 7}), True)
        rate = self.lines(customer, currency={"id": "USD", "exchange_rate": 0.9})
        self.check({"exchange_rate": "unknown"}, rate, False)
        self.check({"exchange_rate": "known"}, rate, True)
        self.check({"free_entry_numbers": False}, self.lines(customer, entry_number=17), False)
        self.check({"free_entry_numbers": True}, self.lines(customer, entry_number=17), True)

    def test_lines_of_a_year(self):
        self.put(self.lines(self.customer()))
        for mode, ids in (("known", {None, UUID}), ("no_ids", {None}), ("stale", {None})):
            self.sim.control(modes={"line_list": mode})
            rows = self.ask("GET", "year/2026/transaction_lines")[1]["collection"]
            self.assertEqual({row.get("batch_id") for row in rows}, ids, mode)
        self.sim.control(modes={"line_list": "known", "contra_line": "omit"})
        rows = self.ask("GET", "year/2025/transaction_lines")[1]["collection"]
        self.assertEqual([row.get("batch_id") for row in rows], [None])
        self.sim.control(modes={"line_list": "unknown"})
        self.assertEqual(self.ask("GET", "year/2026/transaction_lines")[0], 404)

    def test_what_is_put_over_is_noted(self):
        lines = self.lines(self.customer())
        self.put(lines)
        self.put(lines)
        self.assertEqual(self.sim.put_over, [])
        lines[0]["description"] = "other"
        self.put(lines)
        self.assertEqual(self.sim.put_over, [UUID])

    def test_what_is_missing(self):
        for mode, lookup, answer in (("404", "one", 404), ("empty", "one", 200), ("empty", "list", 200)):
            self.sim.control(modes={"missing": mode, "lookup": lookup})
            for path in ("transaction_line_batch/" + UUID, "customer/by_externalid/none"):
                status, body, _ = self.ask("GET", path)
                self.assertEqual((status, body == []), (answer, answer == 200), (mode, path))
        self.customer()
        self.assertEqual(len(self.ask("GET", "customer/by_externalid/1001")[1]), 1)

    def test_patches(self):
        for mode, count in (("replace", 1), ("merge", 2)):
            self.sim.control(reset=True)
            self.sim.control(modes={"patch": mode})
            id_ = self.customer()
            for iban in ("NL1", "NL2"):
                self.ask("PATCH", "customer/%d" % id_, {"bank_accounts": [{"iban": iban}]})
            self.assertEqual(len(self.ask("GET", "customer/%d" % id_)[1]["bank_accounts"]), count, mode)

    def test_vat_that_is_told(self):
        self.put(self.lines(self.customer()))
        for mode, vat in (("amount", {"id": 2, "amount": 21}), ("none", None)):
            self.sim.control(modes={"told_vat": mode})
            self.assertEqual(self.ask("GET", "transaction_line_batch/" + UUID)[1][1].get("vat"), vat)
        self.sim.control(modes={"told_vat": "code"})
        self.assertNotIn("amount", self.ask("GET", "transaction_line_batch/" + UUID)[1][1]["vat"])

    def test_numbers_and_dates(self):
        self.customer()
        self.put(self.lines(10001))
        row = self.ask("GET", "receivable?status=open")[1]["collection"][0]
        self.assertEqual((row["account_id"], row["invoice_date"]), (10001, "2026-05-11T00:00:00.000Z"))
        self.sim.control(modes={"numbers": "text", "dates": "day"})
        row = self.ask("GET", "receivable?status=open")[1]["collection"][0]
        self.assertEqual((row["account_id"], row["invoice_date"]), ("10001", "2026-05-11"))

    def test_credit_notes(self):
        lines = self.lines(self.customer())
        for line in lines:
            line["debit"], line["credit"] = line["credit"], line["debit"]
        self.assertEqual(self.put(lines)[0], 200)
        for mode, balance in (("negative", "-121"), ("positive", "121")):
            self.sim.control(modes={"credit_notes": mode})
            self.assertEqual(self.ask("GET", "receivable?status=open")[1]["collection"][0]["balance"], balance)

    def test_payables(self):
        self.assertEqual(self.ask("GET", "payable?status=open")[0], 200)
        self.sim.control(modes={"payable_status": "unknown"})
        self.assertEqual(self.ask("GET", "payable?status=open")[0], 400)
        self.assertEqual(self.ask("GET", "payable")[0], 200)


if __name__ == "__main__":
    base.run_tests()
