# SPDX-License-Identifier: MIT
"""Dependencies point down only, and each external library is met in one file."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
lib = root / "lib"

# What each room may include of the others, below itself. lib/connectors/*.h is the
# common part of the connectors; each connector sees that and itself.
ALLOWED = {
    "base": set(),
    "wire": {"base"},
    "record": {"base", "wire"},
    "csv": {"base"},
    "fmuta6": {"base", "wire", "record", "csv"},
    "dbopen": {"base", "record", "csv"},
    "net": {"base", "wire"},
    "connectors": {"base", "wire", "net", "record"},
    "store": {"base", "wire", "record"},
    "sync": {"base", "wire", "record", "csv", "fmuta6", "dbopen", "connectors", "store"},
}
# Public headers are contracts, and say more than a room may use: the same rule counts.
PUBLIC = {
    "base": {"base", "limits", "version", "harmony", "source"},
    "wire": {"base", "limits", "version", "source"},
    "record": {"base", "limits", "version", "record"},
    "csv": {"base", "limits", "version", "csv"},
    "fmuta6": {"base", "limits", "version", "record", "csv", "fmuta6", "source"},
    "dbopen": {"base", "limits", "version", "record", "csv", "dbopen"},
    "net": {"base", "limits", "version", "connector", "record"},
    "connectors": {"base", "limits", "version", "connector", "record", "harmony"},
    "store": {"base", "limits", "version", "record", "store"},
    "sync": None,  # all
}
EXTERNAL = {
    "yajl/": "lib/wire/json.c", "zlib.h": "lib/wire/gzip.c", "sqlite3.h": "lib/wire/sqlite.c",
    "expat.h": "lib/wire/xml.c", "sodium": "lib/wire/secretbox.c", "curl/": "lib/net/http.c",
    "ini.h": "examples/harmony/config.c",
}
failures = []


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match[1], match[2]


def check_own(path, room, where, name):
    """`name` as it stands in quotes, from the folder lib/."""
    parts = pathlib.PurePosixPath(name).parts
    if len(parts) < 2:
        if name != "harmony_config.h" and not (path.parent / name).exists():
            failures.append(f"{where}: \"{name}\" is not there")
        return
    if parts[0] != room and parts[0] not in ALLOWED[room]:
        failures.append(f"{where}: lib/{room} stands below or beside lib/{parts[0]}")
    inside = path.relative_to(lib).parts
    if room == "connectors" and parts[0] == "connectors" and len(inside) > 2 and len(parts) > 2 \
            and parts[1] != inside[1]:
        failures.append(f"{where}: connector {inside[1]} looks into connector {parts[1]}")


sources = sorted(p for p in lib.rglob("*.[ch]"))
for path in sources:
    room = path.relative_to(lib).parts[0]
    for number, kind, name in includes(path):
        where = f"{path.relative_to(root)}:{number}"
        if kind == '"':
            check_own(path, room, where, name)
        elif name.startswith("harmony/"):
            header = name[len("harmony/"):-2]
            if PUBLIC.get(room) is not None and header not in PUBLIC[room]:
                failures.append(f"{where}: lib/{room} does not stand on harmony/{header}.h")

outside = sorted(p for folder in ("examples", "tests", "fuzz") for p in (root / folder).rglob("*.[ch]"))
for path in outside:
    relative = path.relative_to(root)
    # rooms without a public face, the scanners and the dialect words of csv, how packages write
    # and say things; and a parser
    # that is fuzzed may be one of an internal room
    internal = relative.parts[:2] == ("tests", "unit") and relative.parts[2] in ("base", "wire", "net", "csv", "connectors") \
        or relative.parts[0] == "fuzz"
    for number, kind, name in includes(path):
        first = pathlib.PurePosixPath(name).parts[0]
        if kind == '"' and first in ALLOWED and not internal and not (path.parent / name).exists():
            failures.append(f"{relative}:{number}: {name} is not part of include/")

for path in sources + [p for p in outside if p.relative_to(root).parts[0] == "examples"]:
    relative = str(path.relative_to(root))
    for number, kind, name in includes(path):
        for library, home in EXTERNAL.items():
            if name.startswith(library) and kind == "<" and relative != home:
                failures.append(f"{relative}:{number}: <{name}> belongs in {home} alone")

# A caller's error is filled by base alone, which keeps its first cause and its size; and
# what stands beside a message is said before it.
for path in sources:
    text = path.read_text()
    if path.relative_to(lib).parts[0] != "base" and re.search(r"\*error = |error->vendor", text):
        failures.append(f"{path.relative_to(root)}: fills an error by itself; use harmony__error_give or _vendor")
    if re.search(r"harmony_error_set\([^;]*;\s*harmony__error_(place|vendor)\(error", text):
        failures.append(f"{path.relative_to(root)}: harmony__error_place and _vendor come before the message")

for path in sources + outside + sorted((root / "include").rglob("*.h")):
    if not path.read_text().startswith("/* SPDX-License-Identifier: MIT */\n"):
        failures.append(f"{path.relative_to(root)}: does not begin with its SPDX line")

# The page for people says the same: of rooms, and of what the build stands on.
page = (root / "docs" / "architecture.md").read_text()
rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \|([^|]*)\|$", page, re.M))
told = {room: set(re.findall(r"`(\w+)`", below)) for room, below in rows.items()}
for room in ALLOWED.keys() | told.keys():
    if told.get(room) != ALLOWED.get(room, set()) - {"base"}:
        failures.append(f"docs/architecture.md: {room} stands on {told.get(room)}, not on {ALLOWED.get(room)}")
libraries = set(re.findall(r"= dependency\('([\w]+)'", (root / "meson.build").read_text())) - {"threads"}
for library in sorted({{"sqlite3": "SQLite"}.get(name, name) for name in libraries}):
    if not re.search(rf"^\| {library}\b", page, re.M):
        failures.append(f"docs/architecture.md does not tell what {library} is for")

print(f"{len(sources)} files in lib, {len(outside)} outside, {len(failures)} failures")
if failures:
    sys.exit("\n".join(failures))
