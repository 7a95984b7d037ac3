# SPDX-License-Identifier: MIT
"""The cases without faults of the line."""
import json
import os
import resource
from decimal import Decimal

import records as R
from house import DONE, LATER, LOGIN, NAME, REJECTED, USAGE, House, Skip

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def by_reference(entries):
    return sorted(entries, key=lambda e: (e['kind'], e['reference'], e['date'], str(e['lines'])))


def same_books(package, records):
    """The books hold these records to the cent, each once, and nothing else."""
    want = by_reference(R.expected(r, package.maps) for r in records
                        if r['kind'] not in ('customer', 'supplier'))
    have = by_reference(package.entries())
    for entry in have:
        if entry['kind'] == 'memorial':
            entry['due_date'] = ''
    assert len(have) == len(want), 'booked %d of %d' % (len(have), len(want))
    for is_, wanted in zip(have, want):
        if 'exchange_rate' not in wanted and wanted['currency'] == 'EUR':
            is_['rate'] = wanted['rate'] = Decimal(1)
        assert is_ == wanted, 'booked\n%s\nwhere this was meant\n%s' % (is_, wanted)
    parties = R.expected_parties(records, package.maps)
    have = package.parties()
    for code, wanted in parties.items():
        assert have.get(code) == wanted, (code, have.get(code), wanted)


# ---- login and test

@case
def login(suite):
    """By code, by the address that came back, by a refresh token; a wrong code says so."""
    with House(suite.program, suite.package(), login=False) as house:
        answer = house.run('export', NAME, house.records([R.sales('1')]), '--json')
        assert answer.code == LOGIN and 'login' in answer.err + answer.out, answer
        answer = house.good('login', NAME, code=LOGIN)
        assert house.package.url in answer.out, answer
        house.good('login', NAME, '--code', house.package.code())
        house.good('test', NAME)
        house.allowed_violations = ('a code is good once',)
        answer = house.good('login', NAME, '--code', 'nonsense', code=LOGIN)
        house.package.forget()
        answer = house.good('login', NAME, '--code', 'https://x.example/?error=access_denied&state=1', code=LOGIN)
        assert 'access_denied' in answer.err and not house.package.requests(), answer
        answer = house.good('login', NAME, '--code', 'https://x.example/?state=1', code=USAGE)
        assert 'no code' in answer.err and not house.package.requests(), answer
        house.good('test', NAME)
    with House(suite.program, suite.package(), login=False) as house:
        token = house.package.refresh_token()
        house.good('login', NAME, '--refresh-token-stdin', stdin=token.encode() + b'\n')
        house.good('test', NAME)
        assert house.good('status', '--json').json


@case
def test(suite):
    """The mappings and a given file are proved without writing."""
    with House(suite.program, suite.package()) as house:
        house.good('test', NAME, house.records(R.parties() + R.entries()))
        bad = R.sales('26700001')
        bad['lines'][0]['account'] = '9999'
        answer = house.good('test', NAME, house.records(R.parties() + [bad]), code=REJECTED)
        assert '9999' in answer.out + answer.err, answer
        assert not house.package.entries() and not house.package.parties()
        assert not any(house.package.writes(r) for r in house.package.requests())


# ---- out

@case
def kinds(suite):
    """All five kinds, credit notes, a foreign currency, dimensions, due dates: to the cent."""
    with House(suite.program, suite.package()) as house:
        records = R.parties() + R.entries()
        run = house.export(records)
        assert run['state'] == 'succeeded' and run['records']['booked'] == len(records), run
        same_books(house.package, records)
        run = house.export(records)
        assert run['records']['skipped'] == len(records), run
        run = house.export(records[::-1])
        assert run['records']['skipped'] == len(records), run
        same_books(house.package, records)


@case
def pages(suite):
    """Lookups that come in many pages are complete."""
    with House(suite.program, suite.package(), pages=2) as house:
        house.export(R.parties() + R.entries()[:1])
        records = R.parties() + R.entries()
        house.export(records)
        same_books(house.package, records)


