# SPDX-License-Identifier: MIT
"""The unit of systemd is understood, asks for what the service speaks, and gives little away."""
import pathlib
import re
import shutil
import subprocess
import sys

MOST = 2.0  # of systemd-analyze's exposure, 0 to 10

unit = pathlib.Path(sys.argv[1])
text = unit.read_text()
wanted = ["Type=notify", "WatchdogSec=", "ExecReload=", "User=harmony", "NoNewPrivileges=yes", "ProtectSystem=strict",
          "StateDirectory=harmony"]
missing = [line for line in wanted if not re.search("^" + re.escape(line), text, re.M)]
if missing or "@" in re.sub("@(system-service|privileged|resources)", "", text):
    sys.exit(f"{unit}: lacks {missing}, or something was not filled in")

tool = shutil.which("systemd-analyze")
if tool is None:
    print("systemd-analyze is not installed")
    sys.exit(77)
done = subprocess.run([tool, "security", "--offline=true", str(unit)], capture_output=True, text=True, timeout=60)
match = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
if match is None:
    if "offline" in done.stderr: # older than 250
        print("this systemd-analyze cannot look at a file")
        sys.exit(77)
    sys.exit(done.stdout + done.stderr)
print(match[0])
if float(match[1]) > MOST:
    sys.exit(f"more than {MOST}")
