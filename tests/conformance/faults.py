# SPDX-License-Identifier: MIT
"""The cases in which the line, the login or the package fails."""
import sqlite3
import time

import records as R
from cases import by_reference, rows_of, same_books
from house import DONE, DOUBT, LATER, LOGIN, NAME, REJECTED, House, Skip

CASES = {}
TIMEOUT = {'timeout': '3s'}

# What can happen to a request; whether the package may have done it all the same.
KINDS = ['reset_before', 'reset_after', 'hang_before', 'hang_after', '408', '429', '500', '502', '503',
         '504', '502_after', '500_after', 'status_500_message', 'truncated', 'cut', 'garbage', 'empty',
         'endless', 'slow', 'expire_token']
SLOW = {'hang_before', 'hang_after', 'endless'}


def case(function):
    CASES[function.__name__] = function
    return function


def fault(package, kind, match='', **more):
    if kind == '429':
        more['headers'] = {'Retry-After': '1'}
    if kind == 'slow':
        more['seconds'] = 0.2
    package.fault(kind, match, **more)


def everything_booked(house, records):
    """Each record is in the books once."""
    same_books(house.package, records)
    for (kind, identifier), state in house.states().items():
        assert state in ('booked', 'skipped'), '%s %s is %s' % (kind, identifier, state)


def survive(suite, records, kind, match='', prepare=None, settings=None, modes=None, **more):
    """One fault in an export; a second run without it ends everything right."""
    try:
        with House(suite.program, suite.package(), dict(TIMEOUT, **settings or {}), modes=modes, token_age=0) as house:
            return survive_in(house, records, kind, match, prepare or [], more)
    except AssertionError as error:
        raise AssertionError('%s at %s: %s' % (kind, more, error)) from error


def survive_in(house, records, kind, match, prepare, more):
    if prepare:
        house.export(prepare)
    house.package.forget()
    fault(house.package, kind, match, **more)
    run = house.export(records, DONE, REJECTED, LATER, DOUBT)
    hits = sum(1 for r in house.package.requests() if r['fault'])
    house.package.no_faults()
    counts = run['records']
    assert not counts['rejected'] or kind == 'status_500_message', house.failed(run)
    if counts['rejected']:  # in the package's own words, and what hangs on it; offered again at once
        codes = sorted(r['error']['code'] for r in house.failed(run).values())
        assert codes.count('vendor') == 1 and set(codes) <= {'vendor', 'unknown_party'}, codes
        house.good('reoffer', '--run', str(run['run']))
    elif counts['waiting'] or counts['in_doubt']:
        house.export(records)
    everything_booked(house, prepare + records)
    return hits


# ---- each kind of failure at a booking, at a lookup, at a relation

@case
def failures(suite):
    """Each kind of failure while an invoice is booked."""
    package = suite.package()
    records = [R.sales(str(26700100 + n)) for n in range(5)] + [R.memorial('26900001')]
    for kind in KINDS:
        assert survive(suite, records, kind, package.offer, R.parties(), package.single, nth=3) == 1, kind
    return '%d kinds' % len(KINDS)


@case
def failures_memorial(suite):
    """A general journal entry, which has no reference of its own, is found again."""
    package = suite.package()
    records = [R.memorial(str(26900001 + n)) for n in range(4)]  # all alike, of one day
    records[1]['lines'][0]['date'] = records[1]['lines'][1]['date'] = '2026-05-30'
    for kind in ('reset_before', 'reset_after', '502_after', 'garbage'):
        assert survive(suite, records, kind, package.offer, settings=package.single, nth=2) == 1, kind


