# SPDX-License-Identifier: MIT
"""The administrations of the Exact Online simulator: first data, booking, payment terms."""
import datetime
import uuid
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
WORDS = {"mandatory": ("Verplicht", "Mandatory"), "reference": ("Ongeldige referentie", "Invalid reference"),
         "invalid": ("Ongeldig", "Invalid"), "forbidden": ("Niet toegestaan", "Not allowed"),
         "used": ("In gebruik", "In use"), "exists": ("Bestaat reeds", "Already exists"),
         "blocked": ("Geblokkeerd", "Blocked"), "closed": ("Periode is afgesloten", "Period is closed"),
         "unknown": ("Onbekend", "Unknown"), "long": ("Te lang", "Too long"),
         "journal": ("Dagboek", "Journal"), "customer": ("Klant", "Customer"),
         "supplier": ("Leverancier", "Supplier"), "account": ("Relatie", "Account"),
         "customer type": ("Klant (Type)", "Customer (Type)"),
         "supplier type": ("Leverancier (type)", "Supplier (type)"),
         "ledger": ("Grootboekrekening", "G/L Account"),
         "ledger type": ("Grootboekrekeningtype", "G/L account type"),
         "centre": ("Kostenplaats", "Cost center"), "unit": ("Kostendrager", "Cost unit"),
         "vat": ("Btw-code", "VAT-code"), "currency": ("Valuta", "Currency"),
         "condition": ("Betalingsconditie", "Payment condition"), "number": ("Boekstuknummer", "Entry number"),
         "rate": ("Wisselkoers", "Exchange rate"), "amount": ("Bedrag", "Amount"),
         "vat number": ("Btw-nummer", "VAT number"), "country": ("Land", "Country"),
         "year": ("Boekjaar (Periode-datumtabel)", "Financial year (Period-date table)"),
         "lines": ("Boekingsregels", "Entry lines"), "name": ("Naam", "Name"), "code": ("Code", "Code"),
         "description": ("Omschrijving", "Description"), "to": ("Tot", "To"), "from": ("Van", "From"),
         "your ref": ("Uw ref.", "Your ref."), "bank account": ("Bankrekening", "Bank account"),
         "invoice": ("Inkoopboeking", "Purchase entry"), "entry": ("Boeking", "Entry"), "id": ("ID", "ID"),
         "control": ("De klantenrekening van deze relatie is niet gelijk aan de rekening van het gebruikte "
                     "verkoopdagboek", "The supplier's Creditor G/L account does not match the one for the "
                     "selected Purchase journal")}
COUNTRIES = set("NL BE DE FR GB ES IT LU AT CH DK SE NO FI PL PT IE US CZ SK HU GR RO BG HR SI EE LV LT "
                "MT CY CA AU JP CN".split())
LIMITS = {"Name": ("name", 50), "Description": ("description", 60), "YourRef": ("your ref", 35)}


class Business(Exception):
    """A business rule said no: HTTP 500 with these texts, localised."""

    def __init__(self, *said):
        super().__init__(said)
        self.said = said


def cents(amount):
    return Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_UP)


def day(year, month, number):
    return datetime.datetime(year, month, number)


class Shape:
    """What differs between a sales and a purchase entry."""

    def __init__(self, resource, party, lines, journal_type, control_type, types, vat, sign, terms):
        self.resource, self.party, self.lines = resource, party, lines
        self.line_resource = resource.split("/")[0] + "/" + lines
        self.journal_type, self.control_type, self.types = journal_type, control_type, types
        self.vat, self.sign, self.terms = vat, sign, terms
        self.condition = "PaymentCondition" + ("Sales" if sign > 0 else "Purchase")
        self.control = "GLAR" if sign > 0 else "GLAP"


SALES = Shape("salesentry/SalesEntries", "Customer", "SalesEntryLines", 20, 20, (20, 21), "S", 1,
              "cashflow/Receivables")
PURCHASE = Shape("purchaseentry/PurchaseEntries", "Supplier", "PurchaseEntryLines", 22, 22, (30, 31), "P",
                 -1, "cashflow/Payments")
MEMORIAL = "generaljournalentry/GeneralJournalEntries"
MEMORIAL_LINES = "generaljournalentry/GeneralJournalEntryLines"
TRANSACTIONS = "financialtransaction/TransactionLines"


