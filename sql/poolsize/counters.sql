-- What the connected database has counted of its transactions and sessions. counters_since is the reset of the database's counters, else of the
-- server's: it is the earliest that they can have begun.
-- Least privilege: any role.
-- Returns: one row: taken_at, counters_since (null: not known), transactions, active_ms, waiting_ms (idle in a transaction), opened (sessions)
SELECT pg_catalog.clock_timestamp() AS taken_at,
       coalesce(d.stats_reset, (SELECT stats_reset FROM pg_catalog.pg_stat_bgwriter)) AS counters_since,
       d.xact_commit + d.xact_rollback AS transactions, d.active_time AS active_ms, d.idle_in_transaction_time AS waiting_ms, d.sessions AS opened
FROM pg_catalog.pg_stat_database AS d WHERE d.datname = pg_catalog.current_database()
