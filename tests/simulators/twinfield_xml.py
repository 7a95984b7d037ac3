# SPDX-License-Identifier: MIT
"""Elements of Twinfield's inner XML: strict reading, and answers that carry their remarks."""
import xml.parsers.expat
from xml.sax.saxutils import escape

ENTITIES = {'"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
DEEPEST = 32


class Malformed(Exception):
    """Not XML at all."""


class Broken(Exception):
    """XML, but against a rule that is documented."""


class Element:
    def __init__(self, name, text="", attributes=None, children=()):
        self.name, self.text, self.attributes = name, text, dict(attributes or {})
        self.children = list(children)

    def __iter__(self):
        return iter(self.children)

    def child(self, name):
        return next((one for one in self.children if one.name == name), None)

    def value(self, name, default=""):
        found = self.child(name)
        return default if found is None else found.text

    def names(self):
        return [one.name for one in self.children]

    def add(self, name, text="", /, **attributes):
        self.children.append(Element(name, text, {k: str(v) for k, v in attributes.items() if v is not None}))
        return self.children[-1]

    def mark(self, text, kind="error"):
        """A remark on this element; several are joined as the service joins them."""
        old = self.attributes.get("msg")
        self.attributes.update(msgtype=kind, msg=old + "//" + text if old else text, result="0")

    def marked(self):
        return "msg" in self.attributes or any(one.marked() for one in self.children)

    def copy(self):
        return Element(self.name, self.text, self.attributes, [one.copy() for one in self.children])

    def xml(self):
        head = self.name + "".join(' %s="%s"' % (k, escape(v, ENTITIES)) for k, v in self.attributes.items())
        inside = escape(self.text) + "".join(one.xml() for one in self.children)
        return "<%s>%s</%s>" % (head, inside, self.name) if inside else "<%s/>" % head


def parse(text, compact=True, namespaces=False):
    """The root element. `compact`: white space between elements, and comments, are against the rules."""
    parser = xml.parsers.expat.ParserCreate("utf-8", " " if namespaces else None)
    parser.buffer_text = True
    stack, roots, broken = [], [], []

    def start(name, attributes):
        if len(stack) >= DEEPEST:
            raise Broken("elements nested too deeply")
        element = Element(name, "", attributes)
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)

    def end(_):
        element = stack.pop()
        if element.children and element.text:
            if element.text.strip():
                raise Broken("text beside elements in <%s>" % element.name)
            if compact:
                broken.append("white space between elements in <%s>" % element.name)
            element.text = ""

    def characters(data):
        if stack:
            stack[-1].text += data

    def refuse(what):
        def handler(*_):
            raise Broken(what)
        return handler

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = refuse("a DOCTYPE")
    parser.ProcessingInstructionHandler = refuse("a processing instruction")
    if compact:
        parser.CommentHandler = refuse("a comment")
    try:
        parser.Parse(text, True)
    except xml.parsers.expat.ExpatError as error:
        raise Malformed(str(error)) from error
    if broken:
        raise Broken(broken[0])
    return roots[0]
