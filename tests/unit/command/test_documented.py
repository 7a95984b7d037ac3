# SPDX-License-Identifier: MIT
"""What the program has is in its manual pages and its completion."""

import re
import shutil
import subprocess

import harness
from harness import ROOT


def plain(page):
    """A page without mdoc: what a reader sees, with one space between words."""
    text = (ROOT / "docs" / page).read_text()
    if shutil.which("mandoc"):
        text = subprocess.run(["mandoc", "-Tascii"], input=text, capture_output=True, text=True, check=True).stdout
        text = re.sub(".\b", "", text)
    return re.sub(r"\s+", " ", text)


@harness.unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
class Documented(harness.Case):
    def setUp(self):
        super().setUp()
        self.help = self.document(0, "help")

    def test_commands_and_options(self):
        page = plain("harmony.1")
        for option in self.help["options"]:
            self.assertIn("--" + option["name"], page)
        for command in self.help["commands"]:
            self.assertRegex(page, rf" {command['name']} ", command["name"])
            for option in command["options"]:
                self.assertIn("--" + option["name"], page, command["name"])
                if option.get("letter"):
                    self.assertIn(f"-{option['letter']}, --{option['name']}", page)

    def test_members_of_json(self):
        """Whatever stands in a document of --json is named in the manual."""
        page = plain("harmony.1")
        page = page[page.index(" JSON Every command"):page.index(" ENVIRONMENT ")]
        self.main_job()
        data = (harness.MAIN / "fmuta6.csv").read_bytes()
        self.write("out/fmuta6.csv", data.replace(b'"1003"', b'"1009"').replace(b",15012024,", b",31022024,"))
        commands = [(1, "check", "out/fmuta6.csv"), (3, "check", "none.csv"), (1, "convert", "out/fmuta6.csv"),
                    (1, "export", "--dry-run", "dairy"), (1, "export", "dairy"), (0, "import", "dairy"),
                    (0, "show", "1"), (0, "edit", "11", "party=1003"), (0, "reoffer", "11"), (0, "show", "1"),
                    (0, "history"), (0, "status"), (0, "test", "dairy"), (2, "login", "dairy"), (2, "init"),
                    (0, "-c", "other.conf", "init")]
        for code, *command in commands:
            document = self.run_it("--json", *command)
            self.assertEqual(document.code, code, (command, document.err))
            for member in self.members(document.json, "convert" in command):
                self.assertRegex(page, rf"\b{member}\b", command)

    def members(self, value, is_convert=False):
        """Names of members; those of records are fields, of kinds and journals codes of the file."""
        found = set()
        for name, one in value.items() if isinstance(value, dict) else ():
            found.add(name)
            if not (is_convert and name == "records") and name not in ("kinds", "journals"):
                found |= self.members(one)
        for one in value if isinstance(value, list) else ():
            found |= self.members(one)
        return found

    def test_events_of_the_log(self):
        page = plain("harmony.1")
        events = set()
        for source in (ROOT / "examples" / "harmony").glob("*.c"):
            for call in re.findall(r"\blog_(?:begin|say)\((?:[^;\"]|\n)*((?:\"\w+\"[^;\"]*)+)", source.read_text()):
                events |= set(re.findall(r'"(\w+)"', call))
        self.assertTrue({"ready", "problem_begun", "problem_ended", "watch"} <= events, events)
        for event in events - {"error", "warning"}:
            self.assertRegex(page, rf"\b{event}\b")

    def test_exit_statuses(self):
        source = (ROOT / "examples" / "harmony" / "program.h").read_text()
        statuses = re.findall(r"X\([A-Z_]+, (\d), \"([^\"]+)\"\)", source)
        self.assertEqual(len(statuses), 8)
        page = plain("harmony.1")
        for number, text in statuses:
            self.assertIn(f" {number} {text}", page)

    def test_keys(self):
        page = plain("harmony.conf.5")
        config = self.document(0, "help", "config")
        keys = config["harmony"] + config["integration"]
        for key in keys:
            self.assertRegex(page, rf"\b{re.escape(key['name'])}\b", key["name"])
            for choice in key.get("choices", "").split("|"):
                self.assertIn(choice, page)
        for mapping in config["mappings"]:
            self.assertIn(f"[integration NAME {mapping}]", page)
        for connector in config["connectors"]:
            for key in self.document(0, "help", "config", connector)["keys"]:
                self.assertRegex(page, rf"\b{re.escape(key['name'])}\b", f"{connector}: {key['name']}")


@harness.unittest.skipUnless(shutil.which("bash"), "bash is not installed")
class Completed(harness.Case):
    def complete(self, *words):
        """What bash offers behind these words."""
        script = ROOT / "examples" / "harmony" / "completion.bash"
        code = (f"source '{script}'; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _harmony; "
                "printf '%s\\n' \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "-c", code, "bash", harness.PROGRAM, *words], capture_output=True, text=True,
                              cwd=self.folder, check=True)
        return done.stdout.split()

    def test_every_command_and_option(self):
        listing = self.document(0, "help")
        self.assertEqual(sorted(self.complete("")), sorted(c["name"] for c in listing["commands"]))
        common = {"--" + o["name"] for o in listing["options"]} | {"--help", "--version"}
        self.assertEqual(set(self.complete("-")), common)
        for command in listing["commands"]:
            own = {"--" + o["name"] for o in command["options"]}
            self.assertEqual(set(self.complete(command["name"], "-")), common | own, command["name"])

    def test_words(self):
        self.assertEqual(self.complete("convert", "--to", ""), ["jsonl", "fmuta6", "hledger"])
        self.assertEqual(self.complete("che"), ["check"])
        self.assertIn("fmuta6.encoding=", self.complete("check", "--set", "fmuta6.e"))
        self.assertIn("dbopen.columns=", self.complete("convert", "--set", ""))
        self.configure()
        self.assertEqual(self.complete("export", ""), ["dairy"])
        self.write("other.conf", "[integration bakery]\n")
        self.assertEqual(self.complete("--config", "other.conf", "import", ""), ["bakery"])


if __name__ == "__main__":
    harness.main()
