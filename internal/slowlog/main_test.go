package slowlog

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"avadb/internal/pg"
	"avadb/internal/pgtest"
)

// shared is the PostgreSQL that all tests of this package share; each has a database of its own.
var shared *pgtest.Server

func TestMain(m *testing.M) {
	install, err := pgtest.FindWanted()
	if err == nil {
		shared, err = pgtest.Start(context.Background(), install, pgtest.Options{Settings: map[string]string{"autovacuum": "off", "timezone": "UTC"}})
	}
	if err != nil {
		panic(err)
	}
	defer func() { _ = shared.Close() }()
	m.Run()
}

// original is the table as applications made it.
const original = `CREATE TABLE IF NOT EXISTS slow_query_log (
    id SERIAL PRIMARY KEY, query TEXT NOT NULL, duration_ms NUMERIC(10, 2) NOT NULL, threshold_ms NUMERIC(10, 2) NOT NULL,
    timestamp TIMESTAMP NOT NULL DEFAULT NOW(), query_signature TEXT);
CREATE INDEX idx_slow_query_log_timestamp ON slow_query_log(timestamp DESC);
CREATE INDEX idx_slow_query_log_duration ON slow_query_log(duration_ms DESC);`

// rig is a database with avadb's connection and an administrator's.
type rig struct {
	name      string
	conn      *pg.Conn
	databases *pg.Databases
	admin     *pgx.Conn
}

// newRig makes a database and runs statements in it.
func newRig(t *testing.T, statements ...string) *rig {
	t.Helper()
	r := &rig{name: "of_" + strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))}
	first := dial(t, shared.DSN("postgres"))
	run(t, first, "CREATE DATABASE "+r.name)
	r.admin = dial(t, shared.DSN(r.name))
	run(t, r.admin, statements...)
	target, err := pg.Resolve(pg.Sources{DSN: shared.DSN(r.name)})
	if err == nil {
		r.conn, err = pg.Connect(t.Context(), target, pg.Options{Changes: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.conn.Close)
	r.databases = pg.NewDatabases(r.conn, pg.Options{}, nil)
	return r
}

// item is the table's.
func (r *rig) item(zone string, moved func(int64)) *TableItem {
	return NewTableItem(r.databases, r.name, DefaultSchema, zone, moved)
}

func (r *rig) find(t *testing.T) *Table {
	t.Helper()
	table, err := Find(t.Context(), r.conn, DefaultSchema)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func dial(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func run(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// value reads one as text.
func value(t *testing.T, conn *pgx.Conn, query string, args ...any) string {
	t.Helper()
	var text string
	if err := conn.QueryRow(t.Context(), "SELECT ("+query+")::text", args...).Scan(&text); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return text
}