@case
def nameless(suite):
    """Entries without a number of their own are told apart by what they hold."""
    package = suite.package()
    records = [R.memorial('x', value=value) for value in ('1.00', '2.00', '3.00')]
    records += [R.sales('', value='4.00', invoice_number='4'), R.sales('', value='5.00')]
    for record in records:
        del record['entry_number']
    del records[4]['invoice_number']
    if not package.takes_nameless:  # refused by name, since one could replace another
        with House(suite.program, package) as house:
            house.export(R.parties())
            failed = house.failed(house.export(records, REJECTED))
            assert {r['error']['code'] for r in failed.values()} <= {'missing_field', 'invalid_number'}, failed
            assert len(house.package.entries()) == 5 - len(failed)
        return
    for at in range(1, 6):
        for kind in ('reset_before', 'reset_after'):
            with House(suite.program, suite.package(), dict(TIMEOUT, **package.single), token_age=0) as house:
                house.export(R.parties())
                fault(house.package, kind, package.offer, nth=at)
                house.export(records, DONE, DOUBT)
                house.package.no_faults()
                house.export(records)
                same_books(house.package, R.parties() + records)


@case
def twins(suite):
    """Of two memorials alike, without a number, the one that did not arrive is not taken for the other."""
    package = suite.package()
    records = [R.memorial('x'), R.memorial('x')]
    for record in records:
        del record['entry_number']
    for kind in ('reset_before', 'reset_after') if package.takes_nameless else ():
        with House(suite.program, suite.package(), dict(TIMEOUT, **package.single), token_age=0) as house:
            fault(house.package, kind, package.offer, nth=2)
            house.export(records, DOUBT)
            house.package.no_faults()
            house.export(records)
            assert len(house.package.entries()) == 2, '%s: %s' % (kind, house.package.entries())


@case
def alike(suite):
    """Two invoices alike but for their number, and a credit note of the first: none for the other."""
    package = suite.package()
    records = [R.sales('26700001'), R.sales('26700002'),
               R.sales('26700003', value='-50.00', invoice_number='26700001'),
               R.purchase('26600001'), R.purchase('26600002')]
    for at in range(1, 6):
        for kind in ('reset_before', 'reset_after'):
            survive(suite, records, kind, package.offer, R.parties(), package.single, package.alike_modes, nth=at)


@case
def outgrown(suite):
    """A relation in doubt that cannot be made any more is refused, and not taken for what is there."""
    package = suite.package()
    longer = R.party('customer', '1001', name='Een andere naam')
    if package.update:
        with House(suite.program, package, TIMEOUT) as house:
            house.export([R.party('customer', '1001')])
            fault(house.package, 'reset_before', package.update)
            house.export([longer], DOUBT)
            house.package.no_faults()
            house.configure(name_max='10')
            failed = house.failed(house.export([longer], REJECTED))
            assert [r['error']['code'] for r in failed.values()] == ['too_long'], failed


@case
def silence(suite):
    """A package that answers nothing is left alone; all is booked once it answers again."""
    for kind in ('reset_before', 'reset_after', '503'):
        with House(suite.program, suite.package(), dict(TIMEOUT, **suite.package().single), token_age=0) as house:
            records = R.parties() + [R.sales(str(26700100 + n)) for n in range(20)]
            house.export(R.parties())
            house.package.forget()
            house.package.fault(kind, house.package.offer)
            run = house.export(records, LATER, DOUBT)
            assert run['records']['in_doubt'] <= 5 and run['records']['booked'] == 0, run
            tried = sum(1 for r in house.package.requests() if r['fault'])
            assert tried <= 5, 'asked a silent package %d times' % tried
            house.package.no_faults()
            house.export(records)
            everything_booked(house, records)


# ---- the login

@case
def expiry(suite):
    """A token that ends in mid-run is renewed, before its end where that is known."""
    records, single = R.fifty(), suite.package().single
    with House(suite.program, suite.package(), single, token_age=0) as house:
        house.package.fault('expire_token', house.package.offer, nth=10)
        run = house.export(records)
        assert run['records']['booked'] == 50, run
        same_books(house.package, records)
    with House(suite.program, suite.package(), single, token_age=1, token_life=32) as house:
        house.package.fault('slow', house.package.offer, seconds=0.1)
        run = house.export(records)
        assert run['records']['booked'] == 50, run
        assert house.package.renewals() >= 3, 'never renewed'
        assert not [r for r in house.package.requests() if r['status'] == 401], 'used after its end'
    if suite.package().renews_early:
        return
    with House(suite.program, suite.package()) as house:  # too young to be renewed: later, no storm
        house.package.fault('expire_token', house.package.offer, nth=1)
        run = house.export(R.parties() + [R.sales('26700001'), R.sales('26700002')], LATER)
        assert run['records']['waiting'] == 2, run
        refused = [r for r in house.package.requests() if r['status'] == 401]
        assert len(refused) <= 2, refused


