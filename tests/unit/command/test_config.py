# SPDX-License-Identifier: MIT
"""The configuration: where it is found, what it refuses, and that it says where."""

import os
import re

import harness
from harness import CONFIG


class Config(harness.Case):
    def wrong(self, text, line, *words):
        self.configure(text)
        error = self.document(2, "status")["error"]
        self.assertEqual(error["code"], "configuration", error)
        self.assertTrue(error["file"].endswith("harmony.conf"), error)
        self.assertEqual(error["line"], line, error)
        for word in words:
            self.assertIn(word, error["message"])
        stderr = self.check(2, "status").err
        self.assertIn(f"harmony.conf:{line}: error: ", stderr)

    def test_unknown_key(self):
        self.wrong(CONFIG + "exprt_path = x\n", 8, "exprt_path", "did you mean export_path?")
        self.wrong(CONFIG + "fmuta6.encodin = x\n", 8, "fmuta6.encoding")
        self.wrong(CONFIG + "dbopen.colums = relation\n", 8, "dbopen.columns")
        self.wrong(CONFIG + "boks = x\n", 8, "books")
        self.wrong("[harmony]\nstor = x\n", 2, "store")

    def test_wrong_values(self):
        self.wrong(CONFIG + "interval = soon\n", 8, "30m")
        self.wrong(CONFIG + "fmuta6.encoding = latin\n", 8, "windows-1252")
        self.wrong(CONFIG + "fmuta6.total = maybe\n", 8, "warn", "reject")
        self.wrong(CONFIG + "dbopen.columns = relation,nothing\n", 8, "outstanding")
        self.wrong(CONFIG + "dbopen.delimiter = ;\n", 8, "no value")
        self.wrong("[integration a]\nconnector = sap\n", 2, "sap", "ledger")
        self.wrong("[integration a]\nimport_path = x\n", 1, "connector")

    def test_sections(self):
        self.wrong("[harmonie]\n", 1, "[harmony]")
        self.wrong("[integration]\n", 1, "[integration NAME]")
        self.wrong(CONFIG + "[integration dairy]\nconnector = ledger\n", 8, "twice", "line 4")
        self.wrong(CONFIG + "[integration dairy jornals]\n", 8, "journals")
        self.wrong(CONFIG + "[integration other journals]\n70 = VK\n", 8, "[integration other]")
        self.wrong("store = x\n", 1, "section")
        self.wrong(f"[integration {'x' * 64}]\nconnector = ledger\n", 1, "63")

    def test_form(self):
        self.wrong(CONFIG + "connector = ledger\n", 8, "twice", "line 5")
        self.wrong(CONFIG + "nonsense\n", 8)
        self.wrong(CONFIG + "ca_file = " + "x" * 300 + "\n", 8, "longest")
        self.wrong(CONFIG + "ca_file = a\0b\n", 8, "NUL")

    def test_nothing_stands_behind_a_section(self):
        self.wrong("[harmony] store = x\n", 1, "store = x")
        self.wrong(CONFIG.replace("\n", "\r"), 1, "behind a [section]")
        self.configure(CONFIG.replace("[harmony]", "[harmony] ; general").replace("[integration dairy]",
                                                                                  "[integration dairy]\t# one"))
        self.assertEqual(self.document(0, "status")["integrations"][0]["integration"], "dairy")

    def test_long_name_is_not_cut(self):
        a, b = "x" * 62 + "a", "x" * 62 + "b"
        self.configure("".join(f"[integration {n}]\nconnector = ledger\n[integration {n} payment_conditions]\n"
                               f"30 = {n[-1]}\n" for n in (a, b)))
        names = [i["integration"] for i in self.document(0, "status")["integrations"]]
        self.assertEqual(names, [a, b])

    def test_tolerated(self):
        indented = "\n".join("    " + line for line in CONFIG.splitlines())
        for text in (CONFIG, "\ufeff" + CONFIG, indented, CONFIG.replace("\n", "\r\n"),
                     CONFIG.replace("\n", "   ; a comment\n"), "; " + "x" * 1000 + "\n" + CONFIG,
                     CONFIG.rstrip("\n")):
            self.configure(text)
            integration, = self.document(0, "status")["integrations"]
            self.assertEqual(integration["integration"], "dairy")
            self.assertEqual(integration["connector"], "ledger")

    def test_indented_keys_are_keys(self):
        """To inih an indented line is more of the value before it."""
        self.wrong("[harmony]\n    store = harmony.db\n    stor = x\n", 3, "store")

    def test_search_order(self):
        def name_of(*args, env=None):
            return self.document(0, *args, "status", env=env)["integrations"][0]["integration"]

        def config(path, name):
            path = self.folder / path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"[integration {name}]\nconnector = ledger\n")
            return str(path)

        config("home/.config/harmony/harmony.conf", "home")
        self.assertEqual(name_of(), "home")
        config("xdg/harmony/harmony.conf", "xdg")
        env = {"XDG_CONFIG_HOME": str(self.folder / "xdg")}
        self.assertEqual(name_of(env=env), "xdg")
        config("harmony.conf", "here")
        self.assertEqual(name_of(env=env), "here")
        env["HARMONY_CONFIG"] = config("env.conf", "environment")
        self.assertEqual(name_of(env=env), "environment")
        self.assertEqual(name_of("--config", config("option.conf", "option"), env=env), "option")

    def test_named_file_must_be_there(self):
        self.configure()
        self.document(2, "--config", "nothing.conf", "status")
        self.document(2, "status", env={"HARMONY_CONFIG": "nothing.conf"})
        self.document(2, "--config", "out", "status")

    def test_paths_are_relative_to_the_file(self):
        self.main_job()
        inner = self.folder / "inner"
        inner.mkdir()
        here = os.getcwd()
        self.check(0, "--config", self.folder / "harmony.conf", "status")
        self.assertTrue((self.folder / "harmony.db").exists())
        self.write("inner/harmony.conf", CONFIG.replace("out/", "../out/").replace("in/db", "../in/db"))
        self.check(0, "--config", "inner/harmony.conf", "export", "dairy")
        self.check(0, "--config", "inner/harmony.conf", "import", "dairy")
        self.assertTrue((inner / "harmony.db").exists())
        self.assertTrue((inner / "books.db").exists())
        self.assertTrue((self.folder / "in" / "dbopen.csv").exists())
        self.assertEqual(os.getcwd(), here)

    def test_unknown_integration(self):
        self.main_job()
        for args in (["export", "bakery"], ["import", "bakery"], ["test", "bakery"], ["login", "bakery"],
                     ["history", "bakery"]):
            self.assertIn("dairy", self.document(2, *args)["error"]["message"])

    def test_secrets(self):
        self.main_job()
        secret = self.write("secret.txt", "s3cr3t\n")
        for mode, code in ((0o644, 2), (0o640, 2), (0o600, 0)):
            os.chmod(secret, mode)
            self.configure(CONFIG + "client_secret_file = secret.txt\n")
            result = self.check(code, "test", "dairy")
            self.assertEqual("harmony.conf:8: error: others can read" in result.err, code == 2)
            self.assertEqual("chmod 600" in result.err, code == 2)
            self.check(0, "status")
        self.configure(CONFIG + "client_secret_file = nothing.txt\n")
        self.check(2, "test", "dairy")
        self.configure(CONFIG + "client_secret_env = BAKERY\n")
        self.assertIn("BAKERY", self.check(2, "test", "dairy").err)
        self.check(0, "test", "dairy", env={"BAKERY": "s3cr3t"})
        config = self.configure(CONFIG + "client_secret = s3cr3t\n")
        self.assertIn("chmod 600", self.check(2, "test", "dairy").err)
        os.chmod(config, 0o600)
        result = self.check(0, "-v", "test", "dairy")
        self.assertNotIn("s3cr3t", result.err + result.text)

    def test_init(self):
        document = self.document(0, "init")
        self.assertEqual(document["configuration"], "harmony.conf")
        text = (self.folder / "harmony.conf").read_text()
        self.assertIn(";", text)
        integration, = self.document(0, "status")["integrations"]
        self.assertEqual(integration["connector"], "ledger")
        self.document(2, "init")
        self.assertEqual(text, (self.folder / "harmony.conf").read_text())
        self.assertIn("other.conf", self.check(0, "--config", "other.conf", "init").text)
        self.check(0, "--config", "other.conf", "status")

    def test_init_takes_answers(self):
        """What a person would type comes from a pipe: the file is a good one at once."""
        secret = self.write("client.secret", "s3cr3t\n")
        os.chmod(secret, 0o600)
        for connector in self.document(0, "help", "config")["connectors"]:
            asked = {} if connector == "ledger" else {
                "administration": "1", "client_id": "{id-1}", "client_secret_file": "client.secret",
                "redirect_uri": "http://127.0.0.1:8765/"}
            if connector == "minox":
                asked["administration"] = "4711/1"
            answers = [connector, connector, "erp/out/fmuta6.csv", " erp/in/dbopen.csv ", *asked.values()]
            path = f"{connector}.conf"
            self.check(0, "--config", path, "init", stdin="\n".join(answers).encode())
            self.assertTrue((self.folder / "erp/in").is_dir())
            text = (self.folder / path).read_text()
            for key, value in {"import_path": "erp/in/dbopen.csv", **asked}.items():
                self.assertRegex(text, rf"(?m)^{key} = {re.escape(value)}$")
            # nothing is missing but the login
            self.check(4 if asked else 0, "--config", path, "import", connector)

    def test_init_refuses_answers_that_it_cannot_keep(self):
        for answers, said in ((b"two words\n", "two words"), (b"caf\xe9\n", "cannot name"), (b"a\nnosuch\n", "ledger"),
                              (b"a\nledger\nout ; x/f.csv\n", "comment"), (b"a\nledger\n" + b"x" * 250 + b"\n", "198")):
            self.assertIn(said, self.check(2, "init", stdin=answers).err)
            self.assertFalse((self.folder / "harmony.conf").exists())

    def test_init_every_key_in_comments_is_valid(self):
        self.check(0, "init")
        text = (self.folder / "harmony.conf").read_text()
        lines = [line[2:] if line.startswith("; ") and " = " in line.split(";")[1] else line
                 for line in text.splitlines()]
        lines = [line for line in lines if "..." not in line and "package's code" not in line
                 and not line.startswith(("key_file", "70"))]
        self.write("harmony.conf", "\n".join(lines))
        self.check(0, "status")
        config = self.document(0, "help", "config")
        for key in config["harmony"] + config["integration"]:
            if "." in key["name"] or key in config["harmony"] or key["name"] in ("archive_path", "stable", "ready"):
                self.assertRegex(text, rf"(?m)^(; )?{re.escape(key['name'])} = ", "init leaves it out")

    def test_rekey(self):
        self.main_job()
        self.assertIn("key_file", self.document(2, "rekey")["error"]["message"])
        self.configure(CONFIG.replace("[harmony]", "[harmony]\nkey_file = harmony.key"))
        self.assertEqual(self.document(0, "rekey")["key"], "made")
        key = (self.folder / "harmony.key").read_bytes()
        self.assertEqual((self.folder / "harmony.key").stat().st_mode & 0o777, 0o600)
        self.check(0, "export", "dairy")
        self.assertEqual(self.document(0, "rekey")["key"], "renewed")
        self.assertNotEqual(key, (self.folder / "harmony.key").read_bytes())
        self.check(0, "status")
        os.chmod(self.folder / "harmony.key", 0o644)
        self.assertIn("chmod", self.document(2, "status")["error"]["message"])


if __name__ == "__main__":
    harness.main()
