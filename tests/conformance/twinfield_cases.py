# SPDX-License-Identifier: MIT
"""The cases that only Twinfield has: batches, memorials, browsing, faults by code."""
import os
import time

import faults
import records as R
from cases import rows_of, same_books
from house import DONE, DOUBT, LATER, LOGIN, NAME, REJECTED, USAGE, House, Skip

CASES = {}
TIMEOUT = {'timeout': '3s'}
BAD = [('unknown_account', lambda r: r['lines'][0].update(account='9999')),
       ('unknown_party', lambda r: r.update(party='8888')),
       ('unknown_vat_code', lambda r: r['lines'][0].update(vat_code='ZZ')),
       ('unknown_journal', lambda r: r.update(journal='55')),
       ('period_closed', lambda r: r.update(date='2026-02-11', due_date='2026-03-11', period=2)),
       ('duplicate', lambda r: r.update(invoice_number='26700001'))]


def case(function):
    CASES[function.__name__] = function
    return function


def sales(count, first=26700100):
    return [R.sales(str(first + n), ('1001', '1002', '3001')[n % 3], '%d.%02d' % (10 + n, n % 100)) for n in range(count)]


def asked(house, pattern):
    """The requests of a kind, by root element, since the last time all was forgotten."""
    return [r for r in house.package.requests() if r['body'] and '&lt;%s' % pattern in r['body'].replace('<', '&lt;')]


def import_rows(house):
    return sorted((r[0], r[1], r[5], r[6], r[7], r[8]) for r in house.dbopen())


def fits_books(house):
    want, have = rows_of(house.package, house.package.open_items()), import_rows(house)
    assert have == want, 'too much %s\nmissing %s' % ([r for r in have if r not in want], [r for r in want if r not in have])


# ---- batches

@case
def batch_one_bad(suite):
    """One bad record of 25 is refused by its code, and the other 24 are booked, in one request."""
    for code, spoil in BAD:
        for at in (0, 12, 24):
            with House(suite.program, suite.package()) as house:
                house.export(R.parties() + [R.sales('26700001', value='55.00')])
                house.package.close_period(2026, 2)
                records = sales(25)
                records[at] = R.sales('26709999')
                spoil(records[at])
                house.package.forget()
                run = house.export(records, REJECTED)
                assert run['records']['booked'] == 24 and run['records']['rejected'] == 1, (code, at, run)
                assert len(asked(house, 'transactions')) == 1, 'more than one batch'
                failed = house.failed(run)
                assert [r['error']['code'] for r in failed.values()] == [code], failed
                assert all(name.endswith('/26709999') for name in failed), failed
                assert len(house.package.entries()) == 25
    return '%d kinds at three places' % len(BAD)


@case
def batch_economy(suite):
    """1,000 invoices in at most 45 requests."""
    with House(suite.program, suite.package()) as house:
        house.export(R.parties())
        house.package.forget()
        records = sales(1000)
        run = house.export(records)
        assert run['records']['booked'] == 1000, run
        used = len(house.package.requests())
        same_books(house.package, R.parties() + records)
        assert used <= 45, 'asked %d times' % used
        return '%d requests for 1,000 invoices' % used


@case
def batch_faults(suite):
    """The line breaks in the middle of a batch, or the answer does not fit it: each is booked once."""
    made = {'sales': sales(25), 'purchase': [R.purchase(str(26600100 + n)) for n in range(25)],
            'journal': [R.memorial(str(26900100 + n)) for n in range(25)]}
    odd = [(kind, n) for kind in ('partial_reset_after', 'partial_500_after') for n in (0, 1, 12, 24, 25)]
    odd += [('short_answer', 1), ('short_answer', 24), ('short_answer', 25), ('swapped_answer', 0), ('other_echo', 0),
            ('unnumbered_answer', 0)]
    points = [(kind, n, match) for kind, n in odd for match in made]
    for kind, children, match in points if suite.long else suite.random.sample(points, 12):
        batch_fault(suite, kind, children, match, made[match])
    return '%d of %d faults' % (len(points) if suite.long else 12, len(points))


