# SPDX-License-Identifier: MIT
"""login against a token endpoint of our own, and what is said where a login is needed."""

import http.server
import json
import os
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request

import harness
from harness import MAIN, PROGRAM

SECRET, TOKEN, REFRESH = "s3cr3t-of-the-client", "t0ken-of-access", "r3fresh-token"


class Endpoint(http.server.BaseHTTPRequestHandler):
    """Knows one code and one refresh token."""

    def do_POST(self):
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(urllib.parse.parse_qsl(form))
        self.server.seen.append(form)
        good = form.get("code") == "good/code!" or form.get("refresh_token") == REFRESH
        answer = {"access_token": TOKEN, "token_type": "bearer", "expires_in": "600", "refresh_token": REFRESH}
        body = json.dumps(answer if good else {"error": "invalid_grant"}).encode()
        self.send_response(200 if good else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Login(harness.Case):
    def setUp(self):
        super().setUp()
        if self.run_it("help", "config", "exact-online").code:
            self.skipTest("this build has no exact-online")
        self.endpoint = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
        self.endpoint.seen = []
        threading.Thread(target=self.endpoint.serve_forever, daemon=True).start()
        self.addCleanup(self.endpoint.server_close)
        self.addCleanup(self.endpoint.shutdown)
        self.write("secret.txt", SECRET + "\n")
        os.chmod(self.folder / "secret.txt", 0o600)
        self.port = free_port()
        self.settle(f"http://127.0.0.1:{self.port}/back")

    def settle(self, redirect):
        self.configure(
            "[integration bakery]\nconnector = exact-online\nadministration = 1\nclient_id = app\n"
            f"client_secret_file = secret.txt\nredirect_uri = {redirect}\n"
            f"url = http://127.0.0.1:{self.endpoint.server_port}\nimport_path = in/dbopen.csv\n"
        )

    def begin(self):
        """Starts a login; the address that it tells to open, taken apart."""
        process = subprocess.Popen([PROGRAM, "--json", "login", "bakery"], cwd=self.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        address = ""
        for line in iter(process.stderr.readline, b""):
            if b"http" in line:
                address = line.decode().strip()
            if b"Waiting" in line:
                break
        return process, dict(urllib.parse.parse_qsl(urllib.parse.urlparse(address).query))

    def come_back(self, **query):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/back?" + urllib.parse.urlencode(query)) as answer:
            return answer.read()

    def test_loopback(self):
        process, address = self.begin()
        self.assertEqual(address["client_id"], "app")
        self.assertEqual(address["redirect_uri"], f"http://127.0.0.1:{self.port}/back")
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/favicon.ico")
        self.assertIn(b"can be closed", self.come_back(code="good/code!", state=address["state"]))
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(json.loads(out)["login"], "done")
        self.assertEqual(self.endpoint.seen[0]["code"], "good/code!")
        for word in (SECRET, TOKEN, REFRESH):
            self.assertNotIn(word.encode(), out + err)

    def test_state_of_another_login(self):
        process, address = self.begin()
        self.come_back(code="good/code!", state=address["state"][:-1] + "x")
        out, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 4)
        self.assertEqual(json.loads(out)["error"]["code"], "auth_required")
        self.assertEqual(self.endpoint.seen, [])

    def test_without_a_browser(self):
        self.settle("https://example.org/back")
        document = self.document(4, "login", "bakery")
        self.assertIn("state=", document["url"])
        self.assertIn("--code", document["error"]["message"])
        self.assertTrue(self.check(4, "login", "bakery").text.startswith("http"))
        self.assertEqual(self.document(0, "login", "bakery", "--code", "good/code!")["login"], "done")
        self.document(4, "login", "bakery", "--code", "bad/code")

    def test_refresh_token(self):
        self.check(0, "login", "bakery", "--refresh-token-stdin", stdin=REFRESH.encode() + b"\n")
        result = self.run_it("-v", "login", "bakery", "--refresh-token-stdin", stdin=b"unknown\n")
        self.assertEqual(result.code, 4)
        self.assertNotIn("unknown", result.text + result.err)

    def test_login_needed(self):
        (self.folder / "in" / "dbopen.csv").write_text("old")
        self.assertEqual(self.document(4, "import", "bakery")["error"]["code"], "auth_required")
        self.assertEqual((self.folder / "in" / "dbopen.csv").read_text(), "old")
        document = self.document(4, "export", "bakery", MAIN / "debitr.csv")
        self.assertEqual(document["records"]["waiting"], 4)
        self.document(4, "test", "bakery")
        self.assertIn("harmony login", self.check(4, "import", "bakery").err)
        self.assertIn("login", self.check(0, "status").text)

    def test_package_not_reached(self):
        self.check(0, "login", "bakery", "--code", "good/code!")
        self.settle_nowhere()
        (self.folder / "in" / "dbopen.csv").write_text("old")
        self.assertIn("error", self.document(5, "import", "bakery"))
        self.assertEqual((self.folder / "in" / "dbopen.csv").read_text(), "old")
        document = self.run_it("--json", "export", "bakery", MAIN / "debitr.csv")
        self.assertEqual(document.code, 5)
        self.assertEqual(document.json["records"]["waiting"], 4)

    def settle_nowhere(self):
        text = (self.folder / "harmony.conf").read_text()
        self.configure(text.replace(str(self.endpoint.server_port), str(free_port())))


if __name__ == "__main__":
    harness.main()