@case
def memorial_vat(suite):
    """VAT of a memorial beside the amounts, or in lines of its own: once, never twice."""
    beside = R.memorial('26900001', journal='91')
    beside['lines'] = [R.line('450', '100.00', 'I', '21.00', number=1), R.line('7900', '-121.00', number=2)]
    apart = R.memorial('26900002', journal='91')
    apart['lines'] = [R.line('450', '100.00', 'I', '21.00', number=1), R.line('1510', '21.00', number=2),
                      R.line('7900', '-121.00', number=3)]
    with House(suite.program, suite.package(), {'read_back': 'lines'}) as house:
        house.export([beside, apart])
        vat = sorted((len(e['lines']), [l['vat_amount'] for l in e['lines']]) for e in house.package.entries())
        assert vat == [(2, [Decimal('21.00'), 0]), (3, [0, 0, 0])], vat
    if not suite.package().memorial_journals_refuse_vat:
        return
    with House(suite.program, suite.package()) as house:  # a journal without VAT says how to mend that
        run = house.export([dict(beside, journal='90')], REJECTED)
        assert [r['error']['code'] for r in house.failed(run).values()] == ['unknown_vat_code']


@case
def control_accounts(suite):
    """A memorial line on debtors or creditors carries its relation, and becomes an open item."""
    if not suite.package().opens_by_memorial:
        raise Skip('its memorials open no items')
    with House(suite.program, suite.package()) as house:
        record = R.memorial('26900001')
        record['lines'] = [R.line('1300', '50.00', party='1001', number=1),
                           R.line('1600', '-50.00', party='2001', number=2)]
        house.export(R.parties() + [record])
        same_books(house.package, R.parties() + [record])


@case
def odd_codes(suite):
    """Codes with letters, leading zeros, quotes, and the same digits with and without them."""
    with House(suite.program, suite.package(), modes=suite.package().code_modes) as house:
        codes = house.package.odd_codes
        records = [R.party('customer', code) for code in codes]
        records += [R.sales(str(26700001 + at), code) for at, code in enumerate(codes)]
        house.export(records)
        same_books(house.package, records)
        run = house.export([R.party('customer', code, city='Breda') for code in codes])
        assert run['records']['booked'] == 5 and len(house.package.parties()) == 5, run


@case
def pinned(suite):
    """The division stays the one of the first login, wherever the user is now; or the one set."""
    with House(suite.program, suite.package()) as house:
        house.export(R.parties())
        house.package.move()
        house.export([R.sales('26700001')])
        assert len(house.package.entries()) == 1
    package = suite.package()
    with House(suite.program, package, {'administration': str(package.other)}) as house:
        house.export(R.parties() + [R.sales('26700001')])
        assert not house.package.entries()
    with House(suite.program, suite.package(), {'administration': '999'}) as house:
        house.allowed_violations = ('no access to this division',)
        answer = house.good('export', NAME, house.records([R.sales('26700001')]), '--json', code=USAGE)
        assert '`administration`' in answer.err + answer.out, answer


@case
def settings(suite):
    """Each setting that decides what is not verified, where the package reads it that way."""
    for keys, modes in suite.package().readings():
        with House(suite.program, suite.package(), keys, modes=modes) as house:
            records = R.parties() + R.entries()
            run = house.export(records)
            assert run['records']['booked'] == len(records), run
            same_books(house.package, [house.package.as_read(r, keys) for r in records])
            house.good('import', NAME)
            want = rows_of(house.package, house.package.open_items())
            assert sorted((r[0], r[1], r[5], r[6], r[7], r[8]) for r in house.dbopen()) == want, keys
    with House(suite.program, suite.package(), {'read_back': 'lines'}) as house:
        house.export(R.parties())
        house.package.fault(house.package.lost_account, house.package.offer)
        run = house.export([R.sales('26700001')], REJECTED)
        assert [r['error']['code'] for r in house.failed(run).values()] == ['booked_differs']
    return '%d settings' % len(suite.package().readings())


@case
def changed_parties(suite):
    """A relation that changed is updated with what changed; a second role is added to it."""
    with House(suite.program, suite.package()) as house:
        house.export(R.parties())
        changed = R.party('customer', '1001', email='nieuw@1001.example', bank_account='NL02RABO0123456789')
        house.package.forget()
        run = house.export([changed, R.party('supplier', '1001')])
        assert run['records']['booked'] == 2, run
        have = house.package.parties()['1001']
        assert have['email'] == 'nieuw@1001.example' and have['supplier'] and have['customer'], have
        assert have['bank_accounts'] == ['NL02RABO0123456789', 'NL91ABNA0417164300'], have


