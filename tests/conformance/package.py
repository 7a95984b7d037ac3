# SPDX-License-Identifier: MIT
"""What the suite must know of an accounting package: one class each, the cases are shared.

Books are told in the words of the canonical record, so that a case compares what a file
said with what the package holds, whatever the package calls it.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'simulators'))


def listed(page):
    """(words, code) of the table of messages in docs/, where a booking can bring them."""
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', page)
    with open(page, encoding='utf-8') as file:
        rows = re.findall(r"^\| (`.*?) \| `(\w+)`[^|]* \|", file.read(), re.M)
    return [(words.replace('…', '123').strip(), code) for cell, code in rows
            if code not in ('auth_required', 'rate_limited', 'booked_differs')
            for words in re.findall(r'`([^`]+)`', cell) if ' ' in words.strip()]


class Package:
    """A simulator, a configuration for it, and its books in our words."""

    name = ''
    # The codes that the records of the suite use, and what the package calls them.
    maps = {'journals': {}, 'vat': {}, 'accounts': {}, 'cost_centres': {}, 'cost_units': {},
            'payment_conditions': {}}
    simulator = None      # its class
    secrets = ('access-', 'refresh-')  # texts that may stand nowhere, beside the client's secret
    codes = 0             # consent codes that were asked for
    offer = ''            # regex on "METHOD path" of what books an invoice or a memorial
    offer_sales = ''      # regex on what books a sales invoice
    token = ''            # regex on what renews the login
    lookup = ''           # regex on a request that only reads
    update = ''           # regex on what changes a relation, of one that has `name_max`
    outstanding = ''      # regex on the requests for open items
    narrow = 40           # requests a minute, too few for fifty records
    lookups_allowed = 10  # requests of an export beside one a record
    most_lines = 10000    # of an entry
    page = 60             # rows of an answer that one more page would follow
    import_allowed = 12   # requests for 10,000 open items
    refusal = ''          # the fault that refuses with a message
    renews_early = False  # whether a login can be renewed at any time
    error_allowance = True  # whether too many errors shut us out
    takes_nameless = True  # entries without a number of their own
    memorial_journals_refuse_vat = True
    lost_account = ''     # the fault that loses a line's account without a word
    errors_inside = []    # modes in which an error may stand in an answer of 2xx
    closed_code = ''      # the message code of a closed period
    bad_links = []        # modes in which a list goes on where it must not
    single = {}           # settings under which each record is a request of its own
    at_once = 1           # records that are marked as offered before a request of them
    tells_loose = True    # whether money without an invoice is told of
    open_pages = 7        # an import asks at least so often when its answers are short
    alike_modes = {}      # in which an invoice and its credit note may have one number
    code_modes = {}       # in which a relation's code may be anything
    opens_by_memorial = True  # a memorial line with a relation becomes an open item; else it pays an invoice
    odd_codes = ['0042', '42', 'JANSEN', "D'ARC & CO", 'é#%/?']  # that a relation may have
    cases = {}            # cases of the package's own

    # What a case wishes of the simulator, and its modes for that: pages (rows of an answer),
    # token_age and token_life (seconds), renewals (a day), per_minute (requests),
    # one_token (a renewal ends the access token before).
    wishes = {}
    closed = ''           # what a refusal for a closed period says of it, with {year} and {period}
    main_maps = {}        # for the files in tests/data/main

    def start(self, modes=None, **wishes):
        modes = dict(modes or {})
        for wish, value in wishes.items():
            modes.update({mode: value for mode in self.wishes[wish]})
        self.sim = self.simulator(**modes).start()
        self.secrets += (self.client_secret(),)
        return self

    def stop(self):
        self.sim.stop()

    def settings(self):
        """The keys of [integration NAME], beside those of the suite."""
        return {'client_id': self.sim.modes['client_id'], 'client_secret_file': 'secret.txt',
                'redirect_uri': self.sim.modes['redirect_uri'], 'url': self.sim.url}

    def client_secret(self):
        return self.sim.modes['client_secret']

    @property
    def url(self):
        return self.sim.url

    def readings(self):
        """(settings, modes) for each reading of what is not verified."""
        return [({}, {})]

    def renewals(self):
        """How often the login was renewed."""
        return self.sim.generation

    def expire_tokens(self):
        """Their time is over: a new one may be asked for."""
        self.sim.control(expire_tokens=True)

    def move(self):
        """The user goes to another company in the browser, where anything depends on that."""

    def placeholders(self):
        """What a dry run writes for ids that are not known yet → the ids."""
        return {}

    def code(self):
        """A fresh consent code."""
        self.codes += 1
        self.sim.control(code='code/%d' % (self.codes + 100))
        return 'code/%d' % (self.codes + 100)

    def refresh_token(self):
        """The refresh token that is good now."""
        return max(self.sim.refresh, key=self.sim.refresh.get)

    def entries(self):
        """All that is booked, each as entry() of records.py makes it."""
        raise NotImplementedError

    def parties(self):
        """code → {name, customer, supplier, ...}"""
        raise NotImplementedError

    def open_items(self):
        """What is open: (side, party, invoice) → (amount, outstanding), in Decimal."""
        raise NotImplementedError

    def messages(self):
        """(the package's words, our code) as the manual lists them."""
        raise NotImplementedError

    def refusal_with(self, words):
        """What else the refusal with this message says."""
        return {}

    def said(self, words):
        """How the message of a refusal is told."""
        return words

    def as_read(self, record, settings):
        """What the books can hold of a record under these settings."""
        return record

    def closed_until(self, reset):
        """The headers of an answer that says so (ms)."""
        raise NotImplementedError

    def writes(self, request):
        """Whether a request changes what the package holds."""
        return request['method'] != 'GET' and 'token' not in request['url'].lower()

    # ---- shared by all simulators that stand on base.py

    def fault(self, kind, match='', **more):
        self.sim.control(faults=[dict({'kind': kind, 'match': match}, **more)])

    def no_faults(self):
        self.sim.control(faults=[])

    def requests(self):
        return list(self.sim.requests)

    def violations(self):
        return list(self.sim.violations)

    def forget(self):
        self.sim.control(forget=True)
