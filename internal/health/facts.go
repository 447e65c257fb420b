package health

import (
	"context"
	"errors"
	"slices"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/statements"
)

// scrapeLimit is the time of reading the server, scrapePatience that of the whole scrape: Prometheus waits for ten seconds by default.
const (
	scrapeLimit    = 3 * time.Second
	scrapePatience = scrapeLimit + 2*probeLimit
)

// mostStatements bounds the series that pg_stat_statements makes.
const mostStatements = 100

// facts is what one look at the server gave. What could not be read is nil and named among the failed.
type facts struct {
	up         bool
	took       time.Duration
	failed     []string // parts that could not be read
	server     *serverFacts
	activity   []activityRow
	databases  []databaseRow
	locks      []lockRow
	statements []statementRow
}

type serverFacts struct {
	InRecovery     bool     `db:"in_recovery"`
	Lag            *float64 `db:"lag"` // seconds
	Started        float64  `db:"started"`
	MaxConnections int      `db:"max_connections"`
	Reserved       int      `db:"reserved"`
}

type activityRow struct {
	Datname  string
	State    string
	Sessions int64
	Longest  float64 // seconds
}

type databaseRow struct {
	DatID             string  `db:"datid"`
	Datname           string  `db:"datname"`
	NumBackends       int32   `db:"numbackends"`
	XactCommit        int64   `db:"xact_commit"`
	XactRollback      int64   `db:"xact_rollback"`
	BlksRead          int64   `db:"blks_read"`
	BlksHit           int64   `db:"blks_hit"`
	TupReturned       int64   `db:"tup_returned"`
	TupFetched        int64   `db:"tup_fetched"`
	TupInserted       int64   `db:"tup_inserted"`
	TupUpdated        int64   `db:"tup_updated"`
	TupDeleted        int64   `db:"tup_deleted"`
	Conflicts         int64   `db:"conflicts"`
	TempFiles         int64   `db:"temp_files"`
	TempBytes         int64   `db:"temp_bytes"`
	Deadlocks         int64   `db:"deadlocks"`
	BlkReadTime       float64 `db:"blk_read_time"`  // milliseconds
	BlkWriteTime      float64 `db:"blk_write_time"` // milliseconds
	StatsReset        float64 `db:"stats_reset"`    // seconds since 1970
	ActiveTime        float64 `db:"active_time"`    // milliseconds
	SessionsAbandoned int64   `db:"sessions_abandoned"`
	SessionsFatal     int64   `db:"sessions_fatal"`
	SessionsKilled    int64   `db:"sessions_killed"`
}

type lockRow struct {
	Datname string
	Mode    string
	Locks   int64
}

type statementRow struct {
	User         string
	Datname      string
	QueryID      string `db:"queryid"`
	Calls        float64
	Seconds      float64
	Rows         float64
	ReadSeconds  float64 `db:"read_seconds"`
	WriteSeconds float64 `db:"write_seconds"`
}

// look reads the server once, on a connection of the pool. A part that fails does not stop the others.
func (s *Service) look(ctx context.Context) *facts {
	began, f := time.Now(), &facts{}
	if v, answered := s.database.get(ctx); answered && v.reason == reasonDatabase { // the pool would wait for what is not there
		s.checkSoon()
		f.took, f.failed = time.Since(began), []string{"pool"}
		return f
	}
	limit := fault.New(fault.Timeout, "the metrics were not read within %s", scrapeLimit)
	bounded, stop := context.WithTimeoutCause(ctx, scrapeLimit, limit)
	defer stop()
	err := s.o.Pool.With(bounded, func(conn *pg.Conn) error { return s.read(bounded, conn, f) })
	f.took = time.Since(began)
	if err != nil {
		s.checkSoon()
		// The pool gave no connection, which need not be the server's fault: pg_up is about the server.
		v, answered := s.database.get(ctx)
		f.up, f.failed = answered && v.reason != reasonDatabase, append(f.failed, "pool")
	}
	return f
}

// read fills the facts. The error is of a connection that is of no more use.
func (s *Service) read(ctx context.Context, conn *pg.Conn, f *facts) error {
	parts := []struct {
		name string
		read func() error
	}{
		{"server", func() error {
			row, err := query.One[serverFacts](ctx, conn, "health/server")
			if err == nil {
				f.server = &row
			}
			return err
		}},
		{"activity", func() (err error) {
			f.activity, err = query.Rows[activityRow](ctx, conn, "health/activity")
			return err
		}},
		{"databases", func() (err error) {
			f.databases, err = query.Rows[databaseRow](ctx, conn, "health/databases")
			return err
		}},
		{"locks", func() (err error) { f.locks, err = query.Rows[lockRow](ctx, conn, "health/locks"); return err }},
		{"statements", func() (err error) { f.statements, err = s.topStatements(ctx, conn); return err }},
	}
	var last error
	for _, part := range parts {
		err := part.read()
		if err == nil {
			f.up = true
			continue
		}
		f.failed, last = append(f.failed, part.name), err
		if !slices.Contains(s.unread, part.name) && ctx.Err() == nil {
			s.o.Log.Warn("a part of the metrics cannot be read: " + part.name + ": " + err.Error())
		}
		if conn.Raw().IsClosed() || ctx.Err() != nil {
			break
		}
	}
	s.unread = f.failed
	if conn.Raw().IsClosed() {
		f.up = false
		return last
	}
	return nil
}

// topStatements reads pg_stat_statements where that was asked for.
func (s *Service) topStatements(ctx context.Context, conn *pg.Conn) ([]statementRow, error) {
	if !s.o.Statements {
		return nil, nil
	}
	found, err := statements.Find(ctx, conn)
	if err != nil {
		return nil, err
	}
	if found.Version == "" {
		return nil, errors.New("no extension pg_stat_statements in this database")
	}
	ext := query.Extension{Version: found.Version, Schema: found.Schema}
	return query.ExtensionRows[statementRow](ctx, conn, ext, "health/top_statements", mostStatements)
}
