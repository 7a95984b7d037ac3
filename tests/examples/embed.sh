#!/bin/sh
# SPDX-License-Identifier: MIT
# The embedding program books the main example, and brings back what is expected of it.
# usage: embed.sh PROGRAM FOLDER
set -eu
program=$(realpath "$1")
data=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$program" "$data/debitr.csv" "$data/credit.csv" "$data/fmuta6.csv" >out
grep -q '^19 records: 19 booked, 0 skipped, 0 rejected$' out || { cat out >&2; exit 1; }
"$program" "$data/debitr.csv" "$data/credit.csv" "$data/fmuta6.csv" >out
grep -q '^19 records: 0 booked, 19 skipped, 0 rejected$' out || { cat out >&2; exit 1; }
diff -u "$data/dbopen.expected.csv" dbopen.csv
