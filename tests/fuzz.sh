#!/bin/sh
# SPDX-License-Identifier: MIT
# Fuzzes every parser with libFuzzer, address and undefined behaviour checked, for SECONDS each.
# Builds in a scratch folder; the committed corpora are read, and never written to.
#
# usage: tests/fuzz.sh [SECONDS [NAME...]]      (60; all of them)
# Exit status: 0 nothing found; 1 a finding, whose input is kept and named; 2 no build.
set -u
seconds=${1:-60}
[ $# -gt 0 ] && shift
top=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d) || exit 2
build=$scratch/build

if ! CC=${CC:-clang} meson setup "$build" "$top" -Dfuzzing_engine=libfuzzer \
	-Db_sanitize=address,undefined -Db_lundef=false >"$scratch/log" 2>&1 ||
	! ninja -C "$build" $(cd "$top/fuzz" && ls fuzz_*.c | sed 's,\(.*\)\.c,fuzz/\1,') \
		>>"$scratch/log" 2>&1; then
	tail -20 "$scratch/log" >&2
	rm -rf "$scratch"
	exit 2
fi
[ $# -gt 0 ] || set -- $(cd "$build/fuzz" && ls -d fuzz_* | grep -v '\.' | sed 's/fuzz_//')

findings=0
for name; do
	mkdir -p "$scratch/corpus/$name" "$scratch/findings/$name"
	# The first folder is where new inputs go.
	if UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		"$build/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
		-print_final_stats=1 -artifact_prefix="$scratch/findings/$name/" \
		"$scratch/corpus/$name" "$top/fuzz/corpus/$name" >"$scratch/$name.log" 2>&1; then
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/$name.log")
		echo "$name: $runs runs in $seconds s, nothing found"
	else
		findings=1
		echo "$name: FOUND, see $scratch/$name.log and" "$scratch/findings/$name"/*
	fi
done
[ $findings -eq 0 ] && rm -rf "$scratch"
exit $findings
