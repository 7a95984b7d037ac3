# SPDX-License-Identifier: MIT
"""The cases that only Multivers has."""
import json
import os
from decimal import Decimal

import records as R
from cases import rows_of, same_books
from faults import everything_booked, survive
from house import DONE, DOUBT, LATER, NAME, REJECTED, USAGE, House

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def credit(number, **more):
    return R.sales(number, value='-50.00', **more)


def refused(house, records, *codes):
    """identifier → error of an export that refuses some."""
    run = house.export(records, *(codes or (REJECTED,)))
    return {name: record['error'] for name, record in house.failed(run).items()}


def count_of(house):
    """How many entries are booked."""
    return len(house.package.entries())


# ---- what is not verified, and set wrongly

# (settings, modes, the record that shows it, the setting that the message names)
WRONG_SETTINGS = [({}, {'sales_lines': 'debit'}, R.sales('26700001'), 'in the other column: see `sales_lines`'),
                  ({'sales_lines': 'debit'}, {}, R.sales('26700001'), 'in the other column: see `sales_lines`'),
                  ({}, {'credit_notes': 'both'}, credit('26700001'), 'credit_notes'),
                  ({}, {'credit_total': 'positive'}, credit('26700001'), 'credit_total'),
                  ({'credit_total': 'positive'}, {}, credit('26700001'), 'credit_total'),
                  ({'vat': 'auto'}, {}, R.invoice('sales_invoice', '26700001', '1001', [
                      R.line('800', '100.00', 'H', '21.01')]), '`vat')]


@case
def wrong_settings(suite):
    """The first total that differs stops its kind, names the setting, and lets the other kinds go on."""
    for settings, modes, first, named in WRONG_SETTINGS:
        package = suite.package()
        with House(suite.program, package, settings, modes=modes) as house:
            others = [R.purchase('26600001'), R.memorial('26900001')]
            more = [R.sales(str(26700002 + n)) for n in range(3)]
            house.export(R.parties())
            run = house.export([first] + more + others, REJECTED, LATER)
            states = house.states()
            failed = house.failed(run)['70/26700001']
            assert failed['error']['code'] == 'booked_differs' and failed['remote_id'], failed
            assert named in failed['error']['message'], failed
            assert [states['sales_invoice', '70/%s' % r['entry_number']] for r in more] == ['waiting'] * 3, states
            assert states['purchase_invoice', '60/26600001'] == states['memorial', '90/26900001'] == 'booked', states
            count = count_of(house)
            assert count == 3, 'booked on after a wrong total'
            house.export([], LATER, DONE, REJECTED)  # and it stays stopped
            assert count_of(house) == count, 'booked on in the next run'
            right = {'sales_lines': package.sim.modes['sales_lines'], 'credit_notes': package.sim.modes['credit_notes'],
                     'credit_total': package.sim.modes['credit_total'], 'vat': 'lines'}
            house.configure(**right)
            house.export(more, DONE, REJECTED)
            states = house.states()
            assert [states['sales_invoice', '70/%s' % r['entry_number']] for r in more] == ['booked'] * 3, states
            assert count_of(house) == count + 3, 'something was booked twice'
    return '%d settings' % len(WRONG_SETTINGS)


@case
def totals_reported(suite):
    """With totals = report only the record itself is stopped."""
    with House(suite.program, suite.package(), {'totals': 'report'}, modes={'credit_total': 'positive'}) as house:
        failed = refused(house, R.parties() + [credit('26700001'), R.sales('26700002'), credit('26700003')])
        assert {e['code'] for e in failed.values()} == {'booked_differs'} and len(failed) == 2, failed
        assert count_of(house) == 3


@case
def credit_column_refused(suite):
    """A form of credit note that Multivers refuses is told with the setting to look at."""
    with House(suite.program, suite.package(), modes={'credit_notes': 'column'}) as house:
        failed = refused(house, R.parties() + [credit('26700001'), R.sales('26700002')])
        assert 'credit_notes' in failed['70/26700001']['message'], failed
        assert count_of(house) == 1


