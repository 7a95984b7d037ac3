#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Faults: kills, full disks, failing calls, damage, two processes at once, secrets.

    faults.py CHILD CASE [--long] [--kills N]

CHILD is the program of child.c. Every case ends with the same question: is each record
booked exactly once, does every run add up, and is the database whole?
"""
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

STEPS = ['recovered', 'read', 'taken', 'archived', 'probed', 'resolved', 'looked up', 'offered', 'booked',
         'sent', 'answered', 'finished']
CLIENT_SECRET = 'canary-client-9a3b21'
TOKEN = 'canary-token-5f1d7c'
SKIP = 77


class House:
    """A folder with a file to export, a store and the package's books."""

    def __init__(self, child, records=200, folder=None):
        self.child = os.path.abspath(child)  # also where a process goes elsewhere first
        self.folder = folder or tempfile.mkdtemp(prefix='harmony-faults-')
        self.records = records
        self.said = b''
        with open(self.path('secret.txt'), 'w') as out:
            out.write(CLIENT_SECRET + '\n')
        os.chmod(self.path('secret.txt'), 0o600)
        with open(self.path('records.jsonl'), 'w') as out:
            for i in range(records):
                out.write(invoice(24700001 + i))

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, command='export', *options, **keywords):
        return subprocess.Popen([self.child, command, self.folder, *map(str, options)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **keywords)

    def end(self, process, timeout=300):
        out, err = process.communicate(timeout=timeout)
        self.said += out + err
        return process.returncode, out.decode(), err.decode()

    def run(self, command='export', *options, **keywords):
        return self.end(self.start(command, *options, **keywords))

    def finish(self, *options):
        """Runs without faults until nothing is left to do."""
        for _ in range(4):
            code, out, err = self.run('export', *options)
            assert code in (0, 5, 6), (code, out, err)
            if code == 0:
                return json.loads(out)
        raise AssertionError('never done: ' + out + err)

    def bookings(self, name='books'):
        counts = {}
        if os.path.exists(self.path(name)):
            with open(self.path(name)) as books:
                for line in books:
                    key = line.split(' ')[0]
                    counts[key] = counts.get(key, 0) + 1
        return counts

    def verify(self):
        counts = self.bookings()
        twice = {key: count for key, count in counts.items() if count != 1}
        assert not twice, 'booked more than once: %s' % twice
        assert len(counts) == self.records, 'booked %d of %d' % (len(counts), self.records)
        database = sqlite3.connect('file:%s?mode=ro' % self.path('harmony.db'), uri=True)
        assert database.execute('PRAGMA integrity_check').fetchall() == [('ok',)]
        assert database.execute('PRAGMA foreign_key_check').fetchall() == []
        states = database.execute('SELECT state, count(*) FROM record GROUP BY state').fetchall()
        assert states == [(2, self.records)], states
        for row in database.execute('SELECT id, state, total, booked + skipped + rejected + waiting'
                                    ' + in_doubt FROM run'):
            assert row[1] != 0 and row[2] == row[3], 'run %s does not add up' % (row,)
        for row in database.execute('SELECT r.id, r.total, count(o.record) FROM run r LEFT JOIN'
                                    ' outcome o ON o.run = r.id GROUP BY r.id'):
            assert row[1] == row[2], 'run %s has other records than it counts' % (row,)
        database.close()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def invoice(number, amount='121.00'):
    return json.dumps({
        'kind': 'sales_invoice', 'journal': '70', 'year': 2024, 'period': 1,
        'entry_number': str(number), 'invoice_number': str(number), 'party': '1001',
        'date': '2024-01-15', 'currency': 'EUR', 'description': 'Factuur %d' % number,
        'total': amount,
        'lines': [{'number': 1, 'account': '8000', 'amount': amount}]}) + '\n'


def kill_until_done(house, wanted, random_time, options):
    """Kills the export again and again; returns how many kills it took."""
    kills = 0
    typical = 0.05
    while kills < wanted:
        fault = []
        if not random_time:
            fault = ['--step', random.choice(STEPS), random.choice((1, 1, 1, 2, 3, 10, 50))]
        began = time.monotonic()
        process = house.start('export', *options, *fault)
        if random_time:
            time.sleep(random.random() * typical)
            process.kill()
        code, out, err = house.end(process)
        if code == -signal.SIGKILL:
            kills += 1
        else:
            assert code in (0, 5, 6), (code, out, err)
            typical = max(0.01, time.monotonic() - began)
            if code == 0:
                break
    house.finish(*options)
    house.verify()
    return kills


def kills(child, long, wanted=None):
    """Kill -9 at random times and at each named step, answers lost or not, singly and in batches."""
    wanted = wanted or (2000 if long else 120)
    done, rounds = 0, 0
    variants = [[], ['--lose', '7'], ['--batch'], ['--batch', '--lose', '7'], ['--key']]
    while done < wanted:
        house = House(child)
        count = kill_until_done(house, min(25, wanted - done), rounds % 2 == 0,
                                variants[rounds // 2 % len(variants)])
        done += count
        rounds += 1
        house.remove()
    print('%d kills over %d exports of 200 records: each booked once' % (done, rounds))


def steps(child, long):
    """Each named step, the first times that a run comes to it."""
    count = 0
    for step in STEPS:
        for at in (1, 2, 3):
            for options in ([], ['--lose', '3']):
                house = House(child, 12)
                if step == 'looked up':  # needs something in doubt
                    house.run('export', '--step', 'booked', 2)
                code, out, err = house.run('export', *options, '--step', step, at)
                assert code in (-signal.SIGKILL, 0, 6), (step, at, code, out, err)
                count += code == -signal.SIGKILL
                house.finish()
                house.verify()
                house.remove()
    assert count > 2 * len(STEPS)
    print('%d kills at %d named steps' % (count, len(STEPS)))


def two(child, long):
    """Two processes on one integration: one works, the other is told; and on two at once."""
    for _ in range(20 if long else 4):
        house = House(child, 100)
        first = house.start('export', '--slow', 3)
        while not os.path.exists(house.path('books')):
            time.sleep(0.001)
        codes = []
        while first.poll() is None:
            codes.append(house.run('export')[0])
        codes.append(house.end(first)[0])
        assert set(codes) <= {0, 7}, codes
        assert 7 in codes, codes
        house.finish()
        house.verify()
        house.remove()
    house = House(child, 100)
    processes = [house.start('export', '--name', 'i%d' % i, '--books', 'b%d' % i) for i in range(4)]
    for process in processes:
        code, out, err = house.end(process)
        assert code == 0, (code, out, err)
    for i in range(4):
        counts = house.bookings('b%d' % i)
        assert len(counts) == 100 and set(counts.values()) == {1}, counts
    house.remove()
    print('two processes on one integration, four on one store')


def run_all(house, **keywords):
    code, out, err = house.run('export', **keywords)
    assert code >= 0, 'died of signal %d: %s' % (-code, err)
    if code not in (0, 1, 6):
        assert err.strip(), 'failed (%d) without a word' % code
    return code, err


def mounted(size):
    folder = tempfile.mkdtemp(prefix='harmony-full-')
    done = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%d,mode=0700' % size, 'tmpfs', folder],
                          capture_output=True)
    if done.returncode != 0:
        os.rmdir(folder)
        return None
    return folder


def disk(child, long):
    """A disk that is full from some byte on."""
    sizes = range(64 * 1024, 8192 * 1024, (64 if long else 768) * 1024)
    failed = 0
    for size in sizes:
        folder = mounted(size)
        if folder is None:
            return disk_limit(child, long)
        try:
            # the file and the books are on another disk, so that only the store runs full
            house = House(child, 200)
            small = os.path.join(folder, 'store')
            os.mkdir(small)
            for name in ('records.jsonl', 'secret.txt'):
                os.symlink(house.path(name), os.path.join(small, name))
            os.symlink(house.path('books'), os.path.join(small, 'books'))
            kept, house.folder = house.folder, small
            for _ in range(3):
                code, err = run_all(house)
                if code != 0:
                    failed += 1
            subprocess.run(['mount', '-o', 'remount,size=64m', folder], check=True)
            house.finish()
            house.verify()
            shutil.rmtree(kept)
        finally:
            subprocess.run(['umount', '-l', folder])
            os.rmdir(folder)
    assert 3 < failed < 3 * len(sizes), failed
    print('%d disks of different sizes, %d runs that failed with a message' % (len(sizes), failed))


def disk_limit(child, long):
    """Without the right to mount: no file may grow beyond a limit."""
    import resource
    failed = 0
    for limit in range(32 * 1024, 512 * 1024, (16 if long else 96) * 1024):
        def lower(limit=limit):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        house = House(child, 200)
        code, err = run_all(house, preexec_fn=lower)
        failed += code != 0
        house.finish()
        house.verify()
        house.remove()
    assert failed > 0
    print('file size limits, %d runs that failed with a message' % failed)


def calls(child, long):
    """The k-th write, fsync, rename fails; the package's books are spared."""
    if shutil.which('strace') is None:
        print('no strace here')
        return SKIP
    probe = subprocess.run(['strace', '-f', '-o', '/dev/null', 'true'], capture_output=True)
    if probe.returncode != 0:
        print('strace may not trace here')
        return SKIP
    failed = count = 0
    plans = [('pwrite64', 'ENOSPC'), ('pwrite64', 'EIO'), ('fdatasync', 'EIO'), ('fsync', 'EIO'),
             ('ftruncate', 'EIO'), ('pread64', 'EIO'), ('write', 'ENOSPC'), ('rename', 'EIO'),
             ('flock', 'EIO')]
    ks = list(range(1, 40)) + list(range(40, 400, 12)) if long else [1, 2, 3, 5, 8, 13, 21, 34]
    for call, error in plans:
        for k in ks:
            house = House(child, 12)
            house.run('export', '--step', 'booked', 4)
            process = subprocess.Popen(
                ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=' + call, '-e',
                 'inject=%s:error=%s:when=%d' % (call, error, k), child, 'export', house.folder],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            code, out, err = house.end(process)
            assert code >= 0, (call, error, k, code, err)
            if code not in (0, 6):
                assert err.strip() or call == 'write', (call, error, k, code)
                failed += 1
            count += 1
            house.finish()
            house.verify()
            house.remove()
    assert failed > 5, failed
    print('%d injected failures, %d runs that failed with a message' % (count, failed))


def damage(child, long):
    """A cut or flipped database: a clear error or a right answer, and nothing overwritten."""
    house = House(child, 50)
    house.finish()
    with open(house.path('harmony.db'), 'rb') as whole:
        good = whole.read()
    assert len(good) > 8192
    before = house.bookings()
    refused = accepted = 0
    rng = random.Random(7)
    cases = [('cut', at) for at in [0, 1, 50, 99, 100, 4095, 4096, 5000, 8192, len(good) // 2,
                                     len(good) - 4096, len(good) - 1]]
    cases += [('flip', at) for at in range(0, 100, 1 if long else 9)]
    cases += [('flip', rng.randrange(len(good))) for _ in range(600 if long else 60)]
    for how, at in cases:
        bad = good[:at] if how == 'cut' else \
            good[:at] + bytes([good[at] ^ (1 << rng.randrange(8))]) + good[at + 1:]
        for name in ('harmony.db-wal', 'harmony.db-shm'):
            if os.path.exists(house.path(name)):
                os.remove(house.path(name))
        with open(house.path('harmony.db'), 'wb') as out:
            out.write(bad)
        code, out, err = house.run('show')
        assert code >= 0, (how, at, code, err)
        if code == 0:
            accepted += 1
        else:
            refused += 1
            assert 'harmony.db' in err, (how, at, err)
            if how == 'cut':
                with open(house.path('harmony.db'), 'rb') as now:
                    assert now.read() == bad, 'a damaged store was written to'
        code, out, err = house.run('export')
        assert code >= 0, (how, at, code, err)
        now = house.bookings()
        if how == 'flip':
            again = [key for key in now if now[key] > before.get(key, 0)]
            assert not again, 'flip at %d booked %s again' % (at, again)
        with open(house.path('books'), 'w') as books:
            for key, count in before.items():
                books.write((key + ' x\n') * count)
    house.remove()
    assert refused > 5, refused
    print('%d damaged stores: %d refused, %d gave what they held' % (len(cases), refused, accepted))


def versions(child, long):
    """A store of a newer version is refused untouched; of an older one it is brought up to date."""
    house = House(child, 20)
    house.finish()
    database = sqlite3.connect(house.path('harmony.db'))
    version = database.execute('PRAGMA user_version').fetchone()[0]
    database.execute('PRAGMA user_version = %d' % (version + 1))
    database.close()
    code, out, err = house.run('show')
    assert code == 2 and 'version' in err, (code, err)
    database = sqlite3.connect(house.path('harmony.db'))
    assert database.execute('PRAGMA user_version').fetchone()[0] == version + 1
    for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql NOT"
                                  " NULL AND name <> 'record_owner'").fetchall():
        database.execute('DROP INDEX ' + name)
    database.execute('PRAGMA user_version = 1')
    database.commit()
    database.close()
    code, out, err = house.run('show')
    assert code == 0, (code, err)
    house.finish()
    house.verify()
    database = sqlite3.connect(house.path('harmony.db'))
    assert database.execute('PRAGMA user_version').fetchone()[0] == version
    assert database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'record_open'"
                            ).fetchone() == (1,)
    database.close()
    house.remove()
    print('newer refused, older brought up to date')


