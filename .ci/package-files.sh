#!/usr/bin/env bash
# What the packages hold beside the program, made anew: completions/ and man/ in the folder given. Needs no network.
#
#   .ci/package-files.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."

out=${1:?which folder?}
rm -rf "$out"
mkdir -p "$out/completions"

program=$(mktemp)
trap 'rm -f "$program"' EXIT
CGO_ENABLED=0 go build -trimpath -o "$program" .
# The scripts have the name of the command from cobra, not from the file.
for shell in bash zsh fish powershell; do
	suffix=$shell
	if [ "$shell" = powershell ]; then suffix=ps1; fi
	"$program" --config /dev/null completion "$shell" >"$out/completions/avadb.$suffix"
done

# The documents go along to the same folder: the repository's own stay untouched.
go run ./cmd/gen -docs "$out/docs" -man "$out/man"
gzip -9n "$out"/man/*.1
