#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds with AddressSanitizer and UndefinedBehaviorSanitizer and runs every test.
# Installs with apt what is missing. Arguments go to meson test.
set -eu
cd "$(dirname "$0")/.."
. tests/packages.sh

# shellcheck disable=SC2086 # lists of words
install $build_packages $test_packages
say "building in build-asan, with ASan and UBSan"
build build-asan -Db_sanitize=address,undefined -Db_lundef=false
say "running every test"
meson test -C build-asan --no-rebuild --print-errorlogs "$@"
