# SPDX-License-Identifier: MIT
"""The cases that only Exact Online has: shapes of its lists, two codes of a relation, its own checks."""
from decimal import Decimal

import records as R
from cases import rows_of, same_books
from house import DONE, LATER, NAME, REJECTED, House

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def import_rows(house):
    return sorted((r[0], r[1], r[5], r[6], r[7], r[8]) for r in house.dbopen())


def fits_books(house):
    house.good('import', NAME)
    want, have = rows_of(house.package, house.package.open_items()), import_rows(house)
    assert want and have == want, 'too much %s\nmissing %s' % ([r for r in have if r not in want],
                                                               [r for r in want if r not in have])


@case
def shapes(suite):
    """Bare lists with the next page beside them, and amounts with the tail of a double: nothing gets lost."""
    for modes in ({'lists': 'bare'}, {'doubles': 'long'}, {'lists': 'bare', 'doubles': 'long'}):
        with House(suite.program, suite.package(), {'read_back': 'lines'}, modes=modes, pages=3) as house:
            records = R.parties() + R.entries() + [R.sales(str(26700100 + n), value='%d.35' % (n + 10)) for n in range(20)]
            house.export(records)
            house.package.forget()
            run = house.export(records)
            assert run['records']['skipped'] == len(records), run
            same_books(house.package, records)
            house.package.pay('26700100', '3.01')
            fits_books(house)


@case
def odd_amounts(suite):
    """An open amount that is none ends the import, and the file stays: left out it would pass for paid."""
    with House(suite.program, suite.package()) as house:
        house.export(R.parties() + [R.sales('26700001'), R.sales('26700002'), R.purchase('26600001')])
        fits_books(house)
        before = house.dbopen()
        for table in ('cashflow/Receivables', 'cashflow/Payments'):
            row = next(reversed(house.package.division.tables[table].values()))
            for name in ('AmountFC', 'TransactionAmountFC'):
                for odd in ('none', Decimal('1.005'), Decimal('1.001001'), '1,5', Decimal(10) ** 18):
                    was, row[name] = row[name], odd
                    answer = house.run('import', NAME)
                    assert answer.code != DONE and name in answer.err, (name, odd, answer)
                    assert 'relation %s' % row['AccountCode'].strip() in answer.err, answer
                    row[name] = was
                    assert house.dbopen() == before
        row['AmountFC'] = None
        assert house.run('import', NAME).code != DONE and house.dbopen() == before


@case
def signs(suite):
    """Which sign an open invoice has is told by most of them, not by one that was paid too much."""
    for sign in ('positive', 'negative'):
        with House(suite.program, suite.package(), modes={'payables_sign': sign}) as house:
            records = R.parties()
            records += [R.sales(str(26700001 + n)) for n in range(4)] + [R.purchase(str(26600001 + n)) for n in range(4)]
            house.export(records)
            want = {}
            for table in ('cashflow/Receivables', 'cashflow/Payments'):
                rows = list(house.package.division.tables[table].values())
                rows[0]['AmountFC'] = -rows[0]['AmountFC'] / 11  # 121.00 was paid with 132.00
                rows[-1]['TransactionType'] = 10                 # an opening balance, with either sign
                rows[-1]['TransactionAmountFC'] *= -1
                want.update({(table[9], row['YourRef']): ('121.00', '0.00', '121.00') for row in rows})
                want[table[9], rows[0]['YourRef']] = ('121.00', '132.00', '-11.00')
            house.good('import', NAME)
            have = {('R' if r[8] == 'D' else 'P', r[1]): (r[5], r[6], r[7]) for r in house.dbopen()}
            assert have == want, have


@case
def two_codes(suite):
    """dbopen.csv has the relation's code of the file, whatever Exact calls it; it is found again by that."""
    for zeros in ('kept', 'dropped'):
        with House(suite.program, suite.package(), modes={'leading_zeros': zeros}) as house:
            codes = ['0042', 'JANSEN', 'D\'ARC & CO', '1001']
            parties = [R.party('customer', code) for code in codes]
            house.export(parties + [R.sales(str(26700001 + at), code) for at, code in enumerate(codes)])

            def relations():
                house.good('import', NAME)
                return sorted((r[1], r[0]) for r in house.dbopen())
            assert relations() == [(str(26700001 + at), code) for at, code in enumerate(codes)], house.dbopen()
            # The bookkeeper gives it another search code; the next day's file changes and uses them.
            for row in house.package.division.tables['crm/Accounts'].values():
                if row.get('SearchCode') == 'JANSEN':
                    row['SearchCode'] = 'ANDERS'
            run = house.export([dict(one, city='Breda') for one in parties] +
                               [R.sales(str(26700101 + at), code) for at, code in enumerate(codes)])
            assert run['records']['booked'] == 2 * len(codes), run
            assert len(house.package.division.tables['crm/Accounts']) == len(codes)
            assert [code for _, code in relations()] == codes + codes, house.dbopen()
            # The next morning's store knows nothing; what the entries name is kept again.
            if zeros == 'kept':
                house.forget()
                house.login()
                house.export([R.sales('26700201', "D'ARC & CO")])
                assert ('26700003', "D'ARC & CO") in relations(), house.dbopen()


