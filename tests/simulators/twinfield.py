#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A simulator of Twinfield's login and SOAP services, as strict as what is known of them.

twinfield.py COMMAND...   runs COMMAND with HARMONY_TEST_URL set, ends with its status
twinfield.py --port N     serves until interrupted
Simulator(**modes)        in a Python test: .start() .stop() .url .control(...)

It starts with the refresh token "refresh-0" and the code "code-0"; "access-0" is valid for
"token_life" seconds. What is not known of the real service is a mode, in both readings.

Control below /_sim/ (see base.py for faults, modes, advance, forget and reset) knows also:
  customers: N or [CODE...]   suppliers: N or [CODE...]   open_items: N
  pay: {"code": "VRK", "number": "202600001", "amount": "1.00"}   propose: {"code", "number"}
  loose: {"side": "DEB", "party": "1001", "amount": "1.00"}
  before: {"party": "1001", "number": "A-1", "amount": "1.00"}
  close: [year, period]       expire_tokens: true       code: "text"
Faults of its own, beside those of base.py:
  expire_token drop_lines lose_account
  refuse_message              refused; "message" is "path/of/element: text", "msgtype" its kind
  partial_reset_after partial_500_after  "children" of the batch are done, then no answer
  short_answer swapped_answer other_echo unnumbered_answer  an answer that does not fit the batch
  fault                       a SOAP fault with "code"
  short_browse                fewer rows than the answer says
  doctype deep blank          hostile answers
