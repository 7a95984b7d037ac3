# SPDX-License-Identifier: MIT
"""A folder with a configuration and a running `harmony serve`, and ways to wait for it.

Nothing here sleeps to let something happen: it waits for a line of the log, a datagram to
the service manager, or a file that changes, and fails when that does not come.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAIN = ROOT / "tests" / "data" / "main"
PATIENCE = 60  # seconds before a wait fails: the machine may be busy
CRASH = 99


class Late(AssertionError):
    pass


def wait_for(what, question, patience=PATIENCE, pause=0.005):
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + patience
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Late(f"waited {patience} s in vain for {what}")
        time.sleep(pause)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class House:
    """The folder, and the program in it."""

    def __init__(self, program, folder=None):
        self.program = os.path.abspath(program)
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="harmony-service-"))
        self.services = []
        self.said = []

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for service in self.services:
            service.kill()
        subprocess.run(["umount", "-q", str(self.folder / "small")], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, name, text):
        """Whole at once, as a careful ERP does."""
        return self.write_all({name: text})[0]

    def write_all(self, files):
        """name → text; each whole at once, and all of them in a moment."""
        paths = [self.folder / name for name in files]
        for path, text in zip(paths, files.values()):
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name("." + path.name + ".part")
            part.write_bytes(text.encode() if isinstance(text, str) else text)
            os.chmod(part, 0o600)
        for path in paths:
            os.replace(path.with_name("." + path.name + ".part"), path)
        return paths

    def configure(self, integrations, **general):
        """integrations: name → keys; a key that is a dict is a mapping."""
        keys = {"store": "harmony.db", "log_format": "json", "scan": "1s", **general}
        text = "[harmony]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items() if v is not None)
        for name, settings in integrations.items():
            text += f"\n[integration {name}]\n"
            text += "".join(f"{k} = {v}\n" for k, v in settings.items() if v is not None and not isinstance(v, dict))
            for table, codes in settings.items():
                if isinstance(codes, dict) and codes:
                    text += f"\n[integration {name} {table}]\n" + "".join(f"{k} = {v}\n" for k, v in codes.items())
        self.write("harmony.conf", text)

    def ledger(self, name="dairy", **more):
        """An integration with the ledger, in a folder of its name."""
        for part in ("out", "in", "done"):
            (self.folder / name / part).mkdir(parents=True, exist_ok=True)
        return {"connector": "ledger", "books": f"{name}/books.db", "export_path": f"{name}/out/fmuta6.csv",
                "import_path": f"{name}/in/dbopen.csv", "archive_path": f"{name}/done", "stable": "0s", **more}

    def drop(self, name="dairy", files=("debitr.csv", "credit.csv", "fmuta6.csv")):
        self.write_all({f"{name}/out/{file}": (MAIN / file).read_bytes() for file in files})

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TZ": "Europe/Amsterdam", "LC_ALL": "C.UTF-8",
                "ASAN_OPTIONS": f"exitcode={CRASH}:detect_leaks=1",
                "UBSAN_OPTIONS": f"halt_on_error=1:exitcode={CRASH}:print_stacktrace=1",
                "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""), **more}

    def run(self, *args, code=0, **more):
        done = subprocess.run([self.program, "--config", str(self.folder / "harmony.conf"), *map(str, args)],
                              cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=120,
                              **more)
        if code is not None and done.returncode != code:
            raise AssertionError(f"{args}: exit {done.returncode}, not {code}\n{done.stdout}\n{done.stderr}")
        return done

    def json(self, *args, code=0):
        return json.loads(self.run("--json", *args, code=code).stdout)

    def serve(self, *options, ready=True, **environment):
        service = Service(self, options, environment)
        self.services.append(service)
        if ready:
            service.wait("ready")
        return service


class Service:
    """One `harmony serve`: its log as it comes, and what it tells the service manager."""

    def __init__(self, house, options, environment):
        self.house = house
        self.lines, self.told, self.raw = [], [], []
        self.news = threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = str(house.folder / f"notify-{len(house.services)}")
        self.socket.bind(path)
        variables = house.environment(NOTIFY_SOCKET=path, **environment)
        self.process = subprocess.Popen(
            [house.program, "--config", str(house.folder / "harmony.conf"), "serve", *options], cwd=house.folder,
            env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for reader in (self.read_log, self.read_told):
            threading.Thread(target=reader, daemon=True).start()

    # ---- what comes

    def read_log(self):
        for raw in self.process.stderr:
            text = raw.decode("utf-8", "replace").rstrip("\n")
            try:
                line = json.loads(text)
            except ValueError:
                line = {"event": "?", "message": text}
            line["seen"] = time.monotonic()
            with self.news:
                self.raw.append(text)
                self.lines.append(line)
                self.news.notify_all()
        with self.news:
            self.lines.append({"event": "closed", "seen": time.monotonic()})
            self.news.notify_all()

    def read_told(self):
        while True:
            try:
                data = self.socket.recv(4096)
            except OSError:
                return
            with self.news:
                self.told.append(data.decode())
                self.news.notify_all()

    # ---- waiting

    def wait(self, event, after=0, patience=PATIENCE, **members):
        """The first line from number `after` on with this event and these members; fails when it does not come."""
        end = time.monotonic() + patience
        at = after
        with self.news:
            while True:
                while at < len(self.lines):
                    line = self.lines[at]
                    at += 1
                    if line["event"] == event and all(matches(line.get(k), v) for k, v in members.items()):
                        return dict(line, number=at - 1)
                    if line["event"] == "closed" and event != "closed":
                        raise Late(f"the service ended before {event} {members}\n{self.tail()}")
                if not self.news.wait(max(0.0, end - time.monotonic())) and time.monotonic() >= end:
                    raise Late(f"waited {patience} s in vain for {event} {members}\n{self.tail()}")

    def wait_booked(self, count, patience=PATIENCE, **members):
        """The exports that together booked so many: relations may be taken before their entries are there."""
        runs, after = [], 0
        while sum(run["booked"] for run in runs) < count:
            runs.append(self.wait("run_ended", after=after, patience=patience, direction="export", **members))
            after = runs[-1]["number"] + 1
        if sum(run["booked"] for run in runs) != count or any(run["booked"] != run["records"] for run in runs):
            raise AssertionError(f"not {count} booked: {runs}")
        return runs

    def wait_told(self, word, patience=PATIENCE, count=1):
        """The `count`-th datagram that says so."""
        with self.news:
            found = lambda: [text for text in self.told if word in text.split("\n")[0] or word in text]
            if not self.news.wait_for(lambda: len(found()) >= count, patience):
                raise Late(f"the manager did not hear {word}: {self.told}")
            return found()[count - 1]

    def events(self, event, **members):
        with self.news:
            return [line for line in self.lines if line["event"] == event and
                    all(matches(line.get(k), v) for k, v in members.items())]

    def mark(self):
        with self.news:
            return len(self.lines)

    def tail(self):
        return "\n".join(self.raw[-25:])

    # ---- doing

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self, outcome="reloaded"):
        mark = self.mark()
        self.signal(signal.SIGHUP)
        return self.wait(outcome, after=mark)

    def stop(self, code=0, patience=15):
        """SIGTERM; returns the seconds until it ended, and its standard output."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        try:
            out = self.process.stdout.read()
            ended = self.process.wait(patience)
        except subprocess.TimeoutExpired as late:
            raise Late(f"not ended {patience} s after SIGTERM\n{self.tail()}") from late
        took = time.monotonic() - began
        self.wait("closed")
        self.socket.close()
        if code is not None and ended != code:
            raise AssertionError(f"serve ended with {ended}, not {code}\n{self.tail()}")
        return took, out.decode()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.socket.close()

    def memory(self):
        """Bytes resident now."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) * 1024

    def metrics(self, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), answer.headers
            return prometheus(answer.read().decode())


def matches(value, wanted):
    return value is not None and wanted(value) if callable(wanted) else value == wanted


# ---- the text format of Prometheus, strictly ----

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"^({NAME})(?:\{{(.*)\}})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')


def labels_of(text):
    found, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        assert match, f"labels: {text!r}"
        assert match[1] not in found, f"label {match[1]} stands twice"
        found[match[1]] = re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), match[2])
        at = match.end()
        assert match[3] == "" or at < len(text), "a comma behind the last label"
    return found


def prometheus(text):
    """family → {"type", "help", "samples": {labels: value}}; fails on all that the format does not allow."""
    families, current = {}, None
    assert text.endswith("\n"), "the last line has no end"
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            name, _, told = line[7:].partition(" ")
            assert re.fullmatch(NAME, name) and name not in families, f"HELP for {name} twice, or no name"
            assert told, f"{name}: an empty HELP"
            current = families[name] = {"help": told, "type": None, "samples": {}}
            last = name
        elif line.startswith("# TYPE "):
            name, _, kind = line[7:].partition(" ")
            assert name == last and current["type"] is None, f"TYPE of {name} is not behind its HELP"
            assert kind in ("counter", "gauge"), kind
            assert (kind == "counter") == name.endswith("_total"), f"{name} is called like another type"
            current["type"] = kind
        else:
            match = SAMPLE.match(line)
            assert match, f"neither comment nor sample: {line!r}"
            assert current and match[1] == last and current["type"], f"a sample outside its family: {line!r}"
            labels = tuple(sorted(labels_of(match[2] or "").items()))
            assert labels not in current["samples"], f"the same sample twice: {line!r}"
            value = float(match[3])
            assert value == value and (current["type"] == "gauge" or value >= 0), line
            current["samples"][labels] = value
    for name, family in families.items():
        assert name.startswith("harmony_"), name
        assert family["type"], f"{name} has no TYPE"
        assert len({tuple(k for k, _ in labels) for labels in family["samples"]}) <= 1, f"{name}: labels differ"
    return families


def sample(families, name, **labels):
    return families[name]["samples"].get(tuple(sorted(labels.items())))
