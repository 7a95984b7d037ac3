# SPDX-License-Identifier: MIT
"""Browsing at the Twinfield simulator: definitions, queries, rows."""
from decimal import Decimal

from twinfield_books import CONTROL, cents, fits
from twinfield_xml import Element

# field: (type, label, operator of a filter, None where there can be none)
FIELDS = {
    "fin.trs.head.office": ("String", "Administratie", "equal"),
    "fin.trs.head.officename": ("String", "Adm.naam", None),
    "fin.trs.head.yearperiod": ("String", "Periode", "between"),
    "fin.trs.head.year": ("Decimal", "Jaar", None),
    "fin.trs.head.period": ("Decimal", "Per.", None),
    "fin.trs.head.code": ("String", "Dagboek", "equal"),
    "fin.trs.head.shortname": ("String", "Naam", None),
    "fin.trs.head.number": ("Decimal", "Boekingsnummer", "between"),
    "fin.trs.head.status": ("String", "Status", "equal"),
    "fin.trs.head.date": ("Date", "Boekdatum", None),
    "fin.trs.head.inpdate": ("Date", "Invoerdatum", "between"),
    "fin.trs.head.curcode": ("String", "Valuta", "equal"),
    "fin.trs.line.dim1": ("String", "Grootboek", "between"),
    "fin.trs.line.dim2": ("String", "Relatie", "between"),
    "fin.trs.line.dim2name": ("String", "Relatienaam", None),
    "fin.trs.line.valuesigned": ("Value", "Bedrag", "between"),
    "fin.trs.line.basevaluesigned": ("Value", "Euro", "between"),
    "fin.trs.line.repvaluesigned": ("Value", "Rapportage", "between"),
    "fin.trs.line.openvaluesigned": ("Value", "Openstaand bedrag", None),
    "fin.trs.line.openbasevaluesigned": ("Value", "Openstaand euro", None),
    "fin.trs.line.invnumber": ("String", "Factuurnummer", "equal"),
    "fin.trs.line.datedue": ("Date", "Vervaldatum", None),
    "fin.trs.line.matchstatus": ("String", "Betaalstatus", "equal"),
    "fin.trs.line.matchnumber": ("Decimal", "Betaalnummer", None),
    "fin.trs.line.matchdate": ("Date", "Betaaldatum", "between"),
    "fin.trs.line.availableforpayruns": ("String", "Beschikbaar", "equal"),
    "fin.trs.line.description": ("String", "Omschrijving", None),
    "fin.trs.line.debitcredit": ("String", "D/C", "equal"),
    "fin.trs.line.modified": ("String", "Wijzigingsdatum", "between"),
    "fin.trs.line.freetext1": ("String", "Vrij veld 1", None),
    "fin.trs.line.freetext2": ("String", "Vrij veld 2", None),
    "fin.trs.line.freetext3": ("String", "Vrij veld 3", None),
}
OLD = ("head.office head.yearperiod head.code head.shortname head.number head.status head.date line.dim2 line.dim2name "
       "head.curcode line.valuesigned line.basevaluesigned line.repvaluesigned line.openbasevaluesigned "
       "line.openvaluesigned line.invnumber line.datedue line.matchstatus line.matchnumber line.matchdate "
       "line.availableforpayruns line.modified").split()
NEW = ("head.office head.officename head.year head.period head.yearperiod head.code head.shortname head.number "
       "head.status head.date line.datedue line.invnumber head.curcode line.dim1 line.dim2 line.dim2name line.valuesigned "
       "line.basevaluesigned line.repvaluesigned line.openvaluesigned line.openbasevaluesigned line.matchstatus "
       "line.matchdate line.matchnumber line.modified line.freetext1 line.freetext2 line.freetext3").split()
DETAILS = ("head.office head.officename head.year head.period head.yearperiod head.code head.number head.status "
           "head.date head.curcode head.inpdate line.dim1 line.dim2 line.dim2name line.valuesigned "
           "line.basevaluesigned line.repvaluesigned line.debitcredit line.description line.invnumber line.freetext1 "
           "line.freetext2 line.freetext3").split()
LIST = ("head.yearperiod head.code head.shortname head.number head.status head.date head.inpdate line.dim1 line.dim2 "
        "head.curcode line.valuesigned line.basevaluesigned line.debitcredit line.invnumber line.description").split()
