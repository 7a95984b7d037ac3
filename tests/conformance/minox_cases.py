# SPDX-License-Identifier: MIT
"""The cases that only Minox has."""
import copy
import glob
import os
import urllib.parse

import records as R
from cases import rows_of, same_books
from house import DONE, DOUBT, LATER, NAME, REJECTED, USAGE, House

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def new_store(house):
    """The store is lost, and another one begun."""
    for path in glob.glob(house.path('harmony.db*')):
        os.remove(path)
    house.login()


def puts(house):
    return [r for r in house.package.requests() if r['method'] == 'PUT']


def batch_of(house, reference):
    """The lines of the batch of a sales invoice."""
    return next(lines for lines in house.package.sim.batches.values() if str(lines[0].get('invoice_number')) == reference)


# ---- what a person did in Minox stays

LISTS = [({}, {}), ({}, {'bulk_page': 3}), ({}, {'missing': 'empty'}), ({'batch_list': 'omit'}, {}),
         ({}, {'line_list': 'unknown'}), ({}, {'line_list': 'no_ids'}), ({}, {'line_list': 'stale'})]


@case
def corrected(suite):
    """What was corrected in Minox is not put over, also when the store knows nothing of it."""
    for settings, modes in LISTS:
        with House(suite.program, suite.package(), settings, modes=modes) as house:
            records = R.parties() + [R.sales(str(26700100 + n)) for n in range(8)] + [R.memorial('26900001')]
            house.export(records)
            sim = house.package.sim
            first, late, moved, renumbered = (batch_of(house, str(26700100 + n)) for n in (0, 5, 6, 7))
            for lines in (first, late):
                lines[1]['account'] = {'id': '8020', 'type': 'ledger_account'}
            for line in moved:
                line.update(document_date='2025-12-31', period={'id': 12, 'fiscal_year': 2025})
            for line in renumbered:
                line['invoice_number'] = 99
            before = copy.deepcopy(sim.batches)
            new_store(house)
            house.package.forget()
            run = house.export(records, REJECTED)
            failed = house.failed(run)
            assert {r['error']['code'] for r in failed.values()} == {'booked_differs'}, failed
            assert sorted(failed) == ['70/26700100', '70/26700105', '70/26700107'], failed
            assert all(r['remote_id'] for r in failed.values()), failed
            assert all('correct the entry there' in r['error']['message'] for r in failed.values()), failed
            assert sim.batches == before and not puts(house), 'written over'
            # New ones go on, and what was put right in Minox is booked when it is offered again.
            house.export([R.sales('26700200')])
            assert len(sim.batches) == len(before) + 1
            late[1]['account'] = {'id': '8000', 'type': 'ledger_account'}
            house.good('reoffer', str(failed['70/26700105']['id']))
            assert len(puts(house)) == 1 and not sim.put_over
    return '%d ways to look' % len(LISTS)


@case
def looks(suite):
    """Looking before booking takes a few requests, however many entries there are."""
    said = []
    for settings, modes in LISTS[:5]:
        with House(suite.program, suite.package(), settings, modes=modes) as house:
            house.export(R.parties())
            house.package.forget()
            house.export([R.sales(str(26700100 + n)) for n in range(60)])
            asked = [r['url'] for r in house.package.requests() if r['method'] == 'GET']
            by_one = sum('transaction_line_batch' in url for url in asked)
            listed = sum('transaction_lines' in url for url in asked)
            if settings or modes.get('line_list'):
                assert by_one == 60 and listed <= 1, (by_one, listed)
            elif modes.get('bulk_page'):  # as many pages as were asked for, twice, at the most
                assert by_one < 60 and listed <= 2 * by_one, (by_one, listed)
            else:
                assert (by_one, listed) == (2, 3), (by_one, listed)
            said.append('%d+%d' % (by_one, listed))
    for kind in ('503', 'hang_before', 'garbage', 'endless'):  # a list that is too much for Minox holds nothing up
        with House(suite.program, suite.package(), {'timeout': '3s'}) as house:
            house.export(R.parties())
            house.package.forget()
            house.package.fault(kind, 'transaction_lines')
            house.export([R.sales(str(26700100 + n)) for n in range(6)])
            assert sum(1 for r in house.package.requests() if r['fault']) == 1, kind
            assert len(house.package.entries()) == 6
    return 'asked and listed: ' + ', '.join(said)


# ---- numbers of purchases

