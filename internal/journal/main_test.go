// Package journal_test runs change sets against a real server: its items come from packages that import journal.
package journal_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"avadb/internal/pgtest"
)

// server is the PostgreSQL that all tests of this package share. None of them restarts it.
var server *pgtest.Server

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
		server, err = pgtest.Start(context.Background(), install, pgtest.Options{})
	}
	if err != nil {
		panic(err)
	}
	defer func() { _ = server.Close() }()
	m.Run()
}