@case
def bank_numbers(suite):
    """A bank account is the same with and without the blanks that people write."""
    with House(suite.program, suite.package()) as house:
        spaced = R.party('customer', '1001', bank_account='NL91 ABNA 0417 1643 00')
        house.export([spaced])
        house.export([dict(spaced, bank_account='NL91ABNA0417164300', city='Breda'), R.party('supplier', '1001')])
        house.export([dict(spaced, city='Ede')])
        assert house.package.parties()['1001']['bank_accounts'] == ['NL91ABNA0417164300'], house.package.parties()


@case
def fmuta6(suite):
    """The files of the ERP themselves, relations beside them; bank entries are left to the bank."""
    main = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'data', 'main')
    package = suite.package()
    package.maps = package.main_maps
    with House(suite.program, package, {'export_path': 'out/fmuta6.csv'}) as house:
        package.open_periods()
        os.mkdir(house.path('out'))
        for name in ('fmuta6.csv', 'debitr.csv', 'credit.csv'):
            with open(os.path.join(main, name), 'rb') as file, open(house.path('out/' + name), 'wb') as out:
                out.write(file.read())
        run = house.export(None, REJECTED)
        failed = house.failed(run)
        assert {r['error']['code'] for r in failed.values()} == {'unsupported_kind'}, failed
        booked = {e['reference']: e['total'] for e in package.entries() if e['kind'] != 'memorial'}
        assert booked['24700001'] == Decimal('142.80') and booked['24700002'] == Decimal('-60.50'), booked
        assert booked['24600002'] == Decimal('1210.00') and len(booked) == 9, sorted(booked)


@case
def dry_run(suite):
    """--dry-run shows each request that the export then sends, to the byte, and sends none."""
    with House(suite.program, suite.package(), suite.package().single) as house:
        package = house.package
        for records in (R.parties(), R.entries()):
            name = house.records(records)
            package.forget()
            shown = house.good('export', NAME, name, '--dry-run', '--json').json['requests']
            writes = [r for r in package.requests() if package.writes(r)]
            assert not writes, writes
            package.forget()
            house.export(name)
            sent = [r for r in package.requests() if package.writes(r)]
            lines = ''.join(one['request'] for one in shown).splitlines()
            heads, bodies = lines[::2], lines[1::2]
            assert len(heads) == len(sent), (len(heads), len(sent), heads)
            ids = package.placeholders()
            for head, body, real in zip(heads, bodies, sent):
                for placeholder, id_ in ids.items():
                    head, body = head.replace(placeholder, id_), body.replace(placeholder, id_)
                assert head == '%s %s%s' % (real['method'], package.url, real['url']), (head, real)
                assert body == real['body'], (body, real['body'])


@case
def dry_run_whole(suite):
    """A file that brings its relations along, and one bad record in it, is shown to its end."""
    with House(suite.program, suite.package()) as house:
        bad = R.sales('26700999', 'X999')
        shown = house.run('export', NAME, house.records(R.parties() + [bad] + R.entries()), '--dry-run', '--json')
        assert shown.code == REJECTED, shown
        kinds = [one['kind'] for one in shown.json['requests']]
        assert len(kinds) == len(R.parties()) + len(R.entries()), kinds
        assert 'X999' in shown.err, shown.err


# ---- wrong records

WRONG = [('unknown_party', lambda r: r.update(party='8888')),
         ('unknown_account', lambda r: r['lines'][0].update(account='9999')),
         ('unknown_vat_code', lambda r: r['lines'][0].update(vat_code='ZZ')),
         ('unknown_journal', lambda r: r.update(journal='55')),
         ('unknown_cost_centre', lambda r: r['lines'][0].update(cost_centre='NIX')),
         ('unknown_cost_unit', lambda r: r['lines'][0].update(cost_unit='NIX')),
         ('too_long', lambda r: r.update(invoice_number='9' * 60)),
         ('period_closed', lambda r: r.update(date='2026-02-11', due_date='2026-03-11', period=2))]


