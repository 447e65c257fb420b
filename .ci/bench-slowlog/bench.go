// Command bench-slowlog measures the history of pg_stat_statements: what a collection costs the server, what of pgbench's throughput the
// collector takes, how fast windows are read, and how many bytes a row takes. .ci/bench-slowlog.sh builds and calls it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"avadb/internal/pgtest"
)

// options of a run.
type options struct {
	avadb, out, only string
	rounds           int
	entries          int   // of pg_stat_statements
	rows             int64 // of slow_query_log
	seconds          int   // of a pgbench run
}

// rig is what all parts share.
type rig struct {
	options
	install pgtest.Install
	env     []string
	home    string
}

func main() {
	var o options
	flag.StringVar(&o.avadb, "avadb", "./avadb", "the program to measure")
	flag.StringVar(&o.out, "out", "", "the document to write, where all parts were measured")
	flag.StringVar(&o.only, "only", "", "one part: collect, pgbench, windows, layout")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of each comparison, of which the median counts")
	flag.IntVar(&o.entries, "entries", 5000, "entries of pg_stat_statements")
	flag.Int64Var(&o.rows, "rows", 10_000_000, "rows of slow_query_log")
	flag.IntVar(&o.seconds, "seconds", 20, "length of a pgbench run")
	flag.Parse()
	if err := bench(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench-slowlog:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, o options) (err error) {
	if o.avadb, err = filepath.Abs(o.avadb); err != nil {
		return err
	}
	r := &rig{options: o}
	if r.install, err = pgtest.FindWanted(); err != nil {
		return err
	}
	if r.home, err = os.MkdirTemp("", "avadb-bench-*"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(r.home) }()
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "PG") && !strings.HasPrefix(entry, "AVADB_") && !strings.HasPrefix(entry, "XDG_") && !strings.HasPrefix(entry, "HOME=") {
			r.env = append(r.env, entry)
		}
	}
	r.env = append(r.env, "HOME="+r.home)
	parts := []struct {
		name    string
		measure func(context.Context) (string, error)
	}{{"collect", r.collect}, {"pgbench", r.throughput}, {"windows", r.windows}, {"layout", r.layout}}
	var text strings.Builder
	fmt.Fprintf(&text, "# Benchmarks of the history\n\nWritten by `make bench-slowlog`.\n")
	for _, part := range parts {
		if o.only != "" && o.only != part.name {
			continue
		}
		section, err := part.measure(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		text.WriteString("\n" + section)
	}
	fmt.Fprintf(&text, "\nMachine: %s. PostgreSQL %s.\n", machine(), r.install.Version)
	fmt.Print(text.String())
	if o.out == "" || o.only != "" {
		return nil
	}
	return os.WriteFile(o.out, []byte(text.String()), 0o644)
}

// start gives a server with a database shop and a connection to it.
func (r *rig) start(ctx context.Context, settings map[string]string) (*pgtest.Server, *pgx.Conn, error) {
	all := map[string]string{
		"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "10000", "max_wal_size": "8GB", "shared_buffers": "1GB", "synchronous_commit": "off",
	}
	for name, value := range settings {
		all[name] = value
	}
	server, err := pgtest.Start(ctx, r.install, pgtest.Options{Settings: all})
	if err != nil {
		return nil, nil, err
	}
	admin, err := pgx.Connect(ctx, server.DSN("postgres"))
	if err == nil {
		_, err = admin.Exec(ctx, "CREATE DATABASE shop")
	}
	if err != nil {
		return nil, nil, err
	}
	_ = admin.Close(ctx)
	conn, err := pgx.Connect(ctx, server.DSN("shop"))
	if err == nil {
		_, err = conn.Exec(ctx, "CREATE EXTENSION pg_stat_statements")
	}
	return server, conn, err
}

func run(ctx context.Context, conn *pgx.Conn, statements ...string) error {
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%.80s: %w", statement, err)
		}
	}
	return nil
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
