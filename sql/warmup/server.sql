-- The server's buffers, and since when its counters count: after a crash they begin anew, and so after its start.
-- Least privilege: any role.
-- Returns: one row: block_size, buffers (of shared_buffers), now, started_at, counters_since (null: not known), statement_timeout_ms
SELECT pg_catalog.current_setting('block_size')::bigint AS block_size,
       (SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'shared_buffers') AS buffers,
       pg_catalog.clock_timestamp() AS now, pg_catalog.pg_postmaster_start_time() AS started_at,
       (SELECT stats_reset FROM pg_catalog.pg_stat_bgwriter) AS counters_since,
       (SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'statement_timeout') AS statement_timeout_ms