@case
def purchase_number(suite):
    """The supplier's own number as the invoice number, where it is a whole number; or ours."""
    with House(suite.program, suite.package(), {'purchase_number': 'invoice'}) as house:
        good = [R.purchase('26600001', invoice_number='4711'), R.purchase('26600002', value='-50.00', invoice_number='4712')]
        bad = [R.purchase('26600003', invoice_number='F/2026-17'), R.purchase('26600004', invoice_number='0042'),
               R.purchase('26600005', invoice_number='1234567890123456')]
        failed = house.failed(house.export(R.parties() + good + bad, REJECTED))
        codes = {name: r['error']['code'] for name, r in failed.items()}
        assert codes == {'60/26600003': 'invalid_number', '60/26600004': 'invalid_number', '60/26600005': 'too_long'}, codes
        for r in failed.values():
            assert r['error']['field'] == 'invoice_number' and 'purchase_number = entry' in r['error']['message'], r
        same_books(house.package, R.parties() + good)
        house.good('import', NAME)
        assert sorted(row[1] for row in house.dbopen()) == ['4711', '4712'], house.dbopen()
    with House(suite.program, suite.package()) as house:
        house.export(R.parties() + good + bad)
        same_books(house.package, R.parties() + good + bad)
        house.good('import', NAME)
        assert sorted(row[1] for row in house.dbopen()) == ['2660000%d' % n for n in range(1, 6)], house.dbopen()


@case
def numbers(suite):
    """An invoice without a number goes by its entry number; long ones are Minox's to refuse; a number that is none stays."""
    records = [R.sales('26700001'), R.sales('2026000123'), R.purchase('26600001'), R.purchase('2026600002')]
    for record in records[::2]:
        del record['invoice_number']
    with House(suite.program, suite.package()) as house:
        house.export(R.parties() + records)
        house.good('import', NAME)
        assert sorted(row[1] for row in house.dbopen()) == ['2026000123', '2026600002', '26600001', '26700001'], house.dbopen()
    with House(suite.program, suite.package(), modes={'number_max': 999999999}) as house:
        failed = house.failed(house.export(R.parties() + records, REJECTED))
        assert sorted(failed) == ['60/2026600002', '70/2026000123'], failed
        assert all('is te groot' in r['error']['vendor'] for r in failed.values()), failed


@case
def settled(suite):
    """What a memorial pays of an invoice, by the relation and the number of its line, is no longer open."""
    for settings in ({}, {'purchase_number': 'invoice'}):
        with House(suite.program, suite.package(), settings) as house:
            memorial = R.memorial('26900001')
            memorial['lines'] = [
                R.line('1300', '-50.00', number=1, party='1001', side='sales', invoice_number='26700001'),
                R.line('1600', '20.00', number=2, party='2001', side='purchase', invoice_number='26600001'),
                R.line('3000', '30.00', number=3)]
            odd = R.memorial('26900002')
            odd['lines'] = [R.line('1600', '5.00', number=1, party='2001', side='purchase', invoice_number='F/2026-17'),
                            R.line('3000', '-5.00', number=2)]
            house.export(R.parties() + [R.sales('26700001'), R.purchase('26600001'), memorial, odd])
            house.good('import', NAME)
            have = sorted((r[1], r[5], r[6], r[7]) for r in house.dbopen())
            assert have == [('26600001', '121.00', '20.00', '101.00'), ('26700001', '121.00', '50.00', '71.00')], have
            said = [line['description'] for lines in house.package.sim.batches.values() for line in lines
                    if line['account']['type'] == 'supplier' and 'invoice_number' not in line]
            assert said == ['F/2026-17; Regel 1600'], said


@case
def described(suite):
    """Every line tells what it is of: what has no description has that of its entry, or its number."""
    for way in ('with', 'own'):
        with House(suite.program, suite.package(), {'vat_lines': way}, modes={'vat_lines': way}) as house:
            records = [R.sales('26700001'), R.purchase('26600001', invoice_number='F/2026-17'), R.memorial('26900001')]
            records += [R.sales('26700002'), R.memorial('26900002')]
            for line in (line for record in records for line in record['lines']):
                del line['description']
            for record in records[3:]:
                del record['description']
            house.export(R.parties() + records)
            said = {line['description'] for lines in house.package.sim.batches.values() for line in lines}
            assert said == {'Factuur 26700001', 'F/2026-17; Factuur 26600001', 'Factuur 26600001', 'Memoriaal 26900001',
                            '26700002', '26900002'}, said


# ---- what answers look like