@case
def escapes_wrong(suite):
    """The wrong escape in paths is told with the setting, and nothing is booked twice."""
    with House(suite.program, suite.package(), {'path_escape': 'percent'}) as house:
        house.allowed_violations = ('a percent sign in the path: it is written !_',)
        answer = house.run('export', NAME, house.records([R.party('customer', 'A B')]), '--json')
        assert answer.code != DONE and 'path_escape' in answer.out + answer.err, answer


@case
def lists_end(suite):
    """A list that goes in circles is not followed; one without an end of its own is read to an empty page."""
    records = R.parties() + [R.sales(str(26700100 + n)) for n in range(21)]
    with House(suite.program, suite.package(), {'page_size': '10'}) as house:
        house.export(records)
        for mode in ('skip_ignored', 'ignored'):
            house.package.sim.control(modes={'paging': mode})
            answer = house.run('import', NAME)
            assert answer.code != DONE and 'paging' in answer.err, answer
            assert not os.path.exists(house.path('dbopen.csv')), 'half a list was written'
        house.package.sim.control(modes={'paging': 'honoured', 'page': 4})  # less than was asked for, and not the end
        house.good('import', NAME)
        assert len(house.dbopen()) == 21, len(house.dbopen())
        house.package.sim.control(modes={'paging': 'ignored', 'page': 0})
        house.configure(paging='none', page_size='10')
        house.good('import', NAME)
        assert len(house.dbopen()) == 21, len(house.dbopen())


@case
def due_dates(suite):
    """A due date that the payment condition overrides is booked, and warned of."""
    with House(suite.program, suite.package(), modes={'due_dates': 'condition'}) as house:
        name = house.records(R.parties() + [R.sales('26700001'), R.sales('26700002', due_date='2026-05-25')])
        answer = house.good('export', NAME, name, '--json')
        assert answer.json['records']['booked'] == len(R.parties()) + 2, answer
        assert '26700002' in answer.err and '2026-06-10' in answer.err, answer
        assert '26700001' not in answer.err, answer


@case
def supplier_entries(suite):
    """Memorial lines that pay invoices: booked, refused by Multivers, left out by us."""
    record = R.memorial('26900001')
    record['lines'] = [R.line('1300', '-50.00', party='1001', invoice_number='26700001', number=1),
                       R.line('1600', '50.00', party='2001', side='purchase', invoice_number='26600001', number=2)]
    before = R.parties() + [R.sales('26700001'), R.purchase('26600001')]
    with House(suite.program, suite.package()) as house:
        house.export(before + [record])
        same_books(house.package, before + [record])
        assert [left for _, (_, left) in house.package.open_items()] == [Decimal('71.00')] * 2
        loose = R.memorial('26900002')
        loose['lines'] = [R.line('1300', '50.00', party='1001', number=1), R.line('7900', '-50.00', number=2)]
        error = refused(house, [loose])['90/26900002']
        assert error['field'].startswith('lines.1.') and error['message'], error
    with House(suite.program, suite.package(), modes={'supplier_entry': 'refused'}) as house:
        house.export(before)
        error = refused(house, [record])['90/26900001']
        assert error['code'] == 'vendor' and error['field'].startswith('lines.2') and \
            'memorial_party' in error['message'], error
    with House(suite.program, suite.package(), {'memorial_party': 'refuse'}) as house:
        house.export(before)
        error = refused(house, [record])['90/26900001']
        assert error['field'] == 'lines.1.party' and 'memorial_party' in error['message'], error
        assert count_of(house) == 2


# ---- numbers

