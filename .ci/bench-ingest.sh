#!/usr/bin/env bash
# How fast server logs become rows of slow_query_log: `make bench-ingest`. Measures avadb against psql's \copy of the same rows, on a server of
# its own, and writes docs/benchmarks-ingest.md.
#
#   .ci/bench-ingest.sh [OPTION...]    options of .ci/bench-logs, such as -rounds 1 -bytes 100000000
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/bench" ./.ci/bench-logs
"$work/bench" -ingest -avadb ./avadb -out docs/benchmarks-ingest.md "$@"