SHAPES = [({}, {'missing': 'empty'}), ({}, {'missing': 'none'}), ({}, {'lookup': 'list'}), ({}, {'lookup': 'list', 'missing': 'empty'}),
          ({}, {'post_answer': 'empty'}), ({}, {'numbers': 'text'}), ({}, {'dates': 'day'}), ({}, {'remark': 'info'}),
          ({}, {'remark': 'Warning'}), ({}, {'balance': 'taken'}), ({}, {'told_vat': 'code'}), ({}, {'told_vat': 'none'}),
          ({}, {'put_answer': 'empty', 'told_vat': 'none'}), ({'purchase_number': 'entry'}, {'same_number': 'apart'}),
          ({'batch_list': 'omit'}, {}), ({}, {'line_list': 'unknown'}), ({}, {'line_list': 'no_ids'}),
          ({}, {'line_list': 'stale'})]


@case
def shapes(suite):
    """What is not verified of the answers, each way: all is booked and comes back."""
    for settings, modes in SHAPES:
        with House(suite.program, suite.package(), settings, modes=modes) as house:
            records = R.parties() + R.entries()
            run = house.export(records)
            assert run['records']['booked'] == len(records), (modes, run)
            same_books(house.package, records)
            house.good('import', NAME)
            have = sorted((r[0], r[1], r[5], r[6], r[7], r[8]) for r in house.dbopen())
            assert have == rows_of(house.package, house.package.open_items()), modes
            assert not house.package.sim.put_over
    return '%d shapes' % len(SHAPES)


@case
def same_number(suite):
    """An invoice and a credit note under one number are one open item, or two."""
    for way, rows in (('one', 1), ('apart', 2)):
        with House(suite.program, suite.package(), modes={'same_number': way}) as house:
            records = [R.sales('26700001'), R.sales('26700002', value='-40.00', invoice_number='26700001')]
            house.export(R.parties() + records)
            house.good('import', NAME)
            have = sorted((r[0], r[1], r[5], r[6], r[7], r[8]) for r in house.dbopen())
            assert have == rows_of(house.package, house.package.open_items()) and len(have) == rows, have


@case
def credit_notes(suite):
    """Open credit notes that come with a sign or without: negative in dbopen.csv, paid in part or not."""
    for settings, modes in (({}, {}), ({'credit_notes': 'positive'}, {'credit_notes': 'positive'}),
                            ({'credit_notes': 'positive'}, {}),
                            ({'credit_notes': 'positive'}, {'credit_notes': 'positive', 'journal_types': False}),
                            ({'credit_notes': 'positive', 'payables_sign': 'negative', 'contra_line': 'omit'},
                             {'credit_notes': 'positive', 'payables_sign': 'negative', 'contra_line': 'omit'})):
        if modes.get('journal_types') is False:
            settings = dict(settings, customer_journal='VK', supplier_journal='IK')
        with House(suite.program, suite.package(), settings, modes=modes) as house:
            records = [R.sales('26700001'), R.sales('26700002', value='-40.00'), R.purchase('26600001'),
                       R.purchase('26600002', value='-50.00')]
            house.export(R.parties() + records)
            house.package.pay('26700002', '-10.00')
            house.package.pay('26600002', '-20.00')
            house.good('import', NAME)
            have = sorted((r[0], r[1], r[5], r[6], r[7], r[8]) for r in house.dbopen())
            assert have == rows_of(house.package, house.package.open_items()), (settings, have)
            assert sum('-' in row[2] for row in have) == 2, have
    with House(suite.program, suite.package(), {'credit_notes': 'positive'}, modes={'line_list': 'unknown'}) as house:
        house.export(R.parties() + records)
        answer = house.run('import', NAME)
        assert answer.code == USAGE and 'credit_notes = positive' in answer.err, answer


@case
def patched(suite):
    """Lists in a relation that changes, whether Minox replaces them or adds to them."""
    for way in ('replace', 'merge'):
        with House(suite.program, suite.package(), modes={'patch': way}) as house:
            house.export(R.parties())
            house.export([R.party('customer', '1001', email='nieuw@1001.example', bank_account='NL02RABO0123456789')])
            have = house.package.parties()['1001']
            assert have['email'] == 'nieuw@1001.example' and have['city'] == 'Amsterdam', have
            assert have['bank_accounts'] == ['NL02RABO0123456789', 'NL91ABNA0417164300'], have
            row = next(r for r in house.package.sim.parties['sales'].values() if r['externalid'] == '1001')
            assert len(row['addresses']) == 1, row
            assert [b['iban'] for b in row['bank_accounts'] if b['is_default']] == ['NL02RABO0123456789'], row


