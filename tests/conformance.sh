#!/bin/sh
# SPDX-License-Identifier: MIT
# Every network connector against its simulator: sh tests/conformance.sh [--long] [CASE...]
# Builds in ./build. With --long each request of an export of fifty records fails in each way,
# and each allocation of a connector, which takes an hour or so.
set -eu
cd "$(dirname "$0")/.."
[ -d build ] || meson setup build
ninja -C build examples/harmony/harmony
for connector in exact-online minox multivers twinfield; do
	python3 tests/conformance/conformance.py build/examples/harmony/harmony "$connector" "$@"
	case "$*" in
	*--long*)
		ninja -C build tests/unit/connectors/test_network
		python3 "tests/simulators/$(echo "$connector" | tr - _).py" --strict \
			build/tests/unit/connectors/test_network "$connector" each
		;;
	esac
done
