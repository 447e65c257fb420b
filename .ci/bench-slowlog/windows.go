package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"avadb/internal/pgtest"
)

// The history that is read: 30 days, a snapshot a minute, with this many changed statements.
const (
	historyDays  = 30
	tableDays    = 14
	statementsIn = 2000
	changedIn    = 100
)

// windows compares `avadb slow --since 1h` with SQL written by hand and psql, from the start of the process to its end.
func (r *rig) windows(ctx context.Context) (string, error) {
	server, conn, err := r.start(ctx, map[string]string{"track_io_timing": "off"})
	if err != nil {
		return "", err
	}
	defer func() { _ = server.Close() }()
	dsn := server.DSN("shop")
	for _, args := range [][]string{{"slowlog", "init", "-q"}, {"slowlog", "collect", "--once", "-q"}, {"slowlog", "collect", "--once", "-q"}} {
		cmd := exec.CommandContext(ctx, r.avadb, args...)
		cmd.Env = append(r.env, "AVADB_DSN="+dsn)
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%v: %w: %s", args, err, out)
		}
	}
	say("%d rows of slow_query_log", r.rows)
	if err := run(ctx, conn, "SET synchronous_commit = off",
		fmt.Sprintf(`INSERT INTO slow_query_log ("timestamp", query, duration_ms, threshold_ms, query_signature)
		SELECT now() - interval '%d days' * (1 - g / %d.0), 'SELECT * FROM orders WHERE customer = $1 AND kind = ' || g %% 500, 100 + random() * 1000, 100, md5((g %% 500)::text)
		FROM generate_series(1, %d) AS g`, tableDays, r.rows, r.rows), "VACUUM ANALYZE slow_query_log"); err != nil {
		return "", err
	}
	if err := r.fillHistory(ctx, server); err != nil {
		return "", err
	}
	byHand := map[string]string{
		"table": `SELECT query_signature, max(query), count(*), sum(duration_ms), avg(duration_ms), max(duration_ms) FROM slow_query_log
			WHERE "timestamp" >= now() - interval '1 hour' GROUP BY query_signature ORDER BY sum(duration_ms) DESC LIMIT 10;`,
		"whole": `SELECT query_signature, max(query), count(*), sum(duration_ms), avg(duration_ms), min(duration_ms), max(duration_ms), stddev_pop(duration_ms),
				percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_ms::float8), min(threshold_ms), max(threshold_ms)
			FROM slow_query_log WHERE "timestamp" >= now() - interval '1 hour' GROUP BY query_signature ORDER BY sum(duration_ms) DESC LIMIT 10;`,
		"history": `SELECT s.signature, max(s.query), d.* FROM (
				SELECT statement, sum(calls) AS calls, sum(total_ms) AS total_ms, max(max_ms), sum(rows) FROM avadb.delta
				WHERE server = 1 AND snapshot > (SELECT id FROM avadb.snapshot WHERE server = 1 AND taken_at <= now() - interval '1 hour' ORDER BY taken_at DESC LIMIT 1)
				GROUP BY statement) AS d JOIN avadb.statement AS s ON s.server = 1 AND s.id = d.statement
			GROUP BY s.signature, d.statement, d.calls, d.total_ms, d.max, d.sum ORDER BY total_ms DESC LIMIT 10;`,
	}
	tableRatio, err := r.against(ctx, dsn, []string{"slow", "--source", "slowlog", "--since", "1h"}, dsn, byHand["table"])
	if err != nil {
		return "", err
	}
	wholeRatio, err := r.against(ctx, dsn, []string{"slow", "--source", "slowlog", "--since", "1h"}, dsn, byHand["whole"])
	if err != nil {
		return "", err
	}
	historyRatio, err := r.against(ctx, dsn, []string{"slow", "--source", "stats", "--since", "1h"}, server.DSN("postgres"), byHand["history"])
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`## A window of an hour

From the start of the process to its end, in turn, %d times; psql runs SQL that was written by hand for the same ten rows.

| read | avadb | psql | factor | target |
| --- | ---: | ---: | ---: | --- |
| slow_query_log, %g million rows of %d days; by hand without percentiles, deviation and thresholds | %s | |
| the same; by hand with them, which avadb's answer has | %s | at most 1.5 |
| the history, %d days of a snapshot a minute with %d changed statements each; avadb also reads the server's counters and subtracts | %s | at most 1.5 |
`, readings, float64(r.rows)/1e6, tableDays, tableRatio, wholeRatio, historyDays, changedIn, historyRatio), nil
}