@case
def added_by_hand(suite):
    """What a person added to a relation in Minox stays when the relation changes; ours that is there is no change."""
    with House(suite.program, suite.package()) as house:
        house.export(R.parties())
        row = next(r for r in house.package.sim.parties['sales'].values() if r['externalid'] == '1001')
        theirs = {'email_address_type': 'factuur', 'email_address': 'facturen@1001.example'}
        row['addresses'][0]['email_addresses'].insert(0, theirs)
        row['addresses'][0]['phone_numbers'] = [{'phone_number_type': 'mobiel', 'phone_number': '06-1'}]
        house.package.forget()
        house.export([R.party('customer', '1001', email='inkoop@1001.example', bank_account='NL91ABNA0417164300',
                              credit_limit='1.00')])
        assert not [r for r in house.package.requests() if r['method'] != 'GET']
        house.export([R.party('customer', '1001', email='nieuw@1001.example', phone='020-1')])
        mails = [m['email_address'] for m in row['addresses'][0]['email_addresses']]
        assert mails == ['nieuw@1001.example', 'facturen@1001.example'], mails
        phones = [p['phone_number'] for p in row['addresses'][0]['phone_numbers']]
        assert phones == ['020-1', '06-1'], phones


@case
def not_ours(suite):
    """An open item of a relation without our code goes by Minox's number, but never as another relation's."""
    with House(suite.program, suite.package()) as house:
        house.package.sim.control(customers=[{'externalid': '10003'}, {}, {}])
        for account, number in ((10001, 1), (10002, 2), (10003, 3)):
            house.package.sim.control(before={'account': account, 'number': number, 'amount': '10.00'})
        answer = house.good('import', NAME)
        assert sorted((r[0], r[1]) for r in house.dbopen()) == [('10002', '2'), ('10003', '1')], house.dbopen()
        assert answer.err.count('left out') == 1 and 'invoice 3 of customer 10003' in answer.err, answer


@case
def place(suite):
    """Tenant and administration: each by its key, or both in one; not two tenants, and not none."""
    for settings in ({'administration': '4711/1', 'tenant': None}, {'administration': '4711/1'}, {}):
        with House(suite.program, suite.package(), settings) as house:
            house.export(R.parties() + [R.sales('26700001')])
            assert len(house.package.entries()) == 1
    for settings, words in (({'administration': '4712/1'}, 'tenant 4712'), ({'tenant': None}, '`tenant` is missing'),
                            ({'administration': '4711/een', 'tenant': None}, 'administration = een')):
        with House(suite.program, suite.package(), settings, login=False) as house:
            answer = house.run('test', NAME)
            assert answer.code == USAGE and words in answer.err, (settings, answer)


@case
def renewals(suite):
    """A renewal that gives a new refresh token, the same, or none; a life in numbers, in text, or not told."""
    for modes in ({}, {'refresh': 'same'}, {'refresh': 'none'}, {'expires_in': 'text'}, {'expires_in': 'absent'}):
        with House(suite.program, suite.package(), modes=modes) as house:
            for _ in range(3):
                house.package.expire_tokens()
                house.good('test', NAME)
            assert house.package.renewals() == 4, modes
            asked = len(house.package.requests())
            house.good('test', NAME)
            assert len(house.package.requests()) > asked and house.package.renewals() == 4, modes


@case
def in_part(suite):
    """A batch that is refused and there in part is told as that; put right by hand, it is booked."""
    for errors in ('400', '2xx'):
        with House(suite.program, suite.package(), modes={'atomic': False, 'errors': errors}) as house:
            house.export(R.parties())
            house.package.close_period(2026, 5)
            failed = house.failed(house.export([R.sales('26700001')], REJECTED))
            error = failed['70/26700001']['error']
            assert error['code'] == 'booked_differs' and house.package.closed_code in error['vendor'], error
            house.package.open_periods()
            house.good('reoffer', str(failed['70/26700001']['id']), code=REJECTED)
            assert not house.package.sim.put_over
            house.package.sim.batches.clear()
            house.good('reoffer', str(failed['70/26700001']['id']))
            same_books(house.package, [R.sales('26700001')])


# ---- VAT that is not told, or not booked