def batch_fault(suite, kind, children, match, records):
    with House(suite.program, suite.package(), TIMEOUT, token_age=0) as house:
        house.export(R.parties())
        house.package.fault(kind, house.package.offer + match, children=children, nth=1)
        run = house.export(records, DONE, DOUBT, LATER, REJECTED)
        assert not run['records']['rejected'], (kind, children, match, house.failed(run))
        house.package.no_faults()
        run = house.export(records)
        try:
            same_books(house.package, R.parties() + records)
        except AssertionError as error:
            raise AssertionError('%s %s %s: %s' % (kind, children, match, error)) from error
        assert set(house.states().values()) <= {'booked', 'skipped'}, (kind, match, house.states())


@case
def sweep_single(suite):
    """The sweep with each record a request of its own, sampled; in the long profile."""
    if not suite.long:
        raise Skip('not in the quick profile')
    records, single = R.fifty(), suite.package().single
    with House(suite.program, suite.package(), single, token_age=0) as house:
        house.package.forget()
        house.export(records)
        count = len(house.package.requests())
    points = [(kind, k) for kind in faults.KINDS if kind not in faults.SLOW for k in range(1, count + 1)]
    for kind, k in suite.random.sample(points, 100):
        assert faults.survive(suite, records, kind, settings=single, at_request=k) <= 1
    return '100 of %d failures, at %d requests' % (len(points), count)


@case
def batch_answer_order(suite):
    """Answers in another order than the request are paired by what they echo."""
    for kind in ('answer', 'bad'):
        with House(suite.program, suite.package(), modes={'answer_order': 'reversed'}) as house:
            house.export(R.parties())
            records = sales(10)
            if kind == 'bad':
                records[2]['lines'][0]['account'] = '9999'
            run = house.export(records, REJECTED if kind == 'bad' else DONE)
            good = [r for r in records if r['lines'][0]['account'] != '9999']
            same_books(house.package, R.parties() + good)
            if kind == 'bad':
                assert set(house.failed(run)) == {'70/%s' % records[2]['entry_number']}, house.failed(run)


# ---- warnings

@case
def double_numbers(suite):
    """The guard against double invoice numbers stays on, whatever else is silenced."""
    for settings in ({}, {'date_warning': 'silence'}, {'batch': '1'}):
        for modes in ({}, {'duplicate_msgtype': 'error'}, {'duplicates': 'daybook'}):
            with House(suite.program, suite.package(), settings, modes=modes) as house:
                house.export(R.parties())
                first = R.sales('26700001', invoice_number='F1')
                second = R.sales('26700002', invoice_number='F1', value='77.00')
                run = house.export([first, second], REJECTED)
                failed = house.failed(run)
                assert [r['error']['code'] for r in failed.values()] == ['duplicate'], failed
                third = R.purchase('26600001', invoice_number='F1')
                fourth = R.purchase('26600002', invoice_number='F1', value='66.00')
                house.export([third])
                failed = house.failed(house.export([fourth], REJECTED))
                assert [r['error']['code'] for r in failed.values()] == ['duplicate'], failed
                same_books(house.package, R.parties() + [first, third])


@case
def numbers_of_years(suite):
    """Where invoice numbers begin anew each year, that of last year is not taken for this year's."""
    last = R.sales('25700001', invoice_number='F1', date='2025-05-11', due_date='2025-06-10', year=2025)
    now = R.sales('26700001', invoice_number='F1')
    for kind in ('reset_before', 'reset_after'):
        faults.survive(suite, [now], kind, suite.package().offer, R.parties() + [last], suite.package().single,
                       {'duplicates': 'year'}, nth=1)


