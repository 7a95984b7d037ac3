#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The simulator of Twinfield refuses what breaks a rule, and honours its modes and faults."""
import base64
import json
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request
from xml.sax.saxutils import escape

import twinfield
from twinfield_xml import Broken, Malformed, parse

BASIC = "Basic " + base64.b64encode(b"harmony-client:s3cr3t/+&=").decode()
DEB = ("<dimension><office>001</office><type>DEB</type><code>%s</code><name>Een</name><financials><duedays>30</duedays>"
       "</financials>%s</dimension>")
SALE = ('<transaction destiny="temporary"><header><office>001</office><code>VRK</code><currency>EUR</currency>'
        "<date>20260511</date><invoicenumber>%s</invoicenumber></header><lines>"
        '<line type="total" id="1"><dim1/><dim2>1001</dim2><debitcredit>debit</debitcredit><value>121.00</value></line>'
        '<line type="detail" id="2"><dim1>8000</dim1><debitcredit>credit</debitcredit><value>100.00</value>'
        "<vatcode>VH</vatcode><vatvalue>21.00</vatvalue></line></lines></transaction>")
COLUMN = "<column><field>%s</field><visible>true</visible></column>"
FILTER = ("<column><field>%s</field><visible>true</visible><ask>true</ask><operator>%s</operator><from>%s</from>"
          "<to>%s</to></column>")
OFFICE = FILTER % ("fin.trs.head.office", "equal", "001", "")


