package query

import (
	"context"
	"testing"

	"avadb/internal/pg"
	"avadb/internal/pgtest"
)

// server is the PostgreSQL that all tests of this package share; its library makes every version of the extension's
// functions callable.
var server *pgtest.Server

func TestMain(m *testing.M) {
	install, err := pgtest.FindWanted()
	if err == nil {
		server, err = pgtest.Start(context.Background(), install, pgtest.Options{
			Settings: map[string]string{"shared_preload_libraries": "pg_stat_statements"},
		})
	}
	if err != nil {
		panic(err)
	}
	defer func() { _ = server.Close() }()
	m.Run()
}

// connect opens a connection; the caller closes it.
func connect(ctx context.Context, t *testing.T) *pg.Conn {
	t.Helper()
	target, err := pg.Resolve(pg.Sources{DSN: server.DSN("postgres")})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(ctx, target, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return conn
}