CODES = {"100": ("DEB", OLD), "200": ("CRD", OLD), "130_3": ("DEB", NEW), "230_2": ("CRD", NEW),
         "020": (None, LIST), "030_1": (None, DETAILS), "030_2": (None, DETAILS), "030_3": (None, DETAILS)}
# What the newer codes let be asked, as definitions of 130_1, 230_2, 030_2 and 030_3 that were recorded have it: never
# the office, nor an invoice number. The list of transactions, 020, has no office at all.
NEWER = {"head.yearperiod": "between", "head.code": "like", "head.status": "equal", "line.dim1": "between",
         "line.dim2": "between", "line.openvaluesigned": "between", "line.matchstatus": "equal"}
DETAILED = {"head.yearperiod": "between", "head.status": "equal", "head.inpdate": "between", "line.dim1": "between",
            "line.dim2": "between"}
ASKED = {"130_3": NEWER, "230_2": NEWER, "030_1": DETAILED, "030_2": DETAILED, "030_3": DETAILED,
         "020": {"head.yearperiod": "between", "head.code": "equal", "head.number": "between", "head.status": "equal",
                 "head.date": "between", "line.dim1": "between", "line.dim2": "between", "head.curcode": "equal",
                 "line.valuesigned": "between", "line.basevaluesigned": "between", "line.debitcredit": "equal",
                 "line.invnumber": "equal", "line.description": "equal"}}
COLUMN = ["field", "label", "visible", "ask", "operator", "from", "to", "finderparam"]


class Refused(Exception):
    """A query that fails as a whole."""


def fields_of(code, modes):
    absent = set(modes["absent_columns"].get(code, ()))
    return ["fin.trs." + name for name in CODES[code][1] if name not in absent]


def operator_of(code, field):
    return ASKED[code].get(field[len("fin.trs."):]) if code in ASKED else FIELDS[field][2]


def known(code, modes):
    return code in CODES and code not in modes["absent_codes"]


def definition(code, office, modes):
    if not known(code, modes):
        return Element("browse", "", {"result": "0", "msgtype": "error", "msg": "De code %s bestaat niet." % code})
    made = Element("browse", "", {"result": "1"})
    made.add("office", office.code)
    made.add("code", code)
    made.add("name", "Overzicht " + code)
    made.add("shortname", code)
    made.add("visible", "true")
    columns = made.add("columns", "", code=code)
    for at, field in enumerate(fields_of(code, modes), 1):
        one, operator = columns.add("column", "", id=at), operator_of(code, field)
        one.add("field", field)
        one.add("label", FIELDS[field][1])
        one.add("visible", "true")
        one.add("ask", "true" if operator else "false")
        one.add("operator", operator or "none")
        one.add("from")
        one.add("to")
        one.add("finderparam")
    return made


class Query:
    def __init__(self, root, modes, broken):
        self.code, self.modes, self.broken = root.attributes.get("code", ""), modes, broken
        self.optimize = root.attributes.get("optimize", "false") == "true"
        if set(root.attributes) - {"code", "optimize", "outputformat"}:
            broken("unknown attributes of columns")
        if not known(self.code, modes):
            raise Refused("De code %s bestaat niet." % self.code)
        self.columns, self.filters = [], {}
        for at, one in enumerate(root):
            if one.name == "sort" and at == 0:
                self.sort(one)
            elif one.name == "column":
                self.column(one)
            else:
                broken("<%s> in columns" % one.name)
                raise Refused("Onbekend element %s." % one.name)
        office = "fin.trs.head.office"
        if office not in self.filters and office in fields_of(self.code, modes) and operator_of(self.code, office):
            broken("browsing without the office as a filter")
        if modes["browse_period"] == "wanted" and "fin.trs.head.yearperiod" not in self.filters:
            raise Refused("De periode moet worden ingevuld.")

    def sort(self, element):
        if not 1 <= len(element.children) <= 3:
            self.broken("sort has one to three fields")
        for field in element:
            if field.name != "field" or field.attributes.get("order") not in ("ascending", "descending"):
                self.broken("sort is fields with an order")
            self.known_field(field.text)

    def known_field(self, field):
        if field not in fields_of(self.code, self.modes):
            raise Refused("Het veld %s bestaat niet." % field)

    def column(self, one):
        names = one.names()
        if [name for name in COLUMN if name in names] != names or "field" not in names:
            self.broken("column: %s" % ", ".join(names))
        if set(one.attributes) - {"id"}:
            self.broken("unknown attributes of a column")
        field = one.value("field")
        self.known_field(field)
        if one.value("visible", "true") == "true":
            self.columns.append(field)
        elif self.code in ("100", "200"):
            self.broken("an invisible column of %s loses the open values" % self.code)
        operator = one.value("operator", "none")
        if operator == "none":
            if one.value("from") or one.value("to"):
                self.broken("a filter without an operator on " + field)
            return
        if operator != operator_of(self.code, field):
            self.broken("%s on %s of %s" % (operator, field, self.code))
            raise Refused("De operator %s is niet toegestaan op %s." % (operator, field))
        if one.value("ask") != "true" or "from" not in names or "to" not in names:
            self.broken("a filter needs ask, from and to: " + field)
        if one.value("from") or one.value("to"):
            self.filters[field] = (operator, one.value("from"), one.value("to"))

    def takes(self, row):
        for field, (operator, low, high) in self.filters.items():
            have = row[field]
            if operator == "equal" and have != low and not (field.endswith("status") and low == "normal"):
                return False
            if operator == "like" and not fits(low, have):
                return False
            if operator == "between":
                if FIELDS[field][0] == "Value":
                    inside = (not low or Decimal(have) >= Decimal(low)) and (not high or Decimal(have) <= Decimal(high))
                else:
                    inside = (not low or have >= low) and (not high or have <= high)
                if not inside:
                    return False
        return True


