# SPDX-License-Identifier: MIT
"""Each public header compiles alone, as C17 and as C++, without a warning, and every
_INIT macro makes a struct whose struct_size is its size."""
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

include, languages = pathlib.Path(sys.argv[1]), sys.argv[2:]  # languages: "c=cc ..." "c++=c++ ..."
failures = []


def compile_text(command, standard, suffix, text, run=False):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / ("alone" + suffix)
        source.write_text(text)
        program = pathlib.Path(folder) / "alone"
        args = [*command, "-std=" + standard, "-pedantic", "-Wall", "-Wextra", "-Werror", "-I", str(include)]
        args += [str(source), "-o", str(program)] if run else ["-fsyntax-only", str(source)]
        result = subprocess.run(args, capture_output=True, text=True)
        if result.returncode == 0 and run:
            result = subprocess.run([str(program)], capture_output=True, text=True)
        return result


headers = sorted((include / "harmony").glob("*.h"))
assert len(headers) >= 10, headers
inits = []
for header in headers:
    inits += re.findall(r"#define (HARMONY_\w+)_INIT\b", header.read_text())

for language in languages:
    name, _, command = language.partition("=")
    command = shlex.split(command)
    standards = [("c17", ".c"), ("c11", ".c")] if name == "c" else [("c++17", ".cc"), ("c++11", ".cc")]
    for standard, suffix in standards:
        for header in headers:
            line = f"#include <harmony/{header.name}>\n"
            # once more: the guard; a symbol of its own: an empty unit is not C
            result = compile_text(command, standard, suffix, line + line + "int alone_;\n")
            if result.returncode != 0:
                failures.append(f"{header.name} alone as {standard}:\n{result.stderr}")

command = shlex.split(languages[0].partition("=")[2])
checks = "".join(
    f"\t{{ {n.lower()} made = {n}_INIT; if (made.struct_size != sizeof made) "
    f'{{ printf("{n}_INIT: struct_size %zu, not %zu\\n", made.struct_size, sizeof made); bad = 1; }} }}\n'
    for n in inits)
text = f"#include <harmony/harmony.h>\n#include <stdio.h>\nint main(void)\n{{\n\tint bad = 0;\n{checks}\treturn bad;\n}}\n"
result = compile_text(command, "c17", ".c", text, run=True)
if result.returncode != 0:
    failures.append("_INIT macros:\n" + result.stdout + result.stderr)

# What is only appended to stands in no other struct by value, and no array in a struct has as
# many elements as there are names in a list that grows: either would move what follows.
text = "".join(h.read_text() for h in headers)
text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
structs = dict(re.findall(r"typedef struct (harmony_\w+) \{(.*?)\n\} \1;", text, re.S))
assert len(structs) > 20, sorted(structs)
growing = {name for name, body in structs.items() if "size_t struct_size;" in body}
enumerators = set(re.findall(r"\b(HARMONY_\w+)\b(?= *(?:=[^,}]*)?[,}\n])", " ".join(re.findall(r"enum \{.*?\}", text, re.S))))
FIXED = {"HARMONY_STATES"}  # the life of a record: docs/store.md
for name, body in structs.items():
    for member in body.split(";"):
        parts = member.split()
        if len(parts) == 2 and parts[0] in growing and not parts[1].startswith("*"):
            failures.append(f"struct {name} holds a {parts[0]} by value, which may grow; point to it")
        for size in re.findall(r"\[(HARMONY_\w+)\]", member):
            if "(" not in member and size in enumerators - FIXED:
                failures.append(f"struct {name}: {size} may grow; size the array by a constant that does not")

# A struct with struct_size that a host fills has an _INIT; those that the library
# hands over (summaries, diagnostics, rows, describing tables) need none.
print(f"{len(headers)} headers, {len(inits)} _INIT macros, {len(failures)} failures")
if failures:
    sys.exit("\n".join(failures))
