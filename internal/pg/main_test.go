package pg

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"avadb/internal/fault"
	"avadb/internal/pgtest"
)

// server is the PostgreSQL that all tests of this package share; one that must be stopped or rebuilt is
// started by the test that does so.
var server *pgtest.Server

func TestMain(m *testing.M) {
	install, err := pgtest.FindWanted()
	if err == nil {
		server, err = pgtest.Start(context.Background(), install, pgtest.Options{})
	}
	if err != nil {
		panic(err)
	}
	defer func() { _ = server.Close() }()
	m.Run()
}

// otherServer is one more server, for a test that stops it or changes its files.
func otherServer(t *testing.T) *pgtest.Server {
	t.Helper()
	s, err := pgtest.Start(t.Context(), server.Install, pgtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// environment is a Sources.Env with these variables only: "PGHOST=db1".
func environment(variables ...string) func(string) string {
	return func(key string) string {
		for _, v := range variables {
			if name, value, _ := strings.Cut(v, "="); name == key {
				return value
			}
		}
		return ""
	}
}

func mustResolve(t *testing.T, s Sources) *Target {
	t.Helper()
	target, err := Resolve(s)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func mustConnect(t *testing.T, dsn string, o Options, variables ...string) *Conn {
	t.Helper()
	c, err := Connect(t.Context(), mustResolve(t, Sources{DSN: dsn, Env: environment(variables...)}), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// show reads one text.
func show(t *testing.T, c *Conn, sql string, args ...any) string {
	t.Helper()
	rows, err := c.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	text, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// admin runs statements as the superuser on a connection of its own.
func admin(t *testing.T, s *pgtest.Server, statements ...string) {
	t.Helper()
	c := mustConnect(t, s.DSN("postgres"), Options{})
	defer c.Close()
	for _, sql := range statements {
		if _, err := c.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// newRole makes a role that is dropped after the test, with what it owns.
func newRole(t *testing.T, name, options string) string {
	t.Helper()
	admin(t, server, "CREATE ROLE "+name+" LOGIN "+options)
	t.Cleanup(func() {
		ctx := context.Background() //nolint:usetesting // the test's own has ended by now
		c, err := Connect(ctx, mustResolve(t, Sources{DSN: server.DSN("postgres")}), Options{})
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if _, err := c.Exec(ctx, "DROP OWNED BY "+name+"; DROP ROLE "+name); err != nil {
			t.Error(err)
		}
	})
	return strings.Replace(server.DSN("postgres"), "user=postgres", "user="+name, 1)
}

// wantFault checks kind and SQLSTATE of an error, and that it says what to do next.
func wantFault(t *testing.T, err error, kind fault.Kind, state string) fault.Error {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) {
		t.Fatalf("error is %T (%v), want a *fault.Error of kind %s", err, err, kind)
	}
	if f.Kind != kind || f.SQLState != state {
		t.Errorf("%q: kind %s, SQLSTATE %q; want %s, %q", f.Message, f.Kind, f.SQLState, kind, state)
	}
	return *f
}
