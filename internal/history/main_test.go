package history

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/pgtest"
)

// shared is the PostgreSQL that all tests of this package share: with the library loaded and room for few entries. The last test
// restarts it.
var shared *pgtest.Server

func TestMain(m *testing.M) {
	if order := os.Getenv(childVariable); order != "" {
		if err := runChild(context.Background(), order); err != nil {
			fmt.Fprintln(os.Stderr, err) //nolint:forbidigo // a program of its own
			os.Exit(1)                   //nolint:forbidigo // likewise
		}
		return
	}
	install, err := pgtest.FindWanted()
	if err == nil {
		shared, err = pgtest.Start(context.Background(), install, pgtest.Options{Settings: map[string]string{
			"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "200", "autovacuum": "off", "timezone": "UTC",
		}})
	}
	if err != nil {
		panic(err)
	}
	defer func() { _ = shared.Close() }()
	m.Run()
}

// rig is a database that is watched, with an application's connection, and one that is the store, with an administrator's.
type rig struct {
	Name, Store string
	app, admin  *pgx.Conn
}

func newRig(t *testing.T, statements ...string) *rig {
	t.Helper()
	name := strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))
	r := &rig{Name: "of_" + name, Store: "st_" + name}
	first := dial(t, shared.DSN("postgres"))
	run(t, first, "CREATE DATABASE "+r.Name, "CREATE DATABASE "+r.Store)
	_ = first.Close(t.Context())
	r.app, r.admin = dial(t, shared.DSN(r.Name)), dial(t, shared.DSN(r.Store))
	run(t, r.app, "CREATE EXTENSION pg_stat_statements", "CREATE TABLE numbers AS SELECT generate_series(1, 10) AS n")
	run(t, r.app, statements...)
	run(t, r.app, "SELECT pg_stat_statements_reset()")
	return r
}

// options are a collector's, with the rig's store.
func (r *rig) options() Options {
	return Options{
		StoreOptions: StoreOptions{Store: r.Store, Log: slog.New(slog.DiscardHandler), Env: func(string) string { return "" }},
		Threshold:    100 * time.Millisecond, Keep: 14 * 24 * time.Hour,
	}
}

// collector is one with a connection of its own. Its lock ends with the test, or with stop.
func (r *rig) collector(t *testing.T, change ...func(*Options)) *Collector {
	t.Helper()
	return r.collectorAs(t, shared.DSN(r.Name), change...)
}

func (r *rig) collectorAs(t *testing.T, dsn string, change ...func(*Options)) *Collector {
	t.Helper()
	o := r.options()
	for _, c := range change {
		c(&o)
	}
	c, err := Start(t.Context(), connect(t, dsn), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, c) })
	return c
}

// stop ends a collector and waits until its lock is free.
func stop(t *testing.T, c *Collector) {
	t.Helper()
	pid := c.conn.PID()
	c.Close()
	c.conn.Close()
	watcher := dial(t, shared.DSN("postgres"))
	await(t, watcher, fmt.Sprintf("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %d)", pid))
	_ = watcher.Close(context.WithoutCancel(t.Context()))
}

func connect(t *testing.T, dsn string) *pg.Conn {
	t.Helper()
	target, err := pg.Resolve(pg.Sources{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), target, Connection(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func collect(t *testing.T, c *Collector) *Collected {
	t.Helper()
	done, err := c.Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func dial(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
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

// text reads one value as text; several rows are parted by blanks.
func text(t *testing.T, conn *pgx.Conn, query string, args ...any) string {
	t.Helper()
	var value string
	ctx := context.WithoutCancel(t.Context())
	if err := conn.QueryRow(ctx, "SELECT coalesce(string_agg(v::text, ' '), '') FROM ("+query+") AS q (v)", args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

func await(t *testing.T, conn *pgx.Conn, query string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); text(t, conn, query) != "true"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never true: %s", query)
		}
	}
}

// counted is what the history says of the statements whose text holds a word: calls of each snapshot, oldest first.
func (r *rig) counted(t *testing.T, word string) string {
	t.Helper()
	return text(t, r.admin, `SELECT d.calls FROM avadb.delta AS d JOIN avadb.statement AS s ON s.server = d.server AND s.id = d.statement
		WHERE s.query LIKE '%' || $1 || '%' ORDER BY d.snapshot`, word)
}

func wantKind(t *testing.T, err error, kind fault.Kind, words ...string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Kind != kind {
		t.Fatalf("error is %v, want %s", err, kind)
	}
	for _, word := range words {
		if !strings.Contains(f.Message+" "+f.Hint, word) {
			t.Errorf("%q (%s) does not say %q", f.Message, f.Hint, word)
		}
	}
}
