#!/usr/bin/env bash
# How fast server logs are read: `make bench-logs`. Makes logs of 1 GB out of the sample, reads them with avadb, pgBadger (apt install
# pgbadger) and yardsticks, and writes docs/benchmarks-logs.md.
#
#   .ci/bench-logs.sh [OPTION...]    options of .ci/bench-logs, such as -rounds 1 -bytes 200000000 -work /mnt/large
set -euo pipefail
cd "$(dirname "$0")/.."

command -v pgbadger >/dev/null || { echo "bench-logs needs pgbadger: apt-get install pgbadger" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/bench" ./.ci/bench-logs
"$work/bench" -avadb ./avadb -out docs/benchmarks-logs.md "$@"
