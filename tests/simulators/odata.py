# SPDX-License-Identifier: MIT
"""The part of OData's query language that Exact Online speaks: types, $filter, values out.

Guids are lower case text, doubles Decimal, dates datetime; everything is checked
against the Edm type of the property, as the service does.
"""
import datetime
import re
from decimal import Decimal, InvalidOperation

EDM = {"s": "String", "g": "Guid", "d": "Double", "b": "Boolean", "t": "DateTime", "i": "Int32",
       "h": "Int16", "l": "Int64", "y": "Byte", "x": "Binary"}
RANGES = {"i": (-2**31, 2**31 - 1), "h": (-2**15, 2**15 - 1), "l": (-2**63, 2**63 - 1), "y": (0, 255)}
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(T(\d\d):(\d\d)(:(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?")
EPOCH = datetime.datetime(1970, 1, 1)


class QueryError(Exception):
    """Text as the service words it."""


def to_date(text):
    match = DATE.fullmatch(text)
    if not match:
        return None
    year, month, day, _, hour, minute, _, second = match.groups()[:8]
    try:
        return datetime.datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0),
                                 int(second or 0))
    except ValueError:
        return None


def from_json(kind, value):
    """The value of a property as stored; ValueError where its JSON is of another type."""
    if value is None:
        return None
    if kind == "b":
        good = isinstance(value, bool)
    elif kind in RANGES:
        low, high = RANGES[kind]
        good = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    elif kind == "d":
        return to_double(value)
    else:
        good = isinstance(value, str)
    if good and kind == "g":
        if not GUID.fullmatch(value):
            raise ValueError
        return value.lower()
    if good and kind == "t":
        value = to_date(value)
        good = value is not None
    if not good:
        raise ValueError
    return value


def to_double(value):
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise ValueError
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError from None
    if not number.is_finite():
        raise ValueError
    return number


def to_json(value):
    if isinstance(value, datetime.datetime):
        return "/Date(%d)/" % ((value - EPOCH).total_seconds() * 1000)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


# ---- $filter

TOKEN = re.compile(r"""\s*(?:
    (?P<g>guid'[^']*')|(?P<t>datetime'[^']*')|(?P<s>'(?:[^']|'')*')|
    (?P<l>-?\d+L)|(?P<d>-?\d+\.\d+[dDmM]?|-?\d+[dDmM])|(?P<i>-?\d+)|
    (?P<name>[A-Za-z_][A-Za-z_0-9]*)|(?P<mark>[(),]))""", re.X)
FUNCTIONS = {"trim": (1, "s", lambda a: a.strip()), "tolower": (1, "s", lambda a: a.lower()),
             "toupper": (1, "s", lambda a: a.upper()),
             "substringof": (2, "b", lambda a, b: a.lower() in b.lower()),
             "startswith": (2, "b", lambda a, b: a.lower().startswith(b.lower())),
             "endswith": (2, "b", lambda a, b: a.lower().endswith(b.lower()))}
OPERATORS = {"eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "gt": lambda a, b: a > b,
             "ge": lambda a, b: a >= b, "lt": lambda a, b: a < b, "le": lambda a, b: a <= b}
NUMBERS = "dihly"


class Filter:
    """A compiled $filter: test(row), and the properties that it names."""

    def __init__(self, text, types, type_name):
        self.text, self.types, self.type_name = text, types, type_name
        self.names = []
        self.tokens = self.split(text)
        self.at = 0
        self.test, kind = self.either()
        if self.at != len(self.tokens) or kind != "b":
            raise QueryError("Syntax error at position %d." % self.position())

    def split(self, text):
        tokens, at = [], 0
        while at < len(text.rstrip()):
            match = TOKEN.match(text, at)
            if not match:
                raise QueryError("Syntax error at position %d." % at)
            tokens.append((match.lastgroup, match.group(match.lastgroup), match.start()))
            at = match.end()
        return tokens

    def position(self):
        return self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)

    def accept(self, *words):
        if self.at < len(self.tokens) and self.tokens[self.at][1] in words:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def expect(self, word):
        if not self.accept(word):
            raise QueryError("'%s' expected at position %d." % (word, self.position()))

    def either(self):
        return self.joined("or", self.both, lambda a, b: lambda row: a(row) or b(row))

    def both(self):
        return self.joined("and", self.compared, lambda a, b: lambda row: a(row) and b(row))

    def joined(self, word, operand, join):
        left, kind = operand()
        while self.accept(word):
            right, other = operand()
            if kind != "b" or other != "b":
                raise QueryError("Operator '%s' incompatible with operand types" % word)
            left = join(left, right)
        return left, kind

    def compared(self):
        if self.accept("not"):
            inner, _ = self.compared()
            return (lambda row: not inner(row)), "b"
        left, kind = self.operand()
        word = self.accept(*OPERATORS)
        if not word:
            return left, kind
        right, other = self.operand()
        if not (kind == other or None in (kind, other) or (kind in NUMBERS and other in NUMBERS)):
            raise QueryError("Operator '%s' incompatible with operand types 'Edm.%s' and 'Edm.%s' at "
                             "position %d." % (word, EDM[kind], EDM[other], self.position()))
        operator = OPERATORS[word]

        def test(row):
            a, b = left(row), right(row)
            if isinstance(a, str) and isinstance(b, str):
                a, b = a.rstrip().lower(), b.rstrip().lower()
            if a is None or b is None:
                return word in ("eq", "ne") and operator(a, b)
            return operator(a, b)
        return test, "b"

    def operand(self):
        if self.at >= len(self.tokens):
            raise QueryError("Expression expected at position %d." % len(self.text))
        group, text, _ = self.tokens[self.at]
        self.at += 1
        if text == "(":
            inner = self.either()
            self.expect(")")
            return inner
        if group == "name":
            return self.named(text)
        if group == "mark":
            raise QueryError("Expression expected at position %d." % self.position())
        value = self.literal(group, text)
        return (lambda row: value), group

    def literal(self, group, text):
        if group == "g":
            if not GUID.fullmatch(text[5:-1]):
                raise QueryError("Unrecognized 'Edm.Guid' literal '%s' in '%s'." % (text, self.text))
            return text[5:-1].lower()
        if group == "t":
            value = to_date(text[9:-1])
            if value is None:
                raise QueryError("Unrecognized 'Edm.DateTime' literal '%s' in '%s'."
                                 % (text, self.text))
            return value
        if group == "s":
            return text[1:-1].replace("''", "'")
        return Decimal(text.rstrip("LdDmM"))

    def named(self, name):
        if name in ("true", "false"):
            return (lambda row: name == "true"), "b"
        if name == "null":
            return (lambda row: None), None
        if self.accept("("):
            return self.call(name)
        if name not in self.types or self.types[name] == "c":
            raise QueryError("No property '%s' exists in type '%s' at position %d."
                             % (name, self.type_name, self.position()))
        self.names.append(name)
        kind = self.types[name]
        return (lambda row: row.get(name)), None if kind == "?" else kind

    def call(self, name):
        if name not in FUNCTIONS:
            raise QueryError("Unknown function '%s' at position %d." % (name, self.position()))
        count, kind, function = FUNCTIONS[name]
        operands = [self.operand()[0]]
        while self.accept(","):
            operands.append(self.operand()[0])
        self.expect(")")
        if len(operands) != count:
            raise QueryError("No applicable function '%s' at position %d." % (name, self.position()))
        return (lambda row: function(*(str(o(row) or "") for o in operands))), kind
