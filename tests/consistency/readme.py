# SPDX-License-Identifier: MIT
"""The README's example is examples/readme.c, which is built and run, its licence line apart."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
code = (root / "examples" / "readme.c").read_text().partition("\n")[2]
shown = re.search(r"```c\n(.*?)```", (root / "README.md").read_text(), re.S)
if not shown or shown[1] != code:
    sys.exit("README.md does not show examples/readme.c as it is")
if len(code.splitlines()) > 20:
    sys.exit("examples/readme.c is longer than 20 lines")
