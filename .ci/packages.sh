#!/usr/bin/env bash
# Builds the packages twice and looks into each: `make packages-test`. The deb is installed, used and purged again, so this
# wants root or sudo, and a Debian. Tools that are missing come from apt and stay.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "packages.sh: $*" >&2; }
die() { say "$@"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

if dpkg-query --show avadb >/dev/null 2>&1 || [ -e /usr/bin/avadb ]; then
	die "avadb is installed on this machine already, and the test would replace it: remove it first (apt-get remove avadb)"
fi

work=$(mktemp -d)
installed=no
finish() {
	if [ $installed = yes ]; then as_root dpkg --purge avadb >/dev/null; fi
	rm -rf "$work"
}
trap finish EXIT

# tool PACKAGE FILE: installs the package where the file is not there.
tool() {
	if [ -e "$2" ]; then return 0; fi
	say "installing $1 with apt"
	as_root apt-get update -qq >&2
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" >&2 </dev/null
}

# same WHAT EXPECTED FOUND: two lists, of which only the differences are shown.
same() {
	diff -u --label "$1, expected" --label "$1" "$2" "$3" >&2 || die "$1: not what was expected"
}

# is WHAT EXPECTED FOUND: two texts.
is() { [ "$2" = "$3" ] || die "$1 is \"$3\", not \"$2\""; }

build() {
	./.ci/goreleaser.sh release --snapshot --clean --skip=publish >"$work/goreleaser.log" 2>&1 || {
		cat "$work/goreleaser.log" >&2
		die "goreleaser failed"
	}
}

# The documents that the repository holds, with their modes in a package below FOLDER.
documents() {
	git ls-files --cached --others --exclude-standard -- docs | while read -r file; do
		case $file in
		docs/examples/*.sh) echo "-rwxr-xr-x $1$file" ;;
		*) echo "-rw-r--r-- $1$file" ;;
		esac
	done
}

man_pages() {
	local page
	for page in docs/cli/*.md; do
		page=$(basename "$page" .md)
		echo "-rw-r--r-- $1${page//_/-}.1.gz"
	done
}

# What a deb or an rpm holds, as `mode path` lines; LICENCE and ZSH are where the distributions keep these.
package_files() {
	local licence=$1 zsh=$2 doc=/usr/share/doc/avadb
	{
		echo "-rwxr-xr-x /usr/bin/avadb"
		echo "-rw-r--r-- /usr/share/bash-completion/completions/avadb"
		echo "-rw-r--r-- $zsh/_avadb"
		echo "-rw-r--r-- /usr/share/fish/vendor_completions.d/avadb.fish"
		echo "-rw-r--r-- $licence"
		echo "-rw-r--r-- $doc/README.md"
		echo "-rw-r--r-- $doc/CHANGELOG.md"
		echo "link $doc/docs/examples" # whose mode means nothing
		documents $doc/ | sed "s:$doc/docs/examples/:$doc/examples/:"
		printf -- '-rw-r--r-- /usr/lib/systemd/system/%s\n' avadb-collect.service avadb-collect-once.service avadb-collect.timer avadb-serve.service
		printf -- '-rw------- %s\n' /etc/avadb/collect.env /etc/avadb/serve.env # they may hold a password
		man_pages /usr/share/man/man1/
	} | sort
}

archive_files() {
	local program=avadb
	case $1 in *windows*) program=avadb.exe ;; esac
	{
		echo "-rwxr-xr-x $program"
		printf -- '-rw-r--r-- %s\n' LICENSE README.md CHANGELOG.md completions/avadb.{bash,zsh,fish,ps1}
		documents ''
		man_pages man/
	} | sort
}

check_deb() {
	local deb=$1 arch=$2
	package_files /usr/share/doc/avadb/copyright /usr/share/zsh/vendor-completions >"$work/expected"
	dpkg-deb --contents "$deb" | awk '$1 !~ /^d/ { if ($2 != "root/root") print "not of root:", $0; sub(/^\./, "", $6); print ($1 ~ /^l/ ? "link" : $1), $6 }' | sort >"$work/found"
	same "$deb" "$work/expected" "$work/found"
	dpkg-deb --contents "$deb" | awk '$1 ~ /^d/ && $1 != "drwxr-xr-x"' >"$work/found"
	is "the folders of $deb with another mode" "" "$(cat "$work/found")"
	is "the architecture of $deb" "$arch" "$(dpkg-deb --field "$deb" Architecture)"
	is "the version of $deb" "${version/-/\~}" "$(dpkg-deb --field "$deb" Version)"
	is "the section of $deb" database "$(dpkg-deb --field "$deb" Section)"
	is "Depends of $deb" "" "$(dpkg-deb --field "$deb" Pre-Depends Depends Recommends)"
	is "the configuration files of $deb" $'/etc/avadb/collect.env\n/etc/avadb/serve.env' "$(dpkg-deb --ctrl-tarfile "$deb" | tar -xO ./conffiles)"
	is "Suggests of $deb" "bash-completion, jq, postgresql-client" "$(dpkg-deb --field "$deb" Suggests)"
	local field
	for field in Maintainer Homepage Description; do
		[ -n "$(dpkg-deb --field "$deb" "$field")" ] || die "$deb has no $field"
	done
}

check_rpm() {
	local rpm=$1 arch=$2
	package_files /usr/share/licenses/avadb/LICENSE /usr/share/zsh/site-functions >"$work/expected"
	rpm -qp --queryformat '[%{FILEMODES:perms} %{FILENAMES} %{FILEUSERNAME}:%{FILEGROUPNAME}\n]' "$rpm" | sed 's/ root:root$//; s/^l[^ ]*/link/' | sort >"$work/found"
	same "$rpm" "$work/expected" "$work/found"
	is "the metadata of $rpm" "avadb|${version/-/\~}|1|$arch|MIT|localhost" \
		"$(rpm -qp --queryformat '%{NAME}|%{VERSION}|%{RELEASE}|%{ARCH}|%{LICENSE}|%{BUILDHOST}' "$rpm")"
	is "the dependencies of $rpm" "" "$(rpm -qp --requires --recommends "$rpm" | grep -v '^rpmlib(' || true)"
	is "the scripts of $rpm" "" "$(rpm -qp --scripts "$rpm")"
	is "the configuration files of $rpm" $'/etc/avadb/collect.env\n/etc/avadb/serve.env' "$(rpm -qp --configfiles "$rpm")"
	is "the licence files of $rpm" /usr/share/licenses/avadb/LICENSE "$(rpm -qp --licensefiles "$rpm")"
	local tag
	for tag in VENDOR URL PACKAGER SUMMARY DESCRIPTION GROUP; do
		[ "$(rpm -qp --queryformat "%{$tag}" "$rpm")" != "(none)" ] || die "$rpm has no $tag"
	done
}

check_archive() {
	local archive=$1 platform=$2 top
	top=$(basename "$archive" .tar.gz)
	top=$(basename "$top" .zip)
	rm -rf "$work/archive"
	mkdir "$work/archive"
	case $archive in
	*.zip) unzip -q "$archive" -d "$work/archive" ;;
	*) tar -xzf "$archive" -C "$work/archive" ;;
	esac
	is "what $archive makes" "$top" "$(ls "$work/archive")"
	archive_files "$archive" >"$work/expected"
	(cd "$work/archive/$top" && find . -type f -printf '%M %P\n') | sort >"$work/found"
	same "$archive" "$work/expected" "$work/found"
	is "the platform of $archive" "$platform CGO_ENABLED=0" "$(go version -m "$work/archive/$top"/avadb* |
		awk '$1 == "build" && $2 ~ /^(GOOS|GOARCH|CGO_ENABLED)=/ { v[substr($2, 1, index($2, "=") - 1)] = substr($2, index($2, "=") + 1) }
			END { print v["GOOS"] "/" v["GOARCH"], "CGO_ENABLED=" v["CGO_ENABLED"] }')"
}