@case
def race(suite):
    """Two processes renew one login at once, again and again: the chain never breaks."""
    wanted = 200
    with House(suite.program, suite.package(), token_age=0, token_life=30, renewals=100000) as house:
        rounds = 0
        while house.package.renewals() < wanted:
            base = sqlite3.connect(house.path('harmony.db'), timeout=30)
            base.execute("DELETE FROM memo WHERE name = 'limits'")  # 200 a day are allowed
            base.commit()
            base.close()
            both = [house.start('test', NAME), house.start('test', NAME)]
            for process in both:
                answer = house.end(process)
                assert answer.code == DONE, answer
            rounds += 1
        renewals = house.package.renewals()
    with House(suite.program, suite.package(), token_age=0, one_token=True) as house:
        for _ in range(5):  # both are refused at once: one renews, the other looks again
            house.package.expire_tokens()
            before = house.package.renewals()
            for process in [house.start('test', NAME), house.start('test', NAME)]:
                answer = house.end(process)
                assert answer.code == DONE, answer
            assert house.package.renewals() == before + 1, 'renewed %d times' % (house.package.renewals() - before)
    return '%d renewals by two processes in %d rounds' % (renewals, rounds)


@case
def renewal_lost(suite):
    """The answer to a renewal is lost, or its taker is killed: it says to log in, and goes on then."""
    for lost in ('reset', 'killed'):
        with House(suite.program, suite.package(), {'timeout': '30s'}, token_age=0) as house:
            package = house.package
            house.allowed_violations = ('refresh tokens are good once',)
            records = R.parties() + [R.sales(str(26700100 + n)) for n in range(5)]
            package.expire_tokens()
            before = package.renewals()
            package.fault('token_reset_after' if lost == 'reset' else 'hang_after', package.token, nth=1)
            name = house.records(records)
            process = house.start('export', NAME, name, '--json')
            if lost == 'killed':
                until = time.monotonic() + 20
                while package.renewals() == before and time.monotonic() < until:
                    time.sleep(0.01)
                process.kill()
            code = house.end(process).code
            assert code in ((-9,) if lost == 'killed' else (LATER, LOGIN)), code
            package.no_faults()
            answer = house.run('export', NAME, name, '--json')
            assert answer.code == LOGIN and 'log in' in answer.out + answer.err, answer
            states = list(house.states().values())
            assert states.count('in_doubt') <= (lost == 'killed') * package.at_once, states
            assert set(states) <= {'waiting', 'in_doubt'}, states
            house.login()
            house.export(name)
            everything_booked(house, records)


@case
def renewal_fails(suite):
    """The login server fails without having renewed: later, and then all is well."""
    for kind in ('reset_before', '503', 'empty', 'garbage'):
        with House(suite.program, suite.package(), TIMEOUT, token_age=0) as house:
            package = house.package
            if kind in ('empty', 'garbage'):  # the token is gone, and a person must log in
                house.allowed_violations = ('refresh tokens are good once',)
            package.expire_tokens()
            package.fault(kind, package.token)
            records = R.parties() + [R.sales('26700001')]
            house.export(records, LATER, LOGIN)
            package.no_faults()
            if kind in ('empty', 'garbage'):
                house.export(records, LOGIN)
                house.login()
            house.export(records)
            everything_booked(house, records)


# ---- limits

@case
def limits(suite):
    """Over the limit of a minute it waits; over that of a day it stops and says so."""
    single = suite.package().single
    with House(suite.program, suite.package(), single) as house:
        records = R.fifty()
        fault(house.package, '429', house.package.offer, every=15)
        run = house.export(records)
        assert run['records']['booked'] == 50, run
        same_books(house.package, records)
    with House(suite.program, suite.package(), single) as house:
        reset = int(time.time() * 1000) + 3 * 3600 * 1000
        house.package.fault('429', house.package.offer, every=1, headers=house.package.closed_until(reset))
        run = house.export(R.fifty(), LATER)
        assert run['records']['waiting'] == 45 and run['records']['in_doubt'] == 0, run
        assert {r['error']['code'] for r in house.details(run, '--failed')} == {'rate_limited'}
        asked = len(house.package.requests())
        house.export([], LATER)
        assert len(house.package.requests()) == asked, 'asked a package that is closed until tomorrow'


