package settings

import (
	"testing"

	"avadb/internal/pg"
	"avadb/internal/pgtest"
)

// ownServer starts a server for one test alone.
func ownServer(t *testing.T) *pgtest.Server {
	t.Helper()
	install, err := pgtest.FindWanted()
	if err != nil {
		t.Fatal(err)
	}
	server, err := pgtest.Start(t.Context(), install, pgtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// connect opens a connection that changes the server, as the commands do.
func connect(t *testing.T, server *pgtest.Server) *pg.Conn {
	t.Helper()
	target, err := pg.Resolve(pg.Sources{DSN: server.DSN("postgres")})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), target, pg.Options{Class: pg.Normal, Changes: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}
