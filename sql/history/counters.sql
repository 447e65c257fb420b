-- The counters of the newest snapshot.
-- Least privilege: SELECT on avadb.counter.
-- Returns: statement, and the counters of the canonical statement
SELECT statement, calls, total_ms AS total_exec_time, min_ms AS min_exec_time, max_ms AS max_exec_time, mean_ms AS mean_exec_time,
       stddev_ms AS stddev_exec_time, rows, shared_blks_hit, shared_blks_read, shared_blks_written, local_blks_read, local_blks_written,
       temp_blks_read, temp_blks_written, wal_bytes, stats_since, minmax_stats_since
FROM avadb.counter WHERE server = $1