@case
def date_warning(suite):
    """A date outside its period is refused, unless it is silenced by the setting."""
    record = R.sales('26700001', period=6)
    memo = R.memorial('26900001', period=6)
    with House(suite.program, suite.package(), {'period': 'file'}) as house:
        house.export(R.parties())
        run = house.export([record, memo], REJECTED)
        assert run['records']['rejected'] == 2 and not house.package.entries(), run
        assert all('date_warning' in r['error']['message'] for r in house.failed(run).values()), house.failed(run)
    with House(suite.program, suite.package(), {'period': 'file', 'date_warning': 'silence'}) as house:
        house.export(R.parties())
        run = house.export([record, memo])
        assert run['records']['booked'] == 2, run
        assert {t['period'] for t in house.package.office.transactions} == {6}


# ---- memorials

@case
def memorial_keys(suite):
    """A memorial carries a key by which it is found; where it cannot, it stays in doubt and says so."""
    records = [R.memorial(str(26900001 + n)) for n in range(4)]  # alike but for their number
    for key, absent, fault in ((key, absent, fault) for key in ('freetext1', 'freetext2', 'freetext3', 'invoicenumber')
                               for absent in ([], ['020']) for fault in ('reset_after', 'reset_before', '500_after')):
        if not absent or key in ('freetext1', 'invoicenumber'):
            with House(suite.program, suite.package(), dict(TIMEOUT, memorial_key=key, batch='1'),
                       modes={'freetexts': [key], 'absent_codes': absent}) as house:
                house.package.fault(fault, house.package.offer, nth=2)
                house.export(records, DONE, DOUBT, LATER)
                house.package.no_faults()
                house.export(records)
                same_books(house.package, records)
    record = R.memorial('26900001')  # one that somebody has matched by the time it is looked for
    record['lines'] = [R.line('1300', '50.00', party='1001', number=1), R.line('7900', '-50.00', number=2)]
    with House(suite.program, suite.package(), TIMEOUT) as house:
        house.export(R.parties())
        house.package.fault('reset_after', house.package.offer, nth=1)
        house.export([record], DOUBT)
        house.package.no_faults()
        house.package.office.pay(house.package.office.transactions[0], None)
        house.export([record])
        same_books(house.package, R.parties() + [record])
    with House(suite.program, suite.package(), dict(TIMEOUT, memorial_key='none', batch='1'),
               modes={'freetexts': []}) as house:
        house.package.fault('reset_after', house.package.offer, nth=2)
        house.export(records, DOUBT)
        house.package.no_faults()
        run = house.export(records, DOUBT)
        doubt = [r for r in house.details(run, '--failed')]
        assert len(doubt) == 1 and doubt[0]['state'] == 'in_doubt', doubt
        message = doubt[0]['error']['message']
        assert 'MEMO' in message and '1234.56' in message and '2026-05-31' in message, message
        assert len(house.package.entries()) == 4, 'booked again, or not at all'
    with House(suite.program, suite.package(), {'memorial_key': 'none'}, modes={'freetexts': []}) as house:
        house.export(records[:1])
        house.forget()
        house.login()
        run = house.export(records[:1], DOUBT)  # the store is lost, and nothing tells whose that entry is
        assert len(house.package.entries()) == 1, 'booked again'
        assert 'MEMO' in house.details(run)[0]['error']['message'], house.details(run)
    many = [R.memorial(str(26900001 + n)) for n in range(60)]  # too many to read the key of each
    with House(suite.program, suite.package(), TIMEOUT) as house:
        house.export(many[:55])
        house.package.fault('reset_after', house.package.offer, nth=1)
        house.export(many[55:], DOUBT)
        house.package.no_faults()
        message = house.details(house.export(many[55:], DOUBT), '--failed')[0]['error']['message']
        assert 'many entries like this one in daybook MEMO' in message and 'memorial_key' not in message, message
        assert len(house.package.entries()) == 60
    with House(suite.program, suite.package(), {'memorial_key': 'freetext1'}, modes={'freetexts': []}) as house:
        failed = house.failed(house.export(records[:1], REJECTED))
        assert all('memorial_key' in r['error']['message'] for r in failed.values()) and failed, failed