class Division:
    JOURNALS = [("70", "Verkoop", 20, {}), ("60", "Inkoop", 22, {}), ("90", "Memoriaal", 90, {"AllowVAT": True}),
                ("VK", "Verkoopboek", 20, {}), ("IK", "Inkoopboek", 22, {}),
                ("MEM", "Memoriaal zonder btw", 90, {"AllowVAT": False}), ("20", "Bank", 12, {}),
                ("72", "Verkoop binnenland", 20, {"AllowVariableCurrency": False,
                                                  "AllowVariableExchangeRate": False}),
                ("79", "Verkoop vervallen", 20, {"IsBlocked": True})]
    LEDGER = [("8000", "Omzet hoog", 110, "2", {}), ("8010", "Omzet laag", 110, "1", {}),
              ("8020", "Omzet nul", 110, "0", {}), ("8090", "Omzet vervallen", 110, None, {"IsBlocked": True}),
              ("4500", "Autokosten", 120, "4", {}), ("4600", "Projectkosten", 120, None, {"UseCostcenter": 1}),
              ("3000", "Voorraad", 40, None, {}), ("7900", "Inkoopverschillen", 111, None, {}),
              ("1100", "Bank", 12, None, {}), ("1300", "Debiteuren", 20, None, {}),
              ("1600", "Crediteuren", 22, None, {}), ("1500", "Btw af te dragen", 24, None, {}),
              ("1510", "Btw te vorderen", 24, None, {})]
    VAT = [("0", "Geen btw", "B", "0", "B", False), ("1", "Btw laag", "E", "0.09", "B", False),
           ("2", "Btw hoog", "E", "0.21", "B", False), ("3", "Btw hoog inclusief", "I", "0.21", "B", False),
           ("4", "Btw hoog inkoop", "E", "0.21", "P", False), ("5", "Btw hoog verkoop", "E", "0.21", "S", False),
           ("6", "Btw hoog inkoop, ook", "E", "0.21", "P", False),
           ("7", "Btw oud", "E", "0.19", "B", True)]
    CONDITIONS = [("00", "Contant", 0, 0, "K"), ("14", "14 dagen", 14, 0, "B"), ("30", "30 dagen", 30, 0, "B"),
                  ("IN", "Incasso", 14, 0, "I"), ("EM", "Einde maand", 15, 1, "B")]
    CENTRES = [("KP10", "Productie"), ("KP20", "Verkoop")]
    UNITS = [("KD1", "Project een")]
    CURRENCIES = [("EUR", "Euro"), ("USD", "Dollar")]

    def __init__(self, simulator, code, resources):
        self.simulator, self.code, self.currency = simulator, code, "EUR"
        self.description = "Administratie %d" % code
        self.tables = {name: {} for name in resources}
        self.numbers = {}
        self.hid = 0
        self.serial = 0
        self.seed()

    # ---- rows

    def guid(self):
        self.serial += 1
        return str(uuid.uuid5(uuid.NAMESPACE_URL, "%d/%d" % (self.code, self.serial)))

    def now(self):
        return datetime.datetime.utcfromtimestamp(int(self.simulator.now()))

    def add(self, resource, row, key=None):
        name = self.simulator.resources[resource].key
        row.setdefault(name, key or self.guid())
        row.setdefault("Division", self.code)
        row.setdefault("Created", self.now())
        row["Modified"] = self.now()
        self.tables[resource][row[name]] = row
        return row

    def find(self, resource, name, value):
        if isinstance(value, str):
            value = value.strip()
        for row in self.tables[resource].values():
            have = row.get(name)
            if (have.strip() if isinstance(have, str) else have) == value:
                return row
        return None

    def by_code(self, resource, code):
        return self.find(resource, "Code", code)

    def seed(self):
        for code, text, kind, vat, more in self.LEDGER:
            self.add("financial/GLAccounts", dict(
                {"Code": code, "Description": text, "Type": kind, "VATCode": vat and vat.ljust(3),
                 "BalanceSide": "C" if kind in (22, 24, 110) else "D", "UseCostcenter": 0, "UseCostunit": 0,
                 "BalanceType": "W" if kind >= 110 else "B", "IsBlocked": False, "SearchCode": code}, **more))
        for code, text, kind, more in self.JOURNALS:
            ledger = {20: "1300", 22: "1600", 12: "1100"}.get(kind)
            ledger = self.by_code("financial/GLAccounts", ledger) if ledger else None
            self.add("financial/Journals", dict(
                {"Code": code, "Description": text, "Type": kind, "Currency": self.currency,
                 "AllowVariableCurrency": True, "AllowVariableExchangeRate": True, "AllowVAT": kind != 90,
                 "IsBlocked": False, "GLAccount": ledger and ledger["ID"],
                 "GLAccountCode": ledger and ledger["Code"]}, **more))
        for code, text, kind, percentage, use, blocked in self.VAT:
            self.add("vat/VATCodes", {
                "Code": code.ljust(3), "Description": text, "Type": kind, "Percentage": Decimal(percentage),
                "VATTransactionType": use, "IsBlocked": blocked, "Charged": False,
                "GLToPay": self.by_code("financial/GLAccounts", "1500")["ID"],
                "GLToClaim": self.by_code("financial/GLAccounts", "1510")["ID"]})
        self.by_code("vat/VATCodes", "6")["Charged"] = self.simulator.modes["charged"]
        for code, text, days, months, method in self.CONDITIONS:
            self.add("cashflow/PaymentConditions", {
                "Code": code, "Description": text, "PaymentDays": days, "PaymentEndOfMonths": months,
                "PaymentMethod": method, "Percentage": Decimal(1)})
        for resource, rows in (("hrm/Costcenters", self.CENTRES), ("hrm/Costunits", self.UNITS),
                               ("general/Currencies", self.CURRENCIES)):
            for code, text in rows:
                self.add(resource, {"Code": code, "Description": text})
        for year in range(2023, 2028):
            for month in range(1, 13):
                after = day(year + month // 12, month % 12 + 1, 1)
                self.add("financial/FinancialPeriods", {
                    "FinYear": year, "FinPeriod": month, "StartDate": day(year, month, 1),
                    "EndDate": after - datetime.timedelta(1)})
        self.closed = {(2023, m) for m in range(1, 13)} | {(2024, 6)}

    # ---- references; each gives what is wrong as a Business

    def need(self, resource, what, code, name="Code"):
        row = self.find(resource, name, code) if code else None
        if row is None:
            raise Business(("reference", what))
        if row.get("IsBlocked"):
            raise Business(("blocked", what))
        return row

    def journal(self, code, kind):
        if not code:
            raise Business(("mandatory", "journal"))
        row = self.need("financial/Journals", "journal", code)
        if row["Type"] != kind:
            raise Business(("invalid", "journal"))
        return row

    def period(self, date, year, number):
        for row in self.tables["financial/FinancialPeriods"].values():
            if year is not None and number is not None:
                good = (row["FinYear"], row["FinPeriod"]) == (year, number)
            else:
                good = row["StartDate"] <= date < row["EndDate"] + datetime.timedelta(1)
            if good:
                if (row["FinYear"], row["FinPeriod"]) in self.closed:
                    raise Business(("closed", "%d - %d" % (row["FinYear"], row["FinPeriod"])))
                return row["FinYear"], row["FinPeriod"]
        raise Business(("unknown", "year"))

    def rate(self, data, name, journal):
        currency = (data.get("Currency") or journal["Currency"]).strip()
        self.need("general/Currencies", "currency", currency)
        if currency != journal["Currency"] and not journal["AllowVariableCurrency"]:
            raise Business(("forbidden", "currency"))
        if data.get(name) is not None and not journal["AllowVariableExchangeRate"]:
            raise Business(("forbidden", "rate"))
        default = Decimal(1) if currency == self.currency else Decimal("0.9")
        return currency, data[name] if data.get(name) is not None else default

    def entry_number(self, journal, year, wanted, table, journal_field):
        if wanted is not None and self.simulator.modes["entry_number"] == "honoured":
            for row in table.values():
                if (row["EntryNumber"], row[journal_field], row["_year"]) == (wanted, journal["Code"], year):
                    raise Business(("used", "number"))
            return wanted
        place = (journal["Code"], year)
        digits = journal["Code"] if journal["Code"].isdigit() else "99"
        first = int("%02d%s0001" % (year % 100, digits))
        taken = {row["EntryNumber"] for row in table.values() if row[journal_field] == journal["Code"]}
        number = self.numbers.get(place, first)
        while number in taken:
            number += 1
        self.numbers[place] = number + 1
        return number

    def entry_id(self, data, table):
        wanted = data.get("EntryID")
        if not wanted or self.simulator.modes["entry_id"] != "honoured":
            return self.guid()
        if wanted in table:
            raise Business(("exists", "id"))
        return wanted

    def texts(self, data):
        """Checks or cuts texts that are too long, in place."""
        for name, (what, limit) in LIMITS.items():
            text = data.get(name)
            if text is not None and len(text) > limit:
                if self.simulator.modes["overlong"] == "refuse":
                    raise Business(("long", what))
                data[name] = text[:limit]

    # ---- lines

    def line_ledger(self, line, control):
        if not line.get("GLAccount"):
            raise Business(("mandatory", "ledger"))
        ledger = self.need("financial/GLAccounts", "ledger", line["GLAccount"], "ID")
        if not control and ledger["Type"] in (20, 22):
            raise Business(("invalid", "ledger type"))
        for name, use, what, resource in (("CostCenter", "UseCostcenter", "centre", "hrm/Costcenters"),
                                          ("CostUnit", "UseCostunit", "unit", "hrm/Costunits")):
            if line.get(name):
                self.need(resource, what, line[name])
                if ledger[use] == 2:
                    raise Business(("forbidden", what))
            elif ledger[use] == 1:
                raise Business(("mandatory", what))
        return ledger

    def line_vat(self, line, ledger, allowed, use):
        code = line.get("VATCode")
        if code is None:
            code = ledger["VATCode"]
        if not code or not code.strip():
            return None
        if not allowed:
            raise Business(("forbidden", "vat"))
        vat = self.need("vat/VATCodes", "vat", code)
        if use and vat["VATTransactionType"] not in ("B", use):
            raise Business(("forbidden", "vat"))
        return vat

    def each_line(self, lines, check):
        """Checks all lines, so that all that is wrong is said at once."""
        said = []
        for number, line in enumerate(lines, 1):
            try:
                self.texts(line)
                check(number, line)
            except Business as wrong:
                said += [text for text in wrong.said if text not in said]
        if said:
            raise Business(*said)

    def fill_line(self, line, number, ledger, vat, rate):
        for name, resource in (("CostCenter", "hrm/Costcenters"), ("CostUnit", "hrm/Costunits")):
            code = line.get(name)
            line[name] = code or None
            line[name + "Description"] = self.by_code(resource, code)["Description"] if code else None
        line.update(LineNumber=number, GLAccountCode=ledger["Code"], GLAccountDescription=ledger["Description"],
                    VATCode=vat["Code"] if vat else None, VATPercentage=vat["Percentage"] if vat else None,
                    VATCodeDescription=vat["Description"] if vat else None)
        line["AmountDC"] = cents(line["AmountFC"] * rate)

    # ---- sales and purchase entries

    def invoice_party(self, shape, data, journal):
        what = shape.party.lower()
        if not data.get(shape.party):
            raise Business(("mandatory", what))
        party = self.tables["crm/Accounts"].get(data[shape.party])
        if party is None:
            raise Business(("reference", what))
        if party.get("Blocked"):
            raise Business(("blocked", what))
        good = party.get("Status") == "C" if shape is SALES else party.get("IsSupplier")
        if not good:
            raise Business(("invalid", what + " type"))
        if party.get(shape.control) and party[shape.control] != journal["GLAccount"]:
            raise Business(("control",))
        return party

    def due_date(self, data, shape, party):
        code = (data.get("PaymentCondition") or party.get(shape.condition) or "").strip()
        if not code:
            raise Business(("mandatory", "condition"))
        condition = self.need("cashflow/PaymentConditions", "condition", code)
        due = data["EntryDate"]
        for _ in range(condition["PaymentEndOfMonths"]):
            due = (due.replace(day=1) + datetime.timedelta(32)).replace(day=1) - datetime.timedelta(1)
        return condition, data.get("DueDate") or due + datetime.timedelta(condition["PaymentDays"])

    def invoice_line(self, line, number, shape, journal, rate):
        ledger = self.line_ledger(line, False)
        if line.get("AmountFC") is None:
            raise Business(("mandatory", "amount"))
        if (line.get("From") is None) != (line.get("To") is None):
            raise Business(("mandatory", "to" if line.get("To") is None else "from"))
        vat = self.line_vat(line, ledger, True, shape.vat)
        percentage = vat["Percentage"] if vat else ZERO
        amount, tax = cents(line["AmountFC"]), line.get("VATAmountFC")
        if vat and vat["Type"] == "I" and self.simulator.modes["inclusive"] == "gross":
            tax = cents(amount * percentage / (1 + percentage)) if tax is None else cents(tax)
            amount -= tax
        else:
            tax = cents(amount * percentage) if tax is None or not vat else cents(tax)
        line.update(AmountFC=amount, VATAmountFC=tax, VATAmountDC=cents(tax * rate),
                    VATBaseAmountFC=amount, VATBaseAmountDC=cents(amount * rate))
        line["_owed"] = ZERO if vat and vat["Charged"] and shape is PURCHASE else tax
        self.fill_line(line, number, ledger, vat, rate)

    def book_invoice(self, shape, data, lines, request):
        data, lines = dict(data), [dict(line) for line in lines]
        table = self.tables[shape.resource]
        journal = self.journal(data.get("Journal"), shape.journal_type)
        party = self.invoice_party(shape, data, journal)
        if not lines:
            raise Business(("mandatory", "lines"))
        self.texts(data)
        data["EntryDate"] = data.get("EntryDate") or self.now().replace(hour=0, minute=0, second=0)
        year, period = self.period(data["EntryDate"], data.get("ReportingYear"), data.get("ReportingPeriod"))
        currency, rate = self.rate(data, "Rate", journal)
        condition, due = self.due_date(data, shape, party)
        self.each_line(lines, lambda number, line: self.invoice_line(line, number, shape, journal, rate))
        tax = sum((line["_owed"] for line in lines), ZERO)
        total = sum((line["AmountFC"] for line in lines), ZERO) + tax
        self.refuse_duplicate(shape, data, total)
        kind = shape.types[1] if total < 0 else shape.types[0]
        if self.simulator.modes["type_writable"]:
            kind = data.get("Type") or shape.types[0]
            if kind not in shape.types:
                raise Business(("invalid", "entry"))
        number = self.entry_number(journal, year, data.get("EntryNumber"), table, "Journal")
        entry = self.entry_id(data, table)
        lines = self.spoil(lines, request)
        if request.is_fault("drop_lines"):
            tax = sum((line["_owed"] for line in lines), ZERO)
            total = sum((line["AmountFC"] for line in lines), ZERO) + tax
        data.update({"EntryID": entry, "EntryNumber": number, "Currency": currency, "Rate": rate,
                     "Journal": journal["Code"], "JournalDescription": journal["Description"],
                     shape.party + "Name": party["Name"], "DueDate": due, "Status": 20,
                     "StatusDescription": "Open", "Type": kind, "ReportingYear": year,
                     "ReportingPeriod": period, "_year": year, "PaymentCondition": condition["Code"],
                     "PaymentConditionDescription": condition["Description"],
                     "PaymentConditionPaymentMethod": condition["PaymentMethod"],
                     "InvoiceNumber": data.get("InvoiceNumber") or number, "AmountFC": total,
                     "AmountDC": cents(total * rate), "VATAmountFC": tax, "VATAmountDC": cents(tax * rate)})
        self.add(shape.resource, data)
        for line in lines:
            line.update(EntryID=entry, Type=kind, ID=self.guid())
            self.add(shape.line_resource, line)
        self.post_invoice(shape, data, lines, party, journal)
        return data, lines

    def spoil(self, lines, request):
        """Faults that lose a part of what is booked, as the service is rumoured to do."""
        if request.is_fault("drop_lines"):
            return lines[:max(len(lines) - request.fault_value("lines", 1), 0)]
        if request.is_fault("lose_account"):
            lines[-1].update(GLAccount=None, GLAccountCode=None, GLAccountDescription=None)
        return lines

    def refuse_duplicate(self, shape, data, total):
        mode = self.simulator.modes["sales_duplicates"]
        for row in self.tables[shape.resource].values():
            same = (row[shape.party] == data[shape.party]
                    and (row.get("YourRef") or "") == (data.get("YourRef") or ""))
            if shape is PURCHASE and same and (row["EntryDate"], row["AmountFC"]) == (data["EntryDate"], total):
                raise Business(("exists", "invoice"))
            if shape is SALES and mode == "refused" and same and data.get("YourRef"):
                raise Business(("exists", "your ref"))

    def transaction(self, entry, line_number, ledger, amount, rate, journal, **more):
        self.add(TRANSACTIONS, dict({
            "EntryID": entry["EntryID"], "EntryNumber": entry["EntryNumber"], "LineNumber": line_number,
            "GLAccount": ledger, "GLAccountCode": (self.tables["financial/GLAccounts"].get(ledger) or {}).get("Code"),
            "AmountFC": amount, "AmountDC": cents(amount * rate), "Currency": entry["Currency"],
            "ExchangeRate": rate, "JournalCode": journal["Code"], "Type": entry["Type"], "Status": 20,
            "FinancialYear": entry["_year"]}, **more))

    def post_invoice(self, shape, entry, lines, party, journal):
        """The balanced transaction and the payment term: debit is positive."""
        rate, sign = entry["Rate"], shape.sign
        common = {"Account": party["ID"], "AccountCode": party["Code"], "AccountName": party["Name"],
                  "Date": entry["EntryDate"], "YourRef": entry.get("YourRef"),
                  "InvoiceNumber": entry["InvoiceNumber"], "FinancialPeriod": entry["ReportingPeriod"],
                  "PaymentReference": entry.get("PaymentReference"), "DueDate": entry["DueDate"]}
        self.transaction(entry, 0, journal["GLAccount"], sign * entry["AmountFC"], rate, journal,
                         Description=entry.get("Description"), LineType=2, **common)
        for line in lines:
            self.transaction(entry, line["LineNumber"], line["GLAccount"], -sign * line["AmountFC"], rate,
                             journal, Description=line.get("Description"), Notes=line.get("Notes"), LineType=0,
                             VATCode=line["VATCode"], VATPercentage=line["VATPercentage"],
                             AmountVATFC=-sign * line["VATAmountFC"], CostCenter=line["CostCenter"],
                             CostUnit=line["CostUnit"], **common)
            if line["VATAmountFC"]:
                vat = self.by_code("vat/VATCodes", line["VATCode"])
                self.transaction(entry, line["LineNumber"], vat["GLToPay" if sign > 0 else "GLToClaim"],
                                 -sign * line["VATAmountFC"], rate, journal, LineType=5, **common)
                if line["_owed"] != line["VATAmountFC"]:
                    self.transaction(entry, line["LineNumber"], vat["GLToPay"], sign * line["VATAmountFC"], rate,
                                     journal, LineType=5, **common)
        self.term(shape, party, entry, entry["AmountFC"])

    # ---- general journal entries

    def memorial_line(self, line, number, journal, rate):
        ledger = self.line_ledger(line, True)
        amount = cents(line.get("AmountFC") or ZERO)
        if ledger["Type"] in (20, 22) and not line.get("Account"):
            raise Business(("mandatory", "account"))
        party = None
        if line.get("Account"):
            party = self.tables["crm/Accounts"].get(line["Account"])
            if party is None:
                raise Business(("reference", "account"))
        vat = self.line_vat(line, ledger, journal["AllowVAT"], None)
        tax = line.get("AmountVATFC")
        if tax is not None and not line.get("VATCode"):
            raise Business(("mandatory", "vat"))
        percentage = vat["Percentage"] if vat else ZERO
        if not vat:
            tax = ZERO
        elif tax is None:
            tax = amount * percentage / (1 + percentage) if vat["Type"] == "I" else amount * percentage
        tax = cents(tax)
        base = amount - tax if vat and vat["Type"] == "I" else amount
        line.update(AmountFC=amount, AmountVATFC=tax, AmountVATDC=cents(tax * rate), _base=base,
                    VATBaseAmountFC=base if vat else None, AccountCode=party and party["Code"],
                    AccountName=party and party["Name"], _type=ledger["Type"],
                    Date=line.get("Date") or self.now().replace(hour=0, minute=0, second=0))
        self.fill_line(line, number, ledger, vat, rate)

    def book_memorial(self, data, lines, request):
        data, lines = dict(data), [dict(line) for line in lines]
        table = self.tables[MEMORIAL]
        journal = self.journal(data.get("JournalCode"), 90)
        if not lines:
            raise Business(("mandatory", "lines"))
        currency, rate = self.rate(data, "ExchangeRate", journal)
        self.each_line(lines, lambda number, line: self.memorial_line(line, number, journal, rate))
        year, period = self.period(lines[0]["Date"], data.get("FinancialYear"), data.get("FinancialPeriod"))
        with_vat = self.simulator.modes["memorial_balance"] == "with_vat"
        off = sum((line["_base"] + line["AmountVATFC"] if with_vat else line["AmountFC"] for line in lines), ZERO)
        if off:
            raise Business(("unbalanced", year, period, currency, off))
        number = self.entry_number(journal, year, data.get("EntryNumber"), table, "JournalCode")
        data.update({"EntryID": self.entry_id(data, table), "EntryNumber": number, "Currency": currency,
                     "ExchangeRate": rate, "FinancialYear": year, "FinancialPeriod": period, "_year": year,
                     "JournalCode": journal["Code"], "JournalDescription": journal["Description"],
                     "Status": 20, "StatusDescription": "Open", "Type": 90, "TypeDescription": "Overig"})
        lines = self.spoil(lines, request)
        self.add(MEMORIAL, data)
        for line in lines:
            line.update(EntryID=data["EntryID"], EntryNumber=number, ID=self.guid())
            self.add(MEMORIAL_LINES, line)
            self.post_memorial_line(data, line, rate, journal)
        return data, lines

    def post_memorial_line(self, entry, line, rate, journal):
        common = {"Account": line.get("Account"), "AccountCode": line["AccountCode"], "Date": line["Date"],
                  "AccountName": line["AccountName"], "FinancialPeriod": entry["FinancialPeriod"]}
        self.transaction(entry, line["LineNumber"], line["GLAccount"], line["_base"], rate, journal, LineType=0,
                         Description=line.get("Description"), Notes=line.get("Notes"), VATCode=line["VATCode"],
                         CostCenter=line["CostCenter"], CostUnit=line["CostUnit"], **common)
        if line["AmountVATFC"]:
            vat = self.by_code("vat/VATCodes", line["VATCode"])
            ledger = vat["GLToClaim" if line["AmountVATFC"] > 0 else "GLToPay"]
            self.transaction(entry, line["LineNumber"], ledger, line["AmountVATFC"], rate, journal, LineType=5,
                             **common)
        if line["_type"] in (20, 22):
            shape = SALES if line["_type"] == 20 else PURCHASE
            party = self.tables["crm/Accounts"][line["Account"]]
            self.term(shape, party, dict(entry, EntryDate=line["Date"], DueDate=line["Date"], Rate=rate,
                                         Journal=entry["JournalCode"], Description=line.get("Description"),
                                         InvoiceNumber=0), shape.sign * line["AmountFC"])

    # ---- payment terms

    def term(self, shape, party, entry, amount, status=20, **more):
        """One payment term; amount is positive for an invoice that is open."""
        self.hid += 1
        sign = -1 if shape is SALES or self.simulator.modes["payables_sign"] == "negative" else 1
        rate = entry["Rate"]
        row = {"Account": party["ID"], "AccountCode": party["Code"], "AccountName": party["Name"],
               "AmountFC": sign * amount, "AmountDC": cents(sign * amount * rate), "Currency": entry["Currency"],
               "RateFC": rate, "Description": entry.get("Description"), "DueDate": entry["DueDate"],
               "EndDate": None, "EntryDate": entry["EntryDate"], "EntryID": self.guid(),
               "EntryNumber": entry["EntryNumber"], "InvoiceDate": entry["EntryDate"],
               "InvoiceNumber": entry["InvoiceNumber"], "Journal": entry["Journal"],
               "PaymentCondition": entry.get("PaymentCondition"),
               "PaymentMethod": entry.get("PaymentConditionPaymentMethod") or "B",
               "PaymentReference": entry.get("PaymentReference"), "Source": 1, "Status": status,
               "TransactionAmountFC": amount, "TransactionAmountDC": cents(amount * rate),
               "TransactionDueDate": entry["DueDate"], "TransactionEntryID": entry["EntryID"],
               "TransactionType": entry["Type"], "TransactionStatus": entry["Status"],
               "TransactionReportingYear": entry.get("_year"), "YourRef": entry.get("YourRef"),
               "IsFullyPaid": status == 50, "_hid": self.hid, "_open": amount,
               "_sign": sign}
        row.update(more)
        return self.add(shape.terms, row)

    def split(self, shape, row, amount, **more):
        """Takes an amount off a term; gives the new term that carries it."""
        self.hid += 1
        part = dict(row, ID=self.guid(), EntryID=self.guid(), _hid=self.hid)
        whole = row["_open"]
        for term, share in ((part, amount), (row, whole - amount)):
            term["_open"] = share
            term["AmountFC"] = term["_sign"] * share
            term["AmountDC"] = cents(term["AmountFC"] * row["RateFC"])
        part.update(more)
        return self.add(shape.terms, part)

    def terms_of(self, entry):
        for shape in (SALES, PURCHASE):
            rows = [row for row in self.tables[shape.terms].values()
                    if row["TransactionEntryID"] == entry and row["Status"] != 50]
            if rows:
                return shape, rows
        raise KeyError("no open payment term of entry %s" % entry)

    def pay(self, entry, amount=None):
        """Matches a payment with an entry, wholly or in part."""
        shape, rows = self.terms_of(entry)
        left = Decimal(amount) if amount is not None else sum(row["_open"] for row in rows)
        for row in rows:
            if not left:
                break
            part = row if abs(left) >= abs(row["_open"]) else self.split(shape, row, left)
            left -= part["_open"]
            part.update(Status=50, EndDate=self.now(), IsFullyPaid=True, LastPaymentDate=self.now())
        return {"left": str(left)}

    def instalments(self, entry, parts):
        """Splits the open term of an entry: [amount, days later]."""
        shape, rows = self.terms_of(entry)
        for amount, days in parts:
            due = rows[0]["DueDate"] + datetime.timedelta(days)
            self.split(shape, rows[0], Decimal(amount), DueDate=due)

    def unmatched(self, account, amount, supplier=False):
        """Money that came in, or went out, and belongs to no invoice yet."""
        shape = PURCHASE if supplier else SALES
        party = self.tables["crm/Accounts"][account]
        date = self.now().replace(hour=0, minute=0, second=0)
        entry = {"EntryID": self.guid(), "EntryNumber": self.entry_number(
            self.by_code("financial/Journals", "20"), date.year, None, {}, "Journal"), "EntryDate": date,
                 "DueDate": date, "Rate": Decimal(1), "Currency": self.currency, "Journal": "20",
                 "InvoiceNumber": 0, "Type": 40, "Status": 20, "_year": date.year}
        row = self.term(shape, party, entry, -Decimal(amount))
        return {"ID": row["ID"], "EntryID": entry["EntryID"]}

    def outstanding(self, shape):
        """The rows of ReceivablesList or PayablesList: positive is an open invoice."""
        sign = -1 if shape is PURCHASE and self.simulator.modes["payables_list_sign"] == "negative" else 1
        return {row["_hid"]: {
            "HID": row["_hid"], "AccountCode": row["AccountCode"], "AccountId": row["Account"],
            "AccountName": row["AccountName"], "Amount": sign * row["_open"], "AmountInTransit": ZERO,
            "CurrencyCode": row["Currency"], "Description": row["Description"], "DueDate": row["DueDate"],
            "EntryNumber": row["EntryNumber"], "Id": row["ID"], "InvoiceDate": row["InvoiceDate"],
            "InvoiceNumber": row["InvoiceNumber"], "JournalCode": row["Journal"], "YourRef": row["YourRef"]}
                for row in self.tables[shape.terms].values() if row["Status"] in (20, 30)}
