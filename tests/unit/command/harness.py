# SPDX-License-Identifier: MIT
"""Runs the built program as a person or a script would, and looks at what comes out."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data"
SAMPLES = DATA / "samples"
MAIN = DATA / "main"
PROGRAM = os.environ["HARMONY"]
SANITIZED = os.environ.get("HARMONY_SANITIZE", "none") != "none"
CRASH = 99  # what the sanitizers exit with: no status of the program

CONFIG = """[harmony]
store = harmony.db

[integration dairy]
connector = ledger
export_path = out/fmuta6.csv
import_path = in/dbopen.csv
"""


# A process of its own, since a child counts the memory of its parent until it is another
# program: the parent of the one that is measured must be small.
MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "w") as out:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, file=out)
sys.exit(code if code >= 0 else 128 - code)
"""


class Result:
    def __init__(self, done, peak):
        self.code = done.returncode
        self.out = done.stdout
        self.text = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")
        self.peak = peak  # bytes of memory, when it was measured

    @property
    def json(self):
        return json.loads(self.text)


class Case(unittest.TestCase):
    """Every test has a folder of its own, which is the working folder too."""

    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="harmony-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "out").mkdir()
        (self.folder / "in").mkdir()

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def run_it(self, *args, stdin=b"", env=None, timeout=60, measure=False):
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder / "home"),
            "TZ": "Europe/Amsterdam",
            "LC_ALL": "C.UTF-8",
            "ASAN_OPTIONS": f"exitcode={CRASH}:detect_leaks=1",
            "UBSAN_OPTIONS": f"halt_on_error=1:exitcode={CRASH}:print_stacktrace=1",
            "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
            **(env or {}),
        }
        command = [PROGRAM, *map(str, args)]
        peak = self.folder / "peak"
        if measure:
            command = [sys.executable, "-S", "-c", MEASURE, str(peak), *command]
        done = subprocess.run(
            command, input=stdin, cwd=self.folder, env=variables, capture_output=True, timeout=timeout
        )
        result = Result(done, int(peak.read_text()) if measure else None)
        if result.code < 0 or result.code == CRASH or result.code > 7:
            self.fail(f"{args} crashed with {result.code}:\n{result.err[-4000:]}")
        return result

    def check(self, code, *args, **kwargs):
        """Runs it and compares the exit status."""
        result = self.run_it(*args, **kwargs)
        self.assertEqual(
            result.code, code, f"{args}\nstdout: {result.text[-2000:]}\nstderr: {result.err[-4000:]}"
        )
        return result

    def document(self, code, *args, **kwargs):
        """The same with --json: one JSON object and nothing else on standard output."""
        result = self.check(code, "--json", *args, **kwargs)
        self.assertTrue(result.text.endswith("}\n"), result.text[-200:])
        self.assertEqual(result.text.count("\n"), 1, "one line")
        document = json.loads(result.text, object_pairs_hook=self.no_doubles)
        self.assertIsInstance(document, dict)
        if code >= 2:
            self.assertIn("error", document)
        if "error" in document:
            self.assertTrue(document["error"]["code"])
            self.assertTrue(document["error"]["message"])
        return document

    def no_doubles(self, pairs):
        keys = [key for key, _ in pairs]
        self.assertEqual(len(keys), len(set(keys)), f"a key stands twice: {keys}")
        return dict(pairs)

    def configure(self, text=CONFIG):
        return self.write("harmony.conf", text)

    def main_job(self):
        """The sample export where the ERP leaves it, and a configuration."""
        for name in ("fmuta6.csv", "debitr.csv", "credit.csv"):
            shutil.copy(MAIN / name, self.folder / "out" / name)
        self.configure()

    def records(self, *args, code=0, **kwargs):
        result = self.check(code, "convert", *args, **kwargs)
        return [json.loads(line) for line in result.text.splitlines()]


def main():
    unittest.main(verbosity=0)