# completes LINE WANTED: what bash, with the installed completion, offers for the last word of the line.
completes() {
	local found
	# shellcheck disable=SC2016 # the inner bash expands it
	found=$(env -i PATH="$PATH" HOME="$work" bash --norc -c '
		. /usr/share/bash-completion/bash_completion
		compopt() { :; } # it works within a real completion only
		_completion_loader avadb
		COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMP_KEY=9
		read -ra COMP_WORDS <<<"$1"
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		__start_avadb
		printf "%s\n" "${COMPREPLY[@]%% *}"' - "$1" 2>&1)
	is "the completion of \"$1\"" "$2" "$found"
}

check_installed() {
	local deb=$1
	installed=yes
	# A slim machine leaves documents and man pages out: not here.
	as_root dpkg --path-include='/usr/share/doc/avadb/*' --path-include='/usr/share/man/man1/avadb*' --install "$deb" >/dev/null
	is "dpkg --verify" "" "$(dpkg --verify avadb)"
	/usr/bin/avadb version -o json >"$work/version.json"
	is "avadb's version" "$version" "$(jq -r .version "$work/version.json")"
	is "avadb's commit" "$(git rev-parse HEAD)" "$(jq -r .commit "$work/version.json")"
	[ -e /usr/share/man/man1/avadb-tune.1.gz ] || die "the man page of tune is not there"
	if has man; then
		is "man -w avadb-tune" /usr/share/man/man1/avadb-tune.1.gz "$(man -w avadb-tune)"
		if has groff; then
			LC_ALL=C.UTF-8 man --warnings -l /usr/share/man/man1/avadb-tune.1.gz >"$work/page" 2>"$work/page.err"
			is "what groff says of the man page" "" "$(cat "$work/page.err")"
			grep -q 'avadb-tune - Set the parameters' "$work/page" || die "the man page of tune does not render"
		fi
	fi
	completes 'avadb tu' tune
	completes 'avadb tune --ra' --ram
	completes 'avadb rollback --offl' --offline
	completes 'avadb tune --only shared_b' shared_buffers
	[ -x /usr/share/doc/avadb/docs/examples/nightly.sh ] || die "nightly.sh cannot be run where it was installed"
	if has systemd-analyze; then
		is "what systemd says of the units" "" "$(systemd-analyze verify avadb-collect.service avadb-collect-once.service avadb-collect.timer avadb-serve.service 2>&1 | grep avadb || true)"
	fi
	as_root dpkg --purge avadb >/dev/null
	installed=no
	if [ -e /etc/avadb ] || [ -e /usr/bin/avadb ] || [ -e /usr/share/doc/avadb ]; then die "purging avadb leaves something behind"; fi
}

tool rpm /usr/bin/rpm
tool unzip /usr/bin/unzip
tool bash-completion /usr/share/bash-completion/bash_completion

./.ci/goreleaser.sh check >&2
before=$(git status --porcelain)
# A builder with other habits comes first, so that dist/ is left as usual.
(umask 077 && export TZ=Asia/Tokyo && build)
cp dist/checksums.txt "$work/first"
build
same "the checksums of a second build" "$work/first" dist/checksums.txt
is "what the build leaves in the repository" "$before" "$(git status --porcelain)"
(cd dist && sha256sum --quiet --check checksums.txt)

version=$(jq -r .version dist/metadata.json)
check_deb "dist/avadb_${version/-/\~}_amd64.deb" amd64
check_deb "dist/avadb_${version/-/\~}_arm64.deb" arm64
check_rpm "dist/avadb-${version/-/\~}-1.x86_64.rpm" x86_64
check_rpm "dist/avadb-${version/-/\~}-1.aarch64.rpm" aarch64
for platform in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64; do
	check_archive "dist/avadb_${version}_${platform/\//_}.tar.gz" "$platform"
done
for platform in windows/amd64 windows/arm64; do
	check_archive "dist/avadb_${version}_${platform/\//_}.zip" "$platform"
done
is "the number of packages" 10 "$(wc -l <dist/checksums.txt)"
check_installed "dist/avadb_${version/-/\~}_$(dpkg --print-architecture).deb"
say "avadb $version: 6 archives, 2 deb, 2 rpm, the same bytes twice"
