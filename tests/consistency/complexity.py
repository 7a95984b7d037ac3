# SPDX-License-Identifier: MIT
"""No function of more than 25 paths or 100 lines, unless it stands here with a reason."""
import pathlib
import subprocess
import sys

PATHS, LINES = 25, 100
ALLOWED = {}  # "lib/room/file.c:function": "why it is better whole"

pmccabe, root = sys.argv[1], pathlib.Path(sys.argv[2])
files = sorted(str(p.relative_to(root)) for folder in ("lib", "examples") for p in (root / folder).rglob("*.c"))
output = subprocess.run([pmccabe, *files], cwd=root, check=True, capture_output=True, text=True).stdout
failures, seen, lengths = [], set(), []
for row in output.splitlines():
    modified, _traditional, _statements, _first, lines, rest = row.split("\t")
    file, function = rest.split("(")[0], rest.split(": ")[-1]
    name = f"{file}:{function}"
    lengths.append(int(lines))
    if int(modified) > PATHS or int(lines) > LINES:
        seen.add(name)
        if name not in ALLOWED:
            failures.append(f"{name}: {modified} paths, {lines} lines; split it, or say why not")
failures += [f"{name}: allowed, but no longer needs it" for name in ALLOWED.keys() - seen]
lengths.sort()
print(f"{len(lengths)} functions, median {lengths[len(lengths) // 2]} lines, longest {lengths[-1]}")
if failures:
    sys.exit("\n".join(failures))