@case
def vat(suite):
    """VAT that Minox books otherwise is told; VAT that it does not tell is said not to be known."""
    with House(suite.program, suite.package(), modes={'told_vat': 'none'}) as house:
        answer = house.run('export', NAME, house.records(R.parties() + [R.sales('26700001'), R.sales('26700002')]))
        assert answer.code == DONE and answer.err.count('its VAT is not known') == 1, answer
    with House(suite.program, suite.package()) as house:
        answer = house.run('export', NAME, house.records(R.parties() + [R.sales('26700001')]))
        assert answer.code == DONE and 'VAT' not in answer.err, answer
    for spoil in ({'id': 2, 'amount': 20}, {'id': 1, 'amount': 21}, None):
        with House(suite.program, suite.package()) as house:
            records = [R.entries()[0], R.memorial('26900001')]
            house.export(R.parties() + records)
            lines = batch_of(house, '26700001')
            assert lines[1]['vat']['id'] == 2
            if spoil:
                lines[1]['vat'] = spoil
            else:
                del lines[1]['vat']
            new_store(house)
            failed = house.failed(house.export(R.parties() + records, REJECTED))
            assert [r['error']['code'] for r in failed.values()] == ['booked_differs'], failed
            assert ' VAT ' in failed['70/26700001']['error']['message'], failed


# ---- lengths and rights

@case
def lengths(suite):
    """A name or description that is too long: refused here where that is set, else in Minox's words."""
    long = 'Omschrijving die langer is dan Minox toelaat'
    records = [R.party('customer', '1001', name=long), R.sales('26700001', '1002', description=long)]
    for settings in ({'name_max': '30', 'description_max': '30'}, {}):
        modes = {'name_max': 30, 'description_max': 30}
        with House(suite.program, suite.package(), settings, modes=modes) as house:
            house.export(R.parties()[1:2])
            house.package.forget()
            failed = house.failed(house.export(records, REJECTED))
            assert len(failed) == 2, failed
            for name, field in (('1001', 'name'), ('70/26700001', 'description')):
                error = failed[name]['error']
                if settings:
                    assert error['code'] == 'too_long' and error['field'] == field and '30' in error['message'], error
                else:
                    assert error['code'] == 'too_long' and 'te lang' in error['vendor'], error
            if settings:
                assert not [r for r in house.package.requests() if r['method'] != 'GET']


@case
def many_lines(suite):
    """A page of a journal takes 8,999 lines: one more is refused here, and nothing is sent of it."""
    memorial = R.memorial('26900001')
    memorial['lines'] = [dict(line, number=2 * n + 1 + i) for n in range(4500) for i, line in enumerate(memorial['lines'])]
    invoice = R.invoice('sales_invoice', '26700001', '1001', [R.line('800', '1.00', number=1 + n) for n in range(8999)])
    with House(suite.program, suite.package()) as house:
        house.export(R.parties())
        house.package.forget()
        failed = house.failed(house.export([memorial, invoice], REJECTED))
        for error in (failed['90/26900001']['error'], failed['70/26700001']['error']):
            assert error['code'] == 'too_long' and error['field'] == 'lines', error
            assert '9000' in error['message'] and '8999' in error['message'], error
        assert not [r for r in house.package.requests() if r['method'] != 'GET']


@case
def scope(suite):
    """The login asks for the scopes that are set; a right that lacks says which page to turn to."""
    for settings, want in (({}, 'transaction:write'), ({'scope': 'administration:read customer:read'}, None)):
        with House(suite.program, suite.package(), settings, login=False) as house:
            said = house.run('login', NAME)
            address = next(word for word in (said.out + said.err).split() if word.startswith('http') and 'scope' in word)
            asked = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)['scope'][0].split()
            assert want in asked if want else asked == settings['scope'].split(), asked
    with House(suite.program, suite.package(), modes={'open_items_allowed': False}) as house:
        answer = house.run('import', NAME)
        assert answer.code == USAGE and 'receivable' in answer.err and 'scope' in answer.err, answer
        assert not os.path.exists(house.path('dbopen.csv'))


@case
def unclear(suite):
    """An error inside a 2xx whose truth cannot be looked up at once is in doubt, and then cleared."""
    named = R.party('customer', '1001', name='Een naam die langer is dan dertig tekens')
    for record, code, look in ((R.sales('26700001', '1002'), 'period_closed', 'transaction_line_batch'),
                               (named, 'too_long', 'by_externalid')):
        with House(suite.program, suite.package(), modes={'errors': '2xx', 'name_max': 30}) as house:
            house.export(R.parties()[1:2])
            house.package.close_period(2026, 5)
            house.package.forget()
            # The look before it is answered, the three tries of the look behind it are not.
            house.package.sim.control(faults=[
                {'kind': '503', 'match': '^GET .*/%s/' % look, 'nth': nth} for nth in (2, 3, 4)])
            run = house.export([record], LATER, DOUBT)
            assert run['records']['in_doubt'] == 1, run
            house.package.no_faults()
            failed = house.failed(house.export([record], REJECTED))
            assert [r['error']['code'] for r in failed.values()] == [code], failed
            assert not house.package.entries() and len(house.package.parties()) == 1
