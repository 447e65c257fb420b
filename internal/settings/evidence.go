package settings

import (
	"context"
	"os"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/tuning"
)

// readEvidence gathers what the server has counted. A piece that the role may not read is named as unread; every other
// error ends it.
func readEvidence(ctx context.Context, conn *pg.Conn, snapshot *Snapshot) (*tuning.Evidence, error) {
	e := &tuning.Evidence{Spills: []tuning.Spill{}, Tables: []tuning.Table{}, Unread: []tuning.Unread{}}
	for _, read := range []func(context.Context, *pg.Conn, *tuning.Evidence) error{
		readDatabases, readSizes, readCheckpoints, readWALRate, readDeadRows,
	} {
		if err := read(ctx, conn, e); err != nil {
			return nil, err
		}
	}
	if err := readSpills(ctx, conn, snapshot, e); err != nil {
		return nil, err
	}
	readHost(conn.Server, e)
	return e, nil
}

// tolerated notes a missing privilege, and a piece that took longer than a statement may; any other error is passed on.
// grant is the statement that would give the role the piece.
func tolerated(ctx context.Context, e *tuning.Evidence, what, grant string, err error) error {
	f := fault.As(err)
	tooLong := f != nil && f.SQLState == "57014" && ctx.Err() == nil
	if f == nil || f.Kind != fault.Privilege && !tooLong {
		return err
	}
	next := grant
	if tooLong {
		next = f.Hint
	}
	e.Unread = append(e.Unread, tuning.Unread{What: what + ": " + f.Message, Next: next})
	return nil
}

func selectGrant(conn *pg.Conn, view string) string {
	return "GRANT SELECT ON pg_catalog." + view + " TO " + pg.Identifier(conn.Server.Role)
}

func readDatabases(ctx context.Context, conn *pg.Conn, e *tuning.Evidence) error {
	row, err := query.One[struct {
		PeakSessions  int
		Wanted, Got   *int64 // parallel workers
		TempFiles     int64
		TempBytes     int64
		HitRatioPct   *float64
		CountersSince *time.Time
	}](ctx, conn, "tuning/databases")
	if err != nil {
		return tolerated(ctx, e, "the databases' counters", selectGrant(conn, "pg_stat_database"), err)
	}
	e.PeakSessions, e.TempFiles, e.TempBytes = &row.PeakSessions, &row.TempFiles, &row.TempBytes
	e.ParallelWanted, e.ParallelGot = row.Wanted, row.Got
	e.HitRatioPct, e.CountersSince = row.HitRatioPct, utc(row.CountersSince)
	return nil
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

func readSizes(ctx context.Context, conn *pg.Conn, e *tuning.Evidence) error {
	row, err := query.One[struct {
		DBBytes int64 `db:"db_bytes"`
		Hidden  int
	}](ctx, conn, "tuning/sizes")
	if err != nil {
		return tolerated(ctx, e, "the size of the databases", selectGrant(conn, "pg_database"), err)
	}
	if row.Hidden > 0 { // a part of it would look like a small server
		e.Unread = append(e.Unread, tuning.Unread{
			What: "the size of the databases: the role may not ask for all of them",
			Next: "GRANT pg_read_all_stats TO " + pg.Identifier(conn.Server.Role) + ", or give --db-size",
		})
		return nil
	}
	e.DBBytes = &row.DBBytes
	return nil
}

func readCheckpoints(ctx context.Context, conn *pg.Conn, e *tuning.Evidence) error {
	row, err := query.One[struct {
		Timed, Requested int64
		ChecksSince      *time.Time `db:"checkpoints_since"`
	}](ctx, conn, "tuning/checkpoints")
	if err != nil {
		return tolerated(ctx, e, "the checkpoints", selectGrant(conn, checkpointView(conn)), err)
	}
	e.Timed, e.Requested, e.ChecksSince = &row.Timed, &row.Requested, utc(row.ChecksSince)
	return nil
}

// checkpointView is where the server keeps its counters of checkpoints.
func checkpointView(conn *pg.Conn) string {
	if conn.Server.Major() >= 17 {
		return "pg_stat_checkpointer"
	}
	return "pg_stat_bgwriter"
}

func readWALRate(ctx context.Context, conn *pg.Conn, e *tuning.Evidence) error {
	row, err := query.One[struct {
		WALPerSecond *float64 `db:"wal_bytes_per_s"`
	}](ctx, conn, "tuning/wal")
	if err != nil {
		return tolerated(ctx, e, "the rate of WAL", selectGrant(conn, "pg_stat_wal"), err)
	}
	e.WALPerSecond = row.WALPerSecond
	return nil
}

func readDeadRows(ctx context.Context, conn *pg.Conn, e *tuning.Evidence) error {
	rows, err := query.Rows[tuning.Table](ctx, conn, "tuning/dead_rows")
	if err != nil {
		return tolerated(ctx, e, "the tables' dead rows", selectGrant(conn, "pg_stat_user_tables"), err)
	}
	e.Tables = append(e.Tables, rows...)
	return nil
}

// readHost looks at the kernel where the server is a process of this host.
func readHost(server pg.Server, e *tuning.Evidence) {
	if !OnHost(server) {
		e.Unread = append(e.Unread, tuning.Unread{What: "the kernel's settings: the server is no process of this host"})
		return
	}
	root := os.DirFS("/")
	if word := tuning.ReadHugePages(root); word != "" {
		e.HugePages = &word
	}
	if mode, ok := tuning.ReadOvercommit(root); ok {
		e.Overcommit = &mode
	}
}
