-- The mean rate of WAL since its counters began. The counters of a server that was just made tell nothing: one minute at the least.
-- Least privilege: any role.
-- Returns: one row: wal_bytes_per_s (null: too young)
SELECT CASE WHEN pg_catalog.now() - stats_reset >= '1min'::interval
            THEN (wal_bytes / extract(epoch FROM pg_catalog.now() - stats_reset))::float8 END AS wal_bytes_per_s
FROM pg_catalog.pg_stat_wal