@case
def numbers(suite):
    """Somebody else takes our transaction number: asked for again, each booked once."""
    records = [R.sales(str(26700001 + n)) for n in range(6)] + [R.purchase('26600001'), R.memorial('26900001')]
    for nth in (1, 3):
        with House(suite.program, suite.package()) as house:
            house.export(R.parties())
            for year, journal in ((2026, 'VK'), (2026, 'MEM'), (2026, 'VK')):
                house.package.sim.control(taken=[year, journal])
            house.package.fault('number_taken', house.package.offer, every=nth, times=3)
            run = house.export(records, DONE, LATER)
            house.package.no_faults()
            if run['records']['waiting']:
                house.export(records)
            same_books(house.package, R.parties() + records)
            taken = list(house.package.sim.first.numbers())
            assert len(taken) == len(set(taken)), 'a number was given twice: %s' % taken
    with House(suite.program, suite.package()) as house:  # two with stores of their own in one journal
        house.export(R.parties())
        halves = [[R.sales(str(26700100 + n)) for n in range(at, 40, 2)] for at in (0, 1)]
        with house.neighbour() as other:
            house.package.fault('slow', house.package.offer, seconds=0.02)
            both = [one.start('export', NAME, one.records(half), '--json') for one, half in zip((house, other), halves)]
            for process in both:
                answer = house.end(process)
                assert answer.code in (DONE, LATER), answer
            house.package.no_faults()
            for one, half in zip((house, other), halves):
                one.export(half)
        same_books(house.package, R.parties() + halves[0] + halves[1])
        taken = list(house.package.sim.first.numbers())
        assert len(taken) == len(set(taken)) == 40, 'a number was given twice: %s' % taken
    with House(suite.program, suite.package()) as house:  # the last one of a journal
        house.export(R.parties())
        house.package.sim.control(last=[2026, 'VK', 9998])
        failed = refused(house, [R.sales('26700001'), R.sales('26700002'), R.purchase('26600001')])
        assert list(failed) == ['70/26700002'] and '9999' in failed['70/26700002']['message'], failed


@case
def kept_number(suite):
    """What was sent goes by its number again, when the lost answer came late and when it never came."""
    package = suite.package()
    records = [R.sales('26700001'), R.memorial('26900001')]
    for kind in ('reset_before', 'reset_after', 'hang_after', '500', '502_after', 'empty'):
        for modes in ({}, {'duplicates': 'accepted'}, {'created': 'empty'}):
            survive(suite, records, kind, package.offer, R.parties(), modes=modes, every=1, times=2)
    return '18 failures'


@case
def unclear(suite):
    """A refusal that may be none, and cannot be looked up at once, is in doubt and then cleared."""
    for kind in ('error_after', 'status_500_message'):  # booked all the same, and not
        for record, write in ((R.sales('26700001', '1002'), 'CustomerInvoice'),
                              (R.party('customer', '1003'), 'Customer')):
            with House(suite.program, suite.package(), modes={'errors': 'bare'}) as house:
                house.export(R.parties())
                house.package.forget()
                # The look before it is answered, the three tries of the look behind it are not.
                house.package.sim.control(faults=[{'kind': kind, 'match': '^POST .*/%s$' % write}] + [
                    {'kind': '503', 'match': '^GET .*/%s/' % write, 'nth': nth} for nth in (2, 3, 4)])
                run = house.export([record], LATER, DOUBT)
                assert run['records']['in_doubt'] == 1, (kind, run)
                house.package.no_faults()
                house.export([record])
                everything_booked(house, R.parties() + [record])


@case
def documents(suite):
    """A memorial in doubt is found by its number, whatever Multivers kept of what it is called."""
    records = [R.memorial('26900001'), R.memorial('26900002')]  # alike but for their numbers
    for mode in ('kept', 'cut', 'dropped'):
        for kind in ('reset_before', 'reset_after', 'garbage'):
            survive(suite, records, kind, suite.package().offer, modes={'documents': mode}, nth=1)
    with House(suite.program, suite.package()) as house:  # somebody else's entry under our number, with our content
        house.package.fault('reset_after', house.package.offer, nth=1)
        house.export([records[0]], DOUBT)
        house.package.no_faults()
        house.package.sim.first.fin_trans[0]['document'] = 'van Jan'
        run = house.export([], DOUBT)
        assert run['records']['in_doubt'] == 1, run
        message = house.details(run, '--failed')[0]['error']['message']
        assert 'FinTrans/2026/MEM/1' in message and '31-05-2026' in message, message
        house.package.sim.first.fin_trans[0]['finTransEntries'][0]['accountId'] = '4600'
        house.export([])  # with other content, so that ours was not booked
        assert [row['journalTransaction'] for row in house.package.sim.first.fin_trans] == [1, 2]


