# SPDX-License-Identifier: MIT
"""An office of the Twinfield simulator: its codes, relations, transactions and lines."""
import datetime
import re
from decimal import ROUND_HALF_UP, Decimal

from twinfield_xml import Element

CENT = Decimal("0.01")
SALES, PURCHASE, MEMORIAL, BANK = "sales", "purchase", "journal", "bank"
RELATION = {SALES: "DEB", PURCHASE: "CRD"}
CONTROL = {"DEB": "1300", "CRD": "1600"}
HEADER = ["office", "code", "number", "currency", "date", "period", "invoicenumber", "paymentreference", "duedate",
          "freetext1", "freetext2", "freetext3", "regime"]
NOT_IN_MEMORIAL = {"invoicenumber", "paymentreference", "duedate"}
LINE = set("dim1 dim2 dim3 debitcredit value basevalue rate repvalue reprate description comment freechar vatcode "
           "vatvalue vatbasevalue vattotal vatbasetotal vatturnover vatbaseturnover baseline invoicenumber "
           "performancetype performancecountry performancevatnumber performancedate destoffice currencydate".split())
ONLY_ON = {"vatvalue": ("detail",), "vattotal": ("total",), "vatbasetotal": ("total",), "baseline": ("vat",),
           "vatturnover": ("vat",), "vatbaseturnover": ("vat",), "vatcode": ("detail", "vat")}
ATTRIBUTES = {"destiny": ("temporary", "final"), "raisewarning": ("true", "false"),
              "autobalancevat": ("true", "false")}
MONEY = re.compile(r"\d{1,13}(\.\d{1,2})?")
DIMENSION = {"dimension": "office type code name shortname website beginperiod beginyear endperiod endyear financials "
                          "creditmanagement addresses banks remittanceadvice groups relationsreference postingrules "
                          "paymentconditions",
             "financials": "duedays payavailable meansofpayment paycode ebilling ebillmail vatcode substitutewith "
                           "collectmandate collectionschema childvalidations",
             "collectmandate": "id signaturedate firstrundate",
             "creditmanagement": "responsibleuser basecreditlimit sendreminder reminderemail blocked freetext1 freetext2 "
                                 "freetext3 comment",
             "addresses": "address", "banks": "bank",
             "address": "name contact country city postcode telephone telefax email field1 field2 field3 field4 field5 "
                        "field6",
             "bank": "ascription accountnumber address bankname biccode city country iban natbiccode postcode state"}
LENGTHS = {"ascription": 40, "accountnumber": 40, "bankname": 40, "biccode": 16, "iban": 40, "natbiccode": 20,
           "reminderemail": 200, "responsibleuser": 16, "freetext2": 40, "vatcode": 16, "state": 40, "shortname": 20,
           "bank/city": 40, "bank/postcode": 16, "collectmandate/id": 35}
ENUMS = {"meansofpayment": ("none", "paymentfile"), "payavailable": ("true", "false"), "ebilling": ("true", "false"),
         "collectionschema": ("core", "b2b"), "sendreminder": ("true", "email", "false"), "blocked": ("true", "false")}


def cents(amount):
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


def is_date(text):
    try:
        return bool(re.fullmatch(r"\d{8}", text)) and bool(datetime.datetime.strptime(text, "%Y%m%d"))
    except ValueError:
        return False


def fits(mask, code):
    """Whether a code has the form of a mask: classes in brackets, * and ? as usual."""
    if not mask:
        return True
    pattern = "".join(part if part[0] == "[" else {"*": ".*", "?": "."}.get(part, re.escape(part))
                      for part in re.findall(r"\[[^\]]*\]|.", mask))
    return re.fullmatch(pattern, code) is not None


