# SPDX-License-Identifier: MIT
"""The books of one simulated Multivers administration: what is there, and what may be booked."""
import datetime
import re
from decimal import Decimal

from multivers_tables import PROXY, SHAPES

CENT = Decimal("0.01")
JOURNAL_TYPES = {"dutch": {1: "Verkoop", 2: "Inkoop", 3: "Memoriaal", 4: "Kas", 5: "Bank"},
                 "other": {10: "Verkoopboek", 20: "Inkoopboek", 30: "Memoriaalboek", 40: "Kasboek", 50: "Bankboek"}}
SEPA = "INC"


class Refusal(Exception):
    """A business rule: the words, and the path of the property."""

    def __init__(self, text, path="/"):
        super().__init__(text)
        self.text, self.path = text, path


class Broken(Refusal):
    """A refusal for what no client that knows the documentation would send."""


class Side:
    """What differs between customers and suppliers, and between their invoices."""

    def __init__(self, party, journal, plain, credit):
        self.party, self.journal, self.plain, self.credit = party, journal, plain, credit
        self.invoice, self.key = party + "Invoice", party.lower() + "Id"
        self.lines = party.lower() + "InvoiceLines"


CUSTOMERS, SUPPLIERS = Side("Customer", "VK", 0, 2), Side("Supplier", "IK", 1, 3)
SIDES = {side.party: side for side in (CUSTOMERS, SUPPLIERS)}


def parse_date(text, iso):
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})-(\d{4})( \d{1,2}:\d\d:\d\d)?", text)
    if found:
        return datetime.date(int(found[3]), int(found[2]), int(found[1]))
    if iso and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return datetime.date.fromisoformat(text)
    raise ValueError(text)


def passes_97(number):
    """The check of a Dutch VAT number: letters as 10 to 35, the whole of it 1 modulo 97."""
    return int("".join(str(int(c, 36)) for c in number)) % 97 == 1