@case
def pacing(suite):
    """Within the limit of a minute without running into it; takes a minute, so in the long profile."""
    if not suite.long:
        raise Skip('not in the quick profile')
    with House(suite.program, suite.package(), per_minute=suite.package().narrow) as house:
        records, began = R.fifty(), time.monotonic()
        run = house.export(records)
        assert run['records']['booked'] == 50, run
        assert time.monotonic() - began > 40, 'the limit was never met'
        over = [r for r in house.package.requests() if r['status'] == 429]
        assert not over, '%d answers of 429' % len(over)
        same_books(house.package, records)


@case
def allowance(suite):
    """A package that refuses requests is not asked until it blocks us; the rest goes on."""
    package = suite.package()
    with House(suite.program, package, package.single) as house:
        records = [R.sales(str(26701000 + n)) for n in range(30)] + [R.purchase('26600001'), R.memorial('26900001')]
        house.export(R.parties())
        package.forget()
        package.fault('400', package.offer_sales, times=30)
        if not package.error_allowance:  # each is refused by itself
            run = house.export(records, REJECTED)
            assert run['records']['rejected'] == 30 and run['records']['booked'] == 2, run
            return
        run = house.export(records, LATER)
        asked = sum(1 for r in package.requests() if r['fault'])
        assert asked < 10 and run['records']['rejected'] == asked, (asked, run)
        assert run['records']['booked'] == 2 and run['records']['waiting'] == 30 - asked, run
        assert all(r['error']['message'] for r in house.details(run, '--failed'))


# ---- everything, one at a time

def sweep_requests(suite, records):
    """How many requests an export takes."""
    with House(suite.program, suite.package(), TIMEOUT, token_age=0) as house:
        house.package.forget()
        house.export(records)
        return len(house.package.requests())


@case
def sweep(suite):
    """Each kind of failure at each request of an export of fifty records, one at a time."""
    records = R.fifty()
    count = sweep_requests(suite, records)
    points = [(kind, k) for kind in KINDS for k in range(1, count + 1)]
    if not suite.long:
        slow = [p for p in points if p[0] in SLOW]
        points = suite.random.sample([p for p in points if p[0] not in SLOW], 24) + suite.random.sample(slow, 3)
    for kind, k in points:
        assert survive(suite, records, kind, at_request=k) == 1, (kind, k)
    return '%d of %d failures, at %d requests' % (len(points), len(KINDS) * count, count)


@case
def sweep_import(suite):
    """Each kind of failure at each request of an import: the old file or the whole new one."""
    package = suite.package()
    with House(suite.program, package, TIMEOUT, token_age=0, pages=10) as house:
        house.export(R.fifty())
        house.good('import', NAME)
        package.pay('26700101', '1.00')
        package.forget()
        house.good('import', NAME, '-o', 'other.csv')
        count = len(package.requests())
        new = open(house.path('other.csv'), 'rb').read()
        old = open(house.path('dbopen.csv'), 'rb').read()
        assert new != old and count >= 5, count
        points = [(kind, k) for kind in KINDS for k in range(1, count + 1)]
        if not suite.long:
            points = suite.random.sample([p for p in points if p[0] not in SLOW], 12)
        for kind, k in points:
            with open(house.path('dbopen.csv'), 'wb') as file:
                file.write(old)
            package.no_faults()
            package.forget()
            fault(package, kind, at_request=k)
            answer = house.run('import', NAME)
            assert sum(1 for r in package.requests() if r['fault']) == 1, (kind, k)
            have = open(house.path('dbopen.csv'), 'rb').read()
            assert answer.code in (DONE, LATER), (kind, k, answer)
            assert have == (new if answer.code == DONE else old), (kind, k, answer)
        return '%d failures at %d requests' % (len(points), count)