def modes(child, long):
    """A store or key that others may read is refused, with the command that mends it."""
    house = House(child, 3)
    house.finish('--key')
    for name in ('harmony.db', 'key'):
        os.chmod(house.path(name), 0o644)
        code, out, err = house.run('show', '--key')
        assert code == 2 and 'chmod 600' in err and name in err, (name, code, err)
        command = re.search(r"chmod 600 '([^']+)'", err)
        assert command and os.path.samefile(command.group(1), house.path(name))
        os.chmod(house.path(name), 0o600)
    for name in os.listdir(house.folder):
        if name.startswith('harmony.db') or name == 'key':
            assert os.stat(house.path(name)).st_mode & 0o077 == 0, name
    assert house.run('show', '--key')[0] == 0
    house.remove()
    print('modes are kept and demanded')


def rekey(child, long):
    """Kill -9 while the key changes: the secrets open afterwards."""
    house = House(child, 5)
    house.finish('--key')
    kills = 0
    keys = set()
    for _ in range(400 if long else 40):
        process = house.start('rekey', '--key')
        time.sleep(random.random() * 0.02)
        process.kill()
        kills += house.end(process)[0] == -signal.SIGKILL
        code, out, err = house.run('export', '--key')
        assert code == 0, (code, err)
        with open(house.path('key'), 'rb') as key:
            keys.add(key.read())
    assert house.run('rekey', '--key')[0] == 0
    assert house.run('export', '--key')[0] == 0
    code, out, err = house.run('export')
    assert code == 2 and 'key_file' in err, (code, err)
    house.remove()
    print('%d kills, %d different keys' % (kills, len(keys)))