@case
def memorial_texts(suite):
    """The text of a memorial stands on the lines that have none of their own."""
    record = R.memorial('26900001', description='Voorraad mei')
    record['lines'][0].pop('description')
    with House(suite.program, suite.package()) as house:
        house.export([record])
        texts = [line['description'] for line in house.package.office.transactions[0]['lines']]
        assert texts == ['Voorraad mei', record['lines'][1]['description']], texts
        long = R.memorial('26900002', description='x' * 41)
        long['lines'][0].pop('description')
        failed = house.failed(house.export([long], REJECTED))
        assert [(r['error']['code'], r['error']['field']) for r in failed.values()] == [('too_long', 'description')], failed
        whole = R.memorial('26900003', description='x' * 41)  # each line has its own
        house.export([whole])


# ---- browsing

@case
def browse_sets(suite):
    """Outstanding items by either set of columns: paid, part-paid, proposed, on their way to the bank."""
    for modes in ({}, {'absent_codes': ['130_3', '230_2']}, {'absent_codes': ['100', '200']}, {'absent_codes': ['130_3']},
                  {'absent_columns': {'130_3': ['line.openvaluesigned'], '230_2': ['line.invnumber']}},
                  {'browse_status': 'fault'}, {'browse_status': 'ignored'}, {'browse_period': 'wanted'},
                  {'td_order': 'always_reversed'}, {'td_order': 'always_reversed', 'absent_codes': ['100', '200']}):
        with House(suite.program, suite.package(), modes=modes) as house:
            package = house.package
            house.export(R.parties() + R.entries())
            package.pay('26700001', '10.00')
            package.pay('26700004', None)
            package.pay('F/2026-17', '200.01')
            package.propose('2026 0099')
            package.unmatched('1001', '7.77', False)
            package.unmatched('2001', '8.88', True)
            package.sim.control(loose={'side': 'DEB', 'party': '1001', 'amount': '1.00', 'code': 'MEMO'})
            house.good('import', NAME)
            fits_books(house)
            rows = {r[1]: (r[5], r[6], r[7]) for r in house.dbopen()}
            assert rows['F/2026-17'][1] == '200.01' and '26700004' not in rows, rows
            assert '2026 0099' in rows, 'a proposed payment is no payment'
    with House(suite.program, suite.package(), modes={'absent_codes': ['130_3', '230_2', '100', '200']}) as house:
        answer = house.run('import', NAME)
        assert answer.code not in (DONE,) and 'browse' in answer.err, answer
        assert not os.path.exists(house.path('dbopen.csv'))


@case
def browse_loose(suite):
    """With open_daybooks = all, money that belongs to no invoice is told of, and is no item."""
    with House(suite.program, suite.package(), {'open_daybooks': 'all'}) as house:
        house.export(R.parties() + R.entries())
        house.package.unmatched('1001', '7.77', False)
        house.package.unmatched('2001', '8.88', True)
        answer = house.good('import', NAME)
        assert 'unallocated' in answer.err and '"1001"' in answer.err and '"2001"' in answer.err, answer
        fits_books(house)


@case
def browse_office(suite):
    """Only the office's own items come back, also where the office cannot be asked for."""
    for absent in ([], ['100', '200'], ['130_3', '230_2']):
        with House(suite.program, suite.package(), modes={'absent_codes': absent}) as house:
            house.export(R.parties() + R.entries())
            other = house.package.sim.offices['002']
            other.keep('DEB', '1001', house.package.sim.first.read_relation('DEB', '1001'))
            other.loose('1300', '1001', '99.00', 'VRK', 'ELSEWHERE')
            house.good('import', NAME)
            fits_books(house)
            before = house.dbopen()
            if absent == ['100', '200']:  # not one row is ours: then nothing is open here, or it is another office's
                house.package.sim.control(modes={'browse_offices': 'other'})
                answer = house.run('import', NAME)
                assert answer.code == USAGE and "'002'" in answer.err and "'001'" in answer.err, answer
                assert house.dbopen() == before


