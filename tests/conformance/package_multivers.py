# SPDX-License-Identifier: MIT
"""Multivers Online, for the conformance suite."""
import os
import re
from decimal import Decimal

import multivers
import multivers_cases
import package
from multivers_books import CUSTOMERS, SIDES, SUPPLIERS, parse_date
from multivers_tables import PROXY

ISO = {'B': 'BE', 'D': 'DE'}
DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'multivers.md')


def day(text):
    return parse_date(text, True).isoformat() if text else ''


class Multivers(package.Package):
    name = 'multivers'
    simulator = multivers.Simulator
    secrets = ('access!', 'refresh-')
    maps = {'journals': {'70': 'VK', '60': 'IK', '90': 'MEM', '91': '90'}, 'vat': {'H': '2', 'L': '1', 'I': '4'},
            'accounts': {'800': '8000', '801': '8010', '450': '4500'}, 'cost_centres': {'C1': 'KP10'},
            'cost_units': {'P1': 'KD1'}, 'payment_conditions': {'30D': '30'}}
    main_maps = {'vat': {'6': '4', '5': '5'}, 'cost_centres': {}}
    offer = r'^POST /V221/api/\w+/(CustomerInvoice|SupplierInvoice|FinTrans)$'
    offer_sales = r'^POST /V221/api/\w+/CustomerInvoice$'
    lookup = r'^GET /V221/api/'
    outstanding = r'^GET /V221/api/\w+/(Customer|Supplier)InvoiceInfoList/'
    token = r'^POST /V221/OAuth/Token'
    other = 'MVL00002'
    refusal = 'status_400_message'
    renews_early = True      # a login can be renewed at any time
    error_allowance = False  # nothing is known of one
    lookups_allowed = 24     # lists go on to an empty page, since the size of theirs is not known
    import_allowed = 24      # likewise, and both sides are asked for by fiscal year
    memorial_journals_refuse_vat = False
    opens_by_memorial = False  # memorial lines with a relation pay invoices, they open none
    lost_account = 'lose_account'
    errors_inside = [{}, {'rule_status': 200}, {'rule_status': 422}, {'rule_status': 500}, {'errors': 'exception'},
                     {'errors': 'pascal'}, {'errors': 'pascal', 'rule_status': 200}]
    closed_code = 'is afgesloten'
    closed = '{year} - {period}'
    takes_nameless = False
    cases = multivers_cases.CASES
    odd_codes = ['0042', '42', 'JANSEN', "D'A & C", '\u00e9#%/?']
    wishes = {'pages': ('page',), 'token_age': (), 'token_life': ('token_life',), 'renewals': (),
              'per_minute': ('per_minute',), 'one_token': ('old_access_dies',)}

    def readings(self):
        """Each point that is not verified, in both readings; a setting where nothing tells them apart."""
        return [({'sales_lines': 'debit'}, {'sales_lines': 'debit'}),
                ({'credit_notes': 'column'}, {'credit_notes': 'column'}),
                ({'credit_notes': 'both'}, {'credit_notes': 'both'}),
                ({'credit_total': 'positive'}, {'credit_total': 'positive'}),
                ({'sales_lines': 'debit', 'credit_notes': 'column'},
                 {'sales_lines': 'debit', 'credit_notes': 'column'}),
                ({'credit_balance': 'positive'}, {'credit_balance': 'positive'}),
                ({'payables_sign': 'negative'}, {'payables_sign': 'negative'}),
                ({'credit_balance': 'positive', 'payables_sign': 'negative'},
                 {'credit_balance': 'positive', 'payables_sign': 'negative'}),
                ({'vat': 'auto'}, {}), ({}, {'auto_vat': 'refused'}),
                ({'path_escape': 'percent'}, {'path_escape': 'percent'}),
                ({'paging': 'none'}, {'paging': 'ignored'}), ({}, {'paging': 'top_ignored'}), ({}, {'page': 2}),
                ({'page_size': '2'}, {}), ({'exchange_rate': 'omit'}, {'exchange_rate': 'refused'}),
                ({'countries': 'BE=B DE=D'}, {'countries': 'own'}), ({'invoice_id': 'invoice'}, {}),
                ({}, {'refresh': 'static'}), ({}, {'refresh': 'absent'}), ({}, {'iso_dates': False}),
                ({}, {'dates': 'dd-MM-yyyy'}), ({}, {'dates': 'time'}), ({}, {'dates': 'iso'}),
                ({}, {'partial_put': 'keeps'}), ({}, {'unbalanced': 'accepted'}), ({}, {'duplicates': 'accepted'}),
                ({}, {'missing': 400}),
                ({'credit_squeeze': '0'}, {'credit_squeeze': 'required'}),
                ({'supplier_banks': 'omit'}, {'supplier_banks': False}),
                ({}, {'supplier_short_name': False}), ({}, {'supplier_entry': 'refused'}), ({}, {'created': 'empty'}),
                ({}, {'journal_code': 'sent'}), ({}, {'journal_types': 'other'}), ({}, {'period_dates': False}),
                ({}, {'period_name': 'periodId'}),
                ({}, {'periods': 4}), ({}, {'periods': 13}), ({'period': 'file'}, {}),
                ({}, {'invoice_state': 'answer'}),
                ({'read_back': 'lines'}, {}), ({'read_back': 'lines'}, {'created': 'empty'}),
                ({'api_version': 'V22'}, {'version': 'V22'})]

    def placeholders(self):
        return {'"{%s}"' % code: str(row['organizationId']) for side in SIDES
                for code, row in self.sim.first.parties[side].items()}

    def settings(self):
        return dict(super().settings(), administration=self.sim.modes['databases'][0], vat_scenario_sales=6,
                    vat_scenario_purchase=1, memorial_party='entry', per_minute=self.sim.modes['per_minute'] or 99999)

    def refresh_token(self):
        return max(self.sim.refresh, key=lambda token: int(token.partition('-')[2]))

    def close_period(self, year, period):
        self.sim.control(close=[year, period])

    def open_periods(self):
        for books in self.sim.all.values():
            books.closed.clear()

    def closed_until(self, reset):
        return {'Retry-After': str(3 * 3600)}

    # ---- messages

    def table(self):
        """(words, path, code, field) of the manual's table of messages."""
        with open(DOCS, encoding='utf-8') as file:
            rows = re.findall(r'^\| `([^`]+)` \| `(/[^`]*)` \| `(\w+)` \| `([\w.]+)` \|', file.read(), re.M)
        assert len(rows) >= 20, rows
        return rows

    def messages(self):
        return [(words, code) for words, path, code, _ in self.table()]

    def refusal_with(self, words):
        return {'path': next(path for said, path, _, _ in self.table() if said == words)}

    def as_read(self, record, settings):
        if settings.get('exchange_rate') == 'omit':
            record = {key: value for key, value in record.items() if key != 'exchange_rate'}
        if settings.get('supplier_banks') == 'omit' and record['kind'] == 'supplier':
            record = {key: value for key, value in record.items() if key != 'bank_account'}
        return record

    # ---- books

    def entry_of(self, side, row):
        turned = row['invoiceType'] == side.credit and self.sim.modes['credit_notes'] == 'type'
        sign = -1 if turned else 1
        column = 1 if side is SUPPLIERS or self.sim.modes['sales_lines'] == 'debit' else -1
        left = {code: sign * amount for code, amount in row['_vat'].items()}
        lines = []
        for one in row[side.lines]:
            amount = Decimal(one.get('debitAmountCur', 0)) - Decimal(one.get('creditAmountCur', 0))
            code = one.get('vatCodeId')
            lines.append({'account': one['accountId'], 'amount': sign * column * amount,
                          'vat_code': '' if code is None else str(code), 'vat_amount': left.pop(code, Decimal(0)),
                          'cost_centre': one.get('costCentreId') or '', 'cost_unit': one.get('costUnitId') or '',
                          'description': one.get('description') or '', 'party': ''})
        return {'kind': 'sales_invoice' if side is CUSTOMERS else 'purchase_invoice', 'journal': row['journalId'],
                'party': row[side.key], 'reference': row.get('reference') or row['invoiceId'],
                'date': day(row['invoiceDate']), 'due_date': day(row['invoiceExpirationDate']),
                'currency': row.get('currencyId') or 'EUR', 'rate': Decimal(row.get('exchangeRate') or 1),
                'total': row['_net'] + row['_tax'], 'lines': lines}

    @staticmethod
    def memorial_lines(row):
        for one in row['finTransEntries']:
            if one['$type'] == PROXY % 'Basic':
                amount = Decimal(one.get('debitAmount') or 0) - Decimal(one.get('creditAmount') or 0)
                tax = Decimal(one.get('vatAmount') or 0) * (1 if amount > 0 else -1)
                yield {'account': one['accountId'], 'amount': amount - tax if one.get('vatIncluded') else amount,
                       'vat_code': '' if one.get('vatCodeId') is None else str(one['vatCodeId']), 'vat_amount': tax,
                       'cost_centre': one.get('costCentreId') or '', 'cost_unit': one.get('costUnitId') or '',
                       'description': one.get('description') or '', 'party': ''}
                continue
            kind = 'customer' if 'customerId' in one else 'supplier'
            for payment in one[kind + 'EntryPayments']:
                paid = Decimal(payment['amountPaidCur'])
                account, amount = ('1300', -paid) if kind == 'customer' else ('1600', paid)
                yield {'account': account, 'amount': amount,
                       'vat_code': '', 'vat_amount': Decimal(0), 'cost_centre': '', 'cost_unit': '',
                       'description': payment.get('description') or '', 'party': one[kind + 'Id']}

    def entries(self):
        books = self.sim.first
        found = [self.entry_of(side, row) for side in (CUSTOMERS, SUPPLIERS) for row in books.invoices[side.party]
                 if not row.get('_foreign')]
        for row in books.fin_trans:
            lines = list(self.memorial_lines(row))
            found.append({'kind': 'memorial', 'journal': row['journalId'], 'party': '', 'reference': '',
                          'date': day(row['finTransEntries'][0]['transactionDate']), 'due_date': '',
                          'currency': 'EUR', 'rate': Decimal(1), 'total': sum(one['amount'] + one['vat_amount'] for one in lines),
                          'lines': lines})
        return found

    def parties(self):
        found = {}
        for side in (CUSTOMERS, SUPPLIERS):
            for code, row in self.sim.first.parties[side.party].items():
                banks = [b['iban'] for b in self.sim.first.banks if b['organizationId'] == row['organizationId']]
                old = found.get(code, {'customer': False, 'supplier': False, 'bank_accounts': []})
                found[code] = {
                    'name': row.get('name') or '', 'customer': old['customer'] or side is CUSTOMERS,
                    'supplier': old['supplier'] or side is SUPPLIERS, 'address': row.get('street1') or '',
                    'postcode': row.get('zipCode') or '', 'city': row.get('city') or '',
                    'country': ISO.get(row.get('countryId'), row.get('countryId') or ''),
                    'email': old.get('email') or row.get('email') or '',
                    'payment_condition': row.get('paymentConditionId') or '',
                    'bank_accounts': sorted(old['bank_accounts'] + banks)}
        return found

    # ---- open items

    def open_items(self):
        found = []
        for name, side in (('sales', CUSTOMERS), ('purchase', SUPPLIERS)):
            for row in self.sim.first.invoices[side.party]:
                if row['_open']:
                    number = '' if row.get('_advance') else row.get('reference') or row['invoiceId']
                    found.append(((name, row[side.key], number), (row['_net'] + row['_tax'], row['_open'])))
        return sorted(found)

    def pay(self, reference, amount):
        side, row = next((side, row) for side in SIDES for row in self.sim.first.invoices[side]
                         if row['invoiceId'] == reference)
        self.sim.control(pay={'side': side, 'invoice': row['invoiceId'], 'amount': amount})

    def instalments(self, reference, parts):
        """An invoice is one item at Multivers, whatever its payment condition."""

    def unmatched(self, party, amount, supplier):
        self.sim.control(loose={'side': 'Supplier' if supplier else 'Customer', 'party': party, 'amount': amount})

    def opening(self, items):
        """Invoices from before, by their references."""
        for at, (party, number, amount) in enumerate(items):
            self.sim.control(before={'party': party, 'invoice': str(901 + at), 'reference': number, 'amount': amount})

    def many_open(self, count):
        self.sim.control(open_items=count)
