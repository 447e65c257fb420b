#!/usr/bin/env bash
# What avadb serve does to a server that comes back, and what warming up gives: `make bench-serve`. Measures on servers of its own and
# writes docs/benchmarks-serve.md.
#
#   .ci/bench-serve.sh [OPTION...]    options of .ci/bench-serve, such as -clients 100 -rounds 3 -only herd
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/bench" ./.ci/bench-serve
"$work/bench" -out docs/benchmarks-serve.md "$@"