@case
def finder_refused(suite):
    """What the finder refuses is told, and is not taken for an empty list."""
    for refusal in ('bare', 'with_data'):
        modes = {'finder_refused': ['TRS'], 'finder_refusal': refusal}
        with House(suite.program, suite.package(), modes=modes) as house:
            answer = house.run('test', NAME)
            assert answer.code != DONE and 'daybooks' in answer.out + answer.err and 'AccessDenied' in answer.out + answer.err, \
                answer
            assert 'daybooks         0 found' not in answer.out, answer


@case
def browse_split(suite):
    """Too many rows for one answer: fetched in parts, complete or not at all."""
    for answer in ('524', 'fault'):
        modes = {'heavy_rows': 40, 'heavy_answer': answer}
        with House(suite.program, suite.package(), modes=modes) as house:
            house.export(R.parties())
            house.package.many_open(300)  # 25 a month
            house.good('import', NAME)
            fits_books(house)
            assert len(house.dbopen()) == 300
            before = house.dbopen()
            house.package.sim.control(modes={'heavy_rows': 10})
            assert house.run('import', NAME).code != DONE, 'a month of 25 rows came in no answer'
            assert house.dbopen() == before


@case
def browse_whole(suite):
    """An answer that says it has more rows than it has is no answer."""
    with House(suite.program, suite.package()) as house:
        house.export(R.parties() + R.fifty()[5:])
        house.good('import', NAME)
        before = house.dbopen()
        house.package.pay('26700101', None)
        for kind in ('short_browse', 'truncated', 'cut', 'doctype', 'deep', 'blank'):
            house.package.fault(kind, house.package.outstanding + '.*0')
            answer = house.run('import', NAME)
            assert answer.code != DONE, (kind, answer)
            assert house.dbopen() == before, kind
        house.package.no_faults()
        house.good('import', NAME)
        fits_books(house)


# ---- the login, the cluster, faults

@case
def no_access(suite):
    """A login without a right to the office: each list says so, with the package's words once."""
    with House(suite.program, suite.package(), {'administration': '999'}) as house:
        answer = house.run('test', NAME)
        lines = [line for line in answer.out.splitlines() if line.startswith('error')]
        assert answer.code == REJECTED and len(lines) == 7 and '0 found' not in answer.out, answer
        assert all(line.count('Toegang geweigerd') == 1 for line in lines), lines


@case
def company_id(suite):
    """A header that Twinfield does not take names the setting that decides it."""
    for settings, mode in (({}, 'refused'), ({'company_id': 'omit'}, 'required')):
        with House(suite.program, suite.package(), settings, modes={'company_id': mode}) as house:
            answer = house.run('test', NAME)
            assert answer.code == REJECTED and '`company_id`' in answer.out, answer


@case
def fault_codes(suite):
    """SOAP faults are told by their code: what may be renewed is, what was not done is done later."""
    for code in (103, 354, 351):
        for modes in ({}, {'fault_status': '200'}, {'fault_status': '500'}, {'fault_body': 'reason'}):
            with House(suite.program, suite.package(), TIMEOUT, modes=modes, token_age=0) as house:
                records = R.parties() + sales(5)
                house.export(R.parties())
                before = house.package.renewals()
                house.package.fault('fault', house.package.offer, code=code, nth=1)
                house.export(records)
                assert house.package.renewals() == before + 1, (code, modes)
                same_books(house.package, records)
    for code in (102, 104, 105, 106, 122, 168, 109, 110, 108, 358, 187, 100):
        with House(suite.program, suite.package(), TIMEOUT, token_age=0) as house:
            records = R.parties() + sales(3)
            house.export(R.parties())
            house.package.fault('fault', house.package.offer, code=code)
            run = house.export(records, LATER, LOGIN, REJECTED, USAGE, DOUBT)
            if 'records' in run:
                assert run['records']['booked'] == 0, (code, run)
                told = [r['error'] for r in house.details(run, '--failed')]
                assert told and all(str(code) in e['message'] + e['vendor'] for e in told), (code, told)
            house.package.no_faults()
            if 'records' in run and run['records']['rejected']:
                house.good('reoffer', '--run', str(run['run']))
            house.export(records)
            same_books(house.package, records)