@case
def lost_store(suite):
    """With a new store nothing that goes by a number is booked twice."""
    records = R.parties() + [R.sales('26700001'), R.purchase('26600001'), R.sales('26700002', value='-50.00')]
    with House(suite.program, suite.package()) as house:
        house.export(records)
        for name in os.listdir(house.folder):
            if name.startswith('harmony.db'):
                os.remove(house.path(name))
        house.login()
        run = house.export(records)
        assert run['records']['booked'] == len(records), run
        same_books(house.package, records)
        changed = R.sales('26700001', value='99.00')
        os.remove(house.path('harmony.db'))
        house.login()
        error = refused(house, R.parties() + [changed])['70/26700001']
        assert error['code'] in ('duplicate', 'booked_differs') and error['message'], error
        same_books(house.package, records)


@case
def lost_memorials(suite):
    """With a new store memorials are searched for in their journal; where that tells nothing, nothing is sent."""
    records = [R.memorial(str(26900001 + n)) for n in range(3)]  # alike but for their numbers
    for more in ({}, {'documents': 'cut'}, {'documents': 'dropped'}, {'journal_list': 'missing'}, {'journal_list': 'without'}):
        clear = not more
        with House(suite.program, suite.package(), modes=more) as house:
            house.export(R.parties() + records + [R.sales('26700001')])
            house.forget()
            house.login()
            fresh = R.memorial('26900009', date='2026-05-29')
            run = house.export(R.parties() + [R.sales('26700001')] + records + [fresh], DONE if clear else DOUBT)
            failed = house.failed(run) if not clear else {}
            assert len(failed) == (0 if clear else 4 if 'journal_list' in more else 3), (more, failed)
            assert all('look in journal' in one['error']['message'] for one in failed.values()), failed
            assert len(house.package.sim.first.fin_trans) == 3 + ('journal_list' not in more), more
    with House(suite.program, suite.package()) as house:  # nothing but memorials
        house.export(records)
        house.forget()
        house.login()
        changed = [records[0], R.memorial('26900002', value='1.00')] + [records[2]]
        run = house.export(changed, REJECTED)
        assert house.failed(run)['90/26900002']['error']['code'] == 'booked_differs', house.failed(run)
        assert run['records']['booked'] == 2 and len(house.package.sim.first.fin_trans) == 3, run


@case
def same_numbers(suite):
    """One invoice number in two years, in two journals, or of two totals: never the one taken for the other."""
    for first, more in ((R.sales('1'), {'date': '2025-05-11', 'year': 2025}), (R.sales('1'), {'journal': '71'}),
                        (R.purchase('1'), {'date': '2025-05-11', 'year': 2025})):
        package = suite.package()
        package.maps = dict(package.maps, journals=dict(package.maps['journals'], **{'71': 'VK2'}))
        with House(suite.program, package) as house:
            house.package.sim.first.journals['VK2'] = 'VK'
            second = dict(first, **more)
            run = house.export(R.parties() + [first, second], REJECTED)
            errors = [record['error'] for record in house.failed(run).values()]
            assert [(e['code'], e['field']) for e in errors] == [('duplicate', 'entry_number')], errors
            same_books(house.package, R.parties() + [first])


