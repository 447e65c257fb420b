package statements

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/pgtest"
)

// shared is the PostgreSQL that all tests of this package share: with the library loaded and room for few entries.
var shared *pgtest.Server

func TestMain(m *testing.M) {
	install, err := pgtest.FindWanted()
	if err == nil {
		shared, err = pgtest.Start(context.Background(), install, pgtest.Options{Settings: map[string]string{
			"shared_preload_libraries": Library, "pg_stat_statements.max": "100", "autovacuum": "off",
		}})
	}
	if err != nil {
		panic(err)
	}
	defer func() { _ = shared.Close() }()
	m.Run()
}

// database is a new one with avadb's connection and an application's.
type database struct {
	name  string
	avadb *pg.Conn
	app   *pgx.Conn
}

// newDatabase makes a database; version is the extension's, empty for the newest, "none" for no extension.
func newDatabase(t *testing.T, version string) database {
	t.Helper()
	d := database{name: "of_" + strings.ToLower(strings.NewReplacer("/", "_", ".", "_").Replace(t.Name()))}
	admin := dial(t, "postgres")
	mustExec(t, admin, "CREATE DATABASE "+d.name)
	_ = admin.Close(t.Context())
	d.app = dial(t, d.name)
	switch version {
	case "none":
	case "":
		mustExec(t, d.app, "CREATE EXTENSION pg_stat_statements")
	default:
		mustExec(t, d.app, "CREATE EXTENSION pg_stat_statements VERSION '"+version+"'")
	}
	d.avadb = connect(t, shared.DSN(d.name))
	return d
}

func connect(t *testing.T, dsn string) *pg.Conn {
	t.Helper()
	target, err := pg.Resolve(pg.Sources{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), target, pg.Options{Changes: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func dial(t *testing.T, name string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), shared.DSN(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func mustExec(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// text reads one value.
func text(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	var value string
	if err := conn.QueryRow(t.Context(), sql).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// row finds the statement whose text holds a word.
func (s *Slow) row(t *testing.T, word string) Statement {
	t.Helper()
	for _, row := range s.Statements {
		if strings.Contains(row.Query, word) {
			return row
		}
	}
	t.Fatalf("no statement with %q among %+v", word, s.Statements)
	return Statement{}
}

// wantPrerequisite checks that an error is of that kind and that its message and hint hold the words.
func wantPrerequisite(t *testing.T, err error, words ...string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Kind != fault.Prerequisite {
		t.Fatalf("error is %v, want a prerequisite", err)
	}
	for _, word := range words {
		if !strings.Contains(f.Message+" "+f.Hint, word) {
			t.Errorf("%q (%s) does not say %q", f.Message, f.Hint, word)
		}
	}
}
