-- Brings the counters that moved to the newest snapshot's.
-- $1 server, then an array each: statements, calls, total_ms, min_ms, max_ms, mean_ms, stddev_ms, rows, blocks (hit, read, written; local read,
-- written; temp read, written), wal_bytes, stats_since, minmax_stats_since
-- Least privilege: INSERT, UPDATE and SELECT on avadb.counter.
-- Returns: one row: bytes
WITH written AS (
    INSERT INTO avadb.counter AS c (server, statement, calls, total_ms, min_ms, max_ms, mean_ms, stddev_ms, rows, shared_blks_hit, shared_blks_read,
                                    shared_blks_written, local_blks_read, local_blks_written, temp_blks_read, temp_blks_written, wal_bytes,
                                    stats_since, minmax_stats_since)
    SELECT $1::int, u.*
    FROM ROWS FROM (pg_catalog.unnest($2::int[]), pg_catalog.unnest($3::bigint[]), pg_catalog.unnest($4::float8[]), pg_catalog.unnest($5::float8[]),
                    pg_catalog.unnest($6::float8[]), pg_catalog.unnest($7::float8[]), pg_catalog.unnest($8::float8[]), pg_catalog.unnest($9::bigint[]),
                    pg_catalog.unnest($10::bigint[]), pg_catalog.unnest($11::bigint[]), pg_catalog.unnest($12::bigint[]), pg_catalog.unnest($13::bigint[]),
                    pg_catalog.unnest($14::bigint[]), pg_catalog.unnest($15::bigint[]), pg_catalog.unnest($16::bigint[]), pg_catalog.unnest($17::bigint[]),
                    pg_catalog.unnest($18::timestamptz[]), pg_catalog.unnest($19::timestamptz[]))
         AS u (statement, calls, total_ms, min_ms, max_ms, mean_ms, stddev_ms, rows, shared_blks_hit, shared_blks_read, shared_blks_written,
               local_blks_read, local_blks_written, temp_blks_read, temp_blks_written, wal_bytes, stats_since, minmax_stats_since)
    ON CONFLICT (server, statement) DO UPDATE
    SET calls = excluded.calls, total_ms = excluded.total_ms, min_ms = excluded.min_ms, max_ms = excluded.max_ms, mean_ms = excluded.mean_ms,
        stddev_ms = excluded.stddev_ms, rows = excluded.rows, shared_blks_hit = excluded.shared_blks_hit, shared_blks_read = excluded.shared_blks_read,
        shared_blks_written = excluded.shared_blks_written, local_blks_read = excluded.local_blks_read, local_blks_written = excluded.local_blks_written,
        temp_blks_read = excluded.temp_blks_read, temp_blks_written = excluded.temp_blks_written, wal_bytes = excluded.wal_bytes,
        stats_since = excluded.stats_since, minmax_stats_since = excluded.minmax_stats_since
    RETURNING pg_catalog.pg_column_size(c.*) AS size
)
SELECT coalesce(sum(size), 0)::bigint AS bytes FROM written
