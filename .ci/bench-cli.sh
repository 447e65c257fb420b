#!/usr/bin/env bash
# The speed of the command line: `make bench-cli`. Measures ./avadb against a Go hello world and against psql, writes
# docs/benchmarks-cli.md, and fails where a target is missed.
#
#   .ci/bench-cli.sh [RUNS]    RUNS pairs of each comparison (default 101), of which the median counts
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The yardstick: the smallest Go program there is, built as the Makefile builds avadb.
mkdir "$work/hello"
cat >"$work/hello/main.go" <<'GO'
package main

import "os"

func main() { os.Stdout.WriteString("hello, world\n") }
GO
(cd "$work/hello" && go mod init hello 2>/dev/null && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$work/hello-world" .)

go build -o "$work/bench" ./.ci/bench-cli
"$work/bench" -avadb ./avadb -hello "$work/hello-world" -runs "${1:-101}" -out docs/benchmarks-cli.md
