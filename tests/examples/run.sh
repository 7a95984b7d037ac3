#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs an example in a folder of its own, and compares what it prints, and then the files
# that it made, with what it should.
# usage: run.sh EXPECTED INPUT PROGRAM ARGUMENT...
set -u
expected=$1 input=$2
shift 2
program=$(realpath "$1")
shift
work=$(mktemp -d)
trap 'rm -rf "$work" "$work.out"' EXIT
(cd "$work" && "$program" "$@") <"$input" >"$work.out" || { echo "$program failed" >&2; exit 1; }
find "$work" -type f -exec cat {} + >>"$work.out"
diff -u "$expected" "$work.out"