// fillHistory puts made-up snapshots before the two real ones.
func (r *rig) fillHistory(ctx context.Context, server *pgtest.Server) error {
	say("%d days of history", historyDays)
	conn, err := connect(ctx, server, "postgres")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	snapshots := historyDays * 24 * 60
	return run(ctx, conn,
		fmt.Sprintf("UPDATE avadb.delta SET snapshot = snapshot + %d", snapshots), fmt.Sprintf("UPDATE avadb.snapshot SET id = id + %d", snapshots),
		fmt.Sprintf(`INSERT INTO avadb.statement (server, id, dbid, userid, queryid, signature, first_seen, toplevel, own, dbname, usename, query)
			SELECT 1, 100000 + g, d.oid, 10, g, g, now(), true, false, 'shop', 'postgres', 'SELECT c' || g || ' FROM orders WHERE customer = $1 AND kind = $2 ORDER BY created DESC LIMIT $3'
			FROM generate_series(1, %d) AS g, pg_database AS d WHERE d.datname = 'shop'`, statementsIn),
		fmt.Sprintf(`INSERT INTO avadb.snapshot SELECT 1, g, entries, max_entries, server_version, false, taken_at - (%d - g) * interval '1 minute', started_at, stats_reset, dealloc, 0, 0, 20, 8000, extension, '{}'
			FROM generate_series(1, %d) AS g, (SELECT * FROM avadb.snapshot ORDER BY id LIMIT 1) AS s`, snapshots+1, snapshots),
		fmt.Sprintf(`INSERT INTO avadb.delta (server, snapshot, statement, calls, total_ms, squares, max_ms, rows, shared_blks_hit)
			SELECT 1, g, 100000 + 1 + (g * 37 + k * 19) %% %d, 10, 10 * random(), 1, CASE WHEN k < 5 THEN 5.0 END, 10, 100
			FROM generate_series(2, %d) AS g, generate_series(1, %d) AS k ON CONFLICT DO NOTHING`, statementsIn, snapshots, changedIn),
		"VACUUM ANALYZE avadb.delta", "VACUUM ANALYZE avadb.snapshot", "VACUUM ANALYZE avadb.statement")
}

// readings of each pair.
const readings = 21

// against runs avadb and psql in turn and gives "a | b | factor".
func (r *rig) against(ctx context.Context, dsn string, args []string, psqlDSN, sql string) (string, error) {
	file := filepath.Join(r.home, "by-hand.sql")
	if err := os.WriteFile(file, []byte(sql), 0o644); err != nil {
		return "", err
	}
	psql := filepath.Join(r.install.Bin, "psql")
	var ours, theirs []float64
	for i := range readings + 1 {
		for _, argv := range [][]string{append([]string{r.avadb, "--dsn", dsn}, args...), {psql, "-X", "-q", "-d", psqlDSN, "-f", file}} {
			cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
			cmd.Env = r.env
			begun := time.Now()
			out, err := cmd.CombinedOutput()
			took := ms(time.Since(begun))
			switch {
			case err != nil:
				return "", fmt.Errorf("%v: %w: %s", argv, err, out)
			case i == 0: // warms up
			case argv[0] == psql:
				theirs = append(theirs, took)
			default:
				ours = append(ours, took)
			}
		}
	}
	return fmt.Sprintf("%.1f ms | %.1f ms | %.2f", median(ours), median(theirs), median(ours)/median(theirs)), nil
}
