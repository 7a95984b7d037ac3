# SPDX-License-Identifier: MIT
"""Each promise has tests, those tests exist, and the commands beside them name cases that exist."""
import json
import pathlib
import re
import sys

build, root = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
PACKAGES = ["exact-online", "minox", "multivers", "twinfield"]
CASES = {"faults.sh": ["faults/faults.py"], "service.sh": ["service/shows.py"],
         "conformance.sh": ["conformance/cases.py", "conformance/faults.py"]}

tests = json.loads((build / "meson-info" / "intro-tests.json").read_text())
names = {test["name"] for test in tests}
suites = {suite.split(":")[-1] for test in tests for suite in test["suite"]}
failures, found = [], []
for row in (root / "docs" / "promises.md").read_text().splitlines():
    promise = re.match(r"\| \*\*(P\d+)\*\* ", row)
    if not promise:
        continue
    short, long = row.split("|")[2:4]
    found.append(promise[1])
    listed = re.findall(r"`([^`]+)`", short)
    for name in listed:
        wanted = [name.replace("NAME", package) for package in PACKAGES] if "NAME" in name else [name]
        failures += [f"{promise[1]}: there is no test {one}" for one in wanted
                     if one not in names and not (name in suites and "each" in short)]
    if not listed:
        failures.append(f"{promise[1]}: no test would disprove it")
    for script, words in re.findall(r"`sh tests/(\S+)([^`]*)`", long):
        text = "".join((root / "tests" / file).read_text() for file in CASES.get(script, []))
        if not (root / "tests" / script).exists():
            failures.append(f"{promise[1]}: there is no tests/{script}")
        for word in words.split():
            if not word.startswith("--") and not word.isdigit() and f"\ndef {word}(" not in text:
                failures.append(f"{promise[1]}: tests/{script} has no case {word}")
if found != [f"P{n}" for n in range(1, 11)]:
    failures.append(f"docs/promises.md has {found}")
print(f"{len(found)} promises, {len(names)} tests")
if failures:
    sys.exit("\n".join(failures))
