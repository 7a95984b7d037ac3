# SPDX-License-Identifier: MIT
"""The example of README.md and libharmony(3) is examples/readme.c, which is built and run, its
licence line apart; and what the README installs is what the scripts install."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
readme = (root / "README.md").read_text()
page = (root / "docs" / "libharmony.3").read_text()
code = (root / "examples" / "readme.c").read_text().partition("\n")[2]
shown = re.search(r"```c\n(.*?)```", readme, re.S)
if not shown or shown[1] != code:
    sys.exit("README.md does not show examples/readme.c as it is")
if code.replace("\\", "\\e") not in page:
    sys.exit("libharmony(3) does not show examples/readme.c as it is")
if len(code.splitlines()) > 20:
    sys.exit("examples/readme.c is longer than 20 lines")
packages = re.search(r"^build_packages='([^']*)'", (root / "tests" / "packages.sh").read_text(), re.M)[1].split()
installed = re.search(r"^    sudo apt install ((?:.*\\\n)*.*)$", readme, re.M)
if not installed or installed[1].replace("\\\n", " ").split() != packages:
    sys.exit("README.md does not install what tests/packages.sh does: " + " ".join(packages))
