# SPDX-License-Identifier: MIT
"""Twinfield, for the conformance suite."""
import re
from decimal import Decimal

import package
import twinfield
import twinfield_cases
from twinfield_books import CONTROL, MEMORIAL, PURCHASE, RELATION, SALES

KINDS = {SALES: 'sales_invoice', PURCHASE: 'purchase_invoice', MEMORIAL: 'memorial'}
WRITES = re.compile(r'(?:<|&lt;)(?:transactions?|dimensions?)[ >&]')


class Twinfield(package.Package):
    name = 'twinfield'
    simulator = twinfield.Simulator
    maps = {'journals': {'70': 'VRK', '60': 'INK', '90': 'MEMO', '91': '90'}, 'vat': {'H': 'VH', 'L': 'VL', 'I': 'IH'},
            'accounts': {'800': '8000', '801': '8010', '450': '4500'}, 'cost_centres': {'C1': 'KP10'},
            'cost_units': {'P1': 'KD1'}, 'payment_conditions': {'30D': '30'}}
    offer = r' transactions? '
    most_lines = 998  # and the relation's own
    offer_sales = r' transactions? sales'
    lookup = r' (read|list|columns|Search) '
    outstanding = r' columns '
    token = r'^POST /auth/authentication/connect/token'
    other = '002'
    refusal = 'refuse_message'
    renews_early = True      # a login can be renewed at any time
    error_allowance = False  # refusals cost credits, and no more than that
    memorial_journals_refuse_vat = False
    lost_account = 'lose_account'
    errors_inside = [{}]     # a refusal always stands in an answer of 200
    main_maps = {'vat': {'0': 'VN', '1': 'VL', '2': 'VH', '5': 'IL', '6': 'IH'},
                 'accounts': {'7000': '7900', '7010': '7900', '4990': '7900'}}
    closed = '{year}/{period:02d}'
    single = {'batch': '1'}
    at_once = 25
    narrow = 25              # credits
    tells_loose = False
    alike_modes = {'duplicates': 'off'}
    open_pages = 4
    wishes = {'pages': ('finder_rows',), 'token_age': (), 'token_life': ('token_life',), 'renewals': (),
              'per_minute': ('client_credits',), 'one_token': ('old_access_dies',)}
    cases = twinfield_cases.CASES

    def settings(self):
        return dict(super().settings(), administration='001', credits=1000000)

    def readings(self):
        """Each point that is not verified, in each reading."""
        return [({}, {'company_id': 'required'}), ({'company_id': 'omit'}, {'company_id': 'refused'}),
                ({'total_dim1': 'omit'}, {'total_dim1': 'omit'}),
                ({'receivable_account': '1300', 'payable_account': '1600'}, {'total_dim1': 'omit'}),
                ({}, {'duplicates': 'daybook'}), ({}, {'duplicates': 'office'}), ({}, {'duplicates': 'off'}),
                ({}, {'duplicates': 'year'}),
                ({}, {'duplicate_msgtype': 'error'}), ({}, {'answer_order': 'reversed'}), ({}, {'root_result': False}),
                ({'read_back': 'lines'}, {'open_names': 'real'}), ({'read_back': 'lines'}, {'open_names': 'docs'}),
                ({}, {'party_update': 'merge'}), ({}, {'party_update': 'replace'}),
                ({'exchange_rate': 'omit'}, {'rate': 'unknown'}), ({'period': 'file'}, {}), ({'destiny': 'final'}, {}),
                ({'batch': '1'}, {}), ({'browse': 'old'}, {'absent_codes': ['130_3', '230_2']}),
                ({}, {'absent_codes': ['130_3', '230_2']}), ({'browse': 'new'}, {'absent_codes': ['100', '200']}),
                ({}, {'absent_columns': {'130_3': ['line.datedue'], '230_2': ['line.openvaluesigned']}}),
                ({}, {'browse_status': 'fault'}), ({}, {'browse_status': 'ignored'}),
                ({}, {'browse_period': 'empty_500'}), ({}, {'browse_period': 'wanted'}), ({}, {'td_order': 'reversed'}),
                ({}, {'td_order': 'always_reversed'}), ({}, {'td_order': 'gaps'}), ({}, {'absent_codes': ['020']}),
                ({}, {'cluster': 'slash'}), ({}, {'validation_login': 'basic'}), ({}, {'rotation': 'same'}),
                ({}, {'rotation': 'none'}), ({}, {'rate_headers': False}), ({}, {'fault_status': '200'}),
                ({}, {'mask_request': 'finder', 'masks': {'DEB': '[0-9]*'}}),
                ({'memorial_key': 'freetext2'}, {'freetexts': ['freetext2']}),
                ({'memorial_key': 'invoicenumber'}, {'freetexts': []}), ({'memorial_key': 'none'}, {'freetexts': []})]

    def as_read(self, record, settings):
        record = dict(record)
        if settings.get('exchange_rate') == 'omit':
            record.pop('exchange_rate', None)
        return record

    def placeholders(self):
        return {'{access_token}': max(self.sim.access, key=self.sim.access.get)}

    def writes(self, request):
        return bool(request['body'] and WRITES.search(request['body']))

    def close_period(self, year, period):
        self.sim.control(close=[year, period])

    def open_periods(self):
        self.office.closed.clear()

    def closed_until(self, reset):
        return {'Retry-After': str(3 * 3600)}

    def messages(self):
        return package.listed('twinfield.md')

    def said(self, words):
        return words.rpartition(': ')[2]

    @property
    def office(self):
        return self.sim.first

    # ---- books

    def entry(self, kept):
        sign = -1 if kept['kind'] == SALES else 1
        lines = []
        for line in kept['lines']:
            if line['type'] != 'detail':
                continue
            own = line['dim1'] in CONTROL.values()
            lines.append({'account': line['dim1'], 'amount': sign * line['value'], 'vat_code': line['vatcode'],
                          'vat_amount': sign * Decimal(line['tax']), 'cost_centre': '' if own else line['dim2'],
                          'cost_unit': line['dim3'], 'description': line['description'],
                          'party': line['dim2'] if own else ''})
        memo = kept['kind'] == MEMORIAL
        return {'kind': KINDS[kept['kind']], 'journal': kept['code'], 'party': '' if memo else kept['lines'][0]['dim2'],
                'reference': '' if memo else kept['invoicenumber'], 'date': self.day(kept['date']),
                'due_date': self.day(kept['duedate']), 'currency': kept['currency'], 'rate': kept['lines'][0]['rate'],
                'total': sum(line['amount'] + line['vat_amount'] for line in lines), 'lines': lines}

    @staticmethod
    def day(text):
        return '-'.join((text[:4], text[4:6], text[6:])) if text else ''

    def entries(self):
        return [self.entry(kept) for kept in self.office.transactions if kept['office']]  # not by loose()

    def parties(self):
        found = {}
        for type_, relations in self.office.relations.items():
            for code, kept in relations.items():
                old = found.get(code, {'customer': False, 'supplier': False, 'bank_accounts': [], 'email': ''})
                address = next((a['values'] for a in kept['addresses'].values() if a['default'] == 'true'), {})
                accounts = [bank['values'].get('iban') or bank['values'].get('accountnumber', '')
                            for bank in kept['banks'].values()]
                assert len(accounts) == len(set(accounts)), 'an account twice: %s' % accounts
                days = kept['values'].get('financials/duedays')
                found[code] = {
                    'name': kept['values']['name'].text, 'customer': old['customer'] or type_ == 'DEB',
                    'supplier': old['supplier'] or type_ == 'CRD', 'address': address.get('field2', ''),
                    'postcode': address.get('postcode', ''), 'city': address.get('city', ''),
                    'country': address.get('country', ''), 'email': old['email'] or address.get('email', ''),
                    'payment_condition': days.text if days else '',
                    'bank_accounts': sorted(set(old['bank_accounts'] + accounts))}
        return found

    # ---- open items

    def open_items(self):
        found = []
        for kept in self.office.transactions:
            if kept['kind'] not in RELATION:
                continue
            line, sign = kept['lines'][0], 1 if kept['kind'] == SALES else -1
            if line['open']:
                found.append(((kept['kind'], line['dim2'], line['invoicenumber']),
                              (sign * line['value'], sign * line['open'])))
        return sorted(found)

    def item(self, reference):
        return next(kept for kept in self.office.transactions
                    if kept['kind'] in RELATION and kept['invoicenumber'] == reference)

    def pay(self, reference, amount):
        kept = self.item(reference)
        self.sim.control(pay={'code': kept['code'], 'number': kept['number'], 'amount': amount})

    def propose(self, reference):
        kept = self.item(reference)
        self.sim.control(propose={'code': kept['code'], 'number': kept['number']})

    def instalments(self, reference, parts):
        """An invoice is one item with one due date."""

    def unmatched(self, party, amount, supplier):
        self.sim.control(loose={'side': 'CRD' if supplier else 'DEB', 'party': party, 'amount': amount})

    def opening(self, items):
        """Invoices from before harmony."""
        for party, number, amount in items:
            self.sim.control(before={'party': party, 'number': number, 'amount': amount})

    def many_open(self, count):
        self.sim.control(open_items=count)
