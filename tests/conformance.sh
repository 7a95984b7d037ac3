#!/bin/sh
# SPDX-License-Identifier: MIT
# Every network connector against its simulator: sh tests/conformance.sh [--long] [CASE...]
# Builds in ./build. With --long each request of an export of fifty records fails in each way,
# which takes some twenty minutes.
set -eu
cd "$(dirname "$0")/.."
[ -d build ] || meson setup build
ninja -C build examples/harmony/harmony
for connector in exact-online minox multivers twinfield; do
	python3 tests/conformance/conformance.py build/examples/harmony/harmony "$connector" "$@"
done
