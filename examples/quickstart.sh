#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds harmony and does the main job once: a sample export goes into a local ledger, and
# what is still open comes back as dbopen.csv. Installs with apt what is missing. All that
# it makes is in build-quickstart.
set -eu
cd "$(dirname "$0")/.."
. tests/packages.sh

# shellcheck disable=SC2086 # a list of words
install $build_packages
say "building in build-quickstart"
build build-quickstart -Dtests=disabled
harmony=$PWD/build-quickstart/examples/harmony/harmony

rm -rf build-quickstart/demo
mkdir -p build-quickstart/demo/out build-quickstart/demo/in
cp tests/data/main/fmuta6.csv tests/data/main/debitr.csv tests/data/main/credit.csv \
	build-quickstart/demo/out/
cat >build-quickstart/demo/harmony.conf <<END
[harmony]
store = harmony.db

[integration dairy]
connector = ledger
export_path = out/fmuta6.csv            ; debitr.csv and credit.csv beside it are taken along
import_path = in/dbopen.csv
END
cd build-quickstart/demo

run() {
	printf '\n$ harmony %s\n' "$*"
	"$harmony" "$@"
}

run check out/debitr.csv out/credit.csv out/fmuta6.csv
run export dairy
run show 1 --all
run import dairy
printf '\n$ cat in/dbopen.csv\n'
iconv -f WINDOWS-1252 -t UTF-8 in/dbopen.csv
printf '\n'
say "all of it is in $PWD"
