package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"avadb/internal/pg"
	"avadb/internal/pgtest"
	"avadb/internal/query"
)

// benchSlow compares `avadb slow` with psql on a server of its own, and gives the number of entries there.
func benchSlow(ctx context.Context, avadb string, install pgtest.Install, env []string, home string, runs int) (p pair, counted int, err error) {
	psql, err := psqlProgram(install)
	if err != nil {
		return p, 0, err
	}
	server, err := pgtest.Start(ctx, install, pgtest.Options{Settings: map[string]string{
		"shared_preload_libraries": "pg_stat_statements",
		"pg_stat_statements.max":   "10000", // with 5000 the entries of the benchmark itself would evict others
	}})
	if err != nil {
		return p, 0, err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	dsn := server.DSN("postgres")
	counted, script, err := fill(ctx, dsn)
	if err != nil {
		return p, 0, err
	}
	file := filepath.Join(home, "slow.sql")
	if err := os.WriteFile(file, []byte(script), 0o644); err != nil {
		return p, 0, err
	}
	p, err = compare(ctx, runs, append(env, "AVADB_DSN="+dsn),
		[]string{avadb, "slow", "--since", "1h"}, []string{psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-f", file})
	return p, counted, err
}

// psqlProgram prefers the installation's own psql: Debian's on the PATH is a Perl script that looks for it, which would
// be measured, too.
func psqlProgram(install pgtest.Install) (string, error) {
	own := filepath.Join(install.Bin, "psql")
	if _, err := os.Stat(own); err == nil {
		return own, nil
	}
	return exec.LookPath("psql")
}

// fill makes the entries and gives their number and the SQL that `avadb slow` reads them with.
func fill(ctx context.Context, dsn string) (counted int, script string, err error) {
	target, err := pg.Resolve(pg.Sources{DSN: dsn})
	if err != nil {
		return 0, "", err
	}
	conn, err := pg.Connect(ctx, target, pg.Options{Class: pg.Background})
	if err != nil {
		return 0, "", err
	}
	defer conn.Close()
	if _, err := conn.Exec(ctx, "CREATE EXTENSION pg_stat_statements"); err != nil {
		return 0, "", err
	}
	if _, err := conn.Exec(ctx, "CREATE TABLE measurements ("+columns("c%d int", ", ")+")"); err != nil {
		return 0, "", err
	}
	for n := range entries {
		if _, err := conn.Exec(ctx, distinct(n)); err != nil {
			return 0, "", err
		}
	}
	rows, err := conn.Query(ctx, "SELECT count(*), (SELECT extversion FROM pg_extension WHERE extname = 'pg_stat_statements') FROM pg_stat_statements")
	if err != nil {
		return 0, "", err
	}
	var extension string
	for rows.Next() {
		if err := rows.Scan(&counted, &extension); err != nil {
			return 0, "", err
		}
	}
	if err := rows.Err(); err != nil {
		return 0, "", err
	}
	if counted < entries {
		return 0, "", fmt.Errorf("pg_stat_statements holds %d entries, not %d", counted, entries)
	}
	script, err = sameSQL(conn.Server.Major(), query.Extension{Version: extension, Schema: "public"})
	return counted, script, err
}

// columnCount is more bits than the number of entries has.
const columnCount = 13

func columns(format, separator string) string {
	var all []string
	for i := range columnCount {
		all = append(all, fmt.Sprintf(format, i))
	}
	return strings.Join(all, separator)
}

// distinct is the n-th statement: the bits of n say what it compares, so that no two share a queryid. It is about as
// long as what applications send.
func distinct(n int) string {
	var conditions []string
	for bit := range columnCount {
		operator := "="
		if n>>bit&1 == 1 {
			operator = "<"
		}
		conditions = append(conditions, fmt.Sprintf("c%d %s %d", bit, operator, n))
	}
	return "SELECT " + columns("c%d", ", ") + " FROM measurements WHERE " + strings.Join(conditions, " AND ") + " ORDER BY c0 LIMIT 10"
}

// sameSQL is the query of `avadb slow` with its arguments written in. What avadb asks besides, about the server and the
// extension, psql is spared.
func sameSQL(major int, extension query.Extension) (string, error) {
	text, err := query.Text("statements/top", major, extension)
	if err != nil {
		return "", err
	}
	return strings.NewReplacer("$1", "'postgres'", "$2", "NULL", "$3", "0", "$4", "'total'", "$5", "10").Replace(text) + ";\n", nil
}
