#!/bin/sh
# Prints the version that include/harmony/version.h defines, as MAJOR.MINOR.PATCH.
sed -n 's/^#define HARMONY_VERSION_\(MAJOR\|MINOR\|PATCH\) \([0-9][0-9]*\)$/\2/p' \
	"$(dirname "$0")/../include/harmony/version.h" | paste -sd. -
