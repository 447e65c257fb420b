#!/usr/bin/env bash
# goreleaser of the version that the Makefile pins, on this checkout: `.ci/goreleaser.sh check`. `make packages` calls it.
set -euo pipefail
cd "$(dirname "$0")/.."

# Without a remote it takes the commit for unknown, although nothing is fetched or published. So it is shown one, for
# this run alone.
if git rev-parse --quiet --verify HEAD >/dev/null 2>&1 && ! git ls-remote --get-url >/dev/null 2>&1; then
	export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url GIT_CONFIG_VALUE_0=none
fi
exec "${GORELEASER:?}" "$@"
