# SPDX-License-Identifier: MIT
"""A folder with a configuration, a store and a simulated package, and the program in it."""
import contextlib
import copy
import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile

DONE, REJECTED, USAGE, INPUT, LOGIN, LATER, DOUBT, BUSY = range(8)
NAME = 'shop'


class Skip(Exception):
    """Nothing was run, and why."""


class Answer:
    def __init__(self, args, code, out, err):
        self.args, self.code, self.out, self.err = args, code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return 'harmony %s: exit %d\n%s\n%s' % (' '.join(self.args), self.code, self.out, self.err)


class House:
    """`settings` go into [integration shop], `modes` and the wishes to the simulator."""

    def __init__(self, program, package, settings=None, login=True, modes=None, **wishes):
        self.program, self.package = program, package.start(modes, **wishes)
        self.folder = tempfile.mkdtemp(prefix='harmony-conformance-')
        self.said, self.exports = [], 0
        self.allowed_violations = ()
        self.write('secret.txt', package.client_secret() + '\n')
        self.write('harmony.key', '7' * 64 + '\n')
        self.configure(**(settings or {}))
        if login:
            self.login()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                self.check()
        finally:
            self.package.stop()
            shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def neighbour(self):
        """Another one at the same package, with a folder, a store and a login of its own."""
        other = copy.copy(self)
        with tempfile.TemporaryDirectory(prefix='harmony-conformance-') as other.folder:
            for name in ('secret.txt', 'harmony.key', 'harmony.conf'):
                shutil.copy2(self.path(name), other.folder)
            other.login()
            yield other
            other.check_runs()

    # ---- files

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, encoding='utf-8'):
        with open(self.path(name), 'w', encoding=encoding) as out:
            out.write(text)
        os.chmod(self.path(name), 0o600)
        return name

    def configure(self, **settings):
        keys = dict({'connector': self.package.name, 'import_path': 'dbopen.csv', 'timeout': '20s',
                     'dbopen.encoding': 'utf-8'}, **self.package.settings())
        keys.update(settings)
        text = '[harmony]\nstore = harmony.db\n\n[integration %s]\n' % NAME
        text += ''.join('%s = %s\n' % pair for pair in keys.items() if pair[1] is not None)
        for table, codes in self.package.maps.items():
            text += '\n[integration %s %s]\n' % (NAME, table)
            text += ''.join('%s = %s\n' % pair for pair in codes.items())
        self.write('harmony.conf', text)

    def records(self, records, name=None):
        self.exports += 1
        name = name or 'records-%d.jsonl' % self.exports
        return self.write(name, ''.join(json.dumps(record) + '\n' for record in records))

    def forget(self):
        """The store is lost."""
        for name in os.listdir(self.folder):
            if name.startswith('harmony.db'):
                os.unlink(self.path(name))

    # ---- the program

    def start(self, *args, **more):
        environment = dict(os.environ, **more.pop('env', {}))
        return subprocess.Popen([self.program, '--config', self.path('harmony.conf'), *args], cwd=self.folder,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=environment, **more)

    def end(self, process, args=(), stdin=None, timeout=300):
        out, err = process.communicate(stdin, timeout=timeout)
        answer = Answer(args, process.returncode, out.decode(), err.decode())
        self.said.append(answer)
        assert 'Sanitizer' not in answer.err and 'runtime error' not in answer.err, answer
        return answer

    def run(self, *args, stdin=None, **more):
        return self.end(self.start(*args, **more), args, stdin)

    def good(self, *args, code=DONE, **more):
        answer = self.run(*args, **more)
        assert answer.code == code, answer
        return answer

    def login(self):
        self.good('login', NAME, '--code', self.package.code())

    def export(self, records, *codes, options=()):
        """Exports; the run's document, whose counts add up."""
        name = self.records(records) if isinstance(records, list) else records
        answer = self.run('export', NAME, *([name] if name else []), '--json', *options)
        assert answer.code in (codes or (DONE,)), answer
        document = answer.json
        if 'records' in document:
            counts = document['records']
            assert counts['total'] == sum(n for word, n in counts.items() if word != 'total'), counts
        return document

    def details(self, run, *options):
        return self.good('show', str(run['run']), '--json', *options).json['details']

    def failed(self, run):
        return {record['identifier']: record for record in self.details(run, '--failed')}

    def states(self):
        """identifier → state, as they stand now, from the store."""
        base = sqlite3.connect('file:%s?mode=ro' % self.path('harmony.db'), uri=True)
        words = ('new', 'offered', 'booked', 'skipped', 'rejected', 'waiting', 'in_doubt')
        rows = base.execute('SELECT kind, identifier, state FROM record').fetchall()
        base.close()
        kinds = ('', 'customer', 'supplier', 'sales_invoice', 'purchase_invoice', 'memorial', 'bank_entry')
        return {(kinds[row[0]], row[1]): words[row[2]] for row in rows}

    def dbopen(self):
        with open(self.path('dbopen.csv'), encoding='utf-8', newline='') as file:
            return list(csv.reader(io.StringIO(file.read())))

    # ---- what holds in each case

    def check(self):
        self.check_violations()
        self.check_runs()
        self.check_secrets()

    def check_violations(self):
        bad = [v for v in self.package.violations() if v['rule'] not in self.allowed_violations]
        assert not bad, 'documented rules were broken: %s' % json.dumps(bad[:5], indent=1)

    def check_runs(self):
        if not os.path.exists(self.path('harmony.db')):
            return
        base = sqlite3.connect('file:%s?mode=ro' % self.path('harmony.db'), uri=True)
        assert base.execute('PRAGMA integrity_check').fetchall() == [('ok',)]
        for row in base.execute('SELECT id, total, booked + skipped + rejected + waiting + in_doubt,'
                                ' (SELECT count(*) FROM outcome WHERE run = run.id) FROM run'
                                ' WHERE direction <> 2 AND state <> 0'): # 2: imports, which have no records
            assert row[1] == row[2] == row[3], 'run %s does not add up' % (row,)
        base.close()

    def check_secrets(self):
        for answer in self.said:
            for secret in self.package.secrets:
                assert secret not in answer.out + answer.err, 'a secret was said: %s' % answer