def leaks(house, names, secrets):
    found = []
    for name in names:
        with open(name, 'rb') as file:
            data = file.read()
        found += [(name, secret) for secret in secrets if secret.encode() in data]
    return found


def secrets(child, long):
    """Planted secrets are in the secrets' table and nowhere else; with a key not even there."""
    for options in ([], ['--key']):
        house = House(child, 30)
        house.run('export', *options, '--lose', 5)
        house.run('export', *options)
        house.run('import', *options)
        house.run('show', *options)
        with open(house.path('records.jsonl'), 'a') as out:
            out.write('{"kind":"sales_invoice"}\nnot json\n')
        house.run('export', *options)
        for secret in (CLIENT_SECRET, TOKEN):
            assert secret.encode() not in house.said, 'a secret was printed'
        if not options:
            database = sqlite3.connect(house.path('harmony.db'))
            assert database.execute('SELECT count(*) FROM secret WHERE CAST(data AS TEXT) = ?',
                                    (TOKEN,)).fetchone()[0] == 2, 'two generations'
            database.execute('PRAGMA secure_delete = ON')
            database.execute('DELETE FROM secret')
            database.commit()
            database.execute('VACUUM')
            database.execute('PRAGMA wal_checkpoint(TRUNCATE)')
            database.close()
        files = [house.path(name) for name in os.listdir(house.folder)
                 if name not in ('secret.txt', 'key')]
        found = leaks(house, files, (CLIENT_SECRET, TOKEN))
        assert not found, found
        house.remove()
    if '--sanitized' not in sys.argv:
        core(child)
    print('no secret outside the secrets table')