def rows(query, offices, modes):
    """Every ledger line that a code shows, as field → text."""
    type_ = CODES[query.code][0]
    for office in offices:
        for kept in office.transactions:
            for line in kept["lines"]:
                if type_ is None or line["dim1"] == CONTROL[type_]:
                    row = row_of(office, kept, line)
                    if query.takes(row):
                        yield row, (office.code, kept["code"], kept["number"], str(line["id"]))


def row_of(office, kept, line):
    text = {
        "head.office": office.code, "head.officename": office.name, "head.code": kept["code"], "head.shortname": "",
        "head.yearperiod": "%d/%02d" % (kept["year"], kept["period"]), "head.year": str(kept["year"]),
        "head.period": str(kept["period"]), "head.number": kept["number"], "head.status": kept["destiny"],
        "head.date": kept["date"], "head.inpdate": kept["inpdate"][:8], "head.curcode": kept["currency"],
        "line.dim1": line["dim1"], "line.dim2": line["dim2"], "line.dim2name": "Relatie",
        "line.valuesigned": "%.2f" % line["value"], "line.repvaluesigned": "%.2f" % cents(line["value"] * line["rate"]),
        "line.basevaluesigned": "%.2f" % cents(line["value"] * line["rate"]),
        "line.openvaluesigned": "%.2f" % line["open"],
        "line.openbasevaluesigned": "%.2f" % cents(line["open"] * line["rate"]),
        "line.invnumber": line["invoicenumber"], "line.datedue": kept["duedate"],
        "line.matchstatus": line["matchstatus"], "line.matchnumber": "", "line.matchdate": "",
        "line.availableforpayruns": "true", "line.description": line["description"],
        "line.debitcredit": "debit" if line["value"] >= 0 else "credit", "line.modified": kept["inpdate"],
        "line.freetext1": kept.get("freetext1", ""), "line.freetext2": kept.get("freetext2", ""),
        "line.freetext3": kept.get("freetext3", "")}
    return {"fin.trs." + name: value for name, value in text.items()}


def answer(query, found, total, names="nl"):
    """<browse> with a header row, rows and keys, in the order of the columns asked for."""
    made = Element("browse", "", {"result": "1", "first": "1", "last": str(len(found)), "total": str(total)})
    head = made.add("th")
    for field in query.columns:
        head.add("td", field, label=FIELDS[field][1], hideforuser="false", type=FIELDS[field][0])
    for row, key in found:
        one = made.add("tr")
        columns = query.columns
        if query.modes["td_order"] == "reversed" and not query.optimize or query.modes["td_order"] == "always_reversed":
            columns = columns[::-1]
        for field in columns:
            if query.modes["td_order"] == "gaps" and not row[field] and not query.optimize:
                continue
            more = {} if query.optimize else {"field": field, "hideforuser": "false", "type": FIELDS[field][0]}
            if FIELDS[field][0] == "Date" and row[field]:
                more["name"] = "%s-%s-%s" % (row[field][6:], row[field][4:6], row[field][:4])
            one.add("td", row[field], **more)
        keys = one.add("key")
        for name, value in zip(("office", "code", "number", "line"), key):
            keys.add(name, value)
    return made
