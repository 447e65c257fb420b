package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"avadb/internal/pgtest"
)

func connect(ctx context.Context, server *pgtest.Server, database string) (*pgx.Conn, error) {
	return pgx.Connect(ctx, server.DSN(database))
}

// layout stores the same 200 intervals of 200 changed statements among 5,000 in three layouts and compares their size.
func (r *rig) layout(ctx context.Context) (string, error) {
	server, conn, err := r.start(ctx, nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = server.Close() }()
	if err := run(ctx, conn, append(data(), layouts()...)...); err != nil {
		return "", err
	}
	size := func(table string) (bytes int64, err error) {
		err = conn.QueryRow(ctx, "SELECT pg_total_relation_size($1::text::regclass)", table).Scan(&bytes)
		return bytes, err
	}
	var rows int64
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM changed").Scan(&rows); err != nil {
		return "", err
	}
	line := func(name, table string) (string, error) {
		bytes, err := size(table)
		return fmt.Sprintf("| %s | %.0f | %.1f |\n", name, float64(bytes)/float64(rows), float64(bytes)/200/1024), err
	}
	text := `## Bytes

200 intervals in each of which 200 of 5,000 statements ran, with indexes, after VACUUM: for each row that changed, and for each interval.

| layout | bytes a changed row | kB an interval |
| --- | ---: | ---: |
`
	for _, l := range []struct{ name, table string }{
		{"avadb: avadb.delta, changed rows only", "ours"},
		{"pgwatch: a row of jsonb each, its text as a tag; of the statements that ran", "pgwatch"},
		{"PoWA: arrays of 100 records, of all statements at each interval", "powa"},
	} {
		row, err := line(l.name, l.table)
		if err != nil {
			return "", err
		}
		text += row
	}
	return text + "\nThe peers' tables are made here after what they publish, with the same figures: pgwatch's metrics_template, PoWA's powa_statements_history.\n", nil
}

// data are the figures of each interval: cumulative ones, and what changed.
func data() []string {
	return []string{
		`CREATE TABLE changed AS SELECT n, s, 1 + (random() * 50)::bigint AS calls, random() * 100 AS total_ms, random() * 10 AS max_ms, (random() * 500)::bigint AS rows, (random() * 5000)::bigint AS hit,
			CASE WHEN random() < 0.1 THEN (random() * 100)::bigint END AS read, CASE WHEN random() < 0.1 THEN (random() * 10000)::bigint END AS wal
			FROM generate_series(1, 200) AS n, LATERAL (SELECT DISTINCT 1 + (n * 131 + k * 24) % 5000 AS s FROM generate_series(1, 200) AS k) AS k`,
		`CREATE TABLE standing AS SELECT n, s, sum(coalesce(calls, 0)) OVER w + 1000 AS calls, sum(coalesce(total_ms, 0)) OVER w AS total_ms, sum(coalesce(rows, 0)) OVER w AS rows, sum(coalesce(hit, 0)) OVER w AS hit,
			sum(coalesce(read, 0)) OVER w AS read, sum(coalesce(wal, 0)) OVER w AS wal
			FROM generate_series(1, 200) AS n CROSS JOIN generate_series(1, 5000) AS s LEFT JOIN changed USING (n, s) WINDOW w AS (PARTITION BY s ORDER BY n)`,
	}
}

func layouts() []string {
	return []string{
		`CREATE TABLE ours (server int NOT NULL, snapshot int NOT NULL, statement int NOT NULL, flags smallint NOT NULL DEFAULT 0, calls bigint NOT NULL, total_ms float8 NOT NULL, squares float8 NOT NULL, max_ms float8,
			rows bigint, shared_blks_hit bigint, shared_blks_read bigint, shared_blks_written bigint, local_blks_read bigint, local_blks_written bigint, temp_blks_read bigint, temp_blks_written bigint, wal_bytes bigint,
			PRIMARY KEY (server, snapshot, statement))`,
		`INSERT INTO ours SELECT 1, n, s, 0, calls, total_ms, total_ms * max_ms, CASE WHEN random() < 0.1 THEN max_ms END, nullif(rows, 0), nullif(hit, 0), nullif(read, 0), NULL, NULL, NULL, NULL, NULL, nullif(wal, 0) FROM changed ORDER BY n, s`,
		`CREATE TABLE pgwatch (time timestamptz NOT NULL DEFAULT now(), dbname text NOT NULL, data jsonb NOT NULL, tag_data jsonb)`,
		`CREATE INDEX ON pgwatch (dbname, time)`,
		`INSERT INTO pgwatch SELECT now() + n * interval '1 minute', 'shop', jsonb_build_object('users', 'app', 'calls', t.calls, 'total_time', t.total_ms, 'shared_blks_hit', t.hit, 'shared_blks_read', t.read, 'shared_blks_written', 0,
			'shared_blks_dirtied', 0, 'temp_blks_read', 0, 'temp_blks_written', 0, 'blk_read_time', 0.0, 'blk_write_time', 0.0, 'wal_fpi', 0, 'wal_bytes', t.wal, 'exec_time', t.total_ms, 'plan_time', 0.0, 'rows', t.rows),
			jsonb_build_object('queryid', (s * 7919)::text, 'query', 'SELECT c' || s || ' FROM orders WHERE customer = $1 AND kind = $2 ORDER BY created DESC LIMIT $3')
			FROM changed AS c JOIN standing AS t USING (n, s)`,
		`CREATE TYPE record_of_powa AS (ts timestamptz, calls bigint, total_exec_time float8, rows bigint, shared_blks_hit bigint, shared_blks_read bigint, shared_blks_dirtied bigint, shared_blks_written bigint,
			local_blks_hit bigint, local_blks_read bigint, local_blks_dirtied bigint, local_blks_written bigint, temp_blks_read bigint, temp_blks_written bigint, blk_read_time float8, blk_write_time float8,
			plans bigint, total_plan_time float8, wal_records bigint, wal_fpi bigint, wal_bytes numeric)`,
		`CREATE TABLE powa (srvid int NOT NULL, queryid bigint NOT NULL, dbid oid NOT NULL, toplevel boolean NOT NULL, userid oid NOT NULL, coalesce_range tstzrange NOT NULL, records record_of_powa[] NOT NULL,
			mins_in_range record_of_powa NOT NULL, maxs_in_range record_of_powa NOT NULL)`,
		`CREATE INDEX ON powa USING gist (coalesce_range)`, `CREATE INDEX ON powa (srvid, queryid)`,
		`INSERT INTO powa SELECT 1, s * 7919, 5, true, 10, tstzrange(min((r).ts), max((r).ts), '[]'), array_agg(r ORDER BY n), (array_agg(r ORDER BY n))[1], (array_agg(r ORDER BY n DESC))[1]
			FROM (SELECT n, s, ROW(now() + n * interval '1 minute', calls, total_ms, rows, hit, read, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, wal)::record_of_powa AS r FROM standing) AS x GROUP BY s, (n - 1) / 100`,
		"VACUUM ANALYZE ours", "VACUUM ANALYZE pgwatch", "VACUUM ANALYZE powa",
	}
}
