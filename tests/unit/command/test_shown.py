# SPDX-License-Identifier: MIT
"""What the guides show is what the program prints; the words that they explain are all there."""

import re

import harness
from harness import MAIN, ROOT

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


def shown(page):
    """[(command, its output)] of the indented blocks of a guide that begin with "$ harmony"."""
    found = []
    for block in re.findall(r"(?m)(?:^(?:    .*)?\n)+", (ROOT / "docs" / page).read_text()):
        lines = [line[4:] for line in block.strip("\n").splitlines()]
        if not lines or not lines[0].startswith("$ "):
            continue
        for line in lines:
            if line.startswith("$ harmony "):
                found.append((line[len("$ harmony "):].split(), []))
            else:
                found[-1][1].append(line)
    return [(command, "\n".join(lines).strip("\n")) for command, lines in found]


def words(header, table):
    """The words of an X-macro of a public header: X(NAME, "word", or X(NAME, 1, "word"."""
    text = (ROOT / "include" / "harmony" / header).read_text()
    body = re.search(rf"#define {table}\(X\)((?:.*\\\n)*.*)", text)[1]
    return re.findall(r"X\(\w+, (?:\d+, )?\"(\w+)\"", body)


class Shown(harness.Case):
    def test_the_bookkeepers_walk(self):
        """A customer that nobody knows: refused, corrected, offered again."""
        self.main_job()
        lines = (MAIN / "fmuta6.csv").read_bytes().splitlines(keepends=True)
        self.write("out/fmuta6.csv", b"".join(
            line.replace(b'"1003"', b'"1009"') if b'"V"' in line else line for line in lines))
        walk = shown("bookkeeper.md")
        self.assertEqual([command[0] for command, _ in walk], ["export", "show", "edit", "reoffer"])
        for command, output in walk:
            result = self.run_it(*command)
            self.assertEqual(re.sub(TIME, "TIME", (result.err + result.text).strip("\n")),
                             re.sub(TIME, "TIME", output), command)


    def configurations(self):
        """(page, text) of each configuration that a guide or a manual page shows."""
        for page in sorted((ROOT / "docs").glob("*.md")):
            for block in re.findall(r"(?m)(?:^(?:    .*)?\n)+", page.read_text()):
                if "[integration " in block:
                    yield page.name, re.sub(r"(?m)^ +", "", block)
        page = (ROOT / "docs" / "harmony.conf.5").read_text()
        yield "harmony.conf.5", re.search(r"\.Bd -literal.*\n((?:.*\n)*?)\.Ed", page)[1]

    def test_configurations_are_taken(self):
        known = self.document(0, "help", "config")["connectors"]
        count = 0
        for page, text in self.configurations():
            if re.search(r"connector = ([\w-]+)", text)[1] not in known:
                continue
            self.write("harmony.conf", text.replace("/var/lib/harmony/", "").replace("key_file", "; key_file"))
            result = self.run_it("status")
            self.assertEqual(result.code, 0, f"{page}: {result.err}")
            count += 1
        self.assertGreaterEqual(count, len(known))

    def test_commands_are_commands(self):
        """Whatever follows "harmony" in a span or a block of code is a command, and its options are options."""
        listing = self.document(0, "help")
        common = {"--" + o["name"] for o in listing["options"]} | {"--help", "--version"}
        commands = {c["name"]: common | {"--" + o["name"] for o in c["options"]} for c in listing["commands"]}
        count = 0
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
            text = page.read_text()
            spans = re.findall(r"`(harmony [^`]*)`", text)
            spans += [part for line in re.findall(r"(?m)^    +(?:\$ |sudo (?:-u harmony )?)?(harmony .*)", text)
                      for part in re.split("; (?=harmony )", line.split("  ")[0])]
            for span in spans:
                words = re.sub(r"(-c|--config) \S+ ", "", span).split()[1:]
                if not words or not re.fullmatch(r"[a-z]+", words[0]):
                    continue
                count += 1
                self.assertIn(words[0], commands, f"{page.name}: {span}")
                for word in words[1:]:
                    if word.startswith("--"):
                        self.assertIn(word, commands[words[0]], f"{page.name}: {span}")
        self.assertGreater(count, 50)

    def test_examples_of_the_formats(self):
        for page, kind in (("fmuta6.5", "sales_invoice"), ("dbopen.5", "outstanding_item")):
            rows = re.search(r"\.Bd -literal.*\n((?:.*\n)*?)\.Ed", (ROOT / "docs" / page).read_text())[1]
            self.write("shown.csv", rows.replace("\n", "\r\n"))
            records = self.records("shown.csv")
            self.assertEqual({record["kind"] for record in records}, {kind})
            file, = self.document(0, "check", "shown.csv")["files"]
            self.assertEqual(file["diagnostics"], [])


