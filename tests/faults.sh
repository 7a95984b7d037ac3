#!/bin/sh
# SPDX-License-Identifier: MIT
# Faults against the store and the runs: sh tests/faults.sh [--long] [CASE...]
# Needs a build in ./build, and root for a disk that runs full.
set -eu
cd "$(dirname "$0")/.."
long=
[ "${1:-}" = --long ] && { long=--long; shift; }
[ -d build ] || meson setup build
ninja -C build tests/faults/child
for case in "${@:-kills steps two disk calls damage versions modes rekey secrets snapshot}"; do
	for one in $case; do
		echo "== $one"
		python3 tests/faults/faults.py build/tests/faults/child "$one" $long || [ $? -eq 77 ]
	done
done
