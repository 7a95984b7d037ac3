#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A simulator of Minox Boekhouden Online's REST API, as strict as what is known of it.

minox.py COMMAND...   runs COMMAND with HARMONY_TEST_URL set, ends with its status
minox.py --port N     serves until interrupted
Simulator(**modes)    in a Python test: .start() .stop() .url .control(...)

It starts with the refresh token "refresh-0" and the code "code-0"; "access-0" is valid for
"token_life" seconds. What is not known of the real service is a mode, in both readings.

Control below /_sim/ (see base.py for faults, modes, advance, forget and reset) knows also:
  customers: N or [{...}]   suppliers: N or [{...}]   open_items: N
  pay: {"side": "sales", "account": 10001, "number": 1, "amount": "1.00"}
  loose: {"side": "sales", "account": 10001, "amount": "1.00"}
  before: {"account": 10001, "number": 1, "amount": "1.00"}
  close: [year, period]     expire_tokens: true       code: "text"
Faults of its own: drop_lines, lose_account, expire_token, status_400_message (with "message" and "code").
"""
import json
import re
import urllib.parse
from decimal import Decimal

import base
from base import Answer

CENT = Decimal("0.01")
LINE_FIELDS = set("account debit credit description journal period document_date due_date entry_number invoice_number "
                  "payment_term cost_center cost_type vat currency customer supplier".split())
PARTY_FIELDS = set("id addresses search language currency payment_term vat chamber_of_commerce bank_accounts bank "
                   "blocked memo custom_fields aggregation is_one_time externalid".split())
# What the objects in a line and in a relation have; what is not named here has no members that are known.
LINE_OBJECTS = {"account": "id scheme type", "journal": "id", "period": "id fiscal_year", "payment_term": "id",
                "cost_center": "id", "cost_type": "id", "vat": "id amount", "currency": "id exchange_rate",
                "customer": "id", "supplier": "id"}
PARTY_OBJECTS = {"addresses": "address_type id name extended_name contact_name salutation streetname_and_number "
                              "postal_code city country_code search www phone_numbers email_addresses",
                 "phone_numbers": "phone_number_type phone_number",
                 "email_addresses": "email_address_type email_address", "search": "id value", "currency": "id",
                 "payment_term": "id", "vat": "active suggested_vat_id suggested_gl_account "
                                              "vat_in_europe_gl_account vat_registration_number",
                 "bank_accounts": "is_default iban name city bic description",
                 "bank": "iban bic name city account_number", "blocked": "active reason", "memo": "active text",
                 "custom_fields": "id value", "aggregation": "aggregation_level description"}
LISTS = ("addresses", "phone_numbers", "email_addresses", "search", "bank_accounts", "custom_fields")
# The options of each address beside the page.
OPTIONS = {"": {"status"}, "journal": {"status"}, "ledger_account": {"status"}, "receivable": {"status"},
           "payable": {"status"}, "year": {"period"}, "customer": {"search", "next", "journal_id"},
           "supplier": {"search", "next", "journal_id"}}
SALES, PURCHASE, GENERAL = "sales", "purchase", "general"
SIDES = {SALES: "customer", PURCHASE: "supplier"}
YEARS = range(2020, 2030)
DATE = re.compile(r"\d{4}-\d\d-\d\d")


class Simulator(base.Simulator):
    """A strict simulator of Minox Boekhouden Online's REST API."""
    MODES = {
        "client_id": "harmony-client", "client_secret": "s3cr3t/+&=",
        "redirect_uri": "https://harmony.example/callback", "tenant": 4711, "administrations": [1, 2],
        "token_life": 600, "old_access_dies": False, "minute_limit": 1000000,
        "rate_headers": True, "page": 1000, "bulk_page": 1000, "bare_lists": False, "next": "absolute",
        "token_body": "both", "journal_types": True, "number_of_periods": 12,
        # what is not documented, in both readings
        "vat_lines": "with", "line_amounts": "gross", "contra_line": "send", "put_answer": "lines",
        "payable_status": "known", "payables_sign": "positive", "cost_type": "known", "exchange_rate": "known",
        "free_entry_numbers": True, "errors": "400", "message_type": "error",
        "line_list": "known",     # the lines of a year; unknown, no_ids (of batches), stale (none of today)
        "told_vat": "amount",     # of what is booked; code, none
        "missing": "404",         # what is not there; empty: an empty list; none: 204
        "lookup": "one",          # by_externalid gives the thing; list: a list of it
        "post_answer": "thing",   # a new relation; empty: its number is not said
        "patch": "replace",       # lists in a relation; merge: into the ones there
        "refresh": "new",         # the refresh token after a renewal; same, none (is said)
        "expires_in": "number",   # text, absent
        "numbers": "json",        # text: numbers come as texts
        "dates": "time",          # day
        "remark": "",             # type of a lesser message beside what is booked
        "atomic": True,           # a batch that is refused leaves nothing; else its first line
        "balance": "checked",     # taken: whatever is sent is booked
        "same_number": "one",     # entries with one invoice number are one open item; apart
        "credit_notes": "negative",  # their sign among the open items; positive
        "name_max": 0, "description_max": 0, "number_max": 10 ** 15 - 1, "open_items_allowed": True,
        "bare_429": 0,            # that many requests in, one answer of 429 that says nothing
    }

    # ---- data

    def seed(self):
        start = self.now()
        self.access = {"access-0": start + self.modes["token_life"]}
        self.refresh, self.dead, self.codes = {"refresh-0": start}, set(), {"code-0"}
        self.generation, self.calls, self.asked, self.put_over = 0, [], 0, []
        self.closed, self.kept_elsewhere = set(), {}
        self.parties = {SALES: {}, PURCHASE: {}}
        self.batches, self.items = {}, {SALES: {}, PURCHASE: {}}
        types = self.modes["journal_types"]
        self.journals = {id_: {"id": id_, "type": kind if types or kind == GENERAL else "onbekend", "_kind": kind,
                               "ledger_account_id": account, "description": id_}
                         for id_, kind, account in (
                             ("VK", SALES, 1300), ("IK", PURCHASE, 1600), ("MEM", GENERAL, None), ("90", GENERAL, None),
                             ("70", SALES, 1300), ("60", PURCHASE, 1600))}
        self.vat = {1: (9, 1500), 2: (21, 1510), 4: (21, 1520), 5: (9, 1530)}
        codes = {8000: 2, 8010: 1, 4500: 4}
        self.accounts = {id_: codes.get(id_) for id_ in
                         (1300, 1500, 1510, 1520, 1530, 1600, 3000, 4500, 4600, 4990, 7000, 7010, 7900, 8000, 8010, 8020)}
        self.terms, self.centres, self.types = (14, 30), (10, 20), (7,)

    # ---- refusals

    def message(self, status, text, code="MNX-0001", field=None):
        return Answer(status, [{"message_code": code, "message_type": self.modes["message_type"], "message": text,
                                "field": field, "tenant_id": self.modes["tenant"], "administration_id": 1}])

    def refuse(self, request, status, rule, text=None):
        self.violate(request, rule, self.message(status, text or rule))

    def business(self, text, code, field=None):
        """What is wrong with the books: no rule of the interface is broken by asking."""
        raise self.message(400 if self.modes["errors"] == "400" else 200, text, code, field)

    def lacks(self, text):
        if self.modes["missing"] == "404":
            raise self.message(404, text)
        if self.modes["missing"] == "none":
            raise Answer(204, "")

    def plain_failure(self, request, kind):
        if kind == "status_400_message":
            return self.message(400, request.fault_value("message", "Fout."), request.fault_value("code", "MNX-0400"))
        return super().plain_failure(request, kind)

    # ---- tokens

    def token(self, request):
        kind = request.headers.get("content-type", "").split(";")[0]
        if request.method != "POST" or request.query:
            self.refuse(request, 405, "the token is asked for with POST")
        if kind == "application/json" and self.modes["token_body"] != "form":
            form = json.loads(request.body)
        elif kind == "application/x-www-form-urlencoded" and self.modes["token_body"] != "json":
            form = dict(urllib.parse.parse_qsl(request.body.decode(), strict_parsing=True))
        else:
            self.refuse(request, 415, "token fields in the wrong form")
        if (form.get("client_id"), form.get("client_secret")) != (self.modes["client_id"], self.modes["client_secret"]):
            self.violate(request, "wrong client", Answer(401, {"error": "invalid_client"}))
        if form.get("grant_type") == "authorization_code":
            if form.get("code") not in self.codes:
                self.violate(request, "a code is good once", Answer(400, {"error": "invalid_grant"}))
            self.codes.discard(form["code"])
        elif form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") not in self.refresh:
                self.violate(request, "refresh tokens are good once", Answer(400, {"error": "invalid_grant"}))
            if self.modes["refresh"] == "new":
                del self.refresh[form["refresh_token"]]
        else:
            self.violate(request, "unknown grant_type", Answer(400, {"error": "unsupported_grant_type"}))
        self.generation += 1
        access, refresh = "access-%d" % self.generation, "refresh-%d" % self.generation
        if self.modes["old_access_dies"]:
            self.access = {token: 0 for token in self.access}
        self.access[access] = self.now() + self.modes["token_life"]
        said = {"token_type": "Bearer", "access_token": access, "refresh_token": refresh,
                "expires_in": self.modes["token_life"]}
        if form["grant_type"] == "refresh_token" and self.modes["refresh"] != "new":
            said["refresh_token"] = form["refresh_token"]
        self.refresh[said["refresh_token"]] = self.now()
        if form["grant_type"] == "refresh_token" and self.modes["refresh"] == "none":
            del said["refresh_token"]
        if self.modes["expires_in"] == "absent":
            del said["expires_in"]
        elif self.modes["expires_in"] == "text":
            said["expires_in"] = str(said["expires_in"])
        return Answer(200, said)

    def check_login(self, request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            self.refuse(request, 401, "no Bearer token")
        if request.is_fault("expire_token"):
            self.access[token] = 0
        if token not in self.access:
            self.refuse(request, 401, "unknown access token")
        if self.access[token] <= self.now():
            raise Answer(401, {"message": "Unauthenticated."})

    def rate(self):
        """What is left of this minute, as headers."""
        now = self.now()
        self.calls = [at for at in self.calls if at > now - 60]
        limit = self.modes["minute_limit"]
        reset = (self.calls[0] if self.calls else now) + 60
        headers = {"x-rate-limit-limit": limit, "x-rate-limit-remaining": max(0, limit - len(self.calls) - 1),
                   "x-rate-limit-reset": int(reset * 1000)}
        if len(self.calls) >= limit:
            raise Answer(429, "", headers if self.modes["rate_headers"] else {})
        self.calls.append(now)
        return headers if self.modes["rate_headers"] else {}

    # ---- routes

    def handle(self, request):
        if request.path == "/oauth/token":
            return self.token(request)
        self.check_login(request)
        self.asked += 1
        if self.asked == self.modes["bare_429"]:
            raise Answer(429, "")
        headers = self.rate()
        try:
            answer = self.route(request)
        except Answer as refusal:
            answer = refusal
        answer.headers.update(headers)
        if self.modes["numbers"] == "text" and answer.body[:1] in (b"[", b"{"):
            answer.body = json.dumps(json.loads(answer.body, parse_float=str, parse_int=str)).encode()
        return answer

    def route(self, request):
        parts = [urllib.parse.unquote(part) for part in request.target.partition("?")[0].split("/")[1:]]
        if request.headers.get("accept") != "application/json":
            self.refuse(request, 406, "Accept: application/json is missing")
        if parts[:4] != ["api", "1", "tenant", str(self.modes["tenant"])] or parts[4:5] != ["administration"]:
            self.refuse(request, 404, "no such address")
        options = {name for name, _ in urllib.parse.parse_qsl(request.query, keep_blank_values=True)}
        paging = {"next"} if self.modes["next"] == "token" else {"currentpage"}
        unknown = options - OPTIONS.get(parts[6] if len(parts) > 6 else "", set()) - paging
        if unknown:
            self.refuse(request, 400, "no such options: %s" % sorted(unknown))
        if len(parts) == 5:
            return self.list(request, [self.administration(id_) for id_ in self.modes["administrations"]])
        if parts[5] not in map(str, self.modes["administrations"]):
            self.refuse(request, 404, "no such administration")
        if parts[5] != str(self.modes["administrations"][0]) and request.method != "GET":
            return self.elsewhere(request)
        if request.target in self.kept_elsewhere:
            return Answer(200, base.plain(self.kept_elsewhere[request.target]))
        return self.serve(request, parts[6:])

    def elsewhere(self, request):
        """Another administration takes everything and keeps nothing that is looked at."""
        if request.method == "POST":
            return Answer(201, {"id": 99999})
        self.kept_elsewhere[request.target] = self.json(request)
        return Answer(200, base.plain(self.kept_elsewhere[request.target]))

    def administration(self, id_):
        years = [{"fiscal_year": year, "number_of_periods": self.modes["number_of_periods"],
                  "start_date": self.date("%d-01-01" % year), "end_date": "%d-12-31" % year} for year in YEARS]
        return {"id": id_, "name": "Administratie %d" % id_, "vat_on_sub": False, "fiscal_years": years,
                "currency": {"id": "EUR"}}

    def date(self, day):
        return day + "T00:00:00.000Z" if day and self.modes["dates"] == "time" else day

    def serve(self, request, parts):
        name = parts[0]
        if name in ("customer", "supplier"):
            return self.party(request, SALES if name == "customer" else PURCHASE, parts[1:])
        if name == "transaction_line_batch" and len(parts) == 2:
            return self.batch(request, parts[1])
        if request.method != "GET":
            self.refuse(request, 405, "%s is only read" % name)
        if name == "year" and len(parts) == 3 and parts[2] == "transaction_lines":
            return self.year(request, parts[1])
        if name in ("receivable", "payable") and len(parts) == 1:
            if not self.modes["open_items_allowed"]:
                raise self.message(403, "Geen toegang.")
            return self.open(request, SALES if name == "receivable" else PURCHASE)
        if name == "cost_type" and len(parts) == 2:
            if parts[1] not in map(str, self.types):
                raise self.message(404, "Kostensoort niet gevonden.")
            return Answer(200, {"id": int(parts[1]), "description": "Soort"})
        lists = {"ledger_account": [{"id": a, "description": "Rekening %d" % a, "blocked": {"active": False}}
                                    for a in self.accounts],
                 "journal": [{k: v for k, v in j.items() if k[0] != "_"} for j in self.journals.values()],
                 "vat": [{"id": v, "percentage": p, "account_id": str(a), "type": "Af te dragen (1a, 1b)"}
                         for v, (p, a) in self.vat.items()],
                 "payment_term": [{"id": t, "days": t} for t in self.terms],
                 "cost_center": [{"id": c} for c in self.centres]}
        if name not in lists or len(parts) > 1:
            self.refuse(request, 404, "no such address")
        return self.list(request, lists[name])

    def list(self, request, rows, size="page"):
        options = dict(urllib.parse.parse_qsl(request.query))
        option = "next" if self.modes["next"] == "token" else "currentpage"
        page = int(options.pop(option, 1))
        size = self.modes[size]
        chunk = rows[(page - 1) * size:page * size]
        if self.modes["bare_lists"]:
            return Answer(200, base.plain(rows))
        links = {}
        if page * size < len(rows):
            options[option] = page + 1
            link = request.target.partition("?")[0] + "?" + urllib.parse.urlencode(options)
            links["next"] = {"absolute": self.url + link, "relative": link, "object": {"href": self.url + link},
                             "query": "?" + link.partition("?")[2], "token": str(page + 1),
                             "circle": self.url + request.target, "elsewhere": "http://127.0.0.2:1" + link}[
                                 self.modes["next"]]
        return Answer(200, base.plain({"links": links, "collection": chunk}))

    def json(self, request):
        if request.headers.get("content-type", "").split(";")[0] != "application/json":
            self.refuse(request, 415, "bodies are JSON")
        try:
            return json.loads(request.body, parse_float=Decimal)
        except ValueError:
            self.refuse(request, 400, "a body that is no JSON")

    # ---- relations

    def party(self, request, side, parts):
        kept = self.parties[side]
        if parts[:1] == ["by_externalid"] and len(parts) == 2 and request.method == "GET":
            found = [p for p in kept.values() if p.get("externalid") == parts[1]][:1]
            if not found:
                self.lacks("Relatie niet gevonden.")
            return Answer(200, base.plain(found[0] if found and self.modes["lookup"] == "one" else found))
        if not parts and request.method == "GET":
            return self.list(request, list(kept.values()))
        if not parts and request.method == "POST":
            return self.make_party(request, side)
        if len(parts) == 1 and parts[0].isdigit() and int(parts[0]) in kept and request.method in ("GET", "PATCH"):
            found = kept[int(parts[0])]
            if request.method == "PATCH":
                self.patch(found, self.party_body(request))
            return Answer(200, base.plain(found))
        self.refuse(request, 404, "no such relation")

    def patch(self, kept, body):
        """Whether a list in it replaces the one there, or is put into it, is not known."""
        for name, value in body.items():
            if not isinstance(value, list) or self.modes["patch"] == "replace":
                kept[name] = value
                continue
            key = {"addresses": "id", "bank_accounts": "iban"}.get(name)
            old = {row.get(key): row for row in kept.get(name, [])}
            for row in value:
                old[row.get(key)] = dict(old.get(row.get(key), {}), **row)
            kept[name] = list(old.values())

    def party_body(self, request):
        body = self.json(request)
        if not isinstance(body, dict) or set(body) - PARTY_FIELDS:
            self.refuse(request, 400, "unknown fields of a relation: %s" % sorted(set(body) - PARTY_FIELDS))
        self.check_objects(request, body, PARTY_OBJECTS)
        for address in body.get("addresses", []):
            if self.modes["name_max"] and len(address.get("name", "")) > self.modes["name_max"]:
                self.business("De naam is te lang.", "MNX-0110", "name")
            if not re.fullmatch("[A-Z]{2}", address.get("country_code", "NL")):
                self.refuse(request, 400, "country codes have two letters")
        term = body.get("payment_term")
        if term is not None and term.get("id") not in self.terms:
            self.refuse(request, 400, "an unknown payment term was sent")
        return body

    def check_objects(self, request, row, known):
        """Whether the objects in it are such, and have members that are known."""
        for name, value in row.items():
            if name not in known:
                if isinstance(value, (dict, list)):
                    self.refuse(request, 400, "%s is neither object nor list" % name)
                continue
            if isinstance(value, list) != (name in LISTS):
                self.refuse(request, 400, "%s is %s list" % (name, "a" if name in LISTS else "no"))
            for one in value if name in LISTS else [value]:
                if not isinstance(one, dict) or set(one) - set(known[name].split()):
                    self.refuse(request, 400, "unknown members of %s: %s" % (name, one))
                self.check_objects(request, one, known)

    def make_party(self, request, side):
        options = dict(urllib.parse.parse_qsl(request.query))
        journal = self.journals.get(options.get("journal_id"))
        if not journal or journal["_kind"] != side:
            self.refuse(request, 400, "a new relation needs the journal whose range numbers it")
        body = self.party_body(request)
        if not body.get("externalid") or not body.get("addresses") or not body["addresses"][0].get("name"):
            self.refuse(request, 400, "a relation needs an externalid and a name")
        id_ = (10000 if side == SALES else 50000) + len(self.parties[side]) + 1
        self.parties[side][id_] = dict(body, id=id_)
        return Answer(201, base.plain(self.parties[side][id_]) if self.modes["post_answer"] == "thing" else "")

    # ---- batches

    def batch(self, request, uuid):
        if not re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", uuid):
            self.refuse(request, 400, "the batch is no UUID")
        if request.method == "GET":
            if uuid not in self.batches:
                self.lacks("Batch niet gevonden.")
            return Answer(200, base.plain(self.told(uuid) if uuid in self.batches else []))
        if request.method != "PUT":
            self.refuse(request, 405, "batches are put")
        lines = self.json(request)
        if not isinstance(lines, list) or not lines:
            self.refuse(request, 400, "a batch is an array of lines")
        try:
            for line in lines:
                self.check_line(request, line)
            kind = self.journals[lines[0]["journal"]["id"]]["_kind"]
            self.check_batch(request, lines, kind)
        except Answer:
            if not self.modes["atomic"]:
                self.batches[uuid] = [dict(lines[0])]
            raise
        if request.is_fault("drop_lines"):
            lines = lines[:-1]
        if request.is_fault("lose_account"):
            lines = lines[:-1] + [dict(lines[-1], account={"id": "0", "type": "ledger_account"})]
        if self.batches.get(uuid, lines) != lines:  # Minox takes it, and what was there is gone
            self.put_over.append(uuid)
        fresh = uuid not in self.batches
        self.batches[uuid] = [dict(line) for line in lines]
        self.journal.append({"uuid": uuid, "lines": base.plain(lines)})
        if kind != GENERAL:
            self.open_item(uuid, kind, lines)
        elif fresh:
            self.settle(uuid, lines)
        return Answer(200, base.plain(self.told(uuid)) if self.modes["put_answer"] == "lines" else "")

    def told(self, uuid):
        remark = [{"message_code": "MNX-0900", "message_type": self.modes["remark"], "message": "Een opmerking."}]
        rows = []
        for at, line in enumerate(self.batches[uuid], 1):
            row = dict(line, id=at, batch_id=uuid, messages=remark if self.modes["remark"] else [])
            if "vat" in row and self.modes["told_vat"] != "amount":
                row["vat"] = {"id": row["vat"]["id"], "type": "Af te dragen (1a, 1b)"}
            if self.modes["told_vat"] == "none":
                row.pop("vat", None)
            rows.append(row)
        return rows

    def collective(self, uuid):
        """The relation's line that Minox makes itself where none may be sent."""
        lines = self.batches[uuid]
        kind = self.journals[lines[0]["journal"]["id"]]["_kind"]
        if kind == GENERAL or any(line["account"].get("type") == SIDES[kind] for line in lines):
            return []
        total = -sum(net + tax for net, _, tax in map(self.booked, lines))
        return [dict(lines[0], account=dict(lines[0][SIDES[kind]], type=SIDES[kind]), debit=max(total, 0),
                     credit=max(-total, 0), batch_id=uuid, id=9000)]

    def year(self, request, year):
        """All lines of a fiscal year, also those that were not written by batch."""
        if self.modes["line_list"] == "unknown":
            raise self.message(404, "Niet gevonden.")
        rows = [{"id": 1, "batch_id": None, "account": {"id": "3000"}, "debit": 0, "credit": 0}]
        for uuid in self.batches if self.modes["line_list"] != "stale" else ():
            rows += [row for row in self.told(uuid) + self.collective(uuid) if str(row["period"]["fiscal_year"]) == year]
        if self.modes["line_list"] == "no_ids":
            rows = [{name: value for name, value in row.items() if name != "batch_id"} for row in rows]
        return self.list(request, rows, "bulk_page")

    def check_line(self, request, line):
        if set(line) - LINE_FIELDS:
            self.refuse(request, 400, "unknown fields of a line: %s" % sorted(set(line) - LINE_FIELDS))
        self.check_objects(request, line, LINE_OBJECTS)
        for column in ("debit", "credit"):
            if not self.is_cents(line.get(column)) or line[column] < 0:
                self.refuse(request, 400, "%s is a number of cents, not negative" % column)
        if "vat" in line and not self.is_cents(line["vat"].get("amount")):
            self.refuse(request, 400, "the amount of VAT is a number of cents")
        if {"customer", "supplier"} & set(line) and self.modes["contra_line"] == "send":
            self.refuse(request, 400, "a relation beside an account")
        if line.get("debit") and line.get("credit"):
            self.refuse(request, 400, "debit and credit on one line")
        if self.modes["description_max"] and len(line.get("description", "")) > self.modes["description_max"]:
            self.business("De omschrijving is te lang.", "MNX-0111", "description")
        for name in ("document_date", "due_date"):
            if name in line and not DATE.fullmatch(str(line[name])):
                self.refuse(request, 400, "%s is YYYY-MM-DD" % name)
        for name in ("invoice_number", "entry_number"):
            if name in line and (not isinstance(line[name], int) or isinstance(line[name], bool) or line[name] <= 0):
                self.refuse(request, 400, "%s is a whole number" % name)
            if line.get(name, 0) > self.modes["number_max"]:
                self.business("Het nummer %d is te groot." % line[name], "MNX-0102", name)
        if not isinstance(line.get("description"), str) or not line["description"]:
            self.refuse(request, 400, "a line without a description")
        if "entry_number" in line and not self.modes["free_entry_numbers"]:
            self.business("Dit dagboek staat geen vrije boekstuknummers toe.", "MNX-0101", "journal")
        if line["journal"]["id"] not in self.journals:
            self.refuse(request, 400, "an unknown journal was sent")
        if "cost_type" in line and (self.modes["cost_type"] != "known" or line["cost_type"]["id"] not in self.types):
            self.refuse(request, 400, "cost_type is no field of a line")
        if "exchange_rate" in line.get("currency", {}) and self.modes["exchange_rate"] != "known":
            self.refuse(request, 400, "exchange_rate is no field of a line's currency")
        if "payment_term" in line and line["payment_term"]["id"] not in self.terms:
            self.refuse(request, 400, "an unknown payment term was sent")
        if "cost_center" in line and line["cost_center"]["id"] not in self.centres:
            self.refuse(request, 400, "an unknown cost centre was sent")
        self.check_period(request, line)
        account, kind = line["account"], line["account"].get("type", "ledger_account")
        if not isinstance(account["id"], str):
            self.refuse(request, 400, "account ids of lines are texts")
        if kind not in ("ledger_account", "customer", "supplier") or set(account) != {"id", "scheme", "type"} or \
                account["scheme"] != "MINOX":
            self.refuse(request, 400, "an unknown kind of account: %s" % account)
        known = self.accounts if kind == "ledger_account" else self.parties[SALES if kind == "customer" else PURCHASE]
        if not account["id"].isdigit() or int(account["id"]) not in known:
            self.refuse(request, 400, "an unknown account was sent: %s" % account)

    @staticmethod
    def is_cents(value):
        """Whether it is a number, and no text, of whole cents."""
        return isinstance(value, (int, Decimal)) and not isinstance(value, bool) and \
            Decimal(value) == Decimal(value).quantize(CENT)

    def check_period(self, request, line):
        """Of a year that is there; the document's date decides which one."""
        period = (line["period"].get("fiscal_year"), line["period"].get("id"))
        if not isinstance(period[0], int) or "id" in line["period"] and not isinstance(period[1], int):
            self.refuse(request, 400, "year and period are whole numbers")
        if period[0] not in YEARS or not 1 <= line["period"].get("id", 1) <= self.modes["number_of_periods"]:
            self.business("Periode %s - %s bestaat niet." % period, "MNX-0201", "period")
        if "document_date" not in line or line["document_date"][:4] != str(period[0]):
            self.refuse(request, 400, "a document date outside its fiscal year")
        if period in self.closed:
            self.business("Periode %d - %d is afgesloten." % period, "MNX-0200", "period")

    def check_batch(self, request, lines, kind):
        own = [line for line in lines if line["account"].get("type") in ("customer", "supplier")]
        if len({line["journal"]["id"] for line in lines}) > 1:
            self.refuse(request, 400, "a batch is of one journal")
        if kind != GENERAL and len({line.get("invoice_number") for line in lines}) > 1:
            self.refuse(request, 400, "an invoice has one number")
        if len(lines) > 8999:
            self.refuse(request, 400, "a page of a journal has 8999 lines of one's own")
        if kind != GENERAL:
            if any(line["account"]["type"] != SIDES[kind] for line in own):
                self.refuse(request, 400, "customers stand in sales journals, suppliers in purchase journals")
            if len(own) != (self.modes["contra_line"] == "send"):
                self.business("De regel van de relatie ontbreekt of is dubbel: balans.", "MNX-0300")
            if not own and any(SIDES[kind] not in line for line in lines):
                self.refuse(request, 400, "nothing says whose invoice this is")
        vat, net = self.modes["vat_lines"], self.modes["line_amounts"] == "net"
        if vat != "with" and any("vat" in line for line in lines):
            self.business("Btw kan op deze regels niet worden ingevoerd.", "MNX-0301", "vat")
        if any("vat" in line and line["vat"]["id"] not in self.vat for line in lines):
            self.refuse(request, 400, "an unknown VAT code was sent")
        if kind != GENERAL and not own:
            return
        balance = sum(self.signed(line) for line in lines)
        if vat == "with" and net:
            balance += sum((1 if Decimal(line["debit"]) > 0 else -1) * Decimal(line["vat"]["amount"])
                           for line in lines if "vat" in line)
        if vat == "none" and net:
            balance += sum(self.tax_on(line, True) for line in lines if line not in own)
        if balance and self.modes["balance"] == "checked":
            self.business("Het boekstuk is niet in evenwicht.", "MNX-0302")

    @staticmethod
    def signed(line):
        return Decimal(line["debit"]) - Decimal(line["credit"])

    def tax_on(self, line, net):
        """VAT by the ledger account's own code, of a net or a gross amount."""
        code = self.accounts.get(int(line["account"]["id"]))
        if code is None:
            return Decimal(0)
        rate, amount = self.vat[code][0], self.signed(line)
        return (amount * rate / (100 if net else 100 + rate)).quantize(CENT)

    def booked(self, line):
        """(net, code, tax) of a line, debit positive."""
        amount, net = self.signed(line), self.modes["line_amounts"] == "net"
        if self.modes["vat_lines"] == "with" and "vat" in line:
            tax = Decimal(line["vat"]["amount"]) * (1 if Decimal(line["debit"]) > 0 else -1)
            return (amount if net else amount - tax), line["vat"]["id"], tax
        if self.modes["vat_lines"] == "none" and line["account"].get("type") == "ledger_account":
            tax, code = self.tax_on(line, net), self.accounts.get(int(line["account"]["id"]))
            return (amount if net else amount - tax), code if tax else None, tax
        return amount, None, Decimal(0)

    # ---- open items

    def open_item(self, uuid, kind, lines):
        own = next((line for line in lines if line["account"].get("type") == SIDES[kind]), None)
        if own:
            account, total = own["account"]["id"], self.signed(own)
        else:
            account = lines[0][SIDES[kind]]["id"]
            total = -sum(net + tax for net, _, tax in map(self.booked, lines))
        head = own or lines[0]
        key = (int(account), head["invoice_number"])
        if self.modes["same_number"] == "apart":
            key += (uuid,)
        old = self.items[kind].get(key, {"_parts": {}, "paid": Decimal(0)})
        parts = dict(old["_parts"], **{uuid: total if kind == SALES else -total})
        self.items[kind][key] = {
            "_parts": parts, "account_id": int(account), "invoice_number": head["invoice_number"],
            "invoice_date": head["document_date"], "due_date": head.get("due_date", ""),
            "total": sum(parts.values()), "paid": old["paid"],
            "currency": {"id": head.get("currency", {}).get("id", "EUR")}}

    def settle(self, uuid, lines):
        """What a memorial says of relations: it pays the open item of its number, or is one itself."""
        for line in lines:
            side = next((side for side, type_ in SIDES.items() if type_ == line["account"]["type"]), None)
            if not side:
                continue
            amount = self.signed(line) * (1 if side == SALES else -1)
            key = (int(line["account"]["id"]), line.get("invoice_number", 0))
            if key in self.items[side]:
                self.items[side][key]["paid"] -= amount
                continue
            self.items[side][key] = {"_parts": {uuid: amount}, "account_id": key[0], "invoice_number": key[1],
                                     "invoice_date": line["document_date"], "due_date": "", "total": amount,
                                     "paid": Decimal(0), "currency": {"id": line.get("currency", {}).get("id", "EUR")}}

    def open(self, request, side):
        options = dict(urllib.parse.parse_qsl(request.query))
        status = options.get("status")
        if side == PURCHASE and status and self.modes["payable_status"] != "known":
            self.refuse(request, 400, "status is no parameter of payable")
        sign = -1 if side == PURCHASE and self.modes["payables_sign"] == "negative" else 1
        rows = []
        for item in self.items[side].values():
            balance = item["total"] - item["paid"]
            if balance or status != "open":
                told = {name: value for name, value in item.items() if name[0] != "_"}
                way = -sign if item["total"] < 0 and item["invoice_number"] and self.modes["credit_notes"] == "positive" else sign
                rows.append(dict(told, type="receivable" if side == SALES else "payable",
                                 invoice_date=self.date(item["invoice_date"]), due_date=self.date(item["due_date"]),
                                 total=float(way * item["total"]), paid=float(way * item["paid"]),
                                 balance=str(way * balance)))
        return self.list(request, rows, "bulk_page")

    # ---- control

    def command(self, name, value):
        if name in ("customers", "suppliers"):
            side = SALES if name == "customers" else PURCHASE
            for row in [{"externalid": str(n)} for n in range(value)] if isinstance(value, int) else value:
                id_ = (10000 if side == SALES else 50000) + len(self.parties[side]) + 1
                self.parties[side][id_] = dict({"addresses": [{"name": "Relatie"}]}, id=id_, **row)
        elif name == "open_items":
            account = next(iter(self.parties[SALES]))
            for number in range(value):
                self.items[SALES][account, 900000000 + number] = {
                    "account_id": account, "invoice_number": 900000000 + number, "invoice_date": "2026-01-31",
                    "due_date": "", "total": Decimal("1.00"), "paid": Decimal(0), "currency": {"id": "EUR"}}
        elif name == "pay":
            item = self.items[value["side"]][value["account"], value["number"]]
            item["paid"] = item["total"] if value["amount"] is None else item["paid"] + Decimal(value["amount"])
        elif name == "loose":
            self.items[value["side"]][value["account"], 0] = {
                "account_id": value["account"], "invoice_number": 0, "invoice_date": "2026-05-20", "due_date": "",
                "total": -Decimal(value["amount"]), "paid": Decimal(0), "currency": {"id": "EUR"}}
        elif name == "before":
            self.items[SALES][value["account"], value["number"]] = {
                "account_id": value["account"], "invoice_number": value["number"], "invoice_date": "2026-01-01",
                "due_date": "2026-01-01", "total": Decimal(value["amount"]), "paid": Decimal(0),
                "currency": {"id": "EUR"}}
        elif name == "close":
            self.closed.add(tuple(value))
        elif name == "expire_tokens":
            self.access = {token: 0 for token in self.access}
        elif name == "code":
            self.codes.add(value)
        else:
            super().command(name, value)

    def books(self):
        return {"parties": self.parties[SALES], "suppliers": self.parties[PURCHASE], "batches": self.batches}


if __name__ == "__main__":
    raise SystemExit(base.main(Simulator))
