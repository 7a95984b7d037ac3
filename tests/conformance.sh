#!/bin/sh
# SPDX-License-Identifier: MIT
# The conformance suite by hand: conformance.sh BUILD_FOLDER [--long] [CASE...]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
shift
exec python3 "$here/conformance/conformance.py" "$build/examples/harmony/harmony" exact-online "$@"
