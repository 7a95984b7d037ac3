# SPDX-License-Identifier: MIT
# What the build and the tests stand on, as Debian 12 names it; one list for all scripts.
# To be sourced. Installs nothing that is there already, and asks nothing.

build_packages='gcc libc6-dev meson ninja-build pkg-config libyajl-dev zlib1g-dev libsqlite3-dev
	libcurl4-openssl-dev libexpat1-dev libsodium-dev libinih-dev'
test_packages='g++ clang libcmocka-dev libcsv-dev python3 hledger mandoc strace valgrind'

say() {
	printf '== %s\n' "$*"
}

# install PACKAGE...: those that are missing
install() {
	if ! command -v dpkg-query >/dev/null 2>&1; then
		say "no dpkg here: install these, or their like, yourself: $*"
		return 0
	fi
	missing=
	for package; do
		case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
		'install ok installed') ;;
		*) missing="$missing $package" ;;
		esac
	done
	[ -n "$missing" ] || return 0
	as_root=
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null 2>&1; then
			say "missing:$missing; install them as root, then run this again" >&2
			return 1
		fi
		as_root=sudo
	fi
	say "installing$missing"
	log=$(mktemp)
	# shellcheck disable=SC2086 # lists of words
	if ! $as_root apt-get -qq update >"$log" 2>&1 ||
		! $as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get -qq -y --no-install-recommends install $missing >>"$log" 2>&1 </dev/null; then
		cat "$log" >&2
		rm -f "$log"
		say "apt-get could not install$missing" >&2
		return 1
	fi
	rm -f "$log"
}

# build FOLDER [MESON OPTION...]: quietly, unless it fails
build() {
	folder=$1
	shift
	log=$folder.log
	if ! { [ -f "$folder/build.ninja" ] || meson setup "$folder" "$@"; } >"$log" 2>&1 ||
		! ninja -C "$folder" >>"$log" 2>&1; then
		tail -40 "$log" >&2
		say "the build failed; all of it is in $log" >&2
		return 1
	fi
	rm -f "$log"
}
