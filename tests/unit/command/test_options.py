# SPDX-License-Identifier: MIT
"""The command line itself: help, version, options before and after, errors as JSON."""

import re

import harness

COMMANDS = "check convert export import login test history show edit reoffer status serve init rekey help"


class Options(harness.Case):
    def test_no_command(self):
        result = self.check(2)
        self.assertIn("harmony: error: no command", result.err)
        self.assertEqual(result.out, b"")

    def test_help(self):
        text = self.check(0, "--help").text
        for command in COMMANDS.split():
            self.assertIn(f"\n  {command} ", text)
        self.assertEqual(text, self.check(0, "help").text)
        self.assertEqual(text, self.check(0, "-h").text)
        for option in ("-h, --help ", "-V, --version "):
            self.assertIn(option, text)

    def test_help_of_each_command(self):
        for command in COMMANDS.split():
            text = self.check(0, command, "--help").text
            self.assertTrue(re.match(rf"usage: harmony {command}( \S.*)?\n\n", text), text)
            self.assertEqual(text, self.check(0, "help", command).text)
            self.assertEqual(self.document(0, command, "--help")["command"], command)
            for name in ("--config", "--json", "--quiet", "--verbose"):
                self.assertIn(name, text)

    def test_help_config(self):
        text = self.check(0, "help", "config").text
        for key in ("store", "key_file", "connector", "export_path", "import_path", "interval",
                    "fmuta6.encoding", "dbopen.columns", "payment_conditions", "ledger"):
            self.assertIn(key, text)
        text = self.check(0, "help", "config", "ledger").text
        self.assertIn("books", text)
        self.assertTrue(text.endswith(": harmony help config\n"), text)
        document = self.document(0, "help", "config", "ledger")
        self.assertEqual(document["connector"], "ledger")
        self.assertIn("books", [key["name"] for key in document["keys"]])
        names = [key["name"] for key in self.document(0, "help", "config")["integration"]]
        self.assertEqual(len(names), len(set(names)))
        self.assertIn("no connector", self.check(2, "help", "config", "sap").err)

    def test_help_of_keys_is_of_one_form(self):
        config = self.document(0, "help", "config")
        keys = config["harmony"] + config["integration"]
        for connector in config["connectors"]:
            keys += self.document(0, "help", "config", connector)["keys"]
        for key in keys:
            self.assertRegex(key["help"], r"^([a-z]|(VAT|Exact|Multivers)\b)[^\n]*[^.\s]$", key["name"])
        for text in (self.check(0, "help", "config").text, self.check(0, "help", "status").text):
            self.assertNotRegex(text, r"(?m)[ \t]$")

    def test_version(self):
        text = self.check(0, "--version").text
        self.assertRegex(text, r"^harmony \d+\.\d+\.\d+\n$")
        self.assertEqual(self.document(0, "--version")["version"], text.split()[1])
        self.check(0, "check", "--version")

    def test_unknown(self):
        self.assertIn("did you mean check?", self.check(2, "chek").err)
        self.assertIn("did you mean --dry-run?", self.check(2, "export", "--dryrun", "a").err)
        self.assertIn("-x", self.check(2, "check", "-x", "f").err)
        self.assertIn("needs a value", self.check(2, "convert", "f", "--to").err)
        self.assertIn("takes no value", self.check(2, "check", "--json=1", "f").err)
        self.assertIn("no command is called", self.check(2, "help", "nothing").err)

    def test_operands(self):
        for args in (["check"], ["convert"], ["export"], ["import"], ["import", "a", "b"], ["show"],
                     ["show", "x"], ["show", "0"], ["edit", "1"], ["edit", "x", "a=b"], ["edit", "1", "ab"],
                     ["reoffer"], ["reoffer", "1", "--run", "1"], ["status", "x"], ["serve", "x"], ["history", "a", "b"],
                     ["login"], ["test"], ["init", "x"], ["rekey", "x"]):
            result = self.check(2, *args)
            self.assertEqual(result.out, b"", args)
            self.assertIn("harmony: error: ", result.err)
            error = self.document(2, *args)["error"]
            self.assertEqual(error["code"], "invalid_argument", args)

    def test_global_options_anywhere(self):
        a = self.write("a.csv", "")
        before = self.document(0, "check", a)
        self.assertEqual(before, self.check(0, "check", a, "--json").json)
        self.assertEqual(before, self.check(0, "check", "--json", a).json)
        self.configure()
        for args in (["--config", "harmony.conf", "status"], ["status", "--config", "harmony.conf"],
                     ["status", "--config=harmony.conf"], ["-c", "harmony.conf", "-q", "status"]):
            self.check(0, *args)

    def test_json_even_when_options_are_wrong(self):
        for args in (["check", "--bogus", "--json"], ["--json", "nothing"], ["--json"],
                     ["check", "--json"], ["convert", "--to", "xml", "f", "--json"]):
            document = self.check(2, *args).json
            self.assertEqual(document["error"]["code"], "invalid_argument")

    def test_double_dash(self):
        self.write("--json", "")
        self.assertIn("empty", self.check(0, "check", "--", "--json").text)

    def test_no_configuration(self):
        for args in (["export", "a"], ["import", "a"], ["login", "a"], ["test", "a"], ["history"],
                     ["show", "1"], ["edit", "1", "a=b"], ["reoffer", "1"], ["status"], ["rekey"]):
            error = self.document(2, *args)["error"]
            self.assertEqual(error["code"], "configuration")
            self.assertIn("harmony init", error["message"])


if __name__ == "__main__":
    harness.main()