@case
def own_checks(suite):
    """What the tables of Exact forbid is refused before it is sent, and test tells it of a file."""
    wrong = [('unknown_account', 'account', lambda r: r['lines'][0].update(account='1300')),
             ('unknown_vat_code', 'vat_code', lambda r: r['lines'][0].update(vat_code='I')),
             ('vendor', 'cost_centre', lambda r: r['lines'][0].update(cost_centre='C1')),
             ('vendor', 'cost_unit', lambda r: r['lines'][0].update(cost_unit='P1'))]
    with House(suite.program, suite.package()) as house:
        for row in house.package.division.tables['financial/GLAccounts'].values():
            if row['Code'] == '8000':
                row.update(UseCostcenter=2, UseCostunit=2)
        house.export(R.parties())
        records = []
        for at, (_, _, spoil) in enumerate(wrong):
            records.append(R.sales(str(26701000 + at)))
            spoil(records[-1])
        answer = house.good('test', NAME, house.records(records), code=REJECTED)
        assert all('70/%s' % r['entry_number'] in answer.out for r in records), answer
        house.package.forget()
        failed = house.failed(house.export(records + [R.sales('26702000')], REJECTED))
        for at, (code, field, _) in enumerate(wrong):
            error = failed['70/%d' % (26701000 + at)]['error']
            assert error['code'] == code and error['field'] == 'lines.1.' + field and not error['vendor'], error
        assert len([r for r in house.package.requests() if house.package.writes(r)]) == 1


@case
def memorial_numbers(suite):
    """The invoice number of a memorial line is Exact's "our reference", where it is a number."""
    numbers = [('26700001', 26700001), ('0042', 42), ('F/17', None), ('99999999999', None), ('', None)]
    with House(suite.program, suite.package()) as house:
        record = R.memorial('26900001')
        record['lines'] = [R.line('1300', '1.00', party='1001', number=1 + at, **({'invoice_number': text} if text else {}))
                           for at, (text, _) in enumerate(numbers)]
        record['lines'].append(R.line('3000', '-5.00', number=len(numbers) + 1))
        house.export(R.parties() + [record])
        rows = house.package.division.tables['generaljournalentry/GeneralJournalEntryLines'].values()
        assert [row.get('OurRef') for row in rows] == [number for _, number in numbers] + [None]


@case
def refused_lists(suite):
    """What Exact says when it refuses a list is said on: it names what to ask otherwise."""
    name = 'bulk/Financial/GLAccounts'
    with House(suite.program, suite.package(), modes={'must_filter': {name: ['Code', 'Type']}}) as house:
        house.allowed_violations = ('a filter is mandatory on ' + name,)
        words = '$filter parameter with one of the following fields in the url: Code, Type'
        answer = house.good('test', NAME, code=REJECTED)
        assert words in answer.out, answer
        run = house.export([R.memorial('26900001')], REJECTED)
        assert words in list(house.failed(run).values())[0]['error']['vendor'], run


@case
def company(suite):
    """test names the company behind the division, and says when there is none, or it is archived."""
    with House(suite.program, suite.package()) as house:
        package = house.package
        name = package.division.description
        assert name in house.good('test', NAME).out
        package.sim.control(modes={'division_status': 2})
        answer = house.good('test', NAME)
        assert name in answer.out and 'archived' in answer.out, answer
        package.fault('403', 'system/Divisions')  # an app without that scope
        answer = house.good('test', NAME)
        assert 'division %d, at' % package.first in answer.out and name not in answer.out, answer
        package.sim.control(faults=[{'kind': '500', 'match': 'system/Divisions', 'nth': nth} for nth in (1, 2, 3)])
        house.good('test', NAME, code=LATER)
    with House(suite.program, suite.package(), {'administration': '77'}) as house:
        house.allowed_violations = ('no access to this division',)
        answer = house.good('test', NAME, code=REJECTED)
        assert 'no division 77' in answer.out and '_Division_=' in answer.out, answer


