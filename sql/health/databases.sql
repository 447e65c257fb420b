-- The cumulative statistics of each database, for /metrics.
-- Least privilege: any role
-- Returns: a row a database: datid, datname, and the columns of pg_stat_database in its units (times in milliseconds)
SELECT datid::text AS datid, datname::text AS datname, numbackends, xact_commit, xact_rollback, blks_read, blks_hit, tup_returned,
       tup_fetched, tup_inserted, tup_updated, tup_deleted, conflicts, temp_files, temp_bytes, deadlocks, blk_read_time, blk_write_time,
       coalesce(extract(epoch FROM stats_reset), 0)::float8 AS stats_reset, coalesce(active_time, 0) AS active_time,
       coalesce(sessions_abandoned, 0) AS sessions_abandoned, coalesce(sessions_fatal, 0) AS sessions_fatal,
       coalesce(sessions_killed, 0) AS sessions_killed
FROM pg_catalog.pg_stat_database
WHERE datname IS NOT NULL