@case
def booked_by_hand(suite):
    """An entry that others booked under our number with another total is refused, and stops nothing."""
    with House(suite.program, suite.package()) as house:
        house.export(R.parties() + [R.sales('26700001')])
        house.forget()
        house.login()
        records = [R.sales('26700001', value='99.00'), R.sales('26700002')]
        run = house.export(records, REJECTED)
        assert run['records']['booked'] == 1 and run['records']['waiting'] == 0, run
        error = house.failed(run)['70/26700001']['error']
        assert error['code'] == 'booked_differs' and '121.00' in error['message'], error
        assert '119.79' in error['message'] and 'sales_lines' not in error['message'], error
        house.forget()  # and when it is met only as it is offered
        house.login()
        house.package.fault('404', r'^GET .*/CustomerInvoice/', times=2)
        run = house.export([R.sales('26700001', value='98.00'), R.sales('26700003')], REJECTED)
        assert run['records']['booked'] == 1 and run['records']['waiting'] == 0, run


@case
def what_relations_have(suite):
    """A supplier has no contact at Multivers; and a bank account is the same with blanks and without."""
    with House(suite.program, suite.package()) as house:
        written = 'NL91 ABNA 0417 1643 00'
        customer = R.party('customer', '1001', contact='P. Jansen', bank_account=written)
        supplier = R.party('supplier', '2001', contact='K. de Vries', customer_number='K-1', bank_account=written)
        house.export([customer, supplier])
        house.export([dict(customer, city='Urk'), dict(supplier, city='Urk')])
        books = house.package.sim.first
        assert books.parties['Customer']['1001']['person'] == 'P. Jansen', books.parties
        assert books.parties['Supplier']['2001']['customerIdSupplier'] == 'K-1', books.parties
        assert [one['iban'] for one in books.banks] == 2 * ['NL91ABNA0417164300'], books.banks


@case
def one_code_for_two(suite):
    """Two VAT codes of the file that are one of Multivers make one VAT line."""
    package = suite.package()
    package.maps = dict(package.maps, vat=dict(package.maps['vat'], G='2'))
    with House(suite.program, package) as house:
        record = R.invoice('sales_invoice', '26700001', '1001', [
            R.line('800', '100.00', 'H', '21.00'), R.line('800', '10.00', 'L', '0.90'), R.line('801', '50.00', 'G', '10.50')])
        house.export(R.parties() + [record])
        row = house.package.sim.first.invoices['Customer'][0]
        assert [(line['vatCodeId'], line['amountTurnoverCur'], line['vatAmountCur'])
                for line in row['vatTransactionLines']] == [(2, Decimal(150), Decimal('31.50')),
                                                            (1, Decimal(10), Decimal('0.90'))], row


# ---- messages

@case
def relations_refused(suite):
    """The messages about relations come with their field and what mends them."""
    with House(suite.program, suite.package(), modes={'vat_number': '97'}) as house:
        wrong = {'1001': 'NL001234567B01', '1002': 'NL12B01', '1003': 'NL.0012.34.567.B01'}
        run = house.export([R.party('customer', code, vat_number=number) for code, number in wrong.items()], REJECTED)
        failed = house.failed(run)
        assert sorted(failed) == sorted(wrong), failed
        for record in failed.values():
            error = record['error']
            assert error['field'] == 'vat_number' and 'NL999999999B99' in error['message'], error
        assert '97-proef' in failed['1001']['error']['vendor'], failed
        house.good('edit', str(failed['1001']['id']), 'vat_number=NL000099998B57')
        house.good('reoffer', str(failed['1001']['id']))
        assert '1001' in house.package.parties()
    with House(suite.program, suite.package()) as house:
        house.export(R.parties())
        house.package.fault('status_400_message', r'^POST .*Invoice$', path='/mandateId', message='Er kan alleen een '
                            'machtigingsnummer gekozen worden, wanneer een SEPA betalingsconditie gekozen is')
        error = refused(house, [R.sales('26700001')])['70/26700001']
        assert error['field'] == 'payment_condition' and 'SEPA' in error['message'], error
        assert error['vendor'].startswith('Er kan alleen een machtigingsnummer'), error


