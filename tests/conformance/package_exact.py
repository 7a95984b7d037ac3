# SPDX-License-Identifier: MIT
"""Exact Online, for the conformance suite."""
import datetime
from decimal import Decimal

import exact_cases
import package
import exact_online
from exact_books import MEMORIAL, MEMORIAL_LINES, PURCHASE, SALES


class ExactOnline(package.Package):
    name = 'exact-online'
    simulator = exact_online.Simulator
    cases = exact_cases.CASES
    maps = {'journals': {'70': 'VK', '60': 'IK', '90': 'MEM', '91': '90'}, 'vat': {'H': '2', 'L': '1', 'I': '4'},
            'accounts': {'800': '8000', '801': '8010', '450': '4500'}, 'cost_centres': {'C1': 'KP10'},
            'cost_units': {'P1': 'KD1'}, 'payment_conditions': {'30D': '30'}}
    offer = r'^POST /api/v1/\d+/(salesentry|purchaseentry|generaljournalentry)/'
    offer_sales = r'^POST /api/v1/\d+/salesentry/'
    lookup = r'^GET /api/v1/'
    update = r'^PUT .*/crm/Accounts'
    outstanding = r'^GET /api/v1/\d+/bulk/Cashflow/'
    other = 654321  # another division
    token = r'^POST /api/oauth2/token'
    refusal = 'status_500_message'
    lost_account = 'lose_account'
    bad_links = ['elsewhere', 'circle']

    wishes = {'pages': ('page', 'bulk_page'), 'token_age': ('min_age',), 'token_life': ('token_life',),
              'renewals': ('token_calls',), 'per_minute': ('minute_limit',),
              'one_token': ('old_access_dies',)}
    main_maps = {'vat': {'6': '4', '5': '1'}, 'accounts': {'7000': '7900', '7010': '7900', '4990': '7900'}}
    closed = '{year} - {period}'  # stands in the message about a closed period

    def start(self, modes=None, **wishes):
        super().start(modes, **wishes)
        self.first = self.sim.modes['current_division']
        return self

    def readings(self):
        return [({'exchange_rate': 'omit'}, {}), ({'entry_id': 'send'}, {}), ({'entry_number': 'send'}, {}), ({'period': 'file'}, {}),
                ({'credit_type': 'send'}, {'type_writable': True}), ({'read_back': 'lines'}, {}),
                ({}, {'expires_in_number': True, 'language': 'en', 'entry_id': 'ignored'}),
                ({}, {'sales_duplicates': 'refused', 'payables_sign': 'negative'})]

    def as_read(self, record, settings):
        if settings.get('exchange_rate') == 'omit' and 'exchange_rate' in record:
            return dict(record, exchange_rate='0.9')  # the dollar's at Exact
        return record

    def placeholders(self):
        return {'{%s}' % self.code_of(row): row for row in self.division.tables['crm/Accounts']}

    def move(self):
        """The user goes to another company in the browser."""
        self.sim.control(modes={'current_division': self.other})

    def settings(self):
        return dict(super().settings(), token_age=self.sim.modes['min_age'])

    def code(self):
        self.codes += 1
        code = 'co/de+%d=' % (self.codes + 100)
        self.sim.control(code={'code': code})
        return code

    def expire_tokens(self):
        """As if their ten minutes were over: a new one may be asked for."""
        with self.sim.lock:
            self.sim.access = {token: 0 for token in self.sim.access}
            self.sim.last_issue = None

    def closed_until(self, reset):
        return {'X-RateLimit-Limit': '5000', 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': str(reset)}

    def close_period(self, year, period):
        self.sim.control(close=[year, period])

    def open_periods(self):
        self.division.closed.clear()

    @property
    def division(self):
        return self.sim.divisions[self.first]

    def messages(self):
        return package.listed('exact-online.md')

    # ---- books

    def code_of(self, account):
        row = self.division.tables['crm/Accounts'].get(account)
        if row is None:
            return ''
        return (row.get('SearchCode') or row['Code']).strip()

    def ledger_of(self, guid):
        return (self.division.tables['financial/GLAccounts'].get(guid) or {}).get('Code')

    def lines_of(self, resource, entry, vat):
        rows = [row for row in self.division.tables[resource].values() if row['EntryID'] == entry]
        rows.sort(key=lambda row: row['LineNumber'])
        return [{'account': self.ledger_of(row['GLAccount']), 'amount': row['AmountFC'],
                 'vat_code': (row.get('VATCode') or '').strip(), 'vat_amount': row.get(vat) or Decimal(0),
                 'cost_centre': row.get('CostCenter') or '', 'cost_unit': row.get('CostUnit') or '',
                 'description': row.get('Description') or '', 'party': self.code_of(row.get('Account'))}
                for row in rows]

    def entries(self):
        found = []
        for kind, shape in (('sales_invoice', SALES), ('purchase_invoice', PURCHASE)):
            for row in self.division.tables[shape.resource].values():
                lines = self.lines_of(shape.line_resource, row['EntryID'], 'VATAmountFC')
                for line in lines:
                    line['party'] = ''
                found.append({
                    'kind': kind, 'journal': row['Journal'], 'party': self.code_of(row[shape.party]),
                    'reference': row.get('YourRef') or '', 'date': row['EntryDate'].date().isoformat(),
                    'due_date': row['DueDate'].date().isoformat(), 'currency': row['Currency'],
                    'rate': row['Rate'], 'total': row['AmountFC'], 'lines': lines})
        for row in self.division.tables[MEMORIAL].values():
            lines = self.lines_of(MEMORIAL_LINES, row['EntryID'], 'AmountVATFC')
            first = next(line for line in self.division.tables[MEMORIAL_LINES].values()
                         if line['EntryID'] == row['EntryID'])
            found.append({
                'kind': 'memorial', 'journal': row['JournalCode'], 'party': '', 'reference': '',
                'date': first['Date'].date().isoformat(), 'due_date': '', 'currency': row['Currency'],
                'rate': row['ExchangeRate'], 'total': sum(line['amount'] for line in lines), 'lines': lines})
        return found

    def parties(self):
        banks = {}
        for row in self.division.tables['crm/BankAccounts'].values():
            banks.setdefault(row['Account'], []).append(row['BankAccount'])
        found = {}
        for row in self.division.tables['crm/Accounts'].values():
            condition = row.get('PaymentConditionSales') or row.get('PaymentConditionPurchase') or ''
            assert self.code_of(row['ID']) not in found, 'relation %s was made twice' % self.code_of(row['ID'])
            found[self.code_of(row['ID'])] = {
                'name': row['Name'], 'customer': row.get('Status') == 'C', 'supplier': bool(row.get('IsSupplier')),
                'address': row.get('AddressLine1') or '', 'postcode': row.get('Postcode') or '',
                'city': row.get('City') or '', 'country': (row.get('Country') or '').strip(),
                'email': row.get('Email') or '', 'payment_condition': condition.strip(),
                'bank_accounts': sorted(banks.get(row['ID'], []))}
        return found

    def add_parties(self, customers, suppliers):
        self.sim.control(customers=[{'Code': code, 'Name': 'Klant ' + code} for code in customers],
                         suppliers=[{'Code': code, 'Name': 'Leverancier ' + code} for code in suppliers])

    # ---- open items

    def open_items(self):
        """From the terms as the simulator keeps them: positive is an invoice that is open."""
        found = {}
        for side, shape in (('sales', SALES), ('purchase', PURCHASE)):
            for row in self.division.tables[shape.terms].values():
                if row['Status'] not in (20, 30):
                    continue
                number = row['YourRef'] or (row['InvoiceNumber'] and str(row['InvoiceNumber'])) or ''
                key = (side, row['AccountCode'].strip(), number, row['TransactionEntryID'])
                whole, left = found.get(key, (row['TransactionAmountFC'], Decimal(0)))
                found[key] = (whole, left + row['_open'])
        return sorted((key[:3], value) for key, value in found.items() if value[1])

    def entry_ids(self):
        """reference → the id that pay and instalments want"""
        return {row['YourRef']: row['EntryID'] for shape in (SALES, PURCHASE)
                for row in self.division.tables[shape.resource].values()}

    def pay(self, reference, amount):
        self.sim.control(pay={'entry': self.entry_ids()[reference], 'amount': amount})

    def instalments(self, reference, parts):
        self.sim.control(instalments={'entry': self.entry_ids()[reference], 'parts': parts})

    def unmatched(self, party, amount, supplier):
        account = next(row['ID'] for row in self.division.tables['crm/Accounts'].values()
                       if row['Code'].strip() == party)
        self.sim.control(unmatched={'account': account, 'amount': amount, 'supplier': supplier})

    def opening(self, items):
        """An opening balance: one entry with many relations' invoices, (party, number, amount)."""
        entry = self.division.guid()
        date = datetime.datetime(2026, 1, 1)
        with self.sim.lock:
            for party, number, amount in items:
                account = next(row for row in self.division.tables['crm/Accounts'].values()
                               if row['Code'].strip() == party)
                self.division.term(SALES, account, {
                    'EntryID': entry, 'EntryNumber': 1, 'EntryDate': date, 'DueDate': date, 'Rate': Decimal(1),
                    'Currency': 'EUR', 'Journal': '90', 'InvoiceNumber': 0, 'Type': 10, 'Status': 20, '_year': 2026,
                    'YourRef': number, 'Description': 'Beginbalans'}, Decimal(amount))

    def many_open(self, count):
        self.sim.control(open_items=count)
