#!/bin/sh
# SPDX-License-Identifier: MIT
# What the service must show, with figures: sh tests/service.sh [--long] [CASE...]
# Builds in ./build. With --long 5,000 renewals and 200 kills, and an hour-equivalent of all
# packages with faults; root is needed for a disk that runs full.
set -eu
cd "$(dirname "$0")/.."
[ -d build ] || meson setup build
ninja -C build examples/harmony/harmony
exec python3 tests/service/shows.py build/examples/harmony/harmony "$@"