@case
def journal_code(suite):
    """The journal of a relation with open entries is not sent again, and a refusal of it says what to do."""
    for modes in ({}, {'journal_code': 'sent'}, {'partial_put': 'keeps'},
                  {'journal_code': 'sent', 'partial_put': 'keeps'}):
        with House(suite.program, suite.package(), modes=modes) as house:
            house.export([R.party('customer', '1001', journal='70'), R.sales('26700001')])
            run = house.export([R.party('customer', '1001', journal='70', city='Breda')])
            assert run['records']['booked'] == 1, run
            row = house.package.sim.first.parties['Customer']['1001']
            assert (row['city'], row['journalId']) == ('Breda', 'VK'), row
    with House(suite.program, suite.package()) as house:
        house.export([R.party('customer', '1001'), R.sales('26700001')])
        house.package.fault('status_400_message', r'^PUT', path='/journalId', message='Journaalcode mag niet gewijzigd '
                            'worden.')
        error = refused(house, [R.party('customer', '1001', city='Breda')])['1001']
        assert error['field'] == 'journal' and 'open' in error['message'], error
        assert error['vendor'] == 'Journaalcode mag niet gewijzigd worden.', error


@case
def fields(suite):
    """Each message of the manual comes with its field."""
    package = suite.package()
    rows = package.table()
    with House(suite.program, package) as house:
        house.export(R.parties())
        package.sim.control(faults=[{'kind': package.refusal, 'message': words, 'path': path, 'match': package.offer,
                                     'nth': at} for at, (words, path, _, _) in enumerate(rows, 1)])
        failed = refused(house, [R.sales(str(26701000 + at)) for at in range(1, len(rows) + 1)])
        for at, (words, path, _, field) in enumerate(rows, 1):
            error = failed['70/%d' % (26701000 + at)]
            assert error['field'] == field, '%s is about %s, and the manual says %s' % (path, error['field'], field)
            assert error['message'], error
    return '%d messages' % len(rows)


@case
def shapes(suite):
    """Messages in each shape, beside a booking and instead of one."""
    for errors in ('messages', 'exception', 'pascal', 'bare'):
        for status in (400, 422):
            with House(suite.program, suite.package(), modes={'errors': errors, 'rule_status': status}) as house:
                house.package.close_period(2026, 5)
                house.export(R.parties())
                error = refused(house, [R.sales('26700001')])['70/26700001']
                assert error['code'] == ('vendor' if errors == 'bare' else 'period_closed'), error
                assert 'Periode 2026 - 5 is afgesloten.' in error['vendor'], error
    for kind in ('warning', 'error_after'):
        with House(suite.program, suite.package()) as house:
            records = R.parties() + R.entries()
            house.export(R.parties())
            house.package.fault(kind, house.package.offer)
            run = house.export(R.entries())
            assert run['records']['booked'] == len(R.entries()), run
            same_books(house.package, records)
    with House(suite.program, suite.package(), modes={'errors': 'html', 'rule_status': 500}) as house:
        house.package.close_period(2026, 5)
        house.export(R.parties())
        run = house.export([R.sales('26700001')], REJECTED, LATER, DOUBT)
        assert run['records']['booked'] == 0, run
        house.package.open_periods()
        house.export([R.sales('26700001')])
        same_books(house.package, R.parties() + [R.sales('26700001')])


# ---- settings and lengths