@case
def cluster(suite):
    """The cluster's address is one of Twinfield's, or nothing goes there."""
    for where in ('https://example.net', 'https://accounting.twinfield.com.example.net', 'https://nottwinfield.com',
                  'http://accounting.twinfield.com', 'https://accounting.twinfield.com@example.net', 'twinfield.com', ''):
        with House(suite.program, suite.package(), login=False, modes={'cluster': where}) as house:
            house.run('login', NAME, '--code', house.package.code())
            answer = house.good('export', NAME, house.records(R.parties()), '--json', code=USAGE if where else LOGIN)
            told = 'nothing was sent there' if where else 'does not say which cluster'
            assert told in answer.out + answer.err and where in answer.out + answer.err, answer
            assert not house.package.parties()


@case
def masks(suite):
    """A relation's code that does not fit the office's mask is refused before it is sent."""
    for request in ('both', 'finder'):
        modes = {'masks': {'DEB': '1[0-9][0-9][0-9]', 'CRD': '[23]*'}, 'mask_request': request}
        with House(suite.program, suite.package(), modes=modes) as house:
            run = house.export(R.parties(), REJECTED)
            failed = house.failed(run)
            assert set(failed) == {'3001'}, failed
            assert all('1[0-9][0-9][0-9]' in r['error']['message'] for r in failed.values()), failed
            assert not [r for r in asked(house, 'dimensions') if '3001' in r['body'] and '&gt;DEB' in r['body']]


@case
def lengths(suite):
    """What is longer than a field is refused before it is sent, by field."""
    long = R.sales('26700001')
    long['lines'][0]['description'] = 'x' * 41
    wide = R.sales('26700002')
    wide['lines'][0]['description'] = 'é' * 40
    with House(suite.program, suite.package()) as house:
        house.export(R.parties())
        failed = house.failed(house.export([long, wide], REJECTED))
        assert [(r['error']['code'], r['error']['field']) for r in failed.values()] == \
            [('too_long', 'lines.1.description')], failed
        assert [t['invoicenumber'] for t in house.package.office.transactions] == ['26700002']
    known = R.party('customer', '1001')
    for settings, modes, records in (
            ({'name_max': '30'}, {}, [R.party('customer', '1002', name='x' * 31)]),
            ({'code_max': '3'}, {}, [R.party('customer', '1002')]),
            ({'reference_max': '7'}, {}, [known, R.sales('26700003')]),
            ({'description_max': '8'}, {}, [known, R.sales('26700003')])):  # ours refuses
        with House(suite.program, suite.package(), settings, modes=modes) as house:
            failed = house.failed(house.export(records, REJECTED))
            assert [r['error']['code'] for r in failed.values()] == ['too_long'], (settings, failed)
            assert not house.package.entries() and '1002' not in house.package.parties()
    wide = R.sales('26700003', invoice_number='F' * 60)
    wide['lines'][0]['description'] = 'x' * 60
    for settings, modes, records in (
            ({'name_max': '100'}, {'name_max': 100}, [R.party('customer', '1002', name='x' * 100)]),
            ({'reference_max': '60', 'description_max': '60'}, {'reference_max': 60, 'description_max': 60},
             [known, wide])):  # all take more
        with House(suite.program, suite.package(), settings, modes=modes) as house:
            house.export(records)
            same_books(house.package, records)
    for modes, records, words in (
            ({'name_max': 30}, [R.party('customer', '1002', name='x' * 31)], "'name' is te lang"),
            ({'reference_max': 7}, [known, R.sales('26700003')], "'invoicenumber' is te lang"),
            ({'description_max': 8}, [known, R.sales('26700003')], "'description' is te lang"),
            ({'freetext_max': 2}, [R.memorial('26900001')], "'freetext1' is te lang")):  # Twinfield takes less
        with House(suite.program, suite.package(), modes=modes) as house:
            error, = [r['error'] for r in house.failed(house.export(records, REJECTED)).values()]
            assert words in error['vendor'] and error['message'], error
            assert not house.package.entries() and '1002' not in house.package.parties()