class Explained(harness.Case):
    def rows(self, page):
        """The words that begin a row of a table."""
        return set(re.findall(r"`(\w+)`", " ".join(
            row.split("|")[1] for row in (ROOT / "docs" / page).read_text().splitlines() if row.startswith("| `"))))

    def test_codes_and_states(self):
        page = self.rows("bookkeeper.md")
        self.assertEqual(set(words("base.h", "HARMONY_CODE_MAP")) - page, set())
        self.assertEqual(set(words("store.h", "HARMONY_STATE_MAP")) - page, set())

    def test_fields_have_their_dutch_titles(self):
        titles = dict(re.findall(r'X\(\w+, "(\w+)", \w+, \w+, \d+, [^"]*"[^"]*", "([^"]*)"\)',
                                 (ROOT / "include" / "harmony" / "record.h").read_text()))
        text = (ROOT / "docs" / "bookkeeper.md").read_text()
        pairs = re.findall(r"`(\w+)` \| ([^|`]+) \|", text[text.index("## Names of fields"):])
        self.assertGreater(len(pairs), 30)
        for field, dutch in pairs:
            self.assertEqual(titles.get(field), dutch, field)

    def test_problems(self):
        page = self.rows("service.md")
        manual = (ROOT / "docs" / "harmony.1").read_text()
        for word in words("schedule.h", "HARMONY_PROBLEM_MAP") + ["metrics"]:
            self.assertIn(word, page)
            self.assertIn(f".It Li {word}\n", manual)

    def test_statuses(self):
        page = (ROOT / "docs" / "libharmony.3").read_text()
        text = (ROOT / "include" / "harmony" / "base.h").read_text()
        statuses = re.findall(r'X\((\w+), \d+, "(\w+)", "([^"]*)"\)', text)
        self.assertGreater(len(statuses), 20)
        for name, word, meaning in statuses:
            self.assertIn(f".It Dv HARMONY_{name} Pq Li {word}\n{meaning}\n", page)

    def test_numbers_for_prometheus(self):
        """Every metric that a rule or the table of the guide names is one."""
        source = (ROOT / "examples" / "harmony" / "metrics.c").read_text()
        known = set(re.findall(r'"([a-z_0-9]+)", "(?:gauge|counter)"', source))
        known |= set(re.findall(r'whole_seconds\(to, "(\w+)"', source))
        named = set(re.findall(r"\bharmony_([a-z_0-9]+)\b", (ROOT / "docs" / "service.md").read_text()))
        self.assertEqual(named - known, set())


    def test_settings_of_each_package(self):
        """Its page has every key of a connector, and the default that it has."""
        for connector in self.document(0, "help", "config")["connectors"]:
            if connector == "ledger":
                continue
            text = (ROOT / "docs" / f"{connector}.md").read_text()
            keys = {key["name"]: key.get("default", "") for key in self.document(0, "help", "config", connector)["keys"]}
            for key in keys:
                self.assertRegex(text, rf"(`|\n +){key}(`| =)", f"{connector}: {key}")
            told = re.findall(r"`(\w+)` = `([\w.]+)`, `", text)
            told += re.findall(r"`(\w+) = ([\w.]+)`, `\w+`", text)
            told += re.findall(r"\n\| `(\w+)` \| `?([\w.]+)`? \|", text)
            self.assertGreater(len(told), 5)
            for key, default in told:
                if keys.get(key):
                    self.assertEqual(keys[key], default, f"{connector}: {key}")


    def test_the_store(self):
        """Every table and every step of the work is explained."""
        page = (ROOT / "docs" / "store.md").read_text()
        rows = " ".join(row.split("|")[1] for row in page.splitlines() if row.startswith("| `"))
        layout = (ROOT / "lib" / "store" / "sqlite_store.c").read_text()
        sources = "".join(path.read_text() for path in (ROOT / "lib" / "sync").glob("*.c"))
        tables = re.findall(r"CREATE TABLE (\w+)", layout)
        steps = re.findall(r'harmony__step\([^;"]*"([a-z ]+)"', sources)
        self.assertGreater(len(tables), 10)
        self.assertGreater(len(set(steps)), 10)
        for name in tables + steps:
            self.assertIn(f"`{name}`", rows)

    def test_names_of_the_api(self):
        """What pages call by a name of the API, or of the sources, has that name there."""
        sources = "".join(path.read_text() for folder in ("include", "lib", "examples")
                          for path in (ROOT / folder).rglob("*.[ch]"))
        known = set(re.findall(r"\b(?:harmony|HARMONY)_\w+", sources))
        known |= {"harmony_room_verb", "harmony_thing", "harmony__thing", "HARMONY_THING", "HARMONY_SEED"}
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "docs" / "libharmony.3"]:
            if page.name == "service.md":  # numbers for Prometheus, which have a test of their own
                continue
            for name in set(re.findall(r"\b(?:harmony|HARMONY)_[A-Za-z]\w+", page.read_text())):
                self.assertIn(name, known, page.name)


class Links(harness.Case):
    def anchors(self, path):
        return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
                for title in re.findall(r"(?m)^#+ (.*)$", path.read_text())}

    def test_links_lead_somewhere(self):
        pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
        self.assertGreater(len(pages), 10)
        for page in pages:
            for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
                if re.match(r"https?:", target):
                    continue
                name, _, anchor = target.partition("#")
                path = page.parent / name if name else page
                self.assertTrue(path.exists(), f"{page.name}: {target}")
                if anchor:
                    self.assertIn(anchor, self.anchors(path), f"{page.name}: {target}")


if __name__ == "__main__":
    harness.main()