class Case(unittest.TestCase):
    modes = {}

    def setUp(self):
        self.sim = twinfield.Simulator(**self.modes).start()
        self.addCleanup(self.sim.stop)

    def http(self, method, path, body=None, headers=None):
        request = urllib.request.Request(self.sim.url + path, body, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode(), refusal.headers

    def post(self, body, token="access-0", office="001", extra='<CompanyId xsi:nil="true"/>', action="ProcessXmlString",
             path="processxml", head=None, kind="text/xml; charset=utf-8"):
        header = head if head is not None else (
            '<Header xmlns="http://www.twinfield.com/"><AccessToken>%s</AccessToken>%s%s</Header>'
            % (token, "<CompanyCode>%s</CompanyCode>" % office if office else "", extra))
        text = ('<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" '
                'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Header>%s</soap:Header><soap:Body>%s'
                "</soap:Body></soap:Envelope>" % (header, body))
        return self.http("POST", "/webservices/%s.asmx" % path, text.encode(),
                         {"Content-Type": kind, "SOAPAction": '"http://www.twinfield.com/%s"' % action})

    def ask(self, inner, **more):
        """(HTTP status, the inner answer or the code of the fault, headers)"""
        status, text, headers = self.post('<ProcessXmlString xmlns="http://www.twinfield.com/"><xmlRequest>%s</xmlRequest>'
                                          "</ProcessXmlString>" % escape(inner), **more)
        if not text.startswith("<?xml"):
            return status, text, headers
        body = parse(text.encode(), compact=False, namespaces=True).children[-1].children[0]
        if body.name.endswith("Fault"):
            return status, int(body.child("detail").value("code")), headers
        return status, parse(body.children[0].text, compact=False), headers

    def good(self, inner, **more):
        status, made, _ = self.ask(inner, **more)
        self.assertEqual(status, 200, made)
        return made

    def rules(self):
        return [one["rule"] for one in self.sim.violations]

    def customer(self, code="1001", more=""):
        made = self.good("<dimensions>" + DEB % (code, more) + "</dimensions>")
        self.assertEqual(made.children[0].attributes.get("result"), "1", made.xml())

    def browse(self, columns, code="100"):
        return self.good('<columns code="%s">%s%s</columns>' % (code, OFFICE, columns))


class Login(Case):
    def token(self, form, authorization=BASIC):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if authorization:
            headers["Authorization"] = authorization
        status, text, _ = self.http("POST", "/auth/authentication/connect/token", urllib.parse.urlencode(form).encode(),
                                    headers)
        return status, json.loads(text)

    def test_refresh(self):
        form = {"grant_type": "refresh_token", "refresh_token": "refresh-0"}
        self.assertEqual(self.token(form, None)[0], 401)
        self.assertEqual(self.token(dict(form, client_id="harmony-client"))[0], 400)
        status, answer = self.token(form)
        self.assertEqual((status, answer["refresh_token"], answer["expires_in"]), (200, "refresh-1", 3600))
        self.assertEqual(self.token(form)[1], {"error": "invalid_grant"})
        self.sim.control(modes={"rotation": "same"})
        form["refresh_token"] = "refresh-1"
        self.assertEqual(self.token(form)[1]["refresh_token"], "refresh-1")
        self.sim.control(modes={"rotation": "none"})
        self.assertNotIn("refresh_token", self.token(form)[1])
        self.assertEqual(self.token(form)[0], 200)

    def test_code(self):
        form = {"grant_type": "authorization_code", "code": "code-0", "redirect_uri": "https://other.example/"}
        self.assertEqual(self.token(form)[0], 400)
        self.assertEqual(self.token({"grant_type": "password", "username": "x"})[1]["error"], "unauthorized_client")
        self.sim.control(code="code-1")
        form.update(code="code-1", redirect_uri="https://harmony.example/callback")
        self.assertEqual(self.token(form)[0], 200)

    def test_consent(self):
        query = {"client_id": "harmony-client", "response_type": "code", "redirect_uri": "https://harmony.example/callback",
                 "scope": "openid offline_access twf.organisation twf.organisationUser twf.user"}
        path = "/auth/authentication/connect/authorize?"
        self.assertEqual(self.http("GET", path + urllib.parse.urlencode(query))[0], 400)
        self.assertIn("consent needs nonce and state", self.rules())

    def test_cluster(self):
        path = "/auth/authentication/connect/accesstokenvalidation?token="
        self.assertEqual(json.loads(self.http("GET", path + "access-0")[1])["twf.clusterUrl"], self.sim.url)
        self.assertEqual(self.http("GET", path + "nonsense")[0], 400)
        self.sim.control(modes={"cluster": "slash"})
        self.assertEqual(json.loads(self.http("GET", path + "access-0")[1])["twf.clusterUrl"], self.sim.url + "/")
        self.sim.control(expire_tokens=True)
        self.assertEqual(self.http("GET", path + "access-0")[0], 400)
        self.assertEqual(self.ask("<list><type>offices</type></list>")[:2], (401, 354))

    def test_each_token_has_its_cluster(self):
        answer = self.token({"grant_type": "refresh_token", "refresh_token": "refresh-0"})[1]
        self.assertEqual(self.ask("<list><type>offices</type></list>", token=answer["access_token"])[0], 200)
        self.assertEqual(self.rules(), ["a token whose cluster was not asked for"])
        self.http("GET", "/auth/authentication/connect/accesstokenvalidation?token=" + answer["access_token"])
        self.ask("<list><type>offices</type></list>", token=answer["access_token"])
        self.assertEqual(len(self.rules()), 1)


class Envelope(Case):
    LIST = "<list><type>offices</type></list>"

    def test_offices_need_no_company(self):
        self.assertEqual([one.text for one in self.good(self.LIST, office="")], ["001", "002"])
        self.assertEqual(self.rules(), [])
        self.assertEqual(self.ask("<read><type>browse</type><office>001</office><code>100</code></read>", office="")[1], 109)

    def test_shape(self):
        self.assertEqual(self.ask(self.LIST, token="")[1], 101)
        self.assertEqual(self.ask(self.LIST, token="nonsense")[:2], (401, 354))
        self.assertEqual(self.ask(self.LIST, office="009")[0], 200)
        self.assertEqual(self.ask("<read><type>office</type><office>009</office><code>009</code></read>", office="009")[:2],
                         (403, 102))
        self.assertEqual(self.ask(self.LIST, action="ProcessXmlDocument")[0], 500)
        self.assertEqual(self.ask(self.LIST, kind="application/xml")[0], 415)
        self.assertEqual(self.ask(self.LIST, head="")[1], 187)
        self.assertEqual(self.ask(self.LIST, head='<Header xmlns="http://www.twinfield.com/"><CompanyCode>001</CompanyCode>'
                                  "<AccessToken>access-0</AccessToken></Header>")[1], 187)
        self.assertEqual(self.ask(self.LIST, head="<Header><AccessToken>access-0</AccessToken></Header>")[1], 187)
        self.assertEqual(self.ask(self.LIST, extra="<CompanyId/>")[0], 200)
        self.assertIn("an empty CompanyId is nil", self.rules())

    def test_company_id(self):
        self.assertEqual(self.ask(self.LIST, extra="")[0], 200)
        self.sim.control(modes={"company_id": "required"})
        self.assertEqual(self.ask(self.LIST, extra="")[:2], (400, ""))
        self.assertEqual(self.ask(self.LIST)[0], 200)
        self.sim.control(modes={"company_id": "refused"})
        self.assertEqual(self.ask(self.LIST)[1], 187)
        self.assertEqual(self.ask(self.LIST, extra="")[0], 200)

    def test_inner(self):
        for inner in ("", "<list>", "<!DOCTYPE list><list><type>offices</type></list>", "<list><!-- --><type>offices</type></list>",
                      "<list>\n<type>offices</type></list>", "<?php x?><list><type>offices</type></list>",
                      '<list xmlns="x"><type>offices</type></list>', "<general/>", "<list><type>rows</type></list>",
                      "<a>" * 40 + "</a>" * 40):
            self.assertEqual(self.ask(inner)[1], 187, inner)
        self.assertEqual(len(self.rules()), 10)
        self.assertEqual(self.ask('<?xml version="1.0"?>' + self.LIST)[0], 200)

    def test_office_inside(self):
        self.good("<list><type>dimensions</type><office>002</office><dimtype>DEB</dimtype></list>")
        self.assertTrue(self.rules())

    def test_fault_status(self):
        for status, want in (("documented", 401), ("200", 200), ("500", 500)):
            self.sim.control(modes={"fault_status": status})
            self.assertEqual(self.ask(self.LIST, token="x")[:2], (want, 354))
        self.sim.control(modes={"fault_status": "documented", "fault_body": "reason"})
        self.assertEqual(self.ask(self.LIST, token="x")[:2], (401, ""))

    def test_one_at_a_time(self):
        self.sim.control(modes={"concurrency": 1}, faults=[{"kind": "slow", "seconds": 0.5, "nth": 1}])
        first = threading.Thread(target=self.ask, args=(self.LIST,))
        first.start()
        while not self.sim.requests:
            pass
        status, _, headers = self.ask(self.LIST)
        self.assertEqual((status, headers["Retry-After"]), (429, "1"))
        first.join()
        self.assertEqual(self.ask(self.LIST)[0], 200)
        self.assertEqual(self.rules(), ["2 requests at a time"])

    def test_hostile(self):
        for kind in ("doctype", "deep", "blank"):
            self.sim.control(faults=[{"kind": kind, "match": " list offices"}])
            with self.assertRaises((Broken, Malformed)):
                self.good(self.LIST)
            self.sim.control(faults=[{"kind": kind, "inner": False, "match": " list offices"}])
            self.assertTrue(self.post('<ProcessXmlString xmlns="http://www.twinfield.com/"><xmlRequest>%s</xmlRequest>'
                                      "</ProcessXmlString>" % escape(self.LIST))[1].startswith(("<!DOCTYPE", "<a>")))

    def test_credits(self):
        headers = self.ask(self.LIST)[2]
        self.assertEqual(headers["X-RateLimit-Credited"], "1")
        self.sim.control(modes={"client_credits": 4, "rate_headers": False})
        self.assertEqual(self.ask("<dimensions>" + DEB % ("1001", "") + "</dimensions>")[0], 200)
        status, _, headers = self.ask(self.LIST)
        self.assertEqual((status, headers["X-RateLimit-Limit"]), (429, None))
        self.assertTrue(0 < int(headers["Retry-After"]) <= 61)
        self.sim.control(advance=62)
        self.assertEqual(self.ask(self.LIST)[0], 200)


class Relations(Case):
    def refused(self, dimension):
        made = self.good("<dimensions>" + dimension + "</dimensions>").children[0]
        self.assertEqual(made.attributes["result"], "0", made.xml())
        return made

    def test_upsert(self):
        bank = '<banks><bank default="true"><ascription>Een</ascription><iban>NL91ABNA0417164300</iban></bank></banks>'
        self.customer("1001", bank)
        self.customer("1001", bank.replace("<bank ", '<bank id="1" '))
        kept = self.good("<read><type>dimensions</type><office>001</office><dimtype>DEB</dimtype><code>1001</code></read>")
        self.assertEqual(len(kept.child("banks").children), 1)
        self.assertEqual(kept.child("financials").value("duedays"), "30")
        self.assertEqual(self.rules(), [])
        self.customer("1001", bank.replace("<bank ", '<bank id="9" '))
        self.assertEqual(self.rules(), ["a new bank account has no id"])

    def test_update(self):
        """Left out, banks go or stay: either way what was read and is sent back stays."""
        bank = '<banks><bank default="true"><iban>NL91ABNA0417164300</iban></bank></banks>'
        for mode, left in (("replace", 0), ("merge", 1)):
            self.sim.control(modes={"party_update": mode})
            self.customer("1001", bank)
            self.customer("1001")
            self.assertEqual(len(self.sim.first.relations["DEB"]["1001"]["banks"]), left)

    def test_rules(self):
        self.refused(DEB.replace("<name>Een</name>", "") % ("1001", ""))
        self.refused(DEB.replace("001<", "002<") % ("1001", ""))
        self.refused(DEB % ("1001", "<inuse>true</inuse>"))
        self.refused(DEB.replace("Een", "x" * 81) % ("1001", ""))
        self.refused(DEB % ("1001", '<addresses><address type="home" default="true"/></addresses>'))
        self.refused(DEB % ("1001", '<addresses><address type="invoice"/></addresses>'))
        self.refused(DEB % ("1001", '<banks><bank default="true"><ascription>%s</ascription></bank></banks>' % ("x" * 41)))
        self.refused(DEB.replace("30", "many") % ("1001", ""))
        self.refused(DEB % ("1001", '<banks><bank default="true"><city>%s</city></bank></banks>' % ("x" * 41)))
        self.refused(DEB % ("1001", '<addresses><address type="invoice" default="true"><field4>KvK 1</field4></address>'
                                    "</addresses>"))
        self.sim.control(modes={"masks": {"DEB": "1[0-9][0-9][0-9]"}})
        self.assertIn("msg", self.refused(DEB % ("2001", "")).child("code").attributes)
        self.customer("1001")
        self.assertEqual(list(self.sim.first.relations["DEB"]), ["1001"])

    def test_lists(self):
        self.sim.control(customers=["1001", "1002"])
        rows = self.good("<list><type>dimensions</type><office>001</office><dimtype>DEB</dimtype></list>")
        self.assertEqual([one.text for one in rows], ["1001", "1002", "DEB"])
        self.assertEqual(rows.children[-1].attributes["name"], "")
        missing = self.good("<read><type>dimensions</type><office>001</office><dimtype>DEB</dimtype><code>9</code></read>")
        self.assertEqual(missing.attributes["result"], "0")
        self.sim.control(modes={"masks": {"DEB": "1*"}})
        made = self.good("<dimensiontype><office>001</office><code>DEB</code></dimensiontype>")
        self.assertEqual(made.value("mask"), "1*")


class Transactions(Case):
    def setUp(self):
        super().setUp()
        self.sim.control(customers=["1001", "1002"], suppliers=["2001"])

    def book(self, *sent):
        return self.good("<transactions>" + "".join(sent) + "</transactions>")

    def refused(self, sent, path):
        made = self.book(sent).children[0]
        self.assertEqual(made.attributes["result"], "0", made.xml())
        spots = []

        def walk(element, at):
            if "msg" in element.attributes:
                spots.append(at + [element.name])
            for one in element:
                walk(one, at + [element.name])
        walk(made, [])
        self.assertIn(path, ["/".join(spot) for spot in spots], made.xml())
        self.assertNotIn("location", made.attributes)

    def test_booked(self):
        made = self.book(SALE % "A1").children[0]
        self.assertEqual((made.attributes["result"], made.attributes["location"]), ("1", "temporary"))
        self.assertEqual(made.child("header").value("number"), "202600001")
        self.assertEqual([one.attributes["type"] for one in made.child("lines")], ["total", "detail", "vat"])
        kept = self.good("<read><type>transaction</type><office>001</office><code>VRK</code><number>202600001</number></read>")
        self.assertEqual(kept.child("lines").children[0].value("openvalue"), "121.00")
        gone = self.good("<read><type>transaction</type><office>001</office><code>VRK</code><number>7</number></read>")
        self.assertEqual(gone.attributes["result"], "0")
        self.assertEqual(self.rules(), [])

    def test_a_batch_is_not_atomic(self):
        made = self.book(SALE % "A1", (SALE % "A2").replace("8000", "9999"), SALE % "A3")
        self.assertEqual([one.attributes["result"] for one in made], ["1", "0", "1"])
        self.assertEqual(made.attributes["result"], "0")
        self.assertEqual(len(self.sim.first.transactions), 2)
        self.book(*[SALE % ("B%d" % n) for n in range(26)])
        self.assertEqual(self.rules(), ["26 in one request"])

    def test_trade_within_the_union(self):
        sale = (SALE % "A1").replace("VH</vatcode><vatvalue>21", "ICP</vatcode><vatvalue>0").replace("121.00", "100.00")
        self.refused(sale, "transaction/lines/line/performancetype")
        sale = sale.replace("</vatvalue>", "</vatvalue><performancetype>goods</performancetype>")
        self.assertEqual(self.book(sale).children[0].attributes["result"], "1")
        self.assertEqual(self.rules(), [])

    def test_double_numbers(self):
        self.book(SALE % "A1")
        self.refused(SALE % "A1", "transaction/header/invoicenumber")
        self.refused((SALE % "A1").replace("<transaction ", '<transaction raisewarning="false" ').replace(
            "<invoicenumber>", '<invoicenumber raisewarning="true">'), "transaction/header/invoicenumber")
        self.assertEqual(self.book((SALE % "A1").replace("1001", "1002")).attributes["result"], "1")
        self.sim.control(modes={"duplicates": "year"})
        self.refused(SALE % "A1", "transaction/header/invoicenumber")
        self.assertEqual(self.book((SALE % "A1").replace(">2026", ">2025")).attributes["result"], "1")
        for scope, refused in (("daybook", "0"), ("office", "0"), ("off", "1")):
            self.sim.control(modes={"duplicates": scope})
            self.assertEqual(self.book((SALE % "A1").replace("1001", "1002")).attributes["result"], refused, scope)
        self.sim.control(modes={"duplicates": "daybook"})
        loud = (SALE % "A1").replace("<transaction ", '<transaction raisewarning="false" ')
        self.assertEqual(self.book(loud).attributes["result"], "1")
        self.sim.control(modes={"duplicate_msgtype": "error"})
        self.refused(loud, "transaction/header/invoicenumber")

    def test_dates(self):
        odd = (SALE % "A1").replace("<invoicenumber>", "<period>2026/06</period><invoicenumber>")
        self.refused(odd, "transaction/header/date")
        quiet = odd.replace("<date>", '<date raisewarning="false">')
        made = self.book(quiet).children[0]
        self.assertEqual(made.attributes["result"], "1")
        self.assertEqual(made.child("header").child("date").attributes["msgtype"], "warning")
        self.sim.control(close=[2026, 6])
        self.refused(quiet.replace("A1", "A2"), "transaction/header/period")
        self.sim.control(close=[2026, 5])
        self.refused(SALE % "A2", "transaction/header/date")
        self.refused((SALE % "A2").replace("20260511", "20110511"), "transaction/header/date")
        self.refused((SALE % "A2").replace("20260511", "2026-05-11"), "transaction/header/date")

    def test_header(self):
        sale = SALE % "A1"
        self.refused(sale.replace("VRK", "XX"), "transaction/header/code")
        self.refused(sale.replace("EUR", "XXX"), "transaction/header/currency")
        self.refused(sale.replace("A1", "9" * 41), "transaction/header/invoicenumber")
        self.refused(sale.replace("</header>", "<freetext2>x</freetext2></header>"), "transaction/header/freetext2")
        self.refused(sale.replace("</header>", "<regime>Fiscal</regime></header>"), "transaction/header/regime")
        self.refused(sale.replace("<currency>", "<number>1</number><currency>"), "transaction/header/number")
        self.refused(sale.replace("destiny", "status"), "transaction")
        self.assertEqual(self.book(sale.replace("</header>", "<freetext1>x</freetext1></header>")).attributes["result"], "1")

    def test_lines(self):
        sale = SALE % "A1"
        self.refused(sale.replace("<dim1/>", ""), "transaction/lines/line/dim1")
        self.refused(sale.replace("<dim1/>", "<dim1>8000</dim1>"), "transaction/lines/line/dim1")
        self.refused(sale.replace("1001", "1009"), "transaction/lines/line/dim2")
        self.refused(sale.replace("8000", "1300"), "transaction/lines/line/dim1")
        self.refused(sale.replace("121.00", "122.00"), "transaction")
        self.refused(sale.replace("100.00", "-100.00"), "transaction/lines/line/value")
        self.refused(sale.replace("VH", "IH"), "transaction/lines/line/vatcode")
        self.refused(sale.replace("VH", "X"), "transaction/lines/line/vatcode")
        self.refused(sale.replace("<vatcode>VH</vatcode>", ""), "transaction/lines/line/vatvalue")
        self.refused(sale.replace("<vatvalue>", "<dim2>NIX</dim2><vatvalue>"), "transaction/lines/line/dim2")
        self.refused(sale.replace("<vatvalue>", "<dim3>NIX</dim3><vatvalue>"), "transaction/lines/line/dim3")
        self.refused(sale.replace("<vatvalue>", "<description>%s</description><vatvalue>" % ("x" * 41)),
                     "transaction/lines/line/description")
        self.refused(sale.replace("<vatvalue>", "<amount>1</amount><vatvalue>"), "transaction/lines/line/amount")
        head, _, lines = sale.partition("<lines>")
        total, _, detail = lines.partition("</line>")
        swapped = head + "<lines>" + detail.replace("</lines>", total + "</line></lines>")
        self.refused(swapped, "transaction/lines")
        self.assertEqual(self.sim.first.transactions, [])
        self.sim.control(modes={"total_dim1": "omit"})
        self.refused(sale, "transaction/lines/line/dim1")
        self.assertEqual(self.book(sale.replace("<dim1/>", "")).attributes["result"], "1")
        self.assertEqual(self.book((SALE % "A2").replace("<dim1/>", "<dim1>1300</dim1>")).attributes["result"], "1")

    def test_memorial(self):
        memo = ('<transaction><header><office>001</office><code>MEMO</code><date>20260511</date></header><lines>'
                '<line type="detail" id="1"><dim1>3000</dim1><debitcredit>debit</debitcredit><value>5.00</value></line>'
                '<line type="detail" id="2"><dim1>1300</dim1><dim2>1001</dim2><debitcredit>credit</debitcredit>'
                "<value>5.00</value><invoicenumber>K1</invoicenumber></line></lines></transaction>")
        self.assertEqual(self.book(memo).attributes["result"], "1", self.book(memo).xml())
        self.refused(memo.replace("MEMO", "VRK"), "transaction/lines")
        self.refused(memo.replace("<dim2>1001</dim2>", ""), "transaction/lines/line/dim2")
        self.refused(memo.replace("</header>", "<invoicenumber>1</invoicenumber></header>"),
                     "transaction/header/invoicenumber")

    def test_too_many_lines(self):
        line = '<line type="detail" id="%d"><dim1>8000</dim1><debitcredit>credit</debitcredit><value>0.01</value></line>'
        many = "".join(line % n for n in range(2, 1002))
        head, _, rest = (SALE % "A1").partition('<line type="detail"')
        self.assertEqual(self.ask("<transactions>" + head + many + "</lines></transaction></transactions>")[0], 400)

    def test_faults(self):
        sales = [SALE % ("A%d" % n) for n in range(4)]
        self.sim.control(faults=[{"kind": "partial_500_after", "children": 3}])
        self.assertEqual(self.ask("<transactions>" + "".join(sales) + "</transactions>")[0], 500)
        self.assertEqual(len(self.sim.first.transactions), 3)
        self.sim.control(faults=[{"kind": "short_answer"}])
        self.assertEqual(len(self.book(SALE % "B1", SALE % "B2").children), 1)
        self.sim.control(faults=[{"kind": "swapped_answer"}])
        made = self.book(SALE % "C1", SALE % "C2")
        self.assertEqual(made.children[0].child("header").value("invoicenumber"), "C2")
        self.sim.control(faults=[{"kind": "refuse_message", "message": "header/code: Nee."}])
        self.refused(SALE % "D1", "transaction/header/code")
        self.sim.control(faults=[{"kind": "fault", "code": 103}])
        self.assertEqual(self.ask("<transactions>" + SALE % "D2" + "</transactions>")[:2], (401, 103))


class Browse(Case):
    def setUp(self):
        super().setUp()
        self.sim.control(customers=["1001"])
        for number in ("A1", "A2", "A3"):
            self.good("<transactions>" + SALE % number + "</transactions>")

    def rows(self, made):
        return [{td.attributes["field"]: td.text for td in tr if td.name == "td"} for tr in made if tr.name == "tr"]

    def test_definition(self):
        made = self.good("<read><type>browse</type><office>001</office><code>130_3</code></read>")
        fields = {one.value("field"): one.value("operator") for one in made.child("columns")}
        self.assertEqual(fields["fin.trs.line.matchstatus"], "equal")
        self.assertEqual(fields["fin.trs.line.datedue"], "none")
        self.sim.control(modes={"absent_codes": ["130_3"]})
        made = self.good("<read><type>browse</type><office>001</office><code>130_3</code></read>")
        self.assertEqual(made.attributes["result"], "0")

    def test_open(self):
        self.sim.control(pay={"code": "VRK", "number": "202600001", "amount": "21.00"})
        self.sim.control(pay={"code": "VRK", "number": "202600002", "amount": None})
        self.sim.control(loose={"side": "DEB", "party": "1001", "amount": "5.00"})
        made = self.browse(FILTER % ("fin.trs.line.matchstatus", "equal", "available", "") +
                           "".join(COLUMN % ("fin.trs." + name) for name in
                                   ("head.code", "line.invnumber", "line.openvaluesigned", "line.valuesigned")))
        have = [(row["fin.trs.head.code"], row["fin.trs.line.invnumber"], row["fin.trs.line.openvaluesigned"])
                for row in self.rows(made)]
        self.assertEqual(have, [("VRK", "A1", "100.00"), ("VRK", "A3", "121.00"), ("BNK", "", "-5.00")])
        self.assertEqual(made.attributes["total"], "3")
        self.assertEqual(self.rules(), [])

    def test_rules(self):
        made = self.good('<columns code="100">' + COLUMN % "fin.trs.line.invnumber" + "</columns>")
        self.assertEqual(self.rules(), ["browsing without the office as a filter"])
        self.assertEqual(len(self.rows(made)), 3)
        for columns in (COLUMN % "fin.trs.line.invoicenumber", FILTER % ("fin.trs.head.date", "between", "1", "2"),
                        FILTER % ("fin.trs.head.code", "between", "A", "B")):
            self.assertEqual(self.browse(columns).attributes["result"], "0", columns)
        self.browse((FILTER % ("fin.trs.head.code", "equal", "VRK", "")).replace("<ask>true</ask>", ""))
        self.assertIn("a filter needs ask, from and to: fin.trs.head.code", self.rules())

    def test_modes(self):
        period = FILTER % ("fin.trs.head.yearperiod", "between", "2026/00", "2026/55")
        status = FILTER % ("fin.trs.line.matchstatus", "equal", "proposed", "")
        self.assertEqual(len(self.rows(self.browse(period))), 3)
        self.assertEqual(len(self.rows(self.browse(status))), 0)
        self.sim.control(modes={"browse_status": "ignored"})
        self.assertEqual(len(self.rows(self.browse(status))), 3)
        self.sim.control(modes={"browse_status": "fault"})
        self.assertEqual(self.browse(status).attributes["result"], "0")
        self.sim.control(modes={"heavy_rows": 2})
        self.assertEqual(self.ask('<columns code="100">%s%s</columns>' % (OFFICE, period))[0], 524)
        self.sim.control(modes={"heavy_rows": 0, "browse_period": "empty_500"})
        self.assertEqual(self.ask('<columns code="100">%s%s</columns>' % (OFFICE, period))[:2], (500, ""))
        self.sim.control(faults=[{"kind": "short_browse"}])
        made = self.browse("")
        self.assertEqual((len(self.rows(made)), made.attributes["total"]), (1, "3"))


class Finder(Case):
    def search(self, kind, options, first=1, most=100, text=None):
        pairs = "".join("<ArrayOfString><string>%s</string><string>%s</string></ArrayOfString>" % pair
                        for pair in options.items())
        body = text or ('<Search xmlns="http://www.twinfield.com/"><type>%s</type><pattern>*</pattern><field>0</field>'
                        "<firstRow>%d</firstRow><maxRows>%d</maxRows><options>%s</options></Search>"
                        % (kind, first, most, pairs))
        status, text, _ = self.post(body, action="Search", path="finder")
        self.assertEqual(status, 200, text)
        made = parse(text.encode(), compact=False).children[-1].children[0]
        data = made.child("data")
        if data is None:
            return made.xml(), None
        return [[one.text for one in row] for row in data.child("Items")], int(data.value("TotalRows"))

    def test_daybooks(self):
        rows, total = self.search("TRS", {"office": "001", "category": "sales"})
        self.assertEqual(([row[0] for row in rows], total), (["VRK", "VK", "70"], 3))
        self.assertEqual(len(self.search("TRS", {"office": "001", "category": "journal"}, 1, 2)[0]), 2)
        self.assertEqual(self.rules(), [])
        self.sim.control(modes={"finder_rows": 2})
        self.assertEqual([row[0] for row in self.search("TRS", {"office": "001", "category": "sales"}, 3)[0]], ["70"])

    def test_rules(self):
        self.search("VAT", {})
        self.assertEqual(self.rules(), ["the finder needs the office as an option"])
        self.assertIn("OptionNotAllowed", self.search("VAT", {"office": "001", "colour": "red"})[0])
        self.assertIn("InvalidFinderType", self.search("XYZ", {})[0])


if __name__ == "__main__":
    unittest.main()
