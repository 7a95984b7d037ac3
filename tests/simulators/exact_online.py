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
Each takes "division" where it is a document; customers etc. go to the first one.
"""
import datetime
import json
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
        "page": 60, "bulk_page": 1000,
        # what is not documented, in both readings
        "tolerate_read_only": False, "type_writable": False, "entry_id": "honoured",
        "entry_number": "honoured", "payables_sign": "positive", "payables_list_sign": "positive",
        "sales_duplicates": "accepted", "overlong": "refuse", "memorial_balance": "with_vat",
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
            self.access.clear()
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
            self.access.pop(token, None)
            self.last_issue = self.now() - self.modes["min_age"]
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
