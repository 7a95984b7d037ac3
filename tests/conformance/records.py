# SPDX-License-Identifier: MIT
"""The records of the suite, and what a package's books must say of them."""
from decimal import Decimal


def amount(value):
    return '%.2f' % Decimal(value)


def line(account, value, vat_code='', vat='', **more):
    made = dict({'account': account, 'amount': amount(value), 'description': 'Regel ' + account}, **more)
    if vat_code:
        made.update(vat_code=vat_code, vat_amount=amount(vat))
    return made


def invoice(kind, number, party, lines, **more):
    journal = '70' if kind == 'sales_invoice' else '60'
    for at, made in enumerate(lines, 1):
        made['number'] = at
    total = sum(Decimal(l['amount']) + Decimal(l.get('vat_amount', 0)) for l in lines)
    record = {'kind': kind, 'journal': journal, 'year': 2026, 'period': 5, 'entry_number': str(number),
              'invoice_number': str(number), 'party': party, 'date': '2026-05-11', 'due_date': '2026-06-10',
              'currency': 'EUR', 'description': 'Factuur %s' % number, 'payment_reference': 'B%s' % number,
              'total': amount(total), 'lines': lines}
    record.update(more)
    return record


def sales(number, party='1001', value='100.00', **more):
    vat = (Decimal(value) * 21 / 100).quantize(Decimal('0.01'))
    return invoice('sales_invoice', number, party, [line('800', value, 'H', vat)], **more)


def purchase(number, party='2001', value='100.00', **more):
    vat = (Decimal(value) * 21 / 100).quantize(Decimal('0.01'))
    return invoice('purchase_invoice', number, party, [line('450', value, 'I', vat)], **more)


def memorial(number, value='1234.56', **more):
    lines = [line('3000', value), line('7900', '-' + value)]
    for at, made in enumerate(lines, 1):
        made['number'] = at
    return dict({'kind': 'memorial', 'journal': '90', 'year': 2026, 'period': 5, 'entry_number': str(number),
                 'date': '2026-05-31', 'description': 'Memoriaal %s' % number, 'lines': lines}, **more)


def party(kind, code, **more):
    return dict({'kind': kind, 'code': code, 'name': 'Relatie %s B.V.' % code, 'address': 'Dorpsstraat 1',
                 'postcode': '1234 AB', 'city': 'Amsterdam', 'country': 'NL', 'payment_condition': '30D'}, **more)


def parties():
    return [party('customer', '1001', email='inkoop@1001.example', bank_account='NL91ABNA0417164300'),
            party('customer', '1002', country='BE', city='Gent', name='Café "De Zon" & Zonen', credit_limit='5000.00'),
            party('supplier', '2001', bank_account='NL20INGB0001234567'),
            party('customer', '3001', name='Beide kanten'), party('supplier', '3001', name='Beide kanten')]


def entries():
    """Each kind and each turn that an entry can take."""
    odd = [line('800', '33.33', 'H', '7.00', cost_centre='C1', cost_unit='P1'), line('801', '19.99', 'L', '1.80'),
           line('8020', '0.01')]
    return [
        invoice('sales_invoice', '26700001', '1001', odd),
        sales('26700002', '1002', value='-250.00', description='Creditnota'),
        invoice('sales_invoice', '26700003', '1002', [line('8020', '500.00')], currency='USD',
                exchange_rate='0.923456'),
        sales('26700004', '3001', due_date='2026-05-25', description="Zo'n factuur; 100% ok"),
        purchase('26600001', '2001', value='1000.01', invoice_number='F/2026-17'),
        purchase('26600002', '2001', value='-50.00', invoice_number='F/2026-18'),
        invoice('purchase_invoice', '26600003', '3001', [line('4600', '75.00', cost_centre='C1')],
                invoice_number='2026 0099'),
        memorial('26900001'),
        memorial('26900002', value='0.05')]


def fifty():
    """Fifty records: five relations and 45 entries of every kind."""
    made = parties()
    for n in range(1, 26):
        made.append(sales(26700100 + n, ('1001', '1002', '3001')[n % 3], '%d.%02d' % (10 + n, n)))
    for n in range(1, 13):
        made.append(purchase(26600100 + n, ('2001', '3001')[n % 2], '%d.%02d' % (20 + n, n)))
    for n in range(1, 9):
        made.append(memorial(26900100 + n, '%d.10' % n))
    assert len(made) == 50
    return made


def expected(record, maps):
    """What the books must hold, in the words of Package.entries()."""
    def mapped(table, code):
        return maps[table].get(code, code)
    memo = record['kind'] == 'memorial'
    lines = [{'account': mapped('accounts', l['account']), 'amount': Decimal(l['amount']),
              'vat_code': mapped('vat', l['vat_code']) if l.get('vat_code') else '',
              'vat_amount': Decimal(l.get('vat_amount', '0')),
              'cost_centre': mapped('cost_centres', l.get('cost_centre', '')),
              'cost_unit': mapped('cost_units', l.get('cost_unit', '')),
              'description': l.get('description', ''), 'party': l.get('party', '')} for l in record['lines']]
    return {'kind': record['kind'], 'journal': mapped('journals', record['journal']),
            'party': record.get('party', ''), 'reference': '' if memo else record.get('invoice_number', ''),
            'date': record['lines'][0].get('date', record['date']) if memo else record['date'], 'due_date': record.get('due_date', ''),
            'currency': record.get('currency', 'EUR'), 'rate': Decimal(record.get('exchange_rate', '1')),
            'total': sum(l['amount'] + l['vat_amount'] for l in lines), 'lines': lines}


def expected_parties(records, maps):
    found = {}
    for r in records:
        if r['kind'] not in ('customer', 'supplier'):
            continue
        old = found.get(r['code'], {'customer': False, 'supplier': False, 'bank_accounts': []})
        condition = maps['payment_conditions'].get(r['payment_condition'], r['payment_condition'])
        banks = old['bank_accounts'] + ([r['bank_account']] if 'bank_account' in r else [])
        found[r['code']] = {
            'name': r['name'], 'customer': old['customer'] or r['kind'] == 'customer',
            'supplier': old['supplier'] or r['kind'] == 'supplier', 'address': r['address'],
            'postcode': r['postcode'], 'city': r['city'], 'country': r['country'], 'email': r.get('email', ''),
            'payment_condition': condition, 'bank_accounts': sorted(set(banks))}
    return found


def identifier(record):
    """(kind, identifier) as the program tells them."""
    if record['kind'] in ('customer', 'supplier'):
        return record['kind'], record['code']
    return record['kind'], '%s/%s' % (record['journal'], record['entry_number'])
