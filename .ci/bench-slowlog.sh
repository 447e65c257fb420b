#!/usr/bin/env bash
# What the history costs and gives: `make bench-slowlog`. Measures the collector and the windows on servers of its own and writes
# docs/benchmarks-history.md.
#
#   .ci/bench-slowlog.sh [OPTION...]    options of .ci/bench-slowlog, such as -rounds 3 -rows 1000000 -only layout
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/bench" ./.ci/bench-slowlog
"$work/bench" -avadb ./avadb -out docs/benchmarks-history.md "$@"
