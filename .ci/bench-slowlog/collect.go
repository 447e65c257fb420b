package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// columnCount is more bits than the number of entries has.
const columnCount = 13

// distinct is the n-th statement: the bits of n say what it compares, so that no two share a queryid.
func distinct(n int) string {
	var names, conditions []string
	for bit := range columnCount {
		operator := "="
		if n>>bit&1 == 1 {
			operator = "<"
		}
		names = append(names, fmt.Sprintf("c%d", bit))
		conditions = append(conditions, fmt.Sprintf("c%d %s %d", bit, operator, n))
	}
	return "SELECT " + strings.Join(names, ", ") + " FROM measurements WHERE " + strings.Join(conditions, " AND ") + " ORDER BY c0 LIMIT 10"
}

func (r *rig) fill(ctx context.Context, conn *pgx.Conn) error {
	var columns []string
	for i := range columnCount {
		columns = append(columns, fmt.Sprintf("c%d int", i))
	}
	if err := run(ctx, conn, "CREATE TABLE measurements ("+strings.Join(columns, ", ")+")"); err != nil {
		return err
	}
	for n := range r.entries {
		if err := run(ctx, conn, distinct(n)); err != nil {
			return err
		}
	}
	return nil
}

// collector is `avadb slowlog collect --every`.
func (r *rig) collector(ctx context.Context, dsn, every string) (stop func() error, err error) {
	cmd := exec.CommandContext(ctx, r.avadb, "slowlog", "collect", "--every", every, "-q", "--budget", "100%")
	cmd.Env = append(r.env, "AVADB_DSN="+dsn)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() error {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 143 {
			return fmt.Errorf("the collector ended with %w", err)
		}
		return nil
	}, nil
}

// collections is how many of them are measured.
const collections = 20

// collect measures what a collection costs: as the collector sees it, and as the server counts its statements.
func (r *rig) collect(ctx context.Context) (text string, err error) {
	server, conn, err := r.start(ctx, nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = server.Close() }()
	if err := r.fill(ctx, conn); err != nil {
		return "", err
	}
	stop, err := r.collector(ctx, server.DSN("shop"), "1s")
	if err != nil {
		return "", err
	}
	for round := range collections + 3 {
		for i := range 100 { // a hundredth of a busy server's second
			if err := run(ctx, conn, distinct((round*7+i*50)%r.entries)); err != nil {
				return "", err
			}
		}
		time.Sleep(time.Second)
	}
	if err := stop(); err != nil {
		return "", err
	}
	store, err := pgx.Connect(ctx, server.DSN("postgres"))
	if err != nil {
		return "", err
	}
	rows, err := store.Query(ctx, "SELECT server_ms, bytes::float8, (SELECT count(*) FROM avadb.delta AS d WHERE d.snapshot = s.id)::float8 AS changed FROM avadb.snapshot AS s ORDER BY id OFFSET 2 LIMIT $1", collections)
	if err != nil {
		return "", err
	}
	var times, bytes, changed []float64
	for rows.Next() {
		var t, b, c float64
		if err := rows.Scan(&t, &b, &c); err != nil {
			return "", err
		}
		times, bytes, changed = append(times, t), append(bytes, b), append(changed, c)
	}
	var executed float64
	if err := conn.QueryRow(ctx, `SELECT sum(total_exec_time / calls * CASE WHEN calls >= 15 THEN 1 ELSE 0 END) FROM pg_stat_statements WHERE query ~ 'avadb:(statements|history|slowlog)/'`).Scan(&executed); err != nil {
		return "", err
	}
	return fmt.Sprintf(`## A collection

pg_stat_statements with %d entries, `+"`avadb slowlog collect --every 1s`"+`, %d collections; %.0f statements had run since the one before.

| what | measured | target |
| --- | ---: | --- |
| time of a collection, seen from the collector (wall clock, with all round trips) | %s ms | |
| execution time of its statements, as the server counts it | %.1f ms | below 50 ms |
| bytes of rows written | %.0f | |
`, r.entries, len(times), median(changed), spread(times, "%.1f"), executed, median(bytes)), rows.Err()
}