@case
def administrations(suite):
    """Without the key, the only administration; with several, or another one, the key is named."""
    with House(suite.program, suite.package(), {'administration': None}, modes={'databases': ['MVL00007']}) as house:
        house.export(R.parties() + [R.sales('26700001')])
        assert count_of(house) == 1
    with House(suite.program, suite.package(), {'administration': None}) as house:
        answer = house.good('export', NAME, house.records([R.sales('26700001')]), '--json', code=USAGE)
        assert '`administration`' in answer.err + answer.out and 'MVL0000' in answer.err + answer.out, answer
    for key in ('vat_scenario_sales', 'vat_scenario_purchase'):
        with House(suite.program, suite.package(), {key: None}) as house:
            house.export(R.parties())
            answer = house.run('export', NAME, house.records([R.sales('26700001'), R.purchase('26600001')]), '--json')
            assert answer.code in (REJECTED, USAGE), answer
            text = answer.out + answer.err + str(house.failed(answer.json)) if answer.code == REJECTED else \
                answer.out + answer.err
            assert key in text, text


@case
def lengths(suite):
    """What is too long for Multivers is refused by name, and never cut."""
    wrong = [(R.party('customer', '123456789'), 'too_long', 'code'),
             (R.party('customer', '1009', name='X' * 41), 'too_long', 'name'),
             (R.sales('267000001'), 'too_long', 'entry_number'), (R.sales('F26-1'), 'invalid_number', 'entry_number'),
             (R.purchase('26600001', payment_reference='1' * 17), 'too_long', 'payment_reference')]
    line = R.sales('26700009')
    line['lines'][0]['description'] = 'x' * 101
    wrong.append((line, 'too_long', 'lines.1.description'))
    with House(suite.program, suite.package()) as house:
        house.export(R.parties())
        failed = refused(house, [record for record, _, _ in wrong])
        for record, code, field in wrong:
            error = failed[R.identifier(record)[1]]
            assert (error['code'], error['field']) == (code, field), (record, error)
        line['lines'][0]['description'] = 'x' * 100
        house.export([line])
    with House(suite.program, suite.package(), {'api_version': 'V19'}, modes={'version': 'V19'}) as house:
        house.export(R.parties())
        line['lines'][0]['description'] = 'x' * 31
        assert refused(house, [line])['70/26700009']['field'] == 'lines.1.description'


@case
def vat_types(suite):
    """The VAT types of the settings stand on lines and VAT lines."""
    for settings, beside, without in (({}, 0, 3), ({'vat_type': 'services', 'no_vat_type': 'not_applicable'}, 1, 4),
                                      ({'no_vat_type': 'empty'}, 0, 7)):
        with House(suite.program, suite.package(), settings) as house:
            house.export(R.parties() + [R.entries()[0]])
            row, = house.package.sim.first.invoices['Customer']
            types = [one['vatType'] for one in row['customerInvoiceLines']]
            assert types == [without if one.get('vatCodeId') is None else beside for one in row['customerInvoiceLines']], row
            assert sorted(set(types)) == [beside, without], types
            assert {one['vatType'] for one in row['vatTransactionLines']} == {beside}, row


@case
def kept_group(suite):
    """The group of a relation with open entries stays, too; its currency goes back to the euro when it should."""
    for modes in ({}, {'journal_code': 'group'}):
        with House(suite.program, suite.package(), {'groups': 'category'}, modes=modes) as house:
            relation = R.party('customer', '1001', category='1', currency='USD')
            house.export([relation, R.sales('26700001')])
            rows = house.package.sim.first.parties['Customer']
            rows['1001']['customerGroupId'] = 3  # somebody changed it there
            run = house.export([dict(relation, city='Breda', currency='EUR')])
            assert run['records']['booked'] == 1, run
            assert [rows['1001'][name] for name in ('customerGroupId', 'city', 'currencyId')] == [3, 'Breda', 'EUR'], rows
            house.package.sim.control(pay={'side': 'Customer', 'invoice': '26700001', 'amount': None})
            house.export([dict(relation, city='Gouda', currency='EUR')])
            assert rows['1001']['customerGroupId'] == 1, rows
    with House(suite.program, suite.package(), {'groups': 'category'}) as house:
        house.export(R.parties())
        house.package.fault('status_400_message', r'^PUT', path='/customerGroupId', message='Journaalcode mag niet '
                            'gewijzigd worden.')
        error = refused(house, [R.party('customer', '1001', city='Breda', category='1')])['1001']
        assert error['field'] == 'category' and 'open' in error['message'], error


