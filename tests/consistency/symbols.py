# SPDX-License-Identifier: MIT
"""What the library exports is what its headers declare, and what it calls is what a
library may call."""
import pathlib
import re
import subprocess
import sys

shared, static, include, nm = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), sys.argv[4]
whole = sys.argv[5] == "whole"  # a build without some feature lacks functions

# A library does not write to the host's output, end its process, change its state, leave
# descriptors to its children, or read text as the locale pleases; nor does it call what
# overruns or is not re-entrant.
BANNED = set("""
printf fprintf vprintf vfprintf puts fputs putchar putc fputc fwrite perror psignal
exit _exit _Exit quick_exit atexit abort __assert_fail
dup dup2 creat pipe accept fopen fdopen
setlocale newlocale uselocale signal sigaction sigprocmask raise chdir fchdir umask
setenv putenv unsetenv setuid setgid system popen fork vfork
strtod strtof strtold atof atoi atol atoll strtok sprintf vsprintf gets strcpy strcat scanf sscanf
localtime gmtime ctime asctime mktime strerror rand srand random tmpnam tempnam mktemp
malloc_usable_size qsort
isalpha isdigit isspace isupper islower toupper tolower strcasecmp strncasecmp
yajl_gen_double yajl_tree_parse curl_global_init curl_global_cleanup
""".split())
# The context's default allocator and nothing else may reach the C library's heap.
HEAP = {"malloc", "calloc", "realloc", "free", "strdup", "strndup", "asprintf", "vasprintf", "getline"}


def symbols(*args):
    return subprocess.run([nm, *args], check=True, capture_output=True, text=True).stdout


failures = []
exported = {line.split()[-1].split("@")[0] for line in symbols("-D", "--defined-only", shared).splitlines()
            if line and " A " not in line}
strange = sorted(name for name in exported if not re.fullmatch(r"harmony_[a-z]\w*", name))
if strange:
    failures.append("exported, but not harmony_[a-z]: " + " ".join(strange))

text = "".join(p.read_text() for p in sorted((include / "harmony").glob("*.h")))
text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$", "", text, flags=re.M)
declared = set(re.findall(r"HARMONY_API\b[^;{(]*?\b(harmony_\w+)\s*(?:\(|;|\[)", text))
if whole and declared - exported:
    failures.append("declared in a header, but not exported: " + " ".join(sorted(declared - exported)))
if exported - declared:
    failures.append("exported, but in no header: " + " ".join(sorted(exported - declared)))

member, users = "", {}
for line in symbols("-A", "-u", static).splitlines():
    match = re.match(r".*[:/]([^:/]+\.o):\s+U (\w+)", line)
    if match:
        users.setdefault(match[2], set()).add(match[1])
for name in sorted(users):
    plain = re.sub(r"^__isoc\d+_", "", name)
    plain = re.sub(r"^__(\w+)_chk$", r"\1", plain)
    if name in BANNED or plain in BANNED:
        failures.append(f"{name} is called by {' '.join(sorted(users[name]))}")
    if plain in HEAP and len(users[name]) > 1:
        failures.append(f"{name} is called by more than the default allocator: {' '.join(sorted(users[name]))}")

print(f"{len(exported)} exported, {len(declared)} declared, {len(users)} called, {len(failures)} failures")
if failures:
    sys.exit("\n".join(failures))
