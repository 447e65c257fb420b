#!/usr/bin/env bash
# What tuned values do: `make bench-tune`. Measures initdb's defaults, avadb's profiles and its peers' values on the same data and writes
# docs/benchmarks-tune.md.
#
#   .ci/bench-tune.sh [OPTION...]    options of .ci/bench-tune, such as -rounds 3 -time 5s -lab=false
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/bench" ./.ci/bench-tune
cp avadb "$work/avadb" # the server's user runs it, and may not reach the checkout
chmod 755 "$work" "$work/avadb"
"$work/bench" -avadb "$work/avadb" -out docs/benchmarks-tune.md "$@"
