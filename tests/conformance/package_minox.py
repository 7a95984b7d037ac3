# SPDX-License-Identifier: MIT
"""Minox Boekhouden Online, for the conformance suite."""
from decimal import Decimal

import minox
import minox_cases
import package
from minox import GENERAL, PURCHASE, SALES


class Minox(package.Package):
    name = 'minox'
    most_lines = 8998  # and the relation's own
    simulator = minox.Simulator
    maps = {'journals': {'70': 'VK', '60': 'IK', '90': 'MEM', '91': '90'}, 'vat': {'H': '2', 'L': '1', 'I': '4'},
            'accounts': {'800': '8000', '801': '8010', '450': '4500'}, 'cost_centres': {'C1': '10'},
            'cost_units': {'P1': '7'}, 'payment_conditions': {'30D': '30'}}
    offer = r'^PUT .*/transaction_line_batch/'
    offer_sales = offer
    lookup = r'^GET /api/1/'
    update = r'^PATCH .*/customer'
    outstanding = r'^GET .*/(receivable|payable)'
    token = r'^POST /oauth/token'
    other = 2
    refusal = 'status_400_message'
    renews_early = True      # a login can be renewed at any time
    error_allowance = False  # nothing is known of one
    import_allowed = 14      # the relations' codes are two lists more
    memorial_journals_refuse_vat = False
    lost_account = 'lose_account'
    errors_inside = [{}, {'errors': '2xx'}, {'errors': '2xx', 'message_type': 'E'}]
    closed_code = 'MNX-0200'
    bad_links = ['elsewhere', 'circle']
    main_maps = {'vat': {'6': '4', '5': '1'}, 'accounts': {'7000': '7900', '7010': '7900', '4990': '7900'},
                 'cost_centres': {'KP10': '10', 'KP20': '20'}, 'cost_units': {'KD1': '7'}}
    closed = '{year} - {period}'
    takes_nameless = False
    cases = minox_cases.CASES
    wishes = {'pages': ('page', 'bulk_page'), 'token_age': (), 'token_life': ('token_life',), 'renewals': (),
              'per_minute': ('minute_limit',), 'one_token': ('old_access_dies',)}

    def readings(self):
        """Each point that is not verified, in both readings."""
        return [({'vat_lines': 'own'}, {'vat_lines': 'own'}), ({'vat_lines': 'none'}, {'vat_lines': 'none'}),
                ({'line_amounts': 'net'}, {'line_amounts': 'net'}),
                ({'vat_lines': 'none', 'line_amounts': 'net'}, {'vat_lines': 'none', 'line_amounts': 'net'}),
                ({'contra_line': 'omit', 'purchase_number': 'entry'}, {'contra_line': 'omit'}),
                ({}, {'put_answer': 'empty'}), ({'read_back': 'lines'}, {}), ({'entry_number': 'send'}, {}),
                ({'period': 'file'}, {}), ({'payable_status': 'omit'}, {'payable_status': 'unknown'}),
                ({'payables_sign': 'negative'}, {'payables_sign': 'negative'}),
                ({'token_request': 'form'}, {'token_body': 'form'}), ({}, {'token_body': 'json'}),
                ({'customer_journal': 'VK', 'supplier_journal': 'IK'}, {'journal_types': False}),
                ({'exchange_rate': 'omit'}, {'exchange_rate': 'unknown'}),
                ({'cost_unit': 'omit'}, {'cost_type': 'unknown'}),
                ({}, {'message_type': 'E'}), ({}, {'errors': '2xx'}), ({'entry_number': 'omit'}, {'free_entry_numbers': False}),
                ({}, {'bare_lists': True}), ({}, {'next': 'relative', 'page': 2, 'bulk_page': 2}),
                ({}, {'next': 'object', 'page': 2, 'bulk_page': 2}), ({}, {'next': 'query', 'page': 2, 'bulk_page': 2}),
                ({}, {'next': 'token', 'page': 2, 'bulk_page': 2}), ({}, {'message_type': ''}), ({}, {'rate_headers': False}),
                ({}, {'number_of_periods': 4}), ({}, {'number_of_periods': 13})]

    def settings(self):
        return dict(super().settings(), tenant=self.sim.modes['tenant'], administration=1)

    def close_period(self, year, period):
        self.sim.control(close=[year, period])

    def open_periods(self):
        self.sim.closed.clear()

    def closed_until(self, reset):
        return {'x-rate-limit-limit': '5000', 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': str(reset)}

    def messages(self):
        return package.listed('minox.md')

    def said(self, words):
        return 'MNX-0400: ' + words

    def as_read(self, record, settings):
        # Without the relation's own line there is no place for its description and a supplier's number.
        if settings.get('contra_line') == 'omit' and record['kind'] == 'purchase_invoice':
            return dict(record, invoice_number=record['entry_number'])
        record = dict(record)
        if settings.get('exchange_rate') == 'omit':
            record.pop('exchange_rate', None)
        if settings.get('cost_unit') == 'omit' and 'lines' in record:
            record['lines'] = [{k: v for k, v in line.items() if k != 'cost_unit'} for line in record['lines']]
        return record

    # ---- books

    def code_of(self, side, id_):
        return self.sim.parties[side][int(id_)].get('externalid', '')

    def entry(self, lines):
        kind = self.sim.journals[lines[0]['journal']['id']]['_kind']
        own = [line for line in lines if line['account'].get('type') in ('customer', 'supplier')]
        head = own[0] if own and kind != GENERAL else lines[0]
        sign = -1 if kind == SALES else 1
        accounts = {account: code for code, (_, account) in self.sim.vat.items()}
        made = []
        for line in lines:
            if kind != GENERAL and line in own:
                continue
            net, code, tax = self.sim.booked(line)
            id_ = int(line['account']['id'])
            if self.sim.modes['vat_lines'] == 'own' and id_ in accounts and kind != GENERAL:
                made[-1].update(vat_code=str(accounts[id_]), vat_amount=sign * net)
                continue
            party = ''
            if line in own:
                side = SALES if line['account']['type'] == 'customer' else PURCHASE
                party, id_ = self.code_of(side, id_), 1300 if side == SALES else 1600
            made.append({'account': str(id_), 'amount': sign * net, 'vat_code': str(code) if code else '',
                         'vat_amount': sign * tax, 'cost_centre': str(line.get('cost_center', {}).get('id', '')),
                         'cost_unit': str(line.get('cost_type', {}).get('id', '')),
                         'description': line.get('description', ''), 'party': party})
        reference = party = ''
        if kind != GENERAL:
            party = self.code_of(kind, own[0]['account']['id'] if own else head[minox.SIDES[kind]]['id'])
            reference = str(head['invoice_number'])
            if kind == PURCHASE and own and '; ' in own[0].get('description', ''):
                reference = own[0]['description'].partition('; ')[0]
        names = {SALES: 'sales_invoice', PURCHASE: 'purchase_invoice', GENERAL: 'memorial'}
        currency = head.get('currency', {})
        return {'kind': names[kind], 'journal': head['journal']['id'], 'party': party, 'reference': reference,
                'date': head['document_date'], 'due_date': head.get('due_date', ''),
                'currency': currency.get('id', 'EUR'), 'rate': Decimal(currency.get('exchange_rate', 1)),
                'total': sum(line['amount'] + line['vat_amount'] for line in made), 'lines': made}

    def entries(self):
        return [self.entry(lines) for lines in self.sim.batches.values()]

    def parties(self):
        found = {}
        for side, rows in self.sim.parties.items():
            codes = [row['externalid'] for row in rows.values()]
            assert len(codes) == len(set(codes)), 'a relation was made twice: %s' % codes
            for row in rows.values():
                address = row['addresses'][0]
                mail = address.get('email_addresses') or [{}]
                old = found.get(row['externalid'], {'customer': False, 'supplier': False, 'bank_accounts': []})
                found[row['externalid']] = {
                    'name': address['name'], 'customer': old['customer'] or side == SALES,
                    'supplier': old['supplier'] or side == PURCHASE, 'address': address.get('streetname_and_number', ''),
                    'postcode': address.get('postal_code', ''), 'city': address.get('city', ''),
                    'country': address.get('country_code', ''),
                    'email': old.get('email') or mail[0].get('email_address', ''),
                    'payment_condition': str(row.get('payment_term', {}).get('id', '')),
                    'bank_accounts': sorted(set(old['bank_accounts'] + [b['iban'] for b in row.get('bank_accounts', [])]))}
        return found

    # ---- open items

    def open_items(self):
        found = []
        for side in (SALES, PURCHASE):
            for (account, number, *_), item in self.sim.items[side].items():
                left = item['total'] - item['paid']
                if left:
                    key = (side, self.code_of(side, account), str(number) if number else '')
                    found.append((key, (item['total'], left)))
        return sorted(found)

    def item(self, reference):
        return next((side, key) for side in (SALES, PURCHASE) for key in self.sim.items[side]
                    if str(key[1]) == reference)

    def pay(self, reference, amount):
        side, (account, number) = self.item(reference)
        self.sim.control(pay={'side': side, 'account': account, 'number': number, 'amount': amount})

    def instalments(self, reference, parts):
        """An invoice is one item at Minox, whatever its payment term."""

    def unmatched(self, party, amount, supplier):
        side = PURCHASE if supplier else SALES
        account = next(id_ for id_, row in self.sim.parties[side].items() if row['externalid'] == party)
        self.sim.control(loose={'side': side, 'account': account, 'amount': amount})

    def opening(self, items):
        """Invoices from before, each of a number of its own."""
        for at, (party, _, amount) in enumerate(items):
            account = next(id_ for id_, row in self.sim.parties[SALES].items() if row['externalid'] == party)
            self.sim.control(before={'account': account, 'number': 901 + at, 'amount': amount})

    def many_open(self, count):
        self.sim.control(open_items=count)