@case
def final(suite):
    """Temporary unless the setting says final."""
    for settings, want in (({}, 'temporary'), ({'destiny': 'final'}, 'final')):
        with House(suite.program, suite.package(), settings) as house:
            house.export(R.parties() + R.entries())
            assert {t['destiny'] for t in house.package.office.transactions} == {want}


@case
def updates(suite):
    """An update keeps what people entered at Twinfield, whether the service replaces or merges."""
    for mode in ('replace', 'merge'):
        with House(suite.program, suite.package(), modes={'party_update': mode}) as house:
            house.export(R.parties())
            kept = house.package.office.relations['DEB']['1001']
            kept['addresses']['2'] = {'values': {'name': 'Magazijn', 'city': 'Breda'}, 'default': 'false', 'type': 'postal'}
            kept['addresses']['1']['values'].update(telephone='0201234567', name='Ter attentie van Jansen')
            kept['banks']['7'] = {'values': {'iban': 'NL02ABNA0123456789', 'ascription': 'Twee'}, 'default': 'false',
                                  'type': None}
            house.export([R.party('customer', '1001', city='Breda', email='inkoop@1001.example',
                                  bank_account='NL91ABNA0417164300')])
            kept = house.package.office.relations['DEB']['1001']
            assert kept['addresses']['2']['values']['city'] == 'Breda', kept
            assert kept['addresses']['1']['values']['telephone'] == '0201234567', kept
            assert kept['addresses']['1']['values']['city'] == 'Breda', kept
            assert kept['addresses']['1']['values']['name'] == 'Ter attentie van Jansen', kept
            assert kept['banks']['7']['values']['ascription'] == 'Twee' and len(kept['banks']) == 2, kept


# ---- limits

@case
def credits(suite):
    """Within the credits of a minute without running into them; takes minutes, so in the long profile."""
    if not suite.long:
        raise Skip('not in the quick profile')
    with House(suite.program, suite.package(), {'credits': '25', 'batch': '5'}, modes={'organisation_credits': 25}) as house:
        records = R.parties() + sales(60)
        run = house.export(records)
        assert run['records']['booked'] == len(records), run
        over = [r for r in house.package.requests() if r['status'] == 429]
        assert not over, '%d answers of 429' % len(over)
        same_books(house.package, records)


@case
def one_at_a_time(suite):
    """Two processes of one organisation are never at Twinfield at once."""
    with House(suite.program, suite.package(), dict(TIMEOUT, batch='1'), modes={'concurrency': 1}) as house:
        house.export(R.parties())
        first, second = sales(20), sales(20, 26700200)
        house.package.fault('slow', house.package.offer, seconds=0.05)
        names = [house.records(first), house.records(second)]
        both = [house.start('export', NAME, names[0], '--json'), house.start('test', NAME, names[1])]
        for process in both:
            house.end(process)
        house.package.no_faults()
        house.export(names[0])
        house.export(names[1])
        same_books(house.package, R.parties() + first + second)


@case
def limits_bare(suite):
    """An answer of 429 that does not say how long, and is no XML; takes a minute, so in the long profile."""
    if not suite.long:
        raise Skip('not in the quick profile')
    with House(suite.program, suite.package(), {'batch': '1'}, modes={'retry_after': False}) as house:
        house.export(R.parties())
        house.package.fault('429', house.package.offer, nth=3)
        records = R.parties() + sales(5)
        began = time.monotonic()
        run = house.export(records)
        assert run['records']['booked'] == 5 and 55 < time.monotonic() - began < 100, run
        same_books(house.package, records)