@case
def wrong(suite):
    """What the package cannot take is refused by name, and holds nothing else up."""
    with House(suite.program, suite.package()) as house:
        house.package.close_period(2026, 2)
        records, codes = R.parties(), {}
        for at, (code, spoil) in enumerate(WRONG):
            record = R.sales(str(26701000 + at))
            spoil(record)
            codes['70/%d' % (26701000 + at) if code != 'unknown_journal' else '55/%d' % (26701000 + at)] = code
            records += [record, R.sales(str(26702000 + at))]
        run = house.export(records, REJECTED)
        failed = house.failed(run)
        assert {name: r['error']['code'] for name, r in failed.items()} == codes, failed
        assert run['records']['booked'] == len(R.parties()) + len(WRONG), run
        assert all(r['error']['message'] for r in failed.values())
        closed = next(r for r in failed.values() if r['error']['code'] == 'period_closed')
        assert house.package.closed.format(year=2026, period=2) in closed['error']['vendor'], closed
        # Corrected and offered again, it is booked.
        one = next(r for r in failed.values() if r['error']['code'] == 'unknown_party')
        house.good('edit', str(one['id']), 'party=1001')
        answer = house.good('reoffer', str(one['id']), '--json')
        assert answer.json['records']['booked'] == 1, answer


@case
def messages(suite):
    """Each message that the manual lists gets the code that the manual says."""
    package = suite.package()
    listed = package.messages()
    assert len(listed) > 15, listed
    with House(suite.program, package, package.single) as house:
        house.export(R.parties())
        package.sim.control(faults=[dict({'kind': package.refusal, 'message': words, 'match': package.offer, 'nth': at},
                                         **package.refusal_with(words)) for at, (words, _) in enumerate(listed, 1)])
        run = house.export([R.sales(str(26701000 + at)) for at in range(1, len(listed) + 1)], REJECTED)
        failed = house.failed(run)
        for at, (words, code) in enumerate(listed, 1):
            error = failed['70/%d' % (26701000 + at)]['error']
            assert error['vendor'] == package.said(words), error
            assert error['code'] == code, '%s is %s, and the manual says %s' % (words, error['code'], code)
        return '%d messages' % len(listed)


@case
def many_wrong(suite):
    """Many refusals do not burn the package's allowance of errors, and good records pass."""
    with House(suite.program, suite.package()) as house:
        records = R.parties()
        for n in range(30):
            bad = R.sales(str(26701000 + n))
            bad['lines'][0]['account'] = '9999'
            records += [bad, R.sales(str(26702000 + n))]
        run = house.export(records, REJECTED)
        assert run['records']['booked'] == len(R.parties()) + 30 and run['records']['rejected'] == 30, run


@case
def dropped_lines(suite):
    """A line that the package loses without a word is booked_differs."""
    for record in (R.entries()[0], R.entries()[4], R.memorial('26900001')):
        with House(suite.program, suite.package()) as house:
            house.export(R.parties())
            house.package.fault('drop_lines', house.package.offer)
            run = house.export([record], REJECTED)
            failed = house.failed(run)
            assert [r['error']['code'] for r in failed.values()] == ['booked_differs'], failed
            assert [r['remote_id'] for r in failed.values()] != [''], failed
            house.package.no_faults()
            run = house.export([record], DONE, REJECTED)
            assert len(house.package.entries()) == 1, 'booked again'


@case
def beside(suite):
    """An error inside an answer of 2xx is a refusal, its code kept; corrected, it is booked."""
    if not suite.package().errors_inside:
        raise Skip('its answers of 2xx have no errors')
    for modes in suite.package().errors_inside:
        with House(suite.program, suite.package(), modes=modes) as house:
            house.package.close_period(2026, 5)
            records = [R.sales('26700001'), R.memorial('26900001')]
            house.export(R.parties())
            failed = house.failed(house.export(records, REJECTED))
            assert {r['error']['code'] for r in failed.values()} == {'period_closed'}, failed
            assert all(house.package.closed_code in r['error']['vendor'] for r in failed.values()), failed
            assert not house.package.entries()
            house.package.open_periods()
            for r in failed.values():
                house.good('reoffer', str(r['id']))
            same_books(house.package, records)


@case
def odd_pages(suite):
    """A list that goes on elsewhere, or in a circle, is not followed: nothing is taken from it."""
    if not suite.package().bad_links:
        raise Skip('its lists have no links')
    for next_ in suite.package().bad_links:
        with House(suite.program, suite.package(), pages=20) as house:
            house.export(R.parties() + [R.sales(str(26700100 + n)) for n in range(21)])
            house.package.sim.control(modes={'next': next_})
            answer = house.run('import', NAME)
            assert answer.code != DONE and 'goes on at' in answer.err, answer
            assert not os.path.exists(house.path('dbopen.csv')), 'half a list was written'


# ---- back