def core(child):
    """A core file of a process that is done with its secrets, where the system gives one."""
    import resource
    with open('/proc/sys/kernel/core_pattern') as pattern:
        if pattern.read().strip() not in ('core', 'core.%p'):
            print('core files go elsewhere here: not looked at')
            return
    house = House(child, 5)

    def allow():
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        os.chdir(house.folder)
    house.run('export', '--key')
    code, out, err = house.run('export', '--key', '--abort', preexec_fn=allow)
    cores = [house.path(name) for name in os.listdir(house.folder) if name.startswith('core')]
    if not cores:
        print('no core file was left: not looked at')
    with open(house.path('key'), 'rb') as key:
        planted = {'the key': key.read(), 'the token': TOKEN.encode(), 'the client secret': CLIENT_SECRET.encode()}
    for name in cores:
        with open(name, 'rb') as file:
            data = file.read()
        for what, secret in planted.items():
            assert secret not in data, what + ' is in the core file'
        print('a core file of %d bytes without secrets' % len(data))
    house.remove()


def snapshot(child, long):
    """Renewing dbopen.csv under kills: a reader sees a whole file, always."""
    house = House(child, 1)
    code, out, err = house.run('import')
    assert code == 0, (code, err)
    with open(house.path('dbopen.csv'), 'rb') as file:
        whole = file.read()
    for _ in range(200 if long else 30):
        process = house.start('import')
        time.sleep(random.random() * 0.03)
        process.kill()
        house.end(process)
        with open(house.path('dbopen.csv'), 'rb') as file:
            assert file.read() == whole
    if shutil.which('strace') is not None:
        for call, error in (('write', 'ENOSPC'), ('fsync', 'EIO'), ('rename', 'EIO')):
            for k in range(1, 4):
                with open(house.path('dbopen.csv'), 'wb') as file:
                    file.write(b'old')
                subprocess.run(['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=' + call, '-e',
                                'inject=%s:error=%s:when=%d' % (call, error, k), child, 'import',
                                house.folder], capture_output=True)
                with open(house.path('dbopen.csv'), 'rb') as file:
                    assert file.read() in (b'old', whole), (call, k)
                left = [name for name in os.listdir(house.folder) if name.endswith('.tmp')]
                assert not left, left
    house.remove()
    print('dbopen.csv was whole after every kill and failing call')


CASES = {f.__name__: f for f in (kills, steps, two, disk, calls, damage, versions, modes, rekey,
                                 secrets, snapshot)}


def main():
    child, case = sys.argv[1:3]
    random.seed(os.environ.get('HARMONY_SEED'))
    arguments = []
    if '--kills' in sys.argv:
        arguments = [int(sys.argv[sys.argv.index('--kills') + 1])]
    return CASES[case](child, '--long' in sys.argv, *arguments) or 0


if __name__ == '__main__':
    sys.exit(main())