What faults look at is "POST /webservices/processxml.asmx transactions sales", that is address,
root and kind of what is booked, or "... columns 100", "... read browse", "... Search TRS".
"""
import base64
import re
import threading
import time
import urllib.parse
from decimal import Decimal
from xml.sax.saxutils import escape, unescape

import base
import twinfield_browse
from base import Answer
from twinfield_books import CONTROL, SALES, Office
from twinfield_xml import Broken, Element, Malformed, parse

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
NAMES = "http://www.twinfield.com/"
LOGIN = "/auth/authentication/connect/"
SCOPE = {"openid", "offline_access", "twf.organisation", "twf.organisationUser", "twf.user"}
QUERIES = {"list", "read", "columns", "accountcode", "accountcodes"}
FAULTS = {100: (500, "Er is een onverwachte fout opgetreden."),
          101: (500, "Token en company ontbreken in request header."),
          102: (403, "Toegang geweigerd."), 103: (401, "Uw aanmeldgegevens zijn niet meer geldig."),
          104: (403, "De aanmelding is verwijderd."), 105: (403, "De gebruiker is geblokkeerd."),
          106: (403, "De organisatie is niet actief."), 108: (500, "Het cluster is ongeldig."),
          109: (500, "Toegang geweigerd. Company ontbreekt in request header."),
          110: (500, "Aanmelden is niet toegestaan op deze server."),
          122: (500, "Deze client software is niet toegestaan."),
          168: (500, "Een andere gebruiker is met uw naam aangemeld."), 187: (500, "Ongeldige XML."),
          351: (401, "De claim organisationUserCode ontbreekt."), 352: (403, "De claim organisationCode ontbreekt."),
          354: (401, "Access denied. Token invalid."), 358: (500, "Het token kan niet worden gevalideerd.")}
FINDER_OPTIONS = {"TRS": {"office", "hidden", "ic", "category"}, "VAT": {"office", "vattype"},
                  "DIM": {"office", "level", "section", "dimtype", "modifiedsince", "group", "matchtype",
                          "includehidden"}, "DMT": {"office", "section"}, "OFF": set(), "IVT": {"office"}}


class Simulator(base.Simulator):
    """A strict simulator of Twinfield's login and SOAP services."""
    MODES = {
        "client_id": "harmony-client", "client_secret": "s3cr3t/+&=",
        "redirect_uri": "https://harmony.example/callback", "offices": ["001", "002"],
        "token_life": 3600, "old_access_dies": False,
        "client_credits": 1000000, "organisation_credits": 1000000, "concurrency": 1, "batch_cap": 25,
        "finder_rows": 100, "masks": {}, "years": list(range(2018, 2031)), "freetexts": ["freetext1"],
        "bare_429": 0,  # that many calls in, one answer of 429 that says nothing
        # what is not documented, in each reading
        "rotation": "once", "cluster": "plain", "validation_login": "any", "company_id": "optional",
        "duplicates": "relation", "duplicate_msgtype": "warning", "total_dim1": "empty", "answer_order": "request",
        "root_result": True, "open_names": "real", "party_update": "replace", "rate": "known",
        "absent_codes": [], "absent_columns": {}, "td_order": "asked", "browse_status": "filter",
        "browse_period": "filter", "browse_offices": "all", "finder_refusal": "bare", "finder_refused": [],
        "heavy_rows": 0, "heavy_answer": "524", "rate_headers": True, "retry_after": True, "fault_status": "documented", "fault_body": "xml", "mask_request": "both",
        "name_max": 80, "description_max": 40, "reference_max": 40, "freetext_max": 40,
    }

    # ---- data

    def seed(self):
        start = self.now()
        self.access = {"access-0": start + self.modes["token_life"]}
        self.refresh, self.codes = {"refresh-0": start}, {"code-0"}
        self.generation, self.spent, self.running, self.current, self.asked = 0, [], 0, None, 0
        self.placed = {"access-0"}  # access tokens whose cluster was asked for
        self.current_party = ""
        self.count_lock = threading.Lock()
        self.offices = {code: Office(self, code) for code in self.modes["offices"]}

    def set_modes(self, modes):
        super().set_modes(modes)
        for office in getattr(self, "offices", {}).values():
            office.modes = self.modes

    @property
    def first(self):
        return next(iter(self.offices.values()))

    def stamp(self):
        return time.strftime("%Y%m%d%H%M%S", time.gmtime(self.now()))

    # ---- refusals

    def break_rule(self, rule):
        self.violate(self.current, rule)

    def fault(self, code, text=None):
        """A SOAP fault as it is documented, or as some clients met it."""
        status, words = FAULTS[code]
        if self.modes["fault_status"] != "documented":
            status = int(self.modes["fault_status"])
        if self.modes["fault_body"] == "reason" and status in (401, 403):
            answer = Answer(status, b"")
            answer.reason = "%d : %s" % (code, text or words)
            return answer
        body = ('<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="%s"><soap:Body><soap:Fault>'
                "<faultcode>soap:Client</faultcode><faultstring>%s</faultstring><faultactor>%s</faultactor><detail>"
                "<message>%s</message><code>%d</code><source>ProcessXml</source></detail></soap:Fault></soap:Body>"
                "</soap:Envelope>" % (SOAP, escape(text or words), self.url, escape(text or words), code))
        return Answer(status, body, {"Content-Type": "text/xml; charset=utf-8"})

    def message(self, status, text):
        return self.fault(100, text)

    def refuse(self, request, code, rule):
        self.violate(request, rule, self.fault(code))

    def too_many_lines(self):
        self.violate(self.current, "a transaction of a thousand lines", Answer(400, b"Bad Request"))

    # ---- tokens

    def client(self, request, answer):
        want = base64.b64encode(("%s:%s" % (self.modes["client_id"], self.modes["client_secret"])).encode()).decode()
        if request.headers.get("authorization") != "Basic " + want:
            self.violate(request, "clients log in with Basic", answer)

    def token(self, request):
        def wrong(rule, error, status=400):
            self.violate(request, rule, Answer(status, {"error": error}))
        if request.method != "POST" or request.query:
            wrong("the token is asked for with POST", "invalid_request", 405)
        if request.headers.get("content-type", "").split(";")[0] != "application/x-www-form-urlencoded":
            wrong("token fields are sent as a form", "invalid_request")
        self.client(request, Answer(401, {"error": "invalid_client"}))
        form = dict(urllib.parse.parse_qsl(request.body.decode("ascii"), strict_parsing=True))
        wanted = {"authorization_code": {"code", "redirect_uri"}, "refresh_token": {"refresh_token"}}
        grant = form.get("grant_type")
        if grant not in wanted:
            wrong("unknown grant_type", "unauthorized_client")
        if set(form) != wanted[grant] | {"grant_type"}:
            wrong("token fields of %s missing or too many: %s" % (grant, sorted(form)), "invalid_request")
        if grant == "authorization_code":
            if form["code"] not in self.codes:
                wrong("a code is good once", "invalid_grant")
            self.codes.discard(form["code"])
            if form["redirect_uri"] != self.modes["redirect_uri"]:
                wrong("redirect_uri differs from the registered one", "invalid_grant")
        elif form["refresh_token"] not in self.refresh:
            wrong("refresh tokens are good once", "invalid_grant")
        return self.issue(grant, form.get("refresh_token"))

    def issue(self, grant, old):
        self.generation += 1
        access, life = "access-%d" % self.generation, self.modes["token_life"]
        if self.modes["old_access_dies"]:
            self.access = dict.fromkeys(self.access, 0)
        self.access[access] = self.now() + life
        body = {"access_token": access, "expires_in": life, "token_type": "Bearer"}
        if grant == "authorization_code" or self.modes["rotation"] == "once":
            self.refresh.pop(old, None)
            old = "refresh-%d" % self.generation
            self.refresh[old] = self.generation
        if grant == "authorization_code" or self.modes["rotation"] != "none":
            body["refresh_token"] = old
        return Answer(200, body)

    def consent(self, request):
        given = dict(urllib.parse.parse_qsl(request.query, keep_blank_values=True))
        if given.get("client_id") != self.modes["client_id"] or given.get("response_type") != "code" or \
                given.get("redirect_uri") != self.modes["redirect_uri"]:
            self.violate(request, "consent needs client_id, redirect_uri and response_type=code", Answer(400))
        if not SCOPE <= set(given.get("scope", "").split()):
            self.violate(request, "the scope lacks %s" % sorted(SCOPE - set(given.get("scope", "").split())), Answer(400))
        if not given.get("nonce") or not given.get("state"):
            self.violate(request, "consent needs nonce and state", Answer(400))
        code = "consent-%d" % (len(self.codes) + self.generation)
        self.codes.add(code)
        query = urllib.parse.urlencode({"code": code, "state": given["state"]})
        return Answer(302, b"", {"Location": given["redirect_uri"] + "?" + query})

    def validation(self, request):
        token = dict(urllib.parse.parse_qsl(request.query)).get("token")
        if request.method != "GET":
            self.violate(request, "a token is validated with GET", Answer(405))
        if self.modes["validation_login"] == "basic":
            self.client(request, Answer(401, {"Message": "Unauthorized"}))
        if self.access.get(token, 0) <= self.now():
            return Answer(400, {"Message": "Invalid token"})
        self.placed.add(token)
        cluster = {"plain": self.url, "slash": self.url + "/"}.get(self.modes["cluster"], self.modes["cluster"])
        return Answer(200, {"aud": self.url, "iss": self.url, "exp": str(int(self.access[token])),
                            "client_id": self.modes["client_id"], "scope": sorted(SCOPE), "sub": "x",
                            "twf.organisationUserCode": "API000001", "twf.organisationCode": "SHOP",
                            "twf.organisationId": "11111111-2222-4333-8444-555555555555", "twf.clusterUrl": cluster})

    # ---- limits

    def arrive(self, request):
        with self.count_lock:
            request.left = not request.path.startswith("/webservices/")  # the login is another server
            self.running += 0 if request.left else 1
        request.label += self.told(request.body.decode("utf-8", "replace"))
        return super().arrive(request)

    def told(self, body):
        """What is asked for, since all goes to one address: root and kind, code or type."""
        search = re.search(r"<type>(\w+)</type>", body) if "<Search " in body else None
        if search:
            return " Search " + search.group(1)
        inner = re.search(r"<xmlRequest>(.*)</xmlRequest>", body, re.S)
        text = unescape(inner.group(1), {"&quot;": '"'}) if inner else ""
        root = re.match(r"(?:<\?xml.*?\?>)?<(\w+)(?: code=\"(\w+)\")?", text)
        if not root:
            return ""
        kind = re.search(r"<(?:type|code)>([^<]*)</", text)
        kind = root.group(2) or (kind.group(1) if kind else "")
        if root.group(1) in ("transaction", "transactions"):
            kind = self.first.daybooks.get(kind, {"category": kind})["category"]
        return " %s %s" % (root.group(1), kind)

    def leave(self, request):
        with self.count_lock:
            self.running -= 0 if request.left else 1
            request.left = True

    def spend(self, request, credits):
        now = self.now()
        self.spent = [(at, n) for at, n in self.spent if at > now - 60]
        used = sum(n for _, n in self.spent)
        self.asked += 1
        if self.asked == self.modes["bare_429"]:
            raise Answer(429, b"Too Many Requests")
        limit = min(self.modes["client_credits"], self.modes["organisation_credits"])
        headers = {"X-RateLimit-Limit": limit, "X-RateLimit-Remaining": max(0, limit - used - credits),
                   "X-RateLimit-Credited": credits} if self.modes["rate_headers"] else {}
        if self.running > self.modes["concurrency"]:
            self.violate(request, "%d requests at a time" % self.running,
                         Answer(429, b"Too Many Requests", dict(headers, **{"Retry-After": 1})))
        if used + credits > limit:
            wait = int(max(1, 61 - (now - self.spent[0][0]) if self.spent else 60))
            raise Answer(429, b"Too Many Requests",
                         dict(headers, **({"Retry-After": wait} if self.modes["retry_after"] else {})))
        self.spent.append((now, credits))
        return headers

    # ---- routes

    def handle(self, request):
        self.current = request
        try:
            return self.route(request)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            self.violate(request, "the simulator failed: %r at line %d" % (error, error.__traceback__.tb_next.tb_lineno))
            return Answer(500, b"")

    def route(self, request):
        if request.path.startswith(LOGIN):
            name = request.path[len(LOGIN):]
            if name in ("token", "authorize", "accesstokenvalidation"):
                return {"token": self.token, "authorize": self.consent,
                        "accesstokenvalidation": self.validation}[name](request)
        if request.path == "/webservices/processxml.asmx":
            return self.soap(request, "ProcessXmlString", self.process)
        if request.path == "/webservices/finder.asmx":
            return self.soap(request, "Search", self.finder)
        self.violate(request, "no such address", Answer(404))

    def soap(self, request, operation, serve):
        if request.method != "POST":
            self.violate(request, "SOAP is posted", Answer(405))
        if request.headers.get("content-type", "").replace(" ", "").lower() != "text/xml;charset=utf-8":
            self.violate(request, "Content-Type is text/xml; charset=utf-8", Answer(415))
        if request.headers.get("soapaction") != '"%s%s"' % (NAMES, operation):
            self.violate(request, "SOAPAction is \"%s%s\"" % (NAMES, operation), self.fault(100))
        if "authorization" in request.headers:
            self.violate(request, "the token goes into the SOAP header")
        header, body = self.envelope(request, operation)
        credits = 1 if operation == "Search" else self.cost(body)
        headers = self.spend(request, credits)
        try:
            self.check_token(request, header)
            answer = serve(request, header, body)
        except Answer as refusal:
            answer = refusal
        answer.headers.update(headers)
        return answer

    def envelope(self, request, operation):
        """(values of the header, the operation's element); the shape is that of the WSDL."""
        try:
            root = parse(request.body, compact=False, namespaces=True)
        except (Malformed, Broken) as error:
            self.refuse(request, 187, "the envelope: %s" % error)
        if root.name != SOAP + " Envelope" or root.names() != [SOAP + " Header", SOAP + " Body"]:
            self.refuse(request, 187, "an envelope has a header and a body")
        header, body = root.children
        if header.names() != [NAMES + " Header"] or body.names() != [NAMES + " " + operation]:
            self.refuse(request, 187, "header and operation are in Twinfield's namespace")
        fields = header.children[0].names()
        known = [NAMES + " " + name for name in ("AccessToken", "CompanyCode", "CompanyId")]
        if [name for name in known if name in fields] != fields:
            self.refuse(request, 187, "the header is AccessToken, CompanyCode, CompanyId, in this order")
        values = {one.name.split(" ")[1]: one for one in header.children[0]}
        id_ = values.get("CompanyId")
        if self.modes["company_id"] == "required" and id_ is None:
            raise Answer(400, b"")
        if id_ is not None and (self.modes["company_id"] == "refused"):
            raise self.fault(187)
        if id_ is not None and not id_.text and id_.attributes.get(XSI + " nil") != "true":
            self.violate(request, "an empty CompanyId is nil")
        return {name: one.text for name, one in values.items()}, body.children[0]

    def check_token(self, request, header):
        token = header.get("AccessToken", "")
        if request.is_fault("expire_token"):
            self.access[token] = 0
        if not token:
            self.refuse(request, 101, "no AccessToken")
        if token not in self.access:
            self.refuse(request, 354, "unknown access token")
        if self.access[token] <= self.now():
            raise self.fault(354)
        if token not in self.placed:
            self.violate(request, "a token whose cluster was not asked for")
        if request.is_fault("fault"):
            raise self.fault(request.fault_value("code", 100))

    def cost(self, operation):
        match = re.match(r"(?:<\?xml.*?\?>)?<(\w+)", operation.value(NAMES + " xmlRequest"))
        return 1 if match and match.group(1) in QUERIES else 3

    def office_of(self, request, header, inner):
        """The office that is meant: the one inside beats the one in the header, and both are told."""
        code = header.get("CompanyCode", "")
        if not code:
            self.refuse(request, 109, "no CompanyCode")
        if code not in self.offices:
            raise self.fault(102)
        inside = {one.text for one in self.walk(inner) if one.name == "office"}
        if inside - {code}:
            self.violate(request, "office %s inside, %s in the header" % (sorted(inside), code))
        return self.offices[code]

    @staticmethod
    def walk(element):
        yield element
        for child in element:
            yield from Simulator.walk(child)

    # ---- ProcessXmlString

    def process(self, request, header, operation):
        if operation.names() != [NAMES + " xmlRequest"]:
            self.refuse(request, 187, "ProcessXmlString has one xmlRequest")
        try:
            inner = parse(operation.children[0].text)
        except (Malformed, Broken) as error:
            self.refuse(request, 187, "the inner XML: %s" % error)
        if inner.attributes.get("xmlns"):
            self.refuse(request, 187, "the inner XML has no namespace")
        serve = {"list": self.list, "read": self.read, "columns": self.browse, "dimensiontype": self.dimension_type,
                 "transactions": self.write, "transaction": self.write, "dimensions": self.write,
                 "dimension": self.write}.get(inner.name)
        if serve is None:
            self.refuse(request, 187, "<%s> is no request" % inner.name)
        if inner.name == "list" and inner.value("type") == "offices":
            office = None
        else:
            office = self.office_of(request, header, inner)
        made = serve(request, office, inner)
        if isinstance(made, Answer):
            return made
        hostile = self.hostile(request)
        if hostile is not None:
            return hostile
        text = '<?xml version="1.0"?>\n' + made.xml()
        return self.result_of(text)

    def result_of(self, text):
        return self.envelope_of('<ProcessXmlStringResponse xmlns="%s"><ProcessXmlStringResult>%s'
                                "</ProcessXmlStringResult></ProcessXmlStringResponse>" % (NAMES, escape(text)))

    def hostile(self, request):
        """An answer that no parser should follow."""
        text = {"doctype": '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">%s]><a>&j;</a>' % "".join(
                    '<!ENTITY %s "%s">' % (chr(98 + n), "&%s;" % chr(97 + n) * 10) for n in range(9)),
                "deep": "<a>" * 1000000, "blank": "<a>" + " " * 8000000}.get((request.fault or {}).get("kind"))
        if text is None:
            return None
        if request.fault_value("inner", True):
            text = self.result_of(text).body
        return Answer(200, text, {"Content-Type": "text/xml; charset=utf-8"})

    def envelope_of(self, body):
        return Answer(200, '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="%s" xmlns:xsi="%s" '
                      'xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>%s</soap:Body></soap:Envelope>'
                      % (SOAP, XSI, body), {"Content-Type": "text/xml; charset=utf-8"})

    def only(self, request, inner, *names):
        if sorted(inner.names()) != sorted(names):
            self.violate(request, "<%s> has %s, not %s" % (inner.name, inner.names(), list(names)))

    def list(self, request, office, inner):
        kind = inner.value("type")
        if kind == "offices":
            made = Element("offices", "", {"result": "1"})
            for code, one in self.offices.items():
                made.add("office", code, name=one.name, shortname=code)
            return made
        if kind != "dimensions":
            self.refuse(request, 187, "list of %s" % kind)
        self.only(request, inner, "type", "office", "dimtype")
        type_ = inner.value("dimtype")
        codes = office.relations[type_] if type_ in office.relations else office.dims.get(type_)
        if codes is None:
            return Element("dimensions", "", {"result": "0", "msgtype": "error", "msg": "Het type bestaat niet."})
        made = Element("dimensions", "", {"office": office.code, "type": type_, "result": "1"})
        for code, kept in codes.items():
            if not isinstance(kept, dict) or kept["status"] == "active":
                name = kept if isinstance(kept, str) else kept["values"]["name"].text
                made.add("dimension", code, name=name, shortname="")
        made.add("dimension", type_, name="", shortname="")
        return made

    def read(self, request, office, inner):
        kind, code = inner.value("type"), inner.value("code")
        if kind == "dimensions":
            type_ = inner.value("dimtype")
            self.only(request, inner, *["type", "office", "dimtype"] + (["code"] if inner.child("code") else []))
            if type_ not in office.relations:
                return self.absent("dimension", "Het dimensietype bestaat niet.")
            if inner.child("code") is not None:
                if code not in office.relations[type_]:
                    return self.absent("dimension", "De dimensie %s bestaat niet." % code)
                return office.read_relation(type_, code)
            return Element("dimensions", "", {"result": "1"},
                           [office.read_relation(type_, code) for code in office.relations[type_]])
        if kind == "transaction":
            self.only(request, inner, "type", "office", "code", "number")
            found = office.find(code, inner.value("number"))
            if found is None:
                return self.absent("transaction", "De transactie bestaat niet.")
            return office.transaction_element(found, "dimensiontype")
        if kind == "browse":
            self.only(request, inner, "type", "office", "code")
            return twinfield_browse.definition(code, office, self.modes)
        if kind == "office":
            self.only(request, inner, "type", "office", "code")
            made = Element("office", "", {"result": "1"})
            made.add("code", office.code)
            made.add("name", office.name)
            made.add("basecurrency", "EUR")
            return made
        if kind == "vat":
            self.only(request, inner, "type", "office", "code")
            return self.vat(office, code)
        self.refuse(request, 187, "read of %s" % kind)

    @staticmethod
    def absent(name, text):
        return Element(name, "", {"result": "0", "msgtype": "error", "msg": text})

    def vat(self, office, code):
        if code not in office.VAT:
            return self.absent("vat", "De btw-code %s bestaat niet." % code)
        side, rate, account = office.VAT[code]
        made = Element("vat", "", {"status": "active", "result": "1"})
        made.add("code", code)
        made.add("name", code)
        made.add("type", "sales" if side == SALES else "purchase")
        one = made.add("percentages").add("percentage", "", status="active", inuse="true")
        one.add("date", "20180101")
        one.add("percentage", str(rate))
        one.add("accounts").add("account", "", id="1").add("dim1", account)
        return made

    def dimension_type(self, request, office, inner):
        self.only(request, inner, "office", "code")
        code = inner.value("code")
        if self.modes["mask_request"] == "finder" or code not in ("DEB", "CRD", "KPL", "PRJ", "BAS", "PNL"):
            return self.absent("dimensiontype", "Het dimensietype bestaat niet.")
        made = Element("dimensiontype", "", {"status": "active", "result": "1"})
        made.add("office", office.code)
        made.add("code", code)
        made.add("name", code)
        made.add("shortname", code)
        made.add("mask", self.modes["masks"].get(code, ""))
        made.add("levels")
        return made

    # ---- writing

    def write(self, request, office, inner):
        single = {"transactions": "transaction", "dimensions": "dimension"}.get(inner.name)
        children = inner.children if single else [inner]
        if single and (inner.attributes or any(one.name != single for one in children) or not children):
            self.refuse(request, 187, "<%s> holds <%s> only" % (inner.name, single))
        if len(children) > self.modes["batch_cap"]:
            self.violate(request, "%d in one request" % len(children))
        done, stop = [], None
        if (request.fault or {}).get("kind", "").startswith("partial_"):
            stop = request.fault_value("children", len(children) // 2)
        for at, one in enumerate(children):
            if stop is not None and at >= stop:
                break
            done.append(self.one(request, office, one))
        if not single:
            return done[0]
        return self.batch_answer(request, inner.name, done)

    def one(self, request, office, sent):
        if sent.name == "dimension":
            return office.write_dimension(sent, request)
        lines = sent.child("lines")
        self.current_party = next((line.value("dim2") for line in lines or () if line.attributes.get("type") == "total"),
                                  "")
        return office.write_transaction(sent, request)

    def batch_answer(self, request, name, done):
        order = self.modes["answer_order"]
        if request.is_fault("swapped_answer") or order == "reversed":
            done = done[::-1]
        if request.is_fault("short_answer"):
            done = done[:-request.fault_value("children", 1)]
        if request.is_fault("other_echo") or request.is_fault("unnumbered_answer"):
            done = [one.copy() for one in done]
            header = done[0].child("header")
            if request.is_fault("unnumbered_answer"):
                header.children = [one for one in header if one.name != "number"]
            else:
                for field in ("invoicenumber", "date"):
                    if header.child(field) is not None:
                        header.child(field).text = "20010101"
        made = Element(name, "", {}, done)
        if self.modes["root_result"]:
            made.attributes["result"] = "1" if all(one.attributes["result"] == "1" for one in done) else "0"
        return made

    # ---- browse

    def browse(self, request, office, inner):
        try:
            query = twinfield_browse.Query(inner, self.modes, self.break_rule)
        except twinfield_browse.Refused as error:
            return self.absent("browse", str(error))
        status, period = "fin.trs.line.matchstatus", "fin.trs.head.yearperiod"
        if status in query.filters and self.modes["browse_status"] != "filter":
            if self.modes["browse_status"] == "fault":
                return self.absent("browse", "Het filter op betaalstatus is ongeldig.")
            del query.filters[status]
        if period in query.filters and self.modes["browse_period"] == "empty_500":
            return Answer(500, b"")
        wanted = query.filters.get("fin.trs.head.office")
        offices = [one for code, one in self.offices.items() if code == wanted[1]] if wanted else \
                  [one for one in self.offices.values() if self.modes["browse_offices"] == "all" or one is not office]
        found = list(twinfield_browse.rows(query, offices, self.modes))
        if self.modes["heavy_rows"] and len(found) > self.modes["heavy_rows"]:
            if self.modes["heavy_answer"] == "524":
                return Answer(524, b"<html>A timeout occurred</html>", {"Content-Type": "text/html"})
            return self.fault(100)
        total = len(found)
        if request.is_fault("short_browse"):
            found = found[:total // 2]
        return twinfield_browse.answer(query, found, total)

    # ---- finder

    def finder(self, request, header, search):
        wanted = [NAMES + " " + name for name in ("type", "pattern", "field", "firstRow", "maxRows", "options")]
        if [name for name in wanted if name in search.names()] != search.names() or \
                not set(wanted[2:5]) <= set(search.names()):
            self.refuse(request, 187, "Search is type, pattern, field, firstRow, maxRows, options")
        code = header.get("CompanyCode", "")
        if code not in self.offices:
            raise self.fault(109 if not code else 102)
        options = {}
        for pair in search.child(wanted[5]) or ():
            values = [one.text for one in pair]
            if pair.name != NAMES + " ArrayOfString" or len(values) != 2:
                self.refuse(request, 187, "options are pairs of strings")
            options[values[0]] = values[1]
        kind = search.value(wanted[0])
        if kind not in FINDER_OPTIONS:
            return self.found([], 0, "InvalidFinderType")
        if set(options) - FINDER_OPTIONS[kind]:
            self.violate(request, "unknown options of %s: %s" % (kind, sorted(options)))
            return self.found([], 0, "OptionNotAllowed")
        if kind != "OFF" and options.get("office") != code:
            self.violate(request, "the finder needs the office as an option")
        office = self.offices.get(options.get("office", code))
        if kind in self.modes["finder_refused"]:
            return self.found([], 0, "AccessDenied")
        rows = self.finder_rows(office, kind, options)
        first, most = int(search.value(wanted[3])), int(search.value(wanted[4]))
        if first < 1 or most < 0:
            self.refuse(request, 187, "firstRow counts from 1")
        most = min(most or self.modes["finder_rows"], self.modes["finder_rows"])
        return self.found(rows[first - 1:first - 1 + most], len(rows))

    def finder_rows(self, office, kind, options):
        if kind == "TRS":
            return [(code, book["name"]) for code, book in office.daybooks.items()
                    if options.get("category") in (None, book["category"])]
        if kind == "VAT":
            return [(code, "Btw " + code) for code in office.VAT]
        if kind == "DMT":
            return [(code, code, self.modes["masks"].get(code, "")) for code in ("BAS", "PNL", "DEB", "CRD", "KPL", "PRJ")]
        if kind == "OFF":
            return [(code, one.name) for code, one in self.offices.items()]
        type_ = options.get("dimtype")
        codes = office.relations[type_] if type_ in office.relations else office.dims.get(type_, {})
        return [(code, "%s %s" % (type_, code)) for code in codes]

    def found(self, rows, total, error=None):
        result = ("<SearchResult><MessageOfErrorCodes><Type>Error</Type><Text>Fout</Text><Code>%s</Code>"
                  "</MessageOfErrorCodes></SearchResult>" % error if error else "<SearchResult/>")
        items = "".join("<ArrayOfString>%s</ArrayOfString>" % "".join("<string>%s</string>" % escape(one) for one in row)
                        for row in rows)
        data = "" if error and self.modes["finder_refusal"] == "bare" else ("<data><TotalRows>%d</TotalRows><Columns><string>Code</string><string>Naam</string>"
                                 "</Columns><Items>%s</Items></data>" % (total, items))
        return self.envelope_of('<SearchResponse xmlns="%s">%s%s</SearchResponse>' % (NAMES, result, data))

    # ---- control

    def add_relation(self, type_, code):
        sent = Element("dimension")
        sent.add("name", "Relatie " + code)
        sent.add("financials").add("duedays", "30")
        self.first.keep(type_, code, sent)

    def command(self, name, value):
        office = self.first
        if name in ("customers", "suppliers"):
            type_ = "DEB" if name == "customers" else "CRD"
            for code in [str(1000 + n) for n in range(value)] if isinstance(value, int) else value:
                self.add_relation(type_, code)
        elif name == "open_items":
            party = next(iter(office.relations["DEB"]))
            for number in range(value):
                month = 1 + number % 12
                office.loose("1300", party, "1.00", "VRK", "OPEN%06d" % number, "2026%02d15" % month)
        elif name == "pay":
            office.pay(office.find(value["code"], value["number"]), value["amount"])
        elif name == "propose":
            office.find(value["code"], value["number"])["lines"][0]["matchstatus"] = "proposed"
        elif name == "loose":
            sign = -1 if value["side"] == "DEB" else 1
            amount = Decimal(value["amount"]) * sign
            office.loose(CONTROL[value["side"]], value["party"], amount, value.get("code", "BNK"))
        elif name == "before":
            office.loose("1300", value["party"], value["amount"], "VRK", value["number"], "20260101")
        elif name == "close":
            office.closed.add(tuple(value))
        elif name == "expire_tokens":
            self.access = dict.fromkeys(self.access, 0)
        elif name == "code":
            self.codes.add(value)
        else:
            super().command(name, value)

    def books(self):
        return {code: {"transactions": office.transactions,
                       "relations": {t: list(kept) for t, kept in office.relations.items()}}
                for code, office in self.offices.items()}


if __name__ == "__main__":
    raise SystemExit(base.main(Simulator))