@case
def groups(suite):
    """A relation's category is its group, or is left out; VAT of memorials has the scenario that is set, or none."""
    memo = R.memorial('26900001', journal='91')
    memo['lines'] = [R.line('450', '100.00', 'I', '21.00', number=1), R.line('7900', '-121.00', number=2)]
    for settings, scenario in (({}, None), ({'groups': 'category', 'vat_scenario_memorial': '2'}, 2)):
        with House(suite.program, suite.package(), settings) as house:
            house.export([R.party('customer', '1001', category='1'), R.party('supplier', '2001', category='1'), memo])
            bodies = [json.loads(r['body']) for r in house.package.requests() if r['method'] == 'POST' and r['body']]
            said = [body.get('customerGroupId', body.get('supplierGroupId')) for body in bodies if 'shortName' in body]
            assert said == [1 if settings else None] * 2, bodies
            first, second = house.package.sim.first.fin_trans[0]['finTransEntries']
            assert (first.get('vatScenarioId'), second.get('vatScenarioId')) == (scenario, None), first
            if settings:  # a group that is not there
                error = refused(house, [R.party('customer', '1002', category='7')])['1002']
                assert error['field'] == 'category', error


@case
def advances(suite):
    """Money in advance, with a number or without: told of, and no item."""
    for ids in (True, False):
        with House(suite.program, suite.package(), {'page_size': '4'}, modes={'advance_ids': ids}) as house:
            house.export(R.parties() + R.entries())
            for amount in ('7.77', '3.33'):
                house.package.unmatched('1001', amount, False)
            house.package.unmatched('2001', '8.88', True)
            answer = house.good('import', NAME)
            assert 'unallocated' in answer.err and '"1001"' in answer.err and '"2001"' in answer.err, answer
            want = rows_of(house.package, house.package.open_items())
            assert sorted((r[0], r[1], r[5], r[6], r[7], r[8]) for r in house.dbopen()) == want, (ids, house.dbopen())


@case
def years(suite):
    """A fiscal year that Multivers has not, and one whose accounts were not copied."""
    with House(suite.program, suite.package()) as house:
        house.export(R.parties())
        late = R.sales('26700001', date='2031-05-11', due_date='2031-06-10', year=2031)
        error = refused(house, [late])['70/26700001']
        assert error['code'] == 'period_closed' and error['message'], error


@case
def odd_open_items(suite):
    """Without a fiscal year nothing is known to be open; a date that nobody knows is left out, and told."""
    with House(suite.program, suite.package()) as house:
        house.export(R.parties() + [R.sales('26700001')])
        house.good('import', NAME)
        before = house.dbopen()
        years, house.package.sim.first.years = house.package.sim.first.years, {}
        answer = house.good('import', NAME, code=USAGE)
        assert 'fiscal year' in answer.err and house.dbopen() == before, answer
        house.package.sim.first.years = years
        house.package.sim.control(modes={'dates': 'unknown'})
        answer = house.good('import', NAME)
        assert answer.err.count('26700001') == 2 and '2026/05/11' in answer.err, answer
        assert house.dbopen() == [before[0][:2] + ['', ''] + before[0][4:]], house.dbopen()


@case
def sandbox(suite):
    """The three entries of the manual's last chapter, and the open items after them."""
    with House(suite.program, suite.package()) as house:
        records = [R.party('customer', '1001'), R.party('supplier', '2001'), R.sales('26700001'),
                   R.purchase('26600001', invoice_number='F/2026-17'), credit('26700002')]
        house.export(records)
        same_books(house.package, records)
        house.good('import', NAME)
        want = rows_of(house.package, house.package.open_items())
        assert sorted((r[0], r[1], r[5], r[6], r[7], r[8]) for r in house.dbopen()) == want
