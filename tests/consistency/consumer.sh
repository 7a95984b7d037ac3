#!/bin/sh
# SPDX-License-Identifier: MIT
# A program outside of the tree builds and runs against what is installed, found by
# pkg-config, with the shared and with the static library. Skips (77) without pkg-config.
# usage: consumer.sh BUILD SOURCE CC...
set -eu
build=$1 program=$2/tests/consistency/consumer.c
shift 2
command -v pkg-config >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
meson install -C "$build" --no-rebuild --quiet --destdir "$work"
pc=$(find "$work" -name libharmony.pc)
# where it will be installed → where it is now
sed -i "s,^prefix=,prefix=$work," "$pc"
export PKG_CONFIG_PATH="${pc%/*}${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
libdir=$(pkg-config --variable=libdir libharmony)

# shellcheck disable=SC2046,SC2086  # flags are words
"$@" -std=c17 ${CONSUMER_FLAGS:-} "$program" -o "$work/shared" $(pkg-config --cflags --libs libharmony)
LD_LIBRARY_PATH=$libdir "$work/shared"
rm "$libdir"/libharmony.so* # so that only the archive is there
# What libharmony itself stands on stays shared: a distribution seldom has all of the
# archives that --static would ask for.
below=$(pkg-config --print-requires-private libharmony | cut -d' ' -f1)
# shellcheck disable=SC2046,SC2086
"$@" -std=c17 ${CONSUMER_FLAGS:-} "$program" -o "$work/static" $(pkg-config --cflags libharmony) \
    "$libdir/libharmony.a" $(pkg-config --libs $below) -pthread
"$work/static"
