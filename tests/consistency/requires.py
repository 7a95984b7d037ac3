# SPDX-License-Identifier: MIT
"""A build without a feature asks for none of what only that feature needs."""
import pathlib
import re
import sys

text = (pathlib.Path(sys.argv[1]) / "meson-private" / "libharmony.pc").read_text()
line = re.search(r"^Requires\.private:(.*)$", text, re.M).group(1)
asked = {part.split()[0] for part in line.split(",")}
allowed = {"yajl", "zlib", *sys.argv[2:]}
if not {"yajl", "zlib"} <= asked <= allowed:
    sys.exit(f"asks for {sorted(asked)}, may ask for {sorted(allowed)}")