def rows_of(package, items):
    """The rows of dbopen.csv for what the package holds; loose money has no invoice to stand under."""
    made = []
    for (side, party, number), (whole, left) in items:
        if number:
            made.append((party, number, R.amount(whole), R.amount(whole - left), R.amount(left),
                     'D' if side == 'sales' else 'C'))
    return sorted(made)


@case
def outstanding(suite):
    """Both sides over more than a page: part payments, instalments, credit notes, loose money."""
    package = suite.package()
    with House(suite.program, package, pages=7) as house:
        records = R.parties()
        for n in range(20):
            records.append(R.sales(str(26700100 + n), value='%d.35' % (n + 10)))
            records.append(R.purchase(str(26600100 + n), value='%d.45' % (n + 20)))
        records += R.entries()
        house.export(records)
        package.pay('26700100', '3.00')
        package.pay('26700101', None)
        package.instalments('26700102', [['2.00', 30], ['3.00', 60]])
        package.pay('26600103', '4.00')
        package.instalments('26600104', [['5.00', 30]])
        package.unmatched('1001', '7.77', False)
        package.unmatched('2001', '8.88', True)
        package.opening([('1001', 'A-1', '10.00'), ('1002', 'A-1', '20.00'), ('1002', 'A-2', '-5.00')])
        package.forget()
        answer = house.good('import', NAME, '--json')
        run = answer.json
        if package.tells_loose:
            assert 'unallocated' in answer.err and '"1001"' in answer.err and '"2001"' in answer.err, answer
        want = rows_of(package, package.open_items())
        have = sorted((r[0], r[1], r[5], r[6], r[7], r[8]) for r in house.dbopen())
        assert have == want, 'dbopen.csv has %s\nand the package %s' % (
            [row for row in have if row not in want], [row for row in want if row not in have])
        assert run['items']['sales'] + run['items']['purchase'] == len(want), run
        assert len(package.requests()) >= package.open_pages, 'not paged'
        before = house.dbopen()
        house.package.fault('500', package.outstanding)
        house.good('import', NAME, code=LATER)
        assert house.dbopen() == before, 'a failed import changed the file'
        return '%d items' % len(want)


@case
def nothing_open(suite):
    with House(suite.program, suite.package()) as house:
        run = house.good('import', NAME, '--json').json
        assert run['items'] == {'sales': 0, 'purchase': 0} and house.dbopen() == [], run


@case
def new_store(suite):
    """A store that is lost, and a file that was booked: nothing is booked twice, what is new is."""
    with House(suite.program, suite.package()) as house:
        records = R.parties() + R.entries()
        house.export(records)
        house.forget()
        house.login()
        more = records + [R.sales('26710999')]
        run = house.export(more)
        assert run['records']['booked'] == len(more), run
        same_books(house.package, more)


# ---- how many requests, and how much work

@case
def long_entries(suite):
    """An entry of the most lines that may be is booked right, and takes no longer a line than a short one."""
    package = suite.package()
    lines = package.most_lines // 2
    invoice = R.invoice('sales_invoice', '26700001', '1001', [  # some keep the VAT of a code in one sum
        R.line('800', '1.00', 'H', '0.00' if n else '99.00', number=1 + n) for n in range(2 * lines)])
    memorial = R.memorial('26900001')
    memorial['lines'] = [dict(line, number=2 * n + 1 + i) for n in range(lines)
                         for i, line in enumerate(memorial['lines'])]
    with House(suite.program, package) as house:
        house.export(R.parties())
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        for record in (invoice, memorial):
            assert house.export([record])['records']['booked'] == 1
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        same_books(house.package, [invoice, memorial])
        said = '%.1f s of work for two entries of %d lines' % (used, 2 * lines)
        assert used < 5, said
        return said


@case
def economy(suite):
    """At most ten requests beside one a record; 10,000 open items in twelve."""
    count = 1000 if suite.long else 100
    package = suite.package()
    with House(suite.program, package) as house:
        house.export(R.parties())
        package.forget()
        run = house.export([R.sales(str(26710000 + n)) for n in range(count)])
        assert run['records']['booked'] == count, run
        used = len(package.requests())
        assert used <= count + package.lookups_allowed, 'asked %d times for %d invoices' % (used, count)
        package.many_open(10000 - count)
        package.forget()
        run = house.good('import', NAME, '--json').json
        assert run['items']['sales'] == 10000, run
        assert len(package.requests()) <= package.import_allowed, len(package.requests())
        return '%d requests for %d invoices, %d for 10,000 items' % (used, count, len(package.requests()))
