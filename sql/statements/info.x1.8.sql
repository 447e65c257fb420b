-- Since when the counters run, and how often entries were evicted since.
-- Least privilege: any role.
-- Returns: one row: stats_reset, dealloc, taken_at, started_at, max_entries
SELECT NULL::timestamptz AS stats_reset, NULL::bigint AS dealloc, pg_catalog.clock_timestamp() AS taken_at,
       pg_catalog.pg_postmaster_start_time() AS started_at,
       coalesce(pg_catalog.current_setting('pg_stat_statements.max', true)::bigint, 0) AS max_entries
