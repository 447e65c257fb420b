package settings

import (
	"context"
	"strconv"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/tuning"
	"avadb/internal/units"
)

// readSpills asks pg_stat_statements for the statements that use temporary files. Their times are counted from PostgreSQL
// 15 up, with track_io_timing.
func readSpills(ctx context.Context, conn *pg.Conn, snapshot *Snapshot, e *tuning.Evidence) error {
	const what = "which statements wait for temporary files on the disk"
	unread := func(why, next string) {
		e.Unread = append(e.Unread, tuning.Unread{What: what + ": " + why, Next: next})
	}
	found, err := query.One[struct {
		Version   string `db:"installed"`
		Schema    string
		Available string
		Owned     bool
	}](ctx, conn, "statements/extension")
	if err != nil {
		return tolerated(ctx, e, what, selectGrant(conn, "pg_extension"), err)
	}
	enable := "avadb enable-stats"
	switch {
	case found.Version == "":
		unread("pg_stat_statements is not in database "+conn.Server.Database, enable)
		return nil
	case spillMinor(found.Version) < 8:
		unread("pg_stat_statements is version "+found.Version+", too old", enable)
		return nil
	}
	rows, err := query.ExtensionRows[tuning.Spill](ctx, conn, query.Extension{Version: found.Version, Schema: found.Schema}, "tuning/top_spills")
	if f := fault.As(err); f != nil && f.SQLState == "55000" {
		unread("pg_stat_statements is not loaded", enable)
		return nil
	}
	if err != nil {
		schema, role := pg.Identifier(found.Schema), pg.Identifier(conn.Server.Role)
		return tolerated(ctx, e, what, "GRANT USAGE ON SCHEMA "+schema+" TO "+role+"; GRANT EXECUTE ON FUNCTION "+schema+".pg_stat_statements(boolean) TO "+role, err)
	}
	e.Spills = append(e.Spills, rows...)
	timing, _ := units.ParseBool(snapshot.Running("track_io_timing"))
	switch {
	case conn.Server.Major() < 15:
		unread("PostgreSQL counts their time from 15 up", "")
	case spillMinor(found.Version) < 10:
		unread("pg_stat_statements is version "+found.Version+", which does not count their time", enable)
	case !timing:
		unread("track_io_timing is off", enable)
	default:
		e.SpillTimes = true
	}
	return nil
}

// spillMinor is 11 for version 1.11; large for a newer major, 0 for what is no version.
func spillMinor(version string) int {
	major, minor, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err != nil || n != 1 {
		return 1000 * n
	}
	n, _ := strconv.Atoi(minor)
	return n
}
