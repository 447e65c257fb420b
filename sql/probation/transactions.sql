-- Transactions that ended so far, for each database; the row without a database is of the shared catalogs.
-- Least privilege: any role.
-- Returns: database, transactions, stats_reset, taken_at, started_at
SELECT coalesce(datid, 0)::bigint AS database, xact_commit + xact_rollback AS transactions, stats_reset,
       pg_catalog.clock_timestamp() AS taken_at, pg_catalog.pg_postmaster_start_time() AS started_at
FROM pg_catalog.pg_stat_database