@case
def first_due(suite):
    """What is open in instalments is due when the first of them is, in whichever order they come."""
    with House(suite.program, suite.package()) as house:
        house.export(R.parties() + [R.sales('26700001'), R.sales('26700002')])
        house.package.instalments('26700001', [['20.00', 60], ['30.00', 20]])
        house.package.instalments('26700002', [['20.00', 20], ['30.00', 60]])
        due = {row['YourRef']: [] for row in house.package.division.tables['cashflow/Receivables'].values()}
        for row in house.package.division.tables['cashflow/Receivables'].values():
            due[row['YourRef']].append(row['DueDate'])
        assert all(len(dates) == 3 for dates in due.values()), due
        house.good('import', NAME)
        assert {r[1]: r[3] for r in house.dbopen()} == {
            number: min(dates).strftime('%d%m%Y') for number, dates in due.items()}, house.dbopen()


@case
def blocked_amounts(suite):
    """The part for the blocked account goes along; 0.00, which fills the column, says nothing."""
    with House(suite.program, suite.package()) as house:
        house.export(R.parties())
        house.package.forget()
        house.export([R.purchase('26600001', blocked_amount='40.00'), R.purchase('26600002', blocked_amount='0.00'),
                      R.purchase('26600003', value='-100.00', blocked_amount='-40.00')])
        bodies = [r['body'] for r in house.package.requests() if house.package.writes(r)]
        assert ['"GAccountAmountFC":40.00' in body for body in bodies] == [True, False, False], bodies
        assert ['"GAccountAmountFC"' in body for body in bodies] == [True, False, True], bodies


@case
def vat_inclusive(suite):
    """Codes that include VAT are refused; allowed, they are booked to the cent in either reading."""
    def records():
        both = R.entries()[0]
        both['lines'].append(R.line('800', '82.64', 'HI', '17.36', number=4))
        both['total'] = R.amount(sum(Decimal(l['amount']) + Decimal(l.get('vat_amount', 0)) for l in both['lines']))
        credit = R.invoice('purchase_invoice', '26600009', '2001', [R.line('4600', '-33.33', 'HI', '-7.00', cost_centre='C1')])
        memo = R.memorial('26900001', journal='91')
        memo['lines'] = [R.line('4600', '100.00', 'HI', '21.00', number=1, cost_centre='C1'), R.line('7900', '-121.00', number=2)]
        return both, credit, memo
    package = suite.package()
    package.maps = dict(package.maps, vat=dict(package.maps['vat'], HI='3'))
    with House(suite.program, package) as house:
        run = house.export(R.parties() + list(records()), REJECTED)
        assert {r['error']['code'] for r in house.failed(run).values()} == {'unknown_vat_code'}
        assert not house.package.entries()
    for setting, reading in (('yes', 'gross'), ('net', 'net')):
        with House(suite.program, package, {'vat_inclusive': setting, 'read_back': 'lines'},
                   modes={'inclusive': reading}) as house:
            both, credit, memo = records()
            house.export(R.parties() + [both, credit])
            same_books(house.package, R.parties() + [both, credit])
            house.export([memo])  # what Exact says of these leaves no doubt
            booked = next(e for e in house.package.entries() if e['kind'] == 'memorial')
            assert [(l['amount'], l['vat_amount']) for l in booked['lines']] == [
                (Decimal('121.00'), Decimal('21.00')), (Decimal('-121.00'), 0)], booked
    with House(suite.program, package, {'vat_inclusive': 'yes'}, modes={'inclusive': 'net'}) as house:
        run = house.export(R.parties() + [records()[0]], REJECTED)
        assert {r['error']['code'] for r in house.failed(run).values()} == {'booked_differs'}


@case
def reverse_charge(suite):
    """A purchase without VAT whose buyer declares it: Exact makes the VAT to pay and to claim, the total stands."""
    package = suite.package()
    package.maps = dict(package.maps, vat=dict(package.maps['vat'], R='6'))
    record = R.invoice('purchase_invoice', '26600001', '2001', [R.line('450', '100.00', 'R', '0.00'),
                                                              R.line('450', '10.00', 'I', '2.10')])
    with House(suite.program, package, {'read_back': 'lines'}, modes={'charged': True}) as house:
        house.export(R.parties() + [record])
        booked, = house.package.entries()
        assert booked['total'] == Decimal('112.10'), booked
        assert [l['vat_amount'] for l in booked['lines']] == [Decimal('21.00'), Decimal('2.10')], booked
        balance = house.package.sim.books()[str(house.package.first)]['balance']
        assert (balance['1500'], balance['1510'], balance['1600']) == tuple(
            Decimal(one) for one in ('-21.00', '23.10', '-112.10')), balance
    with House(suite.program, package, {'read_back': 'lines'}) as house:  # of a common code 0.00 is what is meant
        house.export(R.parties() + [record])
        booked, = house.package.entries()
        assert [l['vat_amount'] for l in booked['lines']] == [0, Decimal('2.10')], booked
