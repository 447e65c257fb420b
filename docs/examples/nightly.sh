#!/usr/bin/env bash
# A night with avadb, for cron on the server's host. It prints nothing where all is well, so that cron mails what matters:
#
#   MAILTO=dba@example.com
#   10 2 * * *  postgres  AVADB_RAM=8GB /usr/share/doc/avadb/examples/nightly.sh
#
# Which server: what avadb itself reads (AVADB_TARGET, AVADB_DSN, PGHOST, ...). The role needs what docs/roles.md says of the
# commands in AVADB_STEPS; leave out those that are not to change anything at night. Set here or before the command:
: "${AVADB_STEPS:=enable-stats tune slow history verify}"
: "${AVADB_KEPT_IN:=/var/lib/avadb/nightly}" # a JSON document a night and command
: "${AVADB_KEPT_DAYS:=30}"
: "${AVADB_BACKUP:=$AVADB_KEPT_IN}" # beside the backup: offline-rollback.txt, for the day the server does not start
# AVADB_RAM: the memory of the server, where `tune` is among the steps.
#
# Exit code: that of avadb for the worst that happened: 0 all well (a restart may be due), 5 something was found, 4 a
# privilege or a prerequisite is missing, 3 no connection, any other: a step failed.
set -euo pipefail
umask 027 # statements and settings are not for everybody

day=$(date -u +%Y-%m-%d)
worst=0
document='' # of the newest step; empty where it gave none
flowing=yes # the statistics
why=$(mktemp)
trap 'rm -f "$why"' EXIT
mkdir -p "$AVADB_KEPT_IN" "$AVADB_BACKUP"

say() { printf '%s: %s\n' "$step" "$*"; }

# worse CODE: a failure outweighs a missing privilege, which outweighs a finding.
worse() {
	case $worst in
	0) worst=$1 ;;
	5) worst=$1 ;;
	4) if [ "$1" != 5 ]; then worst=$1; fi ;;
	esac
}

# With -o json an error is one object on stderr. Anything else there is not avadb's: a shell without avadb, say.
explain() {
	jq -er '.error | "\(.message)\n  next: \(.hint)"' "$why" 2>/dev/null || cat "$why"
}

# run ARGUMENT...: runs avadb, keeps its document, and goes through the exit codes one by one.
run() {
	local code=0 new
	document=$AVADB_KEPT_IN/$step-$day.json
	new=$document.new
	avadb "$@" --quiet --output json >"$new" 2>"$why" || code=$?
	if [ -s "$new" ]; then # codes 5 and 6, too, come with a document
		mv "$new" "$document"
	else
		rm -f "$new"
		document=
	fi
	case $code in
	0) ;;
	3) # the other steps would only say the same
		say "no connection: $(explain)"
		exit 3
		;;
	4)
		say "a privilege or a prerequisite is missing: $(explain)"
		worse 4
		;;
	5)
		say "found something: $(explain)"
		worse 5
		;;
	6)
		say "prepared; the statistics begin with the next restart of the server"
		flowing=no
		;;
	124)
		say "timed out: $(explain)"
		worse 124
		;;
	130 | 143)
		say "interrupted: $(explain)"
		exit "$code"
		;;
	*)
		say "failed (exit code $code): $(explain)"
		worse "$code"
		;;
	esac
}

# What a change leaves to do, and the line that undoes it without a server.
changed() {
	if [ -z "$document" ]; then return 0; fi
	local waiting
	waiting=$(jq -r 'select(.restart_required) | [.settings[] | select(.pending_restart).name] | join(" ")' "$document")
	if [ -n "$waiting" ]; then say "waiting for a restart of the server: $waiting"; fi
	if jq -e '.change_set == null' "$document" >/dev/null; then return 0; fi
	say "changed: $(jq -r '[.settings[] | select(.action == "set") | "\(.name) \(.current) -> \(.value)"] | join(", ")' "$document")"
	jq -r '(.warnings // [])[]' "$document" | while read -r warning; do say "mind: $warning"; done
	jq -r 'select(.offline_rollback != null) |
		"# \(.generated_at) \(.command), server \(.target.host):\(.target.port)\n\(.offline_rollback)"' \
		"$document" >>"$AVADB_BACKUP/offline-rollback.txt"
}

# What is wrong with the settings is said before anything is changed.
for step in $AVADB_STEPS; do
	case $step in
	tune) : "${AVADB_RAM:?the memory of the server, such as 8GB}" ;;
	enable-stats | slow | history | verify) ;;
	*)
		say "no such step; there are: enable-stats tune slow history verify" >&2
		exit 2
		;;
	esac
done
if ! command -v avadb >/dev/null; then
	echo "avadb is not in PATH ($PATH)" >&2
	exit 127
fi

for step in $AVADB_STEPS; do
	case $step in
	enable-stats)
		run enable-stats
		changed
		;;
	tune)
		run tune --ram "$AVADB_RAM"
		changed
		;;
	slow) if [ $flowing = yes ]; then run slow --since 24h --all-databases --limit 50; fi ;;
	history)
		run history
		if [ -n "$document" ]; then
			jq -r '.change_sets[] | select(.state == "open" or .state == "partial") |
				"change set \(.id) (\(.command)) is \(.state): avadb rollback \(.id)"' "$document" |
				while read -r line; do say "$line"; done
		fi
		;;
	verify)
		run verify
		if [ -n "$document" ]; then
			jq -r '.checks[] | select(.status == "WARN" or .status == "FAIL") | "\(.status) \(.id) \(.title): \(.detail) \(.fix)"' "$document" |
				while read -r line; do say "$line"; done
		fi
		;;
	esac
done

find "$AVADB_KEPT_IN" -maxdepth 1 -name '*-????-??-??.json' -mtime "+$AVADB_KEPT_DAYS" -delete
exit "$worst"