class Administration:
    def __init__(self, modes, today):
        self.modes, self.today = modes, today
        self.years = {2024: 12, 2025: 12, 2026: modes["periods"]}
        self.closed = set()
        self.journals = {"VK": "VK", "IK": "IK", "MEM": "MEM", "90": "MEM", "70": "VK", "60": "IK", "BNK": "BNK"}
        self.accounts = {str(a): "Rekening %d" % a for a in (
            1300, 1500, 1510, 1520, 1530, 1600, 3000, 4500, 4600, 4990, 7000, 7010, 7900, 8000, 8010, 8020)}
        self.vat = {1: Decimal("9.00"), 2: Decimal("21.00"), 4: Decimal("21.00"), 5: Decimal("9.00")}
        self.scenarios = {"Customer": {6: "Verkoop Binnenland", 7: "Verkoop EU"},
                          "Supplier": {1: "Inkoop Binnenland", 2: "Inkoop EU"}}
        self.conditions = {"14": 14, "30": 30, SEPA: 30}
        self.centres, self.units = {"KP10": "Kantoor", "KP20": "Fabriek"}, {"KD1": "Project 1"}
        self.countries = {"NL": "Nederland", "BE": "België", "DE": "Duitsland"}
        if modes["countries"] == "own":
            self.countries = {"NL": "Nederland", "B": "België", "D": "Duitsland"}
        self.currencies = {"EUR": "Euro", "USD": "Dollar"}
        self.parties = {"Customer": {}, "Supplier": {}}
        self.invoices = {"Customer": [], "Supplier": []}
        self.fin_trans, self.last, self.banks, self.elsewhere = [], {}, [], set()
        self.organization = 100

    # ---- types

    def check_shape(self, name, row, path="/", whole=True):
        """Refuses what the shape does not know, another type, too long a text, what is missing."""
        known = SHAPES[name]
        for key, value in row.items():
            if key not in known:
                raise Broken("%s kent geen eigenschap %s." % (name, key), path + key)
            if value is not None:
                self.check_value(known[key].rstrip("*"), value, path + key)
        for key, kind in known.items():
            needed = kind.endswith("*") or (key == "shortName" and name == "Supplier" and
                                            self.modes["supplier_short_name"])
            if key == "creditSqueezeId" and self.modes["credit_squeeze"] == "required":
                needed = True
            if whole and needed and row.get(key) in (None, "", []):
                raise Refusal("%s is verplicht." % (key[:1].upper() + key[1:]), path + key)

    def check_value(self, kind, value, path):
        name = path.rpartition("/")[2]
        number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
        if kind == "ro" or (kind == "i" and number and value == int(value)):
            return
        if kind == "m" and number:
            if Decimal(value) != Decimal(value).quantize(CENT):
                raise Broken("%s heeft te veel decimalen." % name, path)
        elif kind[0] == "s" and kind[1:].isdigit() and isinstance(value, str):
            if len(value) > self.longest(kind, name):
                raise Broken("%s mag maximaal %d tekens bevatten." % (name, self.longest(kind, name)), path)
        elif kind == "d" and isinstance(value, str):
            self.check_date(value, name, path)
        elif kind[0] == "[" and isinstance(value, list):
            for at, one in enumerate(value):
                self.check_object(kind[1:-1], one, "%s/%d/" % (path, at))
        elif kind[0] == "x" and number:
            low, _, high = kind[1:].partition("..")
            if value != int(value) or not int(low) <= value <= int(high):
                raise Broken("%s moet tussen %s en %s liggen." % (name, low, high), path)
        elif not (kind == "b" and isinstance(value, bool)) and not (kind == "n" and number) and \
                value not in kind.split("|"):
            raise Broken("De waarde van %s heeft niet het juiste type." % name, path)

    def longest(self, kind, name):
        old = name == "description" and int(re.sub(r"\D", "", self.modes["version"])[:2]) <= 19
        return 30 if old else int(kind[1:])

    def check_date(self, value, name, path):
        if not value:
            return
        if not re.fullmatch(r"\d\d-\d\d-\d{4}", value) and not (
                self.modes["iso_dates"] and re.fullmatch(r"\d{4}-\d\d-\d\d", value)):
            raise Broken("De waarde van %s is geen geldige datum." % name, path)
        try:
            parse_date(value, True)
        except ValueError:
            raise Refusal("De waarde van %s is geen geldige datum." % name, path) from None

    def check_object(self, name, row, path):
        if not isinstance(row, dict):
            raise Broken("Hier hoort een object.", path)
        if name == "Entry":
            first = next(iter(row), "")
            found = [kind for kind in ("Basic", "Customer", "Supplier") if row.get("$type") == PROXY % kind]
            if first != "$type" or not found:
                raise Broken("Het type van de regel staat niet voorop of is niet bekend.", path)
            if found[0] == "Supplier" and self.modes["supplier_entry"] == "refused":
                raise Refusal("Het type van de regel is niet bekend.", path)
            name, row = found[0] + "Entry", {k: v for k, v in row.items() if k != "$type"}
        self.check_shape(name, row, path)

    # ---- shared checks

    def need(self, row, name, table, what, path="/"):
        if row.get(name) not in table:
            raise Refusal("%s '%s' bestaat niet." % (what, row.get(name)), path + name)

    def optional(self, row, name, table, what, path="/"):
        if row.get(name) not in (None, ""):
            self.need(row, name, table, what, path)

    def column(self, row, name, path, foreign):
        """The amount of one column in the currency of the document, `foreign` being its rate."""
        value, cur = row.get(name), row.get(name + "Cur")
        if foreign and cur is not None:
            if value not in (None, (Decimal(cur) * foreign).quantize(CENT)):
                raise Broken("%s staat in de valuta van de administratie." % name, path + name)
            value = cur
        elif (value or 0) != (cur or 0):
            raise Broken("%s en %sCur zijn niet gelijk." % (name, name), path + name)
        if (value or 0) < 0:
            raise Broken("%s mag niet negatief zijn." % name, path + name)
        return Decimal(value or 0)

    # ---- relations

    def check_party(self, side, row, old):
        self.check_shape(side.party, row, whole=not old or self.modes["partial_put"] == "clears")
        self.optional(row, "paymentConditionId", self.conditions, "Betalingsconditie")
        self.optional(row, "countryId", self.countries, "Land")
        self.optional(row, "currencyId", self.currencies, "Valuta")
        self.optional(row, "vatScenarioId", self.scenarios[side.party], "BTW-scenario")
        number = row.get("vatNumber") or ""
        if number and not re.fullmatch(r"[A-Z]{2}[0-9A-Z+*]{2,12}", number):
            raise Refusal("Het BTW-nummer is niet geldig.", "/vatNumber")
        if number.startswith("NL") and not re.fullmatch(r"NL\d{9}B\d\d", number):
            raise Refusal("Het BTW-nummer is niet geldig.", "/vatNumber")
        if number.startswith("NL") and self.modes["vat_number"] == "97" and not passes_97(number):
            raise Refusal("Het BTW-nummer voldoet niet aan de 97-proef.", "/vatNumber")
        if old and "journalId" in row and self.has_open(side, old[side.key]) and (
                self.modes["journal_code"] == "sent" or row["journalId"] != old["journalId"]):
            raise Refusal("Journaalcode mag niet gewijzigd worden.", "/journalId")
        group = side.party.lower() + "GroupId"
        if old and self.modes["journal_code"] == "group" and row.get(group, old[group]) != old[group] and \
                self.has_open(side, old[side.key]):
            raise Refusal("Journaalcode mag niet gewijzigd worden.", "/" + group)

    def has_open(self, side, key):
        return any(one[side.key] == key and one["_open"] for one in self.invoices[side.party])

    def make_party(self, side, row):
        self.check_party(side, row, None)
        table = self.parties[side.party]
        number = row.get(side.key) or str(1 + max((int(k) for k in table if k.isdigit()), default=2000))
        if number in table:
            raise Refusal("%s %s bestaat al." % (side.party, number), "/" + side.key)
        if row.get("organizationId") is None:
            self.organization += 1
        # What is there beside what was sent; the last two no published shape has, and an update must keep them.
        table[number] = dict({"journalId": side.journal, side.party.lower() + "GroupId": 1,
                              "organizationId": self.organization, "languageId": "NED", "messages": []},
                             **dict(row, **{side.key: number}),
                             rating=Decimal("0.12345678901234567890"),
                             freeFields=[{"naam": "Kleur \u00e9\u00e9n", "waarde": None}, 9007199254740993])
        return table[number]

    def change_party(self, side, row, key):
        old = self.parties[side.party][key]
        if row.get(side.key, key) != key:
            raise Refusal("De code mag niet gewijzigd worden.", "/" + side.key)
        self.check_party(side, row, old)
        lost = [k for k in old if k not in ("journalId", "messages") and k not in row and old[k] not in (None, "", [])]
        lost += [k for k in ("rating", "freeFields") if k in row and row[k] != old[k]]
        if lost:
            raise Broken("een wijziging zonder het hele object: %s" % ", ".join(lost), "/" + lost[0])
        kept = old if self.modes["partial_put"] == "keeps" else {"journalId": old["journalId"]}
        self.parties[side.party][key] = dict(kept, **row)
        return self.parties[side.party][key]

    def make_bank(self, row):
        self.check_shape("BankAccount", row)
        if not [one for side in SIDES for one in self.parties[side].values()
                if one["organizationId"] == row["organizationId"]]:
            raise Refusal("Organisatie bestaat niet.", "/organizationId")
        if not re.fullmatch(r"[A-Z]{2}\d\d[A-Z0-9]{4,30}", row.get("iban") or ""):
            raise Refusal("IBAN is niet geldig.", "/iban")
        self.banks.append(dict(row))
        return row

    # ---- journal transactions

    def numbers(self):
        yield from self.elsewhere
        for table in (*self.invoices.values(), self.fin_trans):
            for one in table:
                yield one["fiscalYear"], one["journalId"], one.get("journalTransaction")

    def next_transaction(self, year, journal):
        if self.last.get((year, journal), 0) >= 9999:
            raise Refusal("Een dagboek heeft maximaal 9999 transacties.", "/journalTransaction")
        return self.last.get((year, journal), 0) + 1

    def take_number(self, year, journal):
        """Another writer books something there."""
        number = self.next_transaction(year, journal)
        self.elsewhere.add((year, journal, number))
        self.last[year, journal] = number

    def check_header(self, row, kind):
        year, period, journal = row["fiscalYear"], row["periodNumber"], row["journalId"]
        if year not in self.years:
            raise Refusal("Boekjaar %s bestaat niet." % year, "/fiscalYear")
        if not 1 <= period <= self.years[year]:
            raise Refusal("Periode %s bestaat niet." % period, "/periodNumber")
        if (year, period) in self.closed:
            raise Refusal("Periode %d - %d is afgesloten." % (year, period), "/periodNumber")
        self.need(row, "journalId", self.journals, "Dagboek")
        if self.journals[journal] != kind:
            raise Refusal("Dagboek %s heeft niet de juiste dagboeksoort." % journal, "/journalId")
        self.optional(row, "currencyId", self.currencies, "Valuta")
        if row.get("openingBalance") or row.get("openingBalanceTransaction"):
            raise Broken("Boeken in de openingsbalans kan niet.", "/openingBalance")
        if "exchangeRate" in row and self.modes["exchange_rate"] != "known":
            raise Refusal("Wisselkoers mag niet gewijzigd worden.", "/exchangeRate")

    def number_of(self, row, another):
        """Takes the transaction's number, unless somebody has it; `another` writer may come first."""
        where = row["fiscalYear"], row["journalId"], row["journalTransaction"]
        if not 1 <= where[2] <= 9999:
            raise Refusal("Transactienummer moet tussen 1 en 9999 liggen.", "/journalTransaction")
        if another:
            self.elsewhere.add(where)
            self.last[where[:2]] = max(where[2], self.last.get(where[:2], 0))
        if self.modes["duplicates"] == "refused" and where in self.numbers():
            raise Refusal("Transactie %d bestaat al in dagboek %s." % (where[2], where[1]), "/journalTransaction")
        self.last[where[:2]] = max(where[2], self.last.get(where[:2], 0))

    def check_line(self, line, path):
        self.need(line, "accountId", self.accounts, "Grootboekrekening", path)
        self.optional(line, "costCentreId", self.centres, "Kostenplaats", path)
        self.optional(line, "costUnitId", self.units, "Kostendrager", path)
        self.optional(line, "vatCodeId", self.vat, "BTW-code", path)

    def columns(self, line, path, foreign):
        debit, credit = [self.column(line, name, path, foreign) for name in ("debitAmount", "creditAmount")]
        if debit and credit:
            raise Broken("Een regel is debet of credit.", path + "debitAmount")
        return debit - credit

    # ---- invoices

    def ledger_lines(self, side, row):
        """[(vat code, amount)], positive in the column that belongs to an invoice of this side."""
        foreign = row.get("currencyId") not in (None, "", "EUR") and Decimal(row.get("exchangeRate") or 1)
        sign = 1 if side is SUPPLIERS or self.modes["sales_lines"] == "debit" else -1
        found = []
        for at, line in enumerate(row[side.lines]):
            path = "/%s/%d/" % (side.lines, at)
            self.check_line(line, path)
            found.append((line.get("vatCodeId"), sign * self.columns(line, path, foreign)))
        return found

    def vat_of(self, side, row, lines):
        """The VAT of each code; what the VAT lines say, or what comes of the ledger lines."""
        by_code = {}
        for code, amount in lines:
            if code is not None:
                by_code[code] = by_code.get(code, Decimal(0)) + amount
        told = row.get("vatTransactionLines")
        if not told and row.get("autoCalculateVat") and by_code:
            if self.modes["auto_vat"] == "refused":
                raise Refusal("BTW-regels zijn verplicht.", "/vatTransactionLines")
            return {code: (amount * self.vat[code] / 100).quantize(CENT) for code, amount in by_code.items()}
        found = {}
        for at, line in enumerate(told or ()):
            path = "/vatTransactionLines/%d/" % at
            self.need(line, "vatCodeId", self.vat, "BTW-code", path)
            self.need(line, "vatScenarioId", self.scenarios[side.party], "BTW-scenario", path)
            code, turnover = line["vatCodeId"], Decimal(line["amountTurnoverCur"])
            if code in found or line["fiscalYear"] != row["fiscalYear"]:
                raise Broken("BTW-regels staan per BTW-code, in het boekjaar van de factuur.", path)
            if abs(turnover) != abs(by_code.get(code, Decimal(0))):
                raise Broken("De omzet van BTW-code %s is niet die van de regels." % code, path + "amountTurnoverCur")
            found[code] = Decimal(line["vatAmountCur"])
            if turnover * found[code] < 0:
                raise Broken("Omzet en BTW hebben een ander teken.", path + "vatAmountCur")
        missing = [code for code in by_code if code not in found]
        if missing:
            raise Broken("Voor BTW-code %s is er geen BTW-regel." % missing[0], "/vatTransactionLines")
        return found

    def signed_total(self, side, row, lines, vat):
        """(net, VAT) as its sender must have meant it: a credit note negative."""
        kind, form = row.get("invoiceType", side.plain), self.modes["credit_notes"]
        if kind not in (side.plain, side.credit) or (kind == side.credit and form == "column"):
            raise Refusal("Factuursoort is niet geldig.", "/invoiceType")
        net, tax = sum((amount for _, amount in lines), Decimal(0)), sum(vat.values(), Decimal(0))
        turned = kind == side.credit and form == "type"
        return (-net, -tax) if turned else (net, tax)

    def book_invoice(self, side, row, request):
        self.check_shape(side.invoice, row)
        self.check_header(row, side.journal)
        self.need(row, side.key, self.parties[side.party], side.party)
        self.need(row, "paymentConditionId", self.conditions, "Betalingsconditie")
        if side is SUPPLIERS and not self.parties["Supplier"][row["supplierId"]].get("paymentConditionId"):
            raise Refusal("De crediteur heeft geen betalingsconditie.", "/supplierId")
        self.optional(row, "vatScenarioId", self.scenarios[side.party], "BTW-scenario")
        if row.get("mandateId") and row["paymentConditionId"] != SEPA:
            raise Refusal("Er kan alleen een machtigingsnummer gekozen worden, wanneer een SEPA "
                          "betalingsconditie gekozen is", "/mandateId")
        if not re.fullmatch(r"\d{1,8}", row["invoiceId"]):
            raise Broken("Factuurnummer mag alleen cijfers bevatten.", "/invoiceId")
        if self.modes["duplicates"] == "refused" and row["invoiceId"] in [
                one["invoiceId"] for one in self.invoices[side.party]]:
            raise Refusal("Factuur %s bestaat al." % row["invoiceId"], "/invoiceId")
        lines = self.ledger_lines(side, row)
        vat = self.vat_of(side, row, lines)
        self.signed_total(side, row, lines, vat)
        self.number_of(row, request.is_fault("number_taken"))
        row = dict(row, **{side.lines: [dict(line) for line in row[side.lines]]})
        if request.is_fault("drop_lines"):
            row[side.lines].pop()
            lines.pop()
        if request.is_fault("lose_account"):
            row[side.lines][0]["accountId"] = ""
        return self.keep_invoice(side, row, lines, vat)

    def keep_invoice(self, side, row, lines, vat):
        net, tax = self.signed_total(side, row, lines, vat)
        if self.modes["due_dates"] == "condition":
            due = parse_date(row["invoiceDate"], True) + datetime.timedelta(self.conditions[row["paymentConditionId"]])
            row["invoiceExpirationDate"] = due.strftime("%d-%m-%Y")
        row.setdefault("invoiceType", side.plain)
        row.update(_vat=vat, _net=net, _tax=tax, _open=net + tax, canChange=True)
        self.invoices[side.party].append(row)
        return row

    def told_invoice(self, row):
        """With the totals as Multivers shows them."""
        net, tax = row["_net"], row["_tax"]
        if self.modes["credit_total"] == "positive" and net + tax < 0 and row["invoiceType"] in (2, 3):
            net, tax = -net, -tax
        rate = Decimal(row.get("exchangeRate") or 1)
        told = dict(row)
        for name, value in (("amountTotal", net + tax), ("totalAmountVatExcl", net), ("vatAmount", tax)):
            told.update({name: (value * rate).quantize(CENT), name + "Cur": value})
        return told

    # ---- memorial

    def pay(self, kind, key, payment, path):
        side = SIDES[kind]
        row = next((one for one in self.invoices[kind] if one["invoiceId"] == payment["invoiceId"]), None)
        if row is None or row[side.key] != key:
            raise Refusal("Factuur %s bestaat niet." % payment["invoiceId"], path + "invoiceId")
        return row, Decimal(payment["amountPaidCur"])

    def entry_amount(self, entry, path, paid):
        """The amount of one entry, positive for debit; payments are added to `paid`."""
        if entry["$type"] == PROXY % "Basic":
            self.check_line(entry, path)
            self.optional(entry, "vatScenarioId", {**self.scenarios["Customer"], **self.scenarios["Supplier"]},
                          "BTW-scenario", path)
            if entry.get("vatAmount") and (entry.get("vatCodeId") is None or "vatIncluded" not in entry):
                raise Broken("BTW zonder BTW-code of vatIncluded.", path + "vatAmount")
            amount = self.columns(dict(entry, debitAmountCur=entry.get("debitAmount"),
                                       creditAmountCur=entry.get("creditAmount")), path, False)
            tax = Decimal(entry.get("vatAmount") or 0)
            if tax < 0:
                raise Broken("vatAmount mag niet negatief zijn.", path + "vatAmount")
            return amount if entry.get("vatIncluded") else amount + (tax if amount > 0 else -tax)
        kind = "Customer" if entry["$type"] == PROXY % "Customer" else "Supplier"
        self.need(entry, SIDES[kind].key, self.parties[kind], kind, path)
        total = Decimal(0)
        for at, payment in enumerate(entry[kind.lower() + "EntryPayments"]):
            one = self.pay(kind, entry[SIDES[kind].key], payment, "%s%sEntryPayments/%d/" % (path, kind.lower(), at))
            paid.append(one)
            total += one[1]
        return -total if kind == "Customer" else total

    def book_fin_trans(self, row, request):
        self.check_shape("FinTrans", row)
        self.check_header(row, "MEM")
        paid = []
        amounts = [self.entry_amount(entry, "/finTransEntries/%d/" % at, paid)
                   for at, entry in enumerate(row["finTransEntries"])]
        if sum(amounts) and self.modes["unbalanced"] == "refused":
            raise Refusal("De transactie is niet in evenwicht.", "/finTransEntries")
        self.number_of(row, request.is_fault("number_taken"))
        row = dict(row, finTransEntries=[dict(entry) for entry in row["finTransEntries"]])
        if request.is_fault("drop_lines"):
            row["finTransEntries"].pop()
            amounts.pop()
        if request.is_fault("lose_account"):
            row["finTransEntries"][0]["accountId"] = ""
        for invoice, amount in paid:
            invoice["_open"] -= amount
        if self.modes["documents"] == "cut":
            row["document"] = row["document"][:5]
        elif self.modes["documents"] == "dropped":
            del row["document"]
        row.update(totalDebitAmount=sum((a for a in amounts if a > 0), Decimal(0)),
                   totalCreditAmount=-sum((a for a in amounts if a < 0), Decimal(0)))
        self.fin_trans.append(row)
        return row

    # ---- open items

    def row_of(self, side, row):
        """An invoice as the lists show it."""
        whole, left = row["_net"] + row["_tax"], row["_open"]
        if self.modes["credit_balance"] == "positive" and row["invoiceType"] in (2, 3):
            whole, left = -whole, -left
        if side is SUPPLIERS and self.modes["payables_sign"] == "negative":
            whole, left = -whole, -left
        late = parse_date(row["invoiceExpirationDate"], True) < self.today()
        told = {"invoiceId": row["invoiceId"], "invoiceReference": row.get("reference") or "",
                "paymentReference": row.get("paymentReference") or "", "invoiceDate": row["invoiceDate"],
                "invoiceExpirationDate": row["invoiceExpirationDate"], "fiscalYear": row["fiscalYear"],
                "journalId": row["journalId"], "currencyId": row.get("currencyId") or "EUR",
                "exchangeRate": Decimal(row.get("exchangeRate") or 1), "vatAmount": row["_tax"],
                "vatAmountCur": row["_tax"],
                "turnoverAmount": row["_net"], "daysOld": 0, "reminderCount": 0,
                # 0 open, 1 settled, 2 overdue: not what a request means by its state
                "state": (2 if late else 0) if row["_open"] else 1,
                "paymentConditionId": row["paymentConditionId"], "paymentDate": "", "payments": [],
                "isAdvance": row.get("_advance", False), side.key: row[side.key], side.party.lower() + "Name":
                self.parties[side.party][row[side.key]].get("name") or ""}
        for name, value in (("invoiceAmount", whole), ("invoiceBalance", left), ("settledAmount", whole - left),
                            ("rebateRemaining", Decimal(0)), ("creditSqueezeRemaining", Decimal(0))):
            told.update({name: value, name + "Cur": value})
        return told

    def invoice_rows(self, side, state, year=None, party=None):
        rows = [self.row_of(side, row) for row in self.invoices[side.party]
                if (year is None or row["fiscalYear"] == year) and (party is None or row[side.key] == party)]
        if self.modes["invoice_state"] == "answer":
            return [row for row in rows if row["state"] == state]
        return [row for row in rows if state == 0 or (state == 1) == (row["state"] != 1)]

    def add_invoice(self, side, party, number, amount, reference="", **more):
        """One that nobody sent: from before, made by hand, money in advance."""
        self.invoices[side.party].append(dict({
            "invoiceId": number, "reference": reference, side.key: party, "fiscalYear": 2026, "periodNumber": 1,
            "journalId": "EXT", "invoiceDate": "01-01-2026", "invoiceExpirationDate": "31-01-2026",
            "paymentConditionId": "30", "invoiceType": side.credit if Decimal(amount) < 0 and
            self.modes["credit_notes"] != "column" else side.plain, side.lines: [],
            "_vat": {}, "_net": Decimal(amount), "_tax": Decimal(0), "_open": Decimal(amount),
            "_foreign": True}, **more))
