#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A simulator of Exact Online's REST API, as strict as what is documented of it.

exact_online.py COMMAND...   runs COMMAND with HARMONY_TEST_URL set, ends with its status
exact_online.py --port N     serves until interrupted
Simulator(**modes)           in a Python test: .start() .stop() .url .control(...)

It starts with the refresh token "refresh-0" and the code "code-0", both of client MODES
"client_id", "client_secret"; the access token "access-0" is valid for 600 seconds.

Control below /_sim/ (see base.py for faults, modes, advance, forget and reset) knows also:
  customers: N or [{...}]   suppliers: N or [{...}]   open_items: N
  pay: {"entry": ID, "amount": "1.00"}   instalments: {"entry": ID, "parts": [["1.00", 30]]}
  unmatched: {"account": ID, "amount": "1.00", "supplier": false}   status: {"entry": ID, "status": 30}
  close: [year, period]   expire_tokens: true   code: {"redirect_uri": ...}
The fault expire_token kills the token before its time, or with "once" refuses it once only.
Each takes "division" where it is a document; customers etc. go to the first one.
"""
import datetime
import json
import math
import re
import urllib.parse
from decimal import Decimal

import base
import exact_books
import exact_tables
import odata
from base import Answer
from exact_books import MEMORIAL, MEMORIAL_LINES, PURCHASE, SALES, TRANSACTIONS, WORDS, Business

BULK = {"bulk/CRM/Accounts": "crm/Accounts", "bulk/Financial/GLAccounts": "financial/GLAccounts",
        "bulk/Cashflow/Receivables": "cashflow/Receivables", "bulk/Cashflow/Payments": "cashflow/Payments"}
ACCOUNT_FILTERS = set("ID Code Name SearchCode Email VATNumber ChamberOfCommerce Status IsSupplier IsSales Blocked "
                      "City Postcode Phone Country Modified Created StartDate EndDate".split())
TERM_FILTERS = set("Account Document EndDate EntryDate EntryID GLAccount ID InvoiceDate InvoiceNumber Source Status "
                   "TransactionID TransactionType".split())
# A request must filter on one of these...
MUST_FILTER = {"crm/Accounts": ACCOUNT_FILTERS, "bulk/CRM/Accounts": ACCOUNT_FILTERS,
               "bulk/Financial/GLAccounts": {"ID", "Code", "Type", "Modified", "Created"},
               TRANSACTIONS: set("EntryID EntryNumber JournalCode YourRef InvoiceNumber Account AccountCode GLAccount "
                                 "Date FinancialYear Status Type Modified".split())}
# ... and may filter on nothing else than these.
MAY_FILTER = {"bulk/Cashflow/Receivables": TERM_FILTERS | {"EndToEndID"},
              "bulk/Cashflow/Payments": TERM_FILTERS | {"AccountBankAccountID", "AccountContact", "BankAccountID"}}
OPTIONS = {"$select", "$filter", "$top", "$skip", "$skiptoken", "$orderby", "$inlinecount"}
PADDED = {("crm/Accounts", "Country"): 3, ("crm/Accounts", "Language"): 10,
          ("crm/Accounts", "SalesVATCode"): 3, ("crm/Accounts", "PurchaseVATCode"): 3}


class Resource:
    def __init__(self, name, verbs, key, words):
        self.name, self.verbs, self.key = name, verbs, key
        self.types, self.uses, self.mandatory = {}, {}, []
        for word in words.split():
            prop, _, rest = word.partition(":")
            self.types[prop] = rest[0]
            self.uses[prop] = rest[1:].rstrip("!")
            if rest.endswith("!"):
                self.mandatory.append(prop)
        self.model = "Exact.Web.Api.Models." + re.sub("ies$", "y", name.split("/")[-1]).rstrip("s")


RESOURCES = {name: Resource(name, *row) for name, row in exact_tables.RESOURCES.items()}


class Simulator(base.Simulator):
    """A strict simulator of Exact Online's REST API."""
    MODES = {
        "client_id": "{11111111-2222-3333-4444-555555555555}", "client_secret": "s3cr3t/+&=",
        "redirect_uri": "https://harmony.example/callback",
        "min_age": 570, "token_life": 600, "token_calls": 200, "old_access_dies": False,
        "expires_in_number": False,
        "language": "nl", "current_division": 123456, "divisions": [123456, 654321],
        "minute_limit": 1000000, "day_limit": 10000000, "error_velocity": 10, "velocity_status": 403,
        "page": 60, "bulk_page": 1000, "next": "absolute",  # or circle, elsewhere, where no link may lead
        # what is not documented, in both readings
        "tolerate_read_only": False, "type_writable": False, "entry_id": "honoured",
        "entry_number": "honoured", "payables_sign": "positive", "payables_list_sign": "positive",
        "sales_duplicates": "accepted", "overlong": "refuse", "memorial_balance": "with_vat",
        "inclusive": "gross", # or net: the amount of an invoice line whose code includes VAT
        "charged": False,     # True: VAT code 6 is one of reverse charge
        "lists": "results",   # or bare: {"d": [...], "__next": ...}, as some report of the bulk lists
        "doubles": "short",   # or long: 300.01 as 300.01000000000005
        "leading_zeros": "kept",  # or dropped, in the code of a relation
        "division_status": 1, # 0 inactive, 2 archived
        "must_filter": {},    # {"bulk/Financial/GLAccounts": [names]}: other filters than MUST_FILTER's
    }
    resources = RESOURCES

    def seed(self):
        self.divisions = {code: exact_books.Division(self, code, RESOURCES) for code in self.modes["divisions"]}
        start = self.now()
        self.access = {"access-0": start + self.modes["token_life"]}
        self.refresh, self.dead, self.codes = {"refresh-0": start}, set(), {}
        self.codes["code-0"] = self.modes["redirect_uri"]
        self.generation, self.last_issue, self.token_times = 0, None, []
        self.calls, self.errors, self.blocked = {}, {}, {}

    # ---- answers in Exact's words

    def message(self, status, text, headers=None):
        lang = "nl-NL" if self.modes["language"] == "nl" else "en-GB"
        return Answer(status, {"error": {"code": "", "message": {"lang": lang, "value": text}}}, headers)

    def say(self, part):
        """One validation text: (kind, word...) in the language of the user."""
        dutch = self.modes["language"] == "nl"
        if part[0] == "unbalanced":
            _, year, period, currency, off = part
            amount = "{:,.2f}".format(off).translate({44: 46, 46: 44})
            text = ("De boeking is niet in evenwicht op: %d / %d (Type: Overig) - Verschil: %s %s" if dutch else
                    "This entry is not balanced on: %d / %d (Type: Other) - Difference: %s %s")
            return text % (year, period, currency, amount)
        return ": ".join(WORDS[word][0 if dutch else 1] if word in WORDS else word for word in part)

    def business(self, wrong):
        return self.message(500, "\r\n".join(self.say(part) for part in wrong.said))

    def refuse(self, request, status, rule, text, headers=None):
        self.violate(request, rule, self.message(status, text, headers))

    # ---- tokens

    def token_answer(self, status, error, text, headers=None):
        return Answer(status, {"error": error, "error_description": text}, headers)

    def bad_token(self, request, rule, error="invalid_request", text=None, status=400, headers=None):
        self.violate(request, rule, self.token_answer(status, error, text or rule, headers))

    def token_form(self, request):
        if request.method != "POST":
            self.bad_token(request, "the token is asked for with POST", status=405)
        if request.query:
            self.bad_token(request, "token fields belong in the body")
        if "authorization" in request.headers:
            self.bad_token(request, "no Basic login: credentials belong in the body", "invalid_client")
        kind = request.headers.get("content-type", "").split(";")[0].strip()
        if kind != "application/x-www-form-urlencoded":
            self.bad_token(request, "token fields are sent as a form")
        try:
            pairs = urllib.parse.parse_qsl(request.body.decode("ascii"), keep_blank_values=True,
                                           strict_parsing=True)
        except ValueError:
            self.bad_token(request, "token fields are sent as a form")
        form = dict(pairs)
        if len(form) != len(pairs):
            self.bad_token(request, "a token field was sent twice")
        return form

    def token(self, request):
        now = self.now()
        self.token_times = [at for at in self.token_times if at > now - 86400] + [now]
        if len(self.token_times) > self.modes["token_calls"]:
            self.bad_token(request, "more than %d token calls a day" % self.modes["token_calls"],
                           "access_denied", status=429)
        form = self.token_form(request)
        wanted = {"authorization_code": {"code", "redirect_uri"}, "refresh_token": {"refresh_token"}}
        grant = form.get("grant_type")
        if grant not in wanted:
            self.bad_token(request, "unknown grant_type", "unsupported_grant_type")
        if set(form) != wanted[grant] | {"grant_type", "client_id", "client_secret"}:
            self.bad_token(request, "token fields of %s missing or too many" % grant)
        if any(form[name] != self.modes[name] for name in ("client_id", "client_secret")):
            self.bad_token(request, "wrong client", "unauthorized_client", status=401)
        getattr(self, "grant_" + grant)(request, form, now)
        return self.issue(now)

    def grant_authorization_code(self, request, form, now):
        uri = self.codes.pop(form["code"], None)
        if uri is None:
            self.bad_token(request, "a code is good once", "invalid_grant")
        if uri != form["redirect_uri"]:
            self.bad_token(request, "redirect_uri differs from the registered one", "invalid_grant")

    def grant_refresh_token(self, request, form, now):
        token = form["refresh_token"]
        if token in self.dead:
            self.bad_token(request, "refresh tokens are good once", "unauthorized_client",
                           "Unauthorized Client: Old refresh token used.", 401)
        if token not in self.refresh:
            self.bad_token(request, "unknown refresh token", "invalid_grant",
                           "Token is not allowed, because of invalid or empty chainId")
        if now - self.refresh[token] > 30 * 86400:
            raise self.token_answer(400, "invalid_request", "The refresh token expired")
        if self.last_issue is not None and now - self.last_issue < self.modes["min_age"]:
            text = "Rate limit exceeded: access_token not expired"
            self.bad_token(request, "refreshed before %d seconds" % self.modes["min_age"], "access_denied",
                           text, 400, {"Reason": "TooEarlyToRefreshTokens: " + text})
        del self.refresh[token]
        self.dead.add(token)

    def issue(self, now):
        self.generation += 1
        access, refresh = "access-%d" % self.generation, "refresh-%d" % self.generation
        if self.modes["old_access_dies"]:
            self.access = dict.fromkeys(self.access, 0)
        life = self.modes["token_life"]
        self.access[access], self.refresh[refresh], self.last_issue = now + life, now, now
        return Answer(200, {"access_token": access, "token_type": "bearer", "refresh_token": refresh,
                            "expires_in": life if self.modes["expires_in_number"] else str(life)})

    def consent(self, request):
        given = dict(urllib.parse.parse_qsl(request.query, keep_blank_values=True))
        if request.method != "GET" or given.get("response_type") != "code":
            self.bad_token(request, "consent is GET with response_type=code")
        if given.get("client_id") != self.modes["client_id"]:
            self.bad_token(request, "wrong client", "invalid_client")
        if given.get("redirect_uri") != self.modes["redirect_uri"]:
            self.bad_token(request, "redirect_uri differs from the registered one")
        code = "co/de+%d=" % (len(self.codes) + self.generation + 1)
        self.codes[code] = given["redirect_uri"]
        back = {"code": code}
        if "state" in given:
            back["state"] = given["state"]
        mark = "&" if "?" in given["redirect_uri"] else "?"
        return Answer(302, b"", {"Location": given["redirect_uri"] + mark + urllib.parse.urlencode(back)})

    # ---- one request

    def handle(self, request):
        if request.path == "/api/oauth2/token":
            return self.token(request)
        if request.path == "/api/oauth2/auth":
            return self.consent(request)
        endpoint = re.sub(r"\(.*", "", request.path)
        try:
            self.check_blocked(request, endpoint)
            self.check_login(request)
            headers = self.count(request)
            answer = self.rest(request)
        except Answer as refusal:
            answer, headers = refusal, getattr(self, "limit_headers", {})
        if answer.status in (400, 401, 403, 404):
            self.note_error(endpoint)
        if answer.status != 429:
            answer.headers.update(headers)
        return answer

    def note_error(self, endpoint):
        now = self.now()
        recent = [at for at in self.errors.get(endpoint, []) if at > now - 3600] + [now]
        self.errors[endpoint] = recent
        if len(recent) > self.modes["error_velocity"]:
            self.blocked[endpoint] = now + 3600

    def check_blocked(self, request, endpoint):
        if self.blocked.get(endpoint, 0) > self.now():
            self.refuse(request, self.modes["velocity_status"], "more than %d errors an hour on %s"
                        % (self.modes["error_velocity"], endpoint), "Forbidden")

    def check_login(self, request):
        self.limit_headers = {}
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            self.refuse(request, 401, "Authorization: Bearer is missing", "Unauthorized")
        if request.is_fault("expire_token"):
            if not request.fault_value("once", False):
                self.access[token] = 0
                self.last_issue = None
            raise self.message(401, "Unauthorized")
        if token not in self.access:
            self.refuse(request, 401, "unknown access token", "Unauthorized")
        if self.access[token] <= self.now():
            raise self.message(401, "Unauthorized")

    def count(self, request):
        """Takes one call of the day and of the minute; gives the rate limit headers."""
        now = int(self.now())
        headers = {}
        for name, seconds in (("Minutely-", 60), ("", 86400)):
            start = now - now % seconds
            limit = self.modes["minute_limit" if seconds == 60 else "day_limit"]
            first, used = self.calls.get(name, (start, 0))
            used = used + 1 if first == start else 1
            self.calls[name] = (start, used)
            own = {"X-RateLimit-%sLimit" % name: limit,
                   "X-RateLimit-%sRemaining" % name: max(limit - used, 0),
                   "X-RateLimit-%sReset" % name: (start + seconds) * 1000}
            if used > limit:
                self.refuse(request, 429, "too many calls", "Too many requests", own)
            headers.update(own)
        self.limit_headers = headers
        return headers

    def rest(self, request):
        if len(request.target) >= 12 * 1024:
            self.refuse(request, 404, "URL of 12 kB or more", "Not Found")
        match = re.fullmatch(r"/api/v1/(\w+)/([\w/]+?)(?:\((.*)\))?", request.path)
        if not match:
            self.refuse(request, 404, "no such path", "Not Found")
        division, name, key = match.groups()
        if "application/json" not in request.headers.get("accept", ""):
            self.violate(request, "Accept: application/json is missing",
                         Answer(200 if request.method == "GET" else 400,
                                b"<feed xmlns='http://www.w3.org/2005/Atom'/>",
                                {"Content-Type": "application/atom+xml"}))
        if (division, name) == ("current", "Me"):
            return self.me(request)
        if not division.isdigit():
            self.refuse(request, 404, "no division in the path", "Not Found")
        resource = RESOURCES.get(BULK.get(name, name))
        if resource is None or name == "current/Me":
            self.refuse(request, 404, "no such resource: " + name, "Resource not found for the segment '%s'."
                        % name.split("/")[-1])
        division = self.divisions.get(int(division))
        if division is None:
            if name != "system/Divisions":
                self.refuse(request, 403, "no access to this division", "Forbidden",
                            {"Reason": "NoDivisionAccess"})
            division = next(iter(self.divisions.values()))
        return self.serve(request, division, name, resource, key)

    def serve(self, request, division, name, resource, key):
        verb = {"GET": "G", "POST": "P", "PUT": "U", "DELETE": "D"}.get(request.method, "?")
        if verb not in resource.verbs or (name in BULK and verb != "G") or (verb in "UD" and key is None):
            self.refuse(request, 405, "%s is not offered by %s" % (request.method, name), "Method not allowed")
        if verb == "P" and key is not None:
            self.refuse(request, 405, "POST goes to the collection", "Method not allowed")
        if key is not None:
            key = self.key_of(request, resource, key)
            row = self.rows(division, resource).get(key)
            if row is None:
                raise self.message(404, "Not Found")
        try:
            if verb == "G":
                if key is None:
                    return self.list(request, division, name, resource)
                select = self.query(request, name, resource, True)[1]
                return Answer(200, {"d": self.render(request, division, resource, row, select)})
            if verb == "P":
                return self.create(request, division, resource)
            if verb == "U":
                return self.change(request, division, resource, row)
            return self.delete(request, division, resource, row)
        except Business as wrong:
            return self.business(wrong)

    def key_of(self, request, resource, text):
        if resource.types[resource.key] == "g":
            if not text.startswith("guid'") or not odata.GUID.fullmatch(text[5:-1]):
                self.refuse(request, 400, "a key is a guid literal",
                            "Unrecognized 'Edm.Guid' literal '%s' in '%s'." % (text, text))
            return text[5:-1].lower()
        return int(text) if text.isdigit() else text.strip("'")

    def rows(self, division, resource):
        if resource.name == "read/financial/ReceivablesList":
            return division.outstanding(SALES)
        if resource.name == "read/financial/PayablesList":
            return division.outstanding(PURCHASE)
        if resource.name == "system/Divisions":
            return {d.code: {"Code": d.code, "Description": d.description, "Hid": d.code % 1000,
                             "Currency": d.currency, "Country": "NL ",
                             "Status": self.modes["division_status"],
                             "Current": d.code == self.modes["current_division"]}
                    for d in self.divisions.values()}
        return division.tables[resource.name]

    # ---- reading

    def query(self, request, name, resource, single=False):
        """The options of the URL, checked: all of them, the selected properties, the filter."""
        pairs = urllib.parse.parse_qsl(request.query, keep_blank_values=True)
        options = dict(pairs)
        if len(options) != len(pairs) or not set(options) <= OPTIONS:
            self.refuse(request, 400, "unknown or repeated query option", "Bad Request - Error in query syntax")
        if "$select" not in options and options.get("$top") != "1":
            self.refuse(request, 400, "$select is missing",
                        "Please add a $select or a $top=1 statement to the query string.")
        select = [word.strip() for word in options["$select"].split(",")] if "$select" in options else None
        for word in select or ():
            if word not in resource.types:
                self.refuse(request, 400, "unknown property %s in $select" % word,
                            "The property '%s' does not exist on type '%s'." % (word, resource.model))
        for word in ("$top", "$skip"):
            if word in options and not options[word].isdigit():
                self.refuse(request, 400, word + " is no number", "Bad Request - Error in query syntax")
        if "$skip" in options and name.startswith("bulk/"):
            self.refuse(request, 400, "$skip is not for bulk", "Bad Request - Error in query syntax")
        return options, select, None if single else self.filter(request, name, resource, options)

    def filter(self, request, name, resource, options):
        compiled = None
        if "$filter" in options:
            try:
                compiled = odata.Filter(options["$filter"], resource.types, resource.model)
            except odata.QueryError as error:
                self.refuse(request, 400, "wrong $filter: %s" % error, str(error))
        must, may = set(self.modes["must_filter"].get(name, MUST_FILTER.get(name, ()))), MAY_FILTER.get(name)
        names = set(compiled.names) if compiled else set()
        if must and not names & must:
            self.refuse(request, 400, "a filter is mandatory on " + name,
                        "A GET request for this endpoint must have a $filter parameter with one of the following "
                        "fields in the url: " + ", ".join(sorted(must)))
        if may and not names <= may:
            self.refuse(request, 400, "%s allows no filter on %s" % (name, ", ".join(sorted(names - may))),
                        "Bad Request - Error in query syntax")
        return compiled

    def list(self, request, division, name, resource):
        options, select, compiled = self.query(request, name, resource)
        rows = self.rows(division, resource)
        keys = self.sorted(request, resource, rows, options.get("$orderby"))
        start = self.skip_token(request, keys, options.get("$skiptoken"))
        skip, page = int(options.get("$skip", 0)), self.modes["bulk_page" if name.startswith("bulk/") else "page"]
        if "$top" in options:
            page = min(page, int(options["$top"]))
        found, more = [], False
        for key in keys[start:]:
            if compiled and not compiled.test(rows[key]):
                continue
            if skip:
                skip -= 1
            elif len(found) == page:
                more = "$top" not in options
                break
            else:
                found.append(key)
        shown = [self.render(request, division, resource, rows[key], select) for key in found]
        if "$top" in options and not name.startswith("read/"):
            return Answer(200, {"d": shown})
        link = {"__next": self.next_link(request, options, resource, found[-1])} if more else {}
        if self.modes["lists"] == "bare" and name.startswith("bulk/"):
            return Answer(200, dict({"d": shown}, **link))
        return Answer(200, {"d": dict({"results": shown}, **link)})

    def sorted(self, request, resource, rows, order):
        keys = list(rows)
        for part in reversed(order.split(",") if order else []):
            name, _, way = part.strip().partition(" ")
            if name not in resource.types or way.strip() not in ("", "asc", "desc"):
                self.refuse(request, 400, "wrong $orderby", "Bad Request - Error in query syntax")
            keys.sort(key=lambda key: (rows[key].get(name) is not None, rows[key].get(name)),
                      reverse=way.strip() == "desc")
        return keys

    def skip_token(self, request, keys, token):
        if token is None:
            return 0
        key = token[5:-1] if token.startswith("guid'") else token
        for at, have in enumerate(keys):
            if str(have) == key:
                return at + 1
        self.refuse(request, 400, "a $skiptoken is taken from __next as it is",
                    "Bad Request - Error in query syntax")

    def next_link(self, request, options, resource, key):
        token = "guid'%s'" % key if resource.types[resource.key] == "g" else str(key)
        query = [(k, v) for k, v in options.items() if k not in ("$skiptoken", "$skip")] + [("$skiptoken", token)]
        if self.modes["next"] == "circle":
            return self.url + request.target
        return (self.url if self.modes["next"] == "absolute" else "http://127.0.0.2:1") + \
            request.target.partition("?")[0] + "?" + urllib.parse.urlencode(
                query, safe="$'(),", quote_via=urllib.parse.quote)

    def render(self, request, division, resource, row, select):
        path = "%s/api/v1/%d/%s" % (self.url, division.code, resource.name)
        key = row[resource.key]
        uri = path + ("(guid'%s')" % key if resource.types[resource.key] == "g" else "(%s)" % key)
        shown = {"__metadata": {"uri": uri, "type": resource.model}}
        for name in select or resource.types:
            if resource.types[name] == "c":
                shown[name] = {"__deferred": {"uri": uri + "/" + name}}
            else:
                shown[name] = odata.to_json(row.get(name))
            if self.modes["doubles"] == "long" and isinstance(shown[name], float):
                shown[name] = math.nextafter(math.nextafter(shown[name], math.inf), math.inf)
        return shown

    def me(self, request):
        resource = RESOURCES["current/Me"]
        if request.method != "GET":
            self.refuse(request, 405, "Me is read only", "Method not allowed")
        select = self.query(request, "current/Me", resource)[1]
        now = datetime.datetime.utcfromtimestamp(int(self.now()))
        row = {"UserID": "0b5d8a4e-3f0c-4a51-9a61-6d0a6c2f1e11", "CurrentDivision": self.modes["current_division"],
               "LanguageCode": "nl-NL" if self.modes["language"] == "nl" else "en-GB", "UserName": "harmony",
               "ServerTime": now.isoformat(), "ServerUtcOffset": 3600, "Legislation": 1}
        shown = {"__metadata": {"uri": self.url + "/api/v1/current/Me", "type": resource.model}}
        shown.update({name: row.get(name) for name in select or resource.types})
        return Answer(200, {"d": {"results": [shown]}})

    # ---- writing

    def body_of(self, request, resource, verb):
        if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
            self.refuse(request, 400, "Content-Type: application/json is missing",
                        "Unsupported media type requested.")
        if request.query:
            self.refuse(request, 400, "a write has no query", "Bad Request - Error in query syntax")

        def number(text):
            if "e" in text.lower():
                self.violate(request, "a number with an exponent: " + text)
            return Decimal(text)

        def pairs(items):
            if len(dict(items)) != len(items):
                self.violate(request, "a property was sent twice")
            return dict(items)
        try:
            body = json.loads(request.body.decode("utf-8"), parse_float=number, object_pairs_hook=pairs)
        except ValueError:
            self.refuse(request, 400, "the body is not JSON", "Error processing request stream.")
        if not isinstance(body, dict):
            self.refuse(request, 400, "the body is no object", "Error processing request stream. The request should "
                        "be a valid top-level resource object.")
        return self.typed(request, resource, body, verb)

    def typed(self, request, resource, body, verb):
        """The values as stored; names, types and rights are checked."""
        good = {}
        for name, value in body.items():
            if name not in resource.types:
                self.refuse(request, 400, "unknown property %s" % name,
                            "The property '%s' does not exist on type '%s'. Make sure to only use property names "
                            "that are defined by the type." % (name, resource.model))
            if not self.writable(request, resource, name, verb):
                continue
            if resource.types[name] == "c":
                good[name] = self.typed_lines(request, resource, name, value, verb)
                continue
            good[name] = self.typed_value(request, resource, name, value)
        return good

    def writable(self, request, resource, name, verb):
        if verb in resource.uses[name] or (name == "Type" and self.modes["type_writable"]):
            return True
        if not self.modes["tolerate_read_only"]:
            self.refuse(request, 400, "%s is read only" % name, "The property '%s' is read only." % name)
        return False

    def typed_lines(self, request, resource, name, value, verb):
        lines = RESOURCES.get(resource.name.split("/")[0] + "/" + name)
        if not isinstance(value, list) or lines is None:
            self.refuse(request, 400, "%s is an array of objects" % name, "Error processing request stream. "
                        "The request should be a valid top-level resource object.")
        for line in value:
            if not isinstance(line, dict):
                self.refuse(request, 400, "%s is an array of objects" % name, "Error processing request stream. "
                            "The request should be a valid top-level resource object.")
        return [self.typed(request, lines, line, verb) for line in value]

    def typed_value(self, request, resource, name, value):
        kind = resource.types[name]
        if kind == "?":
            return value
        try:
            good = odata.from_json(kind, value)
        except ValueError:
            self.refuse(request, 400, "%s is not of type Edm.%s" % (name, odata.EDM[kind]),
                        "Error encountered in converting the value from request payload for property '%s' to type "
                        "'%s', which is the property's expected type." % (name, odata.EDM[kind]))
        if kind == "d" and good is not None and "Amount" in name and good != exact_books.cents(good):
            self.violate(request, "%s has more than two decimals" % name)
        return good

    def echo(self, request, division, resource, row, sent):
        """What POST answers: without Prefer only what was sent, and the key."""
        shown = self.render(request, division, resource, row, None)
        if "return=representation" not in request.headers.get("prefer", ""):
            for name in resource.types:
                if name not in sent and name != resource.key and resource.types[name] != "c":
                    shown[name] = None
        return Answer(201, {"d": shown}, {"Location": shown["__metadata"]["uri"]})

    def create(self, request, division, resource):
        sent = self.body_of(request, resource, "P")
        for shape in (SALES, PURCHASE):
            if resource.name == shape.resource:
                return self.booked(request, division, resource, sent, shape.lines,
                                   lambda data, lines: division.book_invoice(shape, data, lines, request))
        if resource.name == MEMORIAL:
            return self.booked(request, division, resource, sent, "GeneralJournalEntryLines",
                               lambda data, lines: division.book_memorial(data, lines, request))
        if resource.name in (SALES.line_resource, PURCHASE.line_resource, MEMORIAL_LINES):
            raise self.message(400, "Not simulated: lines by themselves")
        row = dict(sent)
        if resource.name == "crm/Accounts":
            self.check_account(division, row, None)
        elif resource.name == "crm/BankAccounts":
            self.check_bank_account(division, row)
        else:
            self.check_master(division, resource, row)
        row.pop(resource.key, None)
        row = division.add(resource.name, row)
        self.log("POST", division, resource, row)
        return self.echo(request, division, resource, row, sent)

    def booked(self, request, division, resource, sent, lines_name, book):
        data = dict(sent)
        lines = data.pop(lines_name, [])
        row, lines = book(data, lines)
        self.log("POST", division, resource, row, lines)
        return self.echo(request, division, resource, row, sent)

    def log(self, action, division, resource, row, lines=None):
        entry = {"action": action, "division": division.code, "resource": resource.name, "row": dict(row)}
        if lines is not None:
            entry["lines"] = [dict(line) for line in lines]
        self.journal.append(entry)

    def check_account(self, division, row, old):
        table = division.tables["crm/Accounts"]
        division.texts(row)
        if old is None and not (row.get("Name") or "").strip() or "Name" in row and not row["Name"]:
            raise Business(("mandatory", "name"))
        if old is None or "Code" in row:
            self.check_account_code(row, old, table)
        if row.get("Country") and row["Country"].strip() not in exact_books.COUNTRIES:
            raise Business(("reference", "country"))
        if row.get("Status") not in (None, "A", "S", "P", "C"):
            raise Business(("invalid", "Status"))
        for name in ("PaymentConditionSales", "PaymentConditionPurchase"):
            if row.get(name):
                division.need("cashflow/PaymentConditions", "condition", row[name])
        for name in ("SalesVATCode", "PurchaseVATCode"):
            if row.get(name):
                division.need("vat/VATCodes", "vat", row[name])
        for name in ("SalesCurrency", "PurchaseCurrency"):
            if row.get(name) and not division.by_code("general/Currencies", row[name]):
                row[name] = None
        for name in ("GLAR", "GLAP", "GLAccountSales", "GLAccountPurchase"):
            if row.get(name):
                division.need("financial/GLAccounts", "ledger", row[name], "ID")
        for (_, name), width in PADDED.items():
            if row.get(name):
                row[name] = row[name].ljust(width)
        if old is None:
            for name, value in (("Status", "A"), ("IsSupplier", False), ("Blocked", False), ("Country", "NL ")):
                if row.get(name) is None:
                    row[name] = value
        row["IsSales"] = row.get("Status", (old or {}).get("Status")) == "C"

    def check_account_code(self, row, old, table):
        taken = {have["Code"].strip() for have in table.values() if have is not old}
        code = (row.get("Code") or "").strip()
        if not code:
            code = str(max((int(word) for word in taken), default=0) + 1)
        if not code.isdigit() or len(code) > 18:
            raise Business(("invalid", "code"))
        if self.modes["leading_zeros"] == "dropped":
            code = code.lstrip("0") or "0"
        if code in taken:
            raise Business(("exists", "code"))
        row["Code"] = code.rjust(18)

    def check_bank_account(self, division, row):
        if not row.get("Account"):
            raise Business(("mandatory", "account"))
        if row["Account"] not in division.tables["crm/Accounts"]:
            raise Business(("reference", "account"))
        if not row.get("BankAccount"):
            raise Business(("mandatory", "bank account"))
        row["Main"] = bool(row.get("Main"))

    def check_master(self, division, resource, row):
        for name in resource.mandatory:
            if not row.get(name):
                raise Business(("mandatory", name))
        if row.get("Code") and division.by_code(resource.name, row["Code"]):
            raise Business(("exists", "code"))

    def change(self, request, division, resource, row):
        sent = self.body_of(request, resource, "U")
        sent.pop(resource.key, None)
        if resource.name == "crm/Accounts":
            self.check_account(division, sent, row)
        lines = [name for name in sent if resource.types[name] == "c"]
        if lines:  # what this does is disputed: it is refused rather than guessed
            raise self.message(400, "Not simulated: lines in a PUT")
        row.update(sent)
        row["Modified"] = division.now()
        self.log("PUT", division, resource, row)
        return Answer(204)

    def delete(self, request, division, resource, row):
        if resource.name in (SALES.line_resource, PURCHASE.line_resource):
            raise self.message(400, "Not simulated: lines by themselves")
        if "EntryID" in row and resource.key == "EntryID":
            if row["Status"] != 20:
                raise self.message(500, "Reeds verwerkt")
            for table in division.tables.values():
                gone = [key for key, other in table.items() if other.get("TransactionEntryID") == row["EntryID"]
                        or (other.get("EntryID") == row["EntryID"] and other is not row)]
                for key in gone:
                    del table[key]
        del division.tables[resource.name][row[resource.key]]
        self.log("DELETE", division, resource, row)
        return Answer(204)

    # ---- control

    def command(self, name, value):
        document = value if isinstance(value, dict) else {}
        division = self.divisions[document.get("division", self.modes["current_division"])]
        if name in ("customers", "suppliers"):
            return [self.add_account(division, row, name == "customers")["ID"]
                    for row in (value if isinstance(value, list) else [{}] * value)]
        if name == "open_items":
            return [self.add_open_item(division, number) for number in range(value)]
        if name == "pay":
            return division.pay(document["entry"], document.get("amount"))
        if name == "instalments":
            return division.instalments(document["entry"], document["parts"])
        if name == "unmatched":
            return division.unmatched(document["account"], document["amount"], document.get("supplier", False))
        if name == "status":
            for row in division.terms_of(document["entry"])[1]:
                row["Status"] = document["status"]
            return None
        if name == "close":
            return division.closed.add(tuple(value))
        if name == "expire_tokens":
            self.access = dict.fromkeys(self.access, 0)
            self.last_issue = None
            return None
        if name == "code":
            self.codes[document.get("code", "code-1")] = document.get("redirect_uri", self.modes["redirect_uri"])
            return None
        return super().command(name, value)

    def add_account(self, division, more, customer):
        number = len(division.tables["crm/Accounts"]) + 1
        row = {"Name": "%s %d" % ("Klant" if customer else "Leverancier", number), "Code": str(1000 + number),
               "Status": "C" if customer else "A", "IsSupplier": not customer, "PaymentConditionSales": "30",
               "PaymentConditionPurchase": "30"}
        row.update(more)
        row["Code"] = row["Code"].strip().rjust(18)
        row.setdefault("Country", "NL ")
        row.setdefault("Blocked", False)
        return division.add("crm/Accounts", row)

    def add_open_item(self, division, number):
        """An open sales invoice of 1.00 + number/100, without an entry behind it."""
        party = division.find("crm/Accounts", "Status", "C") or self.add_account(division, {}, True)
        date = exact_books.day(2026, 1 + number % 12, 1 + number % 28)
        entry = {"EntryID": division.guid(), "EntryNumber": 26900000 + number, "EntryDate": date,
                 "DueDate": date + datetime.timedelta(30), "Rate": Decimal(1), "Currency": division.currency,
                 "Journal": "70", "InvoiceNumber": 26900000 + number, "Type": 20, "Status": 20, "_year": 2026,
                 "YourRef": "OPEN%06d" % number, "Description": "Factuur %d" % number}
        division.term(SALES, party, entry, exact_books.cents(1 + Decimal(number) / 100))
        return entry["EntryID"]

    def books(self):
        return {str(division.code): self.books_of(division) for division in self.divisions.values()}

    def books_of(self, division):
        """All that was booked, entries with their lines, and the balance of each ledger account."""
        tables = division.tables
        books = {"accounts": list(tables["crm/Accounts"].values()),
                 "bank_accounts": list(tables["crm/BankAccounts"].values()),
                 "receivables": list(tables[SALES.terms].values()),
                 "payables": list(tables[PURCHASE.terms].values())}
        for name, entries, lines in (("sales", SALES.resource, SALES.line_resource),
                                     ("purchases", PURCHASE.resource, PURCHASE.line_resource),
                                     ("memorials", MEMORIAL, MEMORIAL_LINES)):
            of = {}
            for line in tables[lines].values():
                of.setdefault(line["EntryID"], []).append(line)
            books[name] = [dict(row, lines=of.get(row["EntryID"], [])) for row in tables[entries].values()]
        balance = {}
        for line in tables[TRANSACTIONS].values():
            balance[line["GLAccountCode"]] = balance.get(line["GLAccountCode"], 0) + line["AmountDC"]
        books["balance"] = balance
        return books


if __name__ == "__main__":
    raise SystemExit(base.main(Simulator))