class Office:
    """Everything of one administration; `broken` receives the rules that a request breaks."""

    DAYBOOKS = [("VRK", "Verkopen", SALES), ("INK", "Inkopen", PURCHASE), ("MEMO", "Memoriaal", MEMORIAL),
                ("VK", "Verkoopboek", SALES), ("IK", "Inkoopboek", PURCHASE), ("MEM", "Memoriaal twee", MEMORIAL),
                ("70", "Verkoop", SALES), ("60", "Inkoop", PURCHASE), ("90", "Memoriaal", MEMORIAL),
                ("BNK", "Bank", BANK)]
    LEDGER = [("BAS", "1100 1300 1500 1510 1520 1530 1600 3000".split()),
              ("PNL", "4500 4600 4990 7000 7010 7900 8000 8010 8020".split()),
              ("KPL", "KP10 KP20".split()), ("PRJ", ["KD1"]), ("AST", []), ("ACT", [])]
    VAT = {"VH": (SALES, 21, "1500"), "VL": (SALES, 9, "1510"), "VN": (SALES, 0, "1500"),
           "ICP": (SALES, 0, "1500"), "IH": (PURCHASE, 21, "1520"), "IL": (PURCHASE, 9, "1530"), "IN": (PURCHASE, 0, "1520")}
    CURRENCIES = ("EUR", "USD", "GBP")

    def __init__(self, simulator, code):
        self.simulator, self.code, self.modes = simulator, code, simulator.modes
        self.name = "Administratie " + code
        self.daybooks = {code: {"name": name, "category": category} for code, name, category in self.DAYBOOKS}
        self.dims = {type_: {code: "%s %s" % (type_, code) for code in codes} for type_, codes in self.LEDGER}
        self.relations = {"DEB": {}, "CRD": {}}
        self.transactions, self.numbers, self.closed = [], {}, set()
        self.serial = 0

    def broken(self, rule):
        self.simulator.break_rule(rule)

    # ---- relations

    def has(self, type_, code):
        return code in (self.relations[type_] if type_ in self.relations else self.dims.get(type_, {}))

    def check_shape(self, element, path="dimension"):
        """Unknown, empty and overlong elements; marks what is wrong."""
        allowed = DIMENSION.get(element.name)
        for child in element:
            if element.name == "address" and path.endswith("bank/address"):
                allowed = "field2 field3"
            if allowed is not None and child.name not in allowed.split():
                self.broken("<%s> is not known in %s" % (child.name, path))
                child.mark("Het element '%s' mag niet worden aangeleverd." % child.name)
            longest = LENGTHS.get(path.rpartition("/")[2] + "/" + child.name, LENGTHS.get(child.name, 128))
            if child.name == "name" and path == "dimension":
                longest = self.modes["name_max"]
            if len(child.text) > longest:
                child.mark("De waarde van '%s' is te lang (%d)." % (child.name, longest))
            if child.text and child.name in ENUMS and child.text not in ENUMS[child.name]:
                child.mark("De waarde van '%s' is ongeldig." % child.name)
            if child.name == "country" and child.text and not re.fullmatch("[A-Z]{2}", child.text):
                child.mark("Land is ongeldig.")
            self.check_shape(child, path + "/" + child.name)

    def write_dimension(self, sent, request):
        """The answer to one <dimension>, and the relation when nothing was wrong."""
        made = sent.copy()
        for name in set(made.attributes) - {"status"}:
            self.broken("attribute %s on dimension" % name)
        if made.attributes.get("status", "active") not in ("active", "deleted", "hide"):
            made.mark("De status is ongeldig.")
        if made.value("office") != self.code:
            made.mark("De administratie bestaat niet.")
        type_, code = made.value("type"), made.value("code")
        if type_ not in self.relations:
            made.mark("Het dimensietype is ongeldig.")
            return self.refused(made)
        self.check_shape(made)
        if made.child("code") is None:
            self.broken("a relation without a code is made anew each time")
            code = str(max([10000] + [int(c) for c in self.relations[type_] if c.isdigit()]) + 1)
            made.add("code", code)
        elif not code or len(code) > 16 or not fits(self.modes["masks"].get(type_, ""), code):
            made.child("code").mark("De code voldoet niet aan het formaat '%s'." % self.modes["masks"].get(type_, ""))
        if not made.value("name"):
            (made.child("name") or made).mark("Naam moet worden ingevuld.")
        self.check_parts(made, type_)
        if request.is_fault("refuse_message"):
            self.refuse_with(made, request)
        if made.marked():
            return self.refused(made)
        self.keep(type_, code, sent)
        self.simulator.journal.append({"office": self.code, "type": type_, "code": code})
        answer = self.read_relation(type_, code)
        answer.attributes.update(status=made.attributes.get("status", "active"), result="1")
        return answer

    def check_parts(self, made, type_):
        financials = made.child("financials") or Element("financials")
        if type_ == "CRD" and (made.child("creditmanagement") or financials.child("collectmandate")):
            (made.child("creditmanagement") or made).mark("Kredietbeheer hoort bij debiteuren.")
        days = financials.child("duedays")
        if days is not None and not re.fullmatch(r"\d{1,3}", days.text):
            days.mark("Het aantal vervaldagen is ongeldig.")
        if financials.value("ebilling") == "true" and not financials.value("ebillmail"):
            financials.child("ebilling").mark("Het e-mailadres mag niet leeg zijn.")
        if financials.value("meansofpayment") and \
                (financials.value("meansofpayment") == "paymentfile") != (financials.value("payavailable") == "true"):
            financials.child("meansofpayment").mark("De betaalwijze past niet bij 'payavailable'.")
        account = financials.value("substitutewith")
        if account and not self.has("BAS", account):
            financials.child("substitutewith").mark("Dimensie %s komt niet voor in administratie." % account)
        for parent in ("addresses", "banks"):
            parts = list(made.child(parent) or ())
            if parts and sum(part.attributes.get("default") == "true" for part in parts) != 1:
                made.child(parent).mark("Precies een regel is de standaard.")
            for part in parts:
                if set(part.attributes) - {"id", "default", "type", "blocked"}:
                    self.broken("unknown attribute on %s" % part.name)
                if part.name == "address" and part.value("field4") and \
                        not re.fullmatch(r"[A-Z]{2}[0-9A-Z]{2,13}", part.value("field4")):
                    part.child("field4").mark("Het btw-nummer is ongeldig.")
                id_ = part.attributes.get("id")
                if part.name == "bank" and id_ and id_ not in self.relations[type_].get(
                        made.value("code"), {"banks": {}})["banks"]:
                    self.broken("a new bank account has no id")
                if part.name == "address" and part.attributes.get("type") not in ("invoice", "postal", "contact"):
                    part.mark("Het adrestype is ongeldig.")

    def refuse_with(self, made, request):
        """A refusal that a test words: "path/to/element: text", or on the element itself."""
        path, _, text = request.fault_value("message", "Er is iets mis.").rpartition(": ")
        spot = made
        for name in filter(None, path.split("/")):
            kind = re.fullmatch(r"line\[(\w+)\]", name)
            found = spot.child(name) if not kind else next(
                (one for one in spot if one.attributes.get("type") == kind.group(1)), None)
            spot = found if found is not None else spot.add(name)
        spot.mark(text, request.fault_value("msgtype", "error"))

    def refused(self, made):
        made.attributes["result"] = "0"
        return made

    def keep(self, type_, code, sent):
        """Makes or changes a relation; what is left out of addresses and banks stays or goes by mode."""
        old = self.relations[type_].get(code)
        if old is None:
            old = self.relations[type_][code] = {"values": {}, "addresses": {}, "banks": {}, "status": "active"}
        old["status"] = sent.attributes.get("status", "active")
        for child in sent:
            if child.name in ("addresses", "banks"):
                self.keep_parts(old, child)
            elif child.name in ("financials", "creditmanagement"):
                for one in child:
                    old["values"][child.name + "/" + one.name] = one.copy()
            elif child.name not in ("office", "type", "code"):
                old["values"][child.name] = child.copy()
        if self.modes["party_update"] == "replace" and len(sent.children) > 3:
            for name in ("addresses", "banks"):
                if sent.child(name) is None:
                    old[name] = {}

    def keep_parts(self, old, sent):
        before, kept = old[sent.name], {}
        for part in sent:
            id_ = part.attributes.get("id")
            if id_ is None or sent.name == "banks" and id_ not in before:
                self.serial += 1
                id_ = str(max([int(k) for k in list(before) + list(kept)] + [0]) + 1)
            merged = dict(before.get(id_, {}).get("values", {})) if self.modes["party_update"] == "merge" else {}
            merged.update({one.name: one.text for one in part if not one.children})
            kept[id_] = {"values": merged, "default": part.attributes.get("default", "false"),
                         "type": part.attributes.get("type")}
        if self.modes["party_update"] == "merge":
            kept = dict(before, **kept)
            newest = [id_ for id_ in kept if kept[id_]["default"] == "true"]
            for id_ in newest[:-1]:
                kept[id_]["default"] = "false"
        old[sent.name] = kept

    def read_relation(self, type_, code):
        """A relation as it is read, with what may not be sent back."""
        kept = self.relations[type_][code]
        made = Element("dimension", "", {"status": kept["status"], "result": "1"})
        made.add("office", self.code, name=self.name, shortname="")
        made.add("type", type_, name="Debiteuren" if type_ == "DEB" else "Crediteuren", shortname=type_)
        made.add("code", code)
        made.add("uid", "00000000-0000-4000-8000-000000000001")
        for name in ("name", "shortname"):
            made.add(name, kept["values"][name].text if name in kept["values"] else "")
        made.add("inuse", "true" if self.lines_of(code) else "false")
        made.add("behaviour", "normal")
        made.add("touched", "1")
        made.add("beginperiod", "0")
        made.add("beginyear", "0")
        financials = made.add("financials")
        financials.add("matchtype", "customersupplier")
        financials.add("accounttype", "inherit")
        financials.add("subanalyse", "false")
        financials.add("level", "2")
        management = made.add("creditmanagement") if type_ == "DEB" else None
        for name, value in kept["values"].items():
            parent, _, own = name.partition("/")
            if own and (parent == "financials" or management is not None):
                (financials if parent == "financials" else management).children.append(value.copy())
            elif parent not in ("name", "shortname") and not own:
                made.children.append(value.copy())
        for parent, name in (("addresses", "address"), ("banks", "bank")):
            all_ = made.add(parent)
            for id_, part in kept[parent].items():
                one = all_.add(name, "", id=id_, default=part["default"], type=part["type"])
                for field, value in part["values"].items():
                    one.add(field, value)
        made.add("editdimensionname", "true")
        return made

    def lines_of(self, code):
        return any(line["dim2"] == code for t in self.transactions for line in t["lines"])

    # ---- transactions

    def write_transaction(self, sent, request):
        """The answer to one <transaction>, booked when nothing in it was wrong."""
        made = sent.copy()
        for name, value in list(made.attributes.items()):
            if name not in ATTRIBUTES or value not in ATTRIBUTES[name]:
                self.broken("attribute %s=%s on transaction" % (name, value))
                made.mark("Incorrecte XML - de bestemming is ongeldig")
        header, lines = made.child("header"), made.child("lines")
        if made.names() != ["header", "lines"]:
            self.broken("a transaction is a header and lines")
            made.mark("Incorrecte XML")
            return self.refused(made)
        if len(lines.children) >= 1000:
            self.simulator.too_many_lines()
        kind = self.check_header(header, made)
        if kind is not None:
            self.check_lines(lines, kind)
            if not made.marked() or self.only_codes(lines):
                self.check_balance(made, kind)
        if request.is_fault("refuse_message"):
            self.refuse_with(made, request)
        if self.warns(made) or made.marked() and self.errs(made):
            return self.refused(made)
        return self.book(made, sent, kind, request)

    @staticmethod
    def errs(made):
        return made.attributes.get("msgtype") == "error" or any(Office.errs(one) for one in made)

    @staticmethod
    def warns(made):
        """Whether a warning stands that was not silenced."""
        quiet = made.attributes.get("raisewarning", "true") == "false"
        return any(one.attributes.get("msgtype") == "warning"
                   and (one.attributes.get("raisewarning") or ("false" if quiet else "true")) == "true"
                   for one in [made] + list(made.child("header")))

    def check_header(self, header, made):
        names = header.names()
        if [name for name in HEADER if name in names] != names:
            self.broken("header: %s" % ", ".join(names))
        for one in header:
            if one.name not in HEADER:
                one.mark("Het element '%s' mag niet worden aangeleverd." % one.name)
            if set(one.attributes) - {"raisewarning", "msg", "msgtype", "result"} or \
                    "raisewarning" in one.attributes and one.name not in ("date", "invoicenumber"):
                self.broken("attributes on header/%s" % one.name)
            if not one.text and one.name not in ("currency", "period"):
                self.broken("header/%s is empty" % one.name)
        if header.value("office") != self.code:
            (header.child("office") or header).mark("De administratie bestaat niet.")
        if "number" in names:
            self.broken("a number makes the message an update")
            header.child("number").mark("Het boekstuknummer bestaat niet.")
        book = self.daybooks.get(header.value("code"))
        if book is None or book["category"] == BANK:
            (header.child("code") or header).mark("Dagboek %s bestaat niet." % header.value("code"))
            return None
        for name in NOT_IN_MEMORIAL.intersection(names) if book["category"] == MEMORIAL else ():
            self.broken("header/%s in a memorial" % name)
            header.child(name).mark("Het element '%s' mag niet worden aangeleverd." % name)
        if "regime" in names and book["category"] != MEMORIAL:
            header.child("regime").mark("Het element 'regime' mag niet worden aangeleverd.")
        self.check_dates(header)
        self.check_texts(header, book)
        if header.value("currency", "EUR") not in self.CURRENCIES and header.value("currency"):
            header.child("currency").mark("Valuta %s bestaat niet." % header.value("currency"))
        if header.child("invoicenumber") is not None:
            self.check_duplicate(header, book["category"])
        return book["category"]

    def check_dates(self, header):
        date, period = header.child("date"), header.value("period")
        if date is None or not is_date(date.text):
            self.broken("header/date is yyyymmdd")
            (date or header).mark("De datum is ongeldig.")
            return
        due = header.child("duedate")
        if due is not None and not is_date(due.text):
            self.broken("header/duedate is yyyymmdd")
            due.mark("De vervaldatum is ongeldig.")
        spot = header.child("period") if period else date
        if period and not re.fullmatch(r"\d{4}/\d\d", period):
            self.broken("header/period is yyyy/pp")
            header.child("period").mark("De periode is ongeldig.")
            return
        year, number = self.period_of(header)
        if year not in self.modes["years"] or number > 12 and number not in (13, 55):
            spot.mark("De periode %d/%02d bestaat niet." % (year, number))
        elif (year, number) in self.closed:
            spot.mark("De periode %d/%02d is afgesloten." % (year, number))
        elif period and (year, number) != (int(date.text[:4]), int(date.text[4:6])) and number not in (0, 13, 55):
            date.mark("De datum valt buiten periode %d/%02d." % (year, number), "warning")

    @staticmethod
    def period_of(header):
        period, date = header.value("period"), header.value("date")
        return (int(period[:4]), int(period[5:])) if period else (int(date[:4]), int(date[4:6]))

    def check_texts(self, header, book):
        for name in ("invoicenumber", "paymentreference"):
            one = header.child(name)
            if one is not None and len(one.text) > self.modes["reference_max"]:
                one.mark("De waarde van '%s' is te lang (%d)." % (name, self.modes["reference_max"]))
        for name in ("freetext1", "freetext2", "freetext3"):
            one = header.child(name)
            if one is not None and name not in self.modes["freetexts"]:
                one.mark("Het element '%s' mag niet worden aangeleverd." % name)
            elif one is not None and len(one.text) > self.modes["freetext_max"]:
                one.mark("De waarde van '%s' is te lang (%d)." % (name, self.modes["freetext_max"]))

    def check_duplicate(self, header, category):
        """The guard against double invoice numbers; how far it looks is not documented."""
        number, scope = header.value("invoicenumber"), self.modes["duplicates"]
        made = [t for t in self.transactions if t["kind"] == category and t["invoicenumber"] == number]
        if scope in ("daybook", "relation", "year"):
            made = [t for t in made if t["code"] == header.value("code")]
        if scope == "year":
            made = [t for t in made if str(t["year"]) == (header.value("period") or header.value("date"))[:4]]
        if scope in ("relation", "year"):
            party = self.simulator.current_party
            made = [t for t in made if t["lines"][0]["dim2"] == party]
        if made and scope != "off":
            header.child("invoicenumber").mark("Factuurnummer %s komt reeds voor." % number,
                                               self.modes["duplicate_msgtype"])

    def check_lines(self, lines, kind):
        kinds = [one.attributes.get("type") for one in lines]
        wanted = sorted(kinds, key=["total", "detail", "vat"].index) if set(kinds) <= {"total", "detail", "vat"} else None
        if kinds != wanted:
            self.broken("lines are total, detail, vat, in this order")
            lines.mark("De volgorde van de regels is ongeldig.")
            return
        if kinds.count("total") != (kind != MEMORIAL):
            self.broken("an invoice has one total line, a memorial none")
            lines.mark("De totaalregel ontbreekt of is dubbel.")
            return
        if len(kinds) < 2:
            self.broken("a transaction has at least two lines")
            lines.mark("Een transactie heeft ten minste twee regels.")
        if [one.attributes.get("id") for one in lines] != [str(n + 1) for n in range(len(kinds))]:
            self.broken("ids of lines count from 1")
        for line in lines:
            self.check_line(line, kind)

    def check_line(self, line, kind):
        type_ = line.attributes["type"]
        if line.name != "line" or set(line.attributes) - {"type", "id", "msg", "msgtype", "result"}:
            self.broken("lines/%s with %s" % (line.name, sorted(line.attributes)))
        if len(set(line.names())) != len(line.children):
            self.broken("an element twice in a line")
        for one in line:
            if one.name not in LINE or type_ not in ONLY_ON.get(one.name, (type_,)):
                self.broken("<%s> on a line of type %s" % (one.name, type_))
                one.mark("Het element '%s' mag niet worden aangeleverd." % one.name)
        if line.value("debitcredit") not in ("debit", "credit"):
            self.broken("debitcredit is debit or credit")
            line.mark("Debet/credit is ongeldig.")
        for name in ("value", "vatvalue", "basevalue", "vattotal", "vatturnover"):
            one = line.child(name)
            if one is not None and not MONEY.fullmatch(one.text):
                self.broken("%s is a positive amount" % name)
                one.mark("Het bedrag is ongeldig.")
        if line.child("value") is None:
            self.broken("a line without a value")
            line.mark("Bedrag moet worden ingevuld.")
        for name, most in (("description", self.modes["description_max"]), ("invoicenumber", 40), ("freechar", 1)):
            one = line.child(name)
            if one is not None and len(one.text) > most:
                one.mark("De waarde van '%s' is te lang (%d)." % (name, most))
        if line.child("invoicenumber") is not None and kind != MEMORIAL:
            self.broken("invoicenumber on a line of an invoice")
            line.child("invoicenumber").mark("Het element 'invoicenumber' mag niet worden aangeleverd.")
        if line.child("rate") is not None and self.modes["rate"] != "known":
            line.child("rate").mark("Het element 'rate' mag niet worden aangeleverd.")
        self.check_dims(line, type_, kind)
        self.check_vat(line, type_, kind)

    def unknown(self, line, name, code):
        spot = line.child(name) or line.add(name)
        spot.mark("Dimensie %s komt niet voor in administratie." % code if code else
                  "Dimensie %s moet altijd worden ingevuld." % name[3:])

    def check_dims(self, line, type_, kind):
        dim1, dim2, dim3 = (line.value("dim%d" % n) for n in (1, 2, 3))
        if type_ == "total":
            own = CONTROL[RELATION[kind]]
            absent = line.child("dim1") is None
            if dim1 and dim1 != own or not dim1 and absent != (self.modes["total_dim1"] == "omit"):
                self.unknown(line, "dim1", dim1)
            if not self.has(RELATION[kind], dim2):
                self.unknown(line, "dim2", dim2)
            elif self.relations[RELATION[kind]][dim2]["status"] != "active":
                self.unknown(line, "dim2", dim2)
            if dim3:
                self.unknown(line, "dim3", dim3)
            return
        control = {account: type_ for type_, account in CONTROL.items()}
        allowed = self.has("PNL", dim1) or self.has("BAS", dim1) and (kind == MEMORIAL or type_ == "vat")
        if not allowed or dim1 in control and kind != MEMORIAL:
            self.unknown(line, "dim1", dim1)
        elif dim1 in control:
            if not self.has(control[dim1], dim2):
                self.unknown(line, "dim2", dim2)
        elif dim2 and not self.has("KPL", dim2):
            self.unknown(line, "dim2", dim2)
        if dim3 and not (self.has("PRJ", dim3) or self.has("AST", dim3)):
            self.unknown(line, "dim3", dim3)

    def check_vat(self, line, type_, kind):
        code = line.child("vatcode")
        if code is None or not code.text:
            if line.child("vatvalue") is not None:
                self.broken("vatvalue without a vatcode")
                line.child("vatvalue").mark("Btw-bedrag zonder btw-code.")
            return
        found = self.VAT.get(code.text)
        if found is None:
            code.mark("Btw %s bestaat niet of is (nog) niet actief" % code.text)
        elif kind != MEMORIAL and found[0] != kind:
            code.mark("Btw-code %s is niet van het juiste type." % code.text)
        elif code.text == "ICP" and line.value("performancetype") not in ("goods", "services"):
            (line.child("performancetype") or line.add("performancetype")).mark("Prestatiesoort moet worden ingevuld.")

    @staticmethod
    def signed(line, name="value"):
        """Debit positive."""
        value = Decimal(line.value(name) or 0)
        return value if line.value("debitcredit") == "debit" else -value

    def tax(self, line):
        """VAT of a detail line, debit positive."""
        if line.value("vatcode") not in self.VAT:
            return Decimal(0)
        if line.child("vatvalue") is not None:
            return self.signed(line, "vatvalue")
        return cents(self.signed(line) * self.VAT[line.value("vatcode")][1] / 100)

    @staticmethod
    def only_codes(lines):
        """An unknown VAT code books no VAT, so the whole is out of balance, too, and says so first."""
        return all(one.name == "vatcode" for line in lines for one in line if "msg" in one.attributes) and \
            not any("msg" in line.attributes for line in lines) and "msg" not in lines.attributes

    def check_balance(self, made, kind):
        lines = list(made.child("lines"))
        own = any(line.attributes["type"] == "vat" for line in lines)
        total = sum(self.signed(line) for line in lines)
        if not own:
            total += sum(self.tax(line) for line in lines if line.attributes["type"] == "detail")
        if made.attributes.get("autobalancevat") == "true" and total and abs(total) <= 2 * CENT:
            self.broken("VAT is a cent off, and left to be balanced")
            return
        if total:
            made.mark("//".join("De boeking is niet in balans (%s). Verschil: %.2f." % (name, abs(total))
                                for name in ("transactievaluta", "basisvaluta", "rapportagevaluta")))

    # ---- booking

    def number_of(self, code, year):
        self.numbers[code, year] = self.numbers.get((code, year), 0) + 1
        return "%d%05d" % (year, self.numbers[code, year])

    def kept_line(self, at, line, kind):
        type_ = line.attributes["type"]
        dim1 = line.value("dim1") or (CONTROL[RELATION[kind]] if type_ == "total" else "")
        matchable = dim1 in CONTROL.values()
        value = self.signed(line)
        return {"id": at, "type": type_, "dim1": dim1, "dim2": line.value("dim2"), "dim3": line.value("dim3"),
                "value": value, "vatcode": line.value("vatcode"), "tax": self.tax(line) if type_ == "detail" else 0,
                "description": line.value("description"), "invoicenumber": line.value("invoicenumber"),
                "rate": Decimal(line.value("rate") or 1), "freechar": line.value("freechar"),
                "matchstatus": "available" if matchable else "notmatchable", "open": value if matchable else Decimal(0)}

    def vat_lines(self, lines):
        """The lines that the service books for VAT when none were sent."""
        sums = {}
        for line in lines:
            if line["type"] == "detail" and line["vatcode"]:
                sums[line["vatcode"]] = sums.get(line["vatcode"], 0) + line["tax"]
        return [{"id": len(lines) + at, "type": "vat", "dim1": self.VAT[code][2], "dim2": "", "dim3": "",
                 "value": value, "vatcode": code, "tax": Decimal(0), "description": "", "invoicenumber": "",
                 "rate": lines[0]["rate"], "freechar": "", "matchstatus": "notmatchable", "open": Decimal(0)}
                for at, (code, value) in enumerate(sums.items(), 1)]

    def book(self, made, sent, kind, request):
        header = made.child("header")
        lines = [self.kept_line(at, line, kind) for at, line in enumerate(made.child("lines"), 1)]
        if request.is_fault("drop_lines"):
            lines = lines[:-1]
        if request.is_fault("lose_account"):
            lines[-1]["dim1"] = ""
        if not any(line["type"] == "vat" for line in lines):
            lines += self.vat_lines(lines)
        for line in lines:
            if line["type"] == "total" or kind != MEMORIAL:
                line["invoicenumber"] = header.value("invoicenumber")
        year, period = self.period_of(header)
        values = {name: header.value(name) for name in HEADER}
        values.update(values, kind=kind, number=self.number_of(header.value("code"), year), year=year, period=period,
                      destiny=made.attributes.get("destiny", "temporary"), lines=lines,
                      currency=header.value("currency") or "EUR", inpdate=self.simulator.stamp(),
                      duedate=header.value("duedate") or self.due(header, lines, kind))
        self.transactions.append(values)
        self.simulator.journal.append({"office": self.code, "code": values["code"], "number": values["number"]})
        return self.transaction_element(values, "type", made)

    def due(self, header, lines, kind):
        if kind == MEMORIAL:
            return ""
        kept = self.relations[RELATION[kind]].get(lines[0]["dim2"], {"values": {}})["values"]
        days = int(kept["financials/duedays"].text) if "financials/duedays" in kept else 30
        return (datetime.datetime.strptime(header.value("date"), "%Y%m%d") + datetime.timedelta(days)).strftime("%Y%m%d")

    def transaction_element(self, kept, type_name, sent=None):
        """A transaction as it is answered: dims typed by `type` after a write, `dimensiontype` when read."""
        made = Element("transaction", "", {"result": "1", "location": kept["destiny"]})
        header = made.add("header")
        header.add("office", self.code, name=self.name, shortname="")
        header.add("code", kept["code"], name=self.daybooks[kept["code"]]["name"], shortname="")
        header.add("currency", kept["currency"], name=kept["currency"], shortname="")
        warned = sent.child("header").child("date") if sent is not None else None
        header.add("date", kept["date"], **({k: warned.attributes.get(k) for k in ("msgtype", "msg", "raisewarning")}
                                            if warned is not None else {}))
        header.add("period", "%d/%02d" % (kept["year"], kept["period"]))
        for name in ("invoicenumber", "paymentreference", "duedate"):
            if kept[name] or name == "invoicenumber" and kept["kind"] != MEMORIAL:
                header.add(name, kept[name])
        header.add("number", kept["number"])
        header.add("origin", "import")
        header.add("originreference")
        header.add("user", "API000001", name="Koppeling", shortname="")
        header.add("inputdate", kept["inpdate"])
        header.add("modificationdate", kept["inpdate"])
        for name in ("freetext1", "freetext2", "freetext3"):
            header.add(name, kept.get(name, ""))
        lines = made.add("lines")
        for line in kept["lines"]:
            self.line_element(lines, kept, line, type_name)
        return made

    def dim_type(self, code):
        found = [t for t in ("BAS", "PNL", "KPL", "PRJ", "AST", "DEB", "CRD") if self.has(t, code)]
        return found[0] if found else None

    def line_element(self, lines, kept, line, type_name):
        one = lines.add("line", "", type=line["type"], id=line["id"])
        party = {account: type_ for type_, account in CONTROL.items()}.get(line["dim1"])
        for name, kind in (("dim1", None), ("dim2", party), ("dim3", None)):
            if line[name]:
                one.add(name, line[name], **{"name": "", "shortname": "", type_name: kind or self.dim_type(line[name])})
        one.add("debitcredit", "debit" if line["value"] >= 0 else "credit")
        one.add("value", "%.2f" % abs(line["value"]))
        one.add("basevalue", "%.2f" % abs(cents(line["value"] * line["rate"])))
        one.add("rate", "%.9f" % line["rate"])
        if line["description"]:
            one.add("description", line["description"])
        if line["type"] == "total":
            tax = sum(other["value"] for other in kept["lines"] if other["type"] == "vat")
            one.add("vattotal", "%.2f" % abs(tax))
            one.add("vatbasetotal", "%.2f" % abs(cents(tax * line["rate"])))
        if line["vatcode"]:
            one.add("vatcode", line["vatcode"], name="", shortname="", type="")
        if line["type"] == "detail" and line["vatcode"]:
            one.add("vatvalue", "%.2f" % abs(line["tax"]))
        if line["invoicenumber"] and (kept["kind"] == MEMORIAL or type_name != "type"):
            one.add("invoicenumber", line["invoicenumber"])
        if line["matchstatus"] != "notmatchable":
            names = (("openvalue", "openbasevalue", "openrepvalue") if self.modes["open_names"] == "real" else
                     ("valueopen", "basevalueopen", "repvalueopen"))
            for name in names:
                one.add(name, "%.2f" % line["open"])
            one.add("relation" if type_name != "type" else "customersupplier", line["dim2"])
        one.add("matchstatus", line["matchstatus"])
        if line["matchstatus"] == "matched":
            nested = one.add("matches").add("set", "", status="matched").add("lines").add("line")
            nested.add("code", kept["code"])
            nested.add("dim1", "9999")

    # ---- what people do in the package

    def find(self, code, number):
        return next((t for t in self.transactions if (t["code"], t["number"]) == (code, number)), None)

    def pay(self, transaction, amount):
        """A bank line that is matched with an invoice, wholly or in part."""
        line = transaction["lines"][0]
        left = line["open"] if amount is None else Decimal(amount) * (1 if line["open"] >= 0 else -1)
        line["open"] -= left
        if not line["open"]:
            line["matchstatus"] = "matched"
        self.loose(line["dim1"], line["dim2"], -left)["lines"][0].update(matchstatus="matched", open=Decimal(0))

    def loose(self, account, party, value, code="BNK", invoice="", date="20260520", **more):
        """A line on a relation that belongs to no invoice."""
        line = {"id": 1, "type": "detail", "dim1": account, "dim2": party, "dim3": "", "value": Decimal(value),
                "vatcode": "", "tax": Decimal(0), "description": "Ontvangst", "invoicenumber": invoice,
                "rate": Decimal(1), "freechar": "", "matchstatus": "available", "open": Decimal(value)}
        made = dict({name: "" for name in HEADER}, kind=self.daybooks[code]["category"], code=code, date=date,
                    number=self.number_of(code, int(date[:4])), year=int(date[:4]), period=int(date[4:6]),
                    currency="EUR", destiny="final", inpdate=self.simulator.stamp(), duedate=date,
                    invoicenumber=invoice, lines=[line])
        made.update(more)
        if made["kind"] in RELATION:
            line["type"] = "total"
        self.transactions.append(made)
        return made
