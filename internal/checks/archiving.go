package checks

import (
	"context"
	"fmt"
	"time"

	"avadb/internal/query"
)

// archiving is the group ARC.
func archiving() []Check {
	return []Check{
		{ID: "ARC01", Title: "WAL archiving", Needs: "any role", Run: checkArchiver},
	}
}

type archiver struct {
	Mode        string // of archive_mode
	Command     bool   `db:"has_command"` // there is a command, or a library, to archive with
	Archived    string `db:"last_archived_wal"`
	Failed      string `db:"last_failed_wal"`
	FailedAt    *time.Time
	FailedCount int64 `db:"failed_count"`
	NewestBad   bool  `db:"newest_failed"`
}

func checkArchiver(ctx context.Context, e *Env) (Outcome, error) {
	a, err := query.One[archiver](ctx, e.Conn, "checks/archiver")
	if err != nil {
		return Outcome{}, err
	}
	return judgeArchiver(a, e.Conn.Server.InRecovery, e.command("verify --skip ARC01")), nil
}

func judgeArchiver(a archiver, standby bool, leaveOut string) Outcome {
	switch {
	case a.Mode == "off":
		return skipped("archive_mode is off", leaveOut)
	case standby && a.Mode != "always":
		return skipped("a standby archives only with archive_mode = always", leaveOut)
	case !a.Command:
		return found(Warn, "archive_mode is on and there is nothing to archive with: WAL piles up", "ALTER SYSTEM SET archive_mode = off")
	case a.NewestBad:
		at := ""
		if a.FailedAt != nil {
			at = " at " + a.FailedAt.UTC().Format(time.RFC3339)
		}
		return found(Warn, fmt.Sprintf("the newest attempt failed: %s%s, %d failures so far; the command's own words are in the server's log", a.Failed, at, a.FailedCount),
			"SELECT pg_catalog.current_setting('archive_command'), last_failed_wal, last_failed_time, last_archived_wal FROM pg_catalog.pg_stat_archiver")
	case a.Archived == "":
		return fine("nothing to archive yet")
	}
	return fine("newest: " + a.Archived)
}
