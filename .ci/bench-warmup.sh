#!/usr/bin/env bash
# What the first requests after a restart cost, and what warmup changes: `make bench-warmup`. Measures on servers of its own and writes
# docs/benchmarks-warmup.md.
#
#   .ci/bench-warmup.sh [OPTION...]    options of .ci/bench-warmup, such as -rounds 3 -rows 200000
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/bench" ./.ci/bench-warmup
"$work/bench" -avadb ./avadb -out docs/benchmarks-warmup.md "$@"
