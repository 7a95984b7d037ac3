# SPDX-License-Identifier: MIT
"""What happens on a terminal only: the progress line, and the questions of init."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

import harness
from harness import MAIN, PROGRAM


class Terminal(harness.Case):
    def terminal(self):
        try:
            return pty.openpty()
        except OSError as error:  # a container without /dev/pts
            self.skipTest("no terminal to be had: %s" % error)

    def start(self, *args, **kwargs):
        """Runs it with a terminal of 60 columns as standard error; the other end."""
        master, slave = self.terminal()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        process = subprocess.Popen([PROGRAM, *args], cwd=self.folder, stderr=slave, **kwargs)
        os.close(slave)
        self.addCleanup(os.close, master)
        return process, master

    def read_some(self, master, seconds):
        if not select.select([master], [], [], seconds)[0]:
            return b""
        try:
            return os.read(master, 65536)
        except OSError:  # the other end is closed
            return b""

    def feed_until_told(self, *args):
        """Feeds rows to standard input for as long as nothing is told, two seconds at most."""
        process, master = self.start(*args, "check", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        row = (MAIN / "debitr.csv").read_bytes().splitlines(True)[0]
        seen, begun, count = b"", time.monotonic(), 0
        while not seen and time.monotonic() < begun + 2:
            process.stdin.write(row.replace(b'"0042"', b'"%d"' % count))
            process.stdin.flush()
            count += 1
            seen = self.read_some(master, 0.05)
        process.communicate(timeout=30)
        while True:
            more = self.read_some(master, 0.2)
            if not more:
                break
            seen += more
        self.assertEqual(process.returncode, 0)
        return seen

    def test_progress(self):
        seen = self.feed_until_told().decode()
        self.assertRegex(seen, r"standard input: [\d.]+ k?B, [\d.]+ k?B/s")
        self.assertTrue(seen.endswith("\r\x1b[K"), "erased afterwards")
        for line in seen.split("\r\x1b[K"):
            self.assertLess(len(line), 60)

    def test_no_progress(self):
        self.assertEqual(self.feed_until_told("--quiet"), b"")
        self.assertEqual(self.feed_until_told("--json"), b"")

    def init(self, answers):
        """The configuration that comes of these answers, and what was asked."""
        master, slave = self.terminal()
        process = subprocess.Popen([PROGRAM, "init"], cwd=self.folder, stdin=slave, stderr=slave,
                                   stdout=subprocess.DEVNULL)
        os.close(slave)
        os.write(master, answers)
        process.wait(timeout=30)
        asked = self.read_some(master, 1).decode()
        os.close(master)
        self.assertEqual(process.returncode, 0)
        return (self.folder / "harmony.conf").read_text(), asked

    def test_init_asks(self):
        text, asked = self.init(b"bakery\n\nexport/fmuta6.csv\n\n")
        self.assertIn("[integration bakery]\nconnector = ledger\nexport_path = export/fmuta6.csv\n", text)
        self.assertIn("import_path = in/dbopen.csv\n", text)
        for connector in self.document(0, "help", "config")["connectors"]:
            self.assertIn(connector, asked)
        self.check(0, "status")

    def test_init_asks_what_a_login_needs(self):
        """What was not answered stays a comment, and what was is used."""
        if "minox" not in self.document(0, "help", "config")["connectors"]:
            self.skipTest("a build without the network")
        text, asked = self.init(b"shop\nminox\n\n\n4711/1\nmy-client\n\nhttps://example.com/\n")
        for line in ("administration = 4711/1", "client_id = my-client", "redirect_uri = https://example.com/"):
            self.assertIn(f"\n{line}\n", text)
        for key in ("client_secret_file",):
            self.assertRegex(text, rf"\n; {key} = \.\.\. +; \w")
            self.assertIn(key, asked)
        self.assertEqual(self.document(0, "status")["integrations"][0]["connector"], "minox")


if __name__ == "__main__":
    harness.main()
