-- The counters of the newest snapshot, with the keys they belong to.
-- Least privilege: SELECT on avadb.counter and avadb.statement.
-- Returns: id, texted (its text is known), resets (it resets counters), and the columns of the canonical statement, the texts empty
SELECT s.id, s.query IS NOT NULL AS texted, coalesce(s.query ~* 'pg_stat_statements_reset', false) AS resets, s.userid::bigint AS userid, s.dbid::bigint AS dbid, s.toplevel, s.queryid, '' AS query, '' AS database, '' AS "user",
       c.calls, c.total_ms AS total_exec_time, c.min_ms AS min_exec_time, c.max_ms AS max_exec_time, c.mean_ms AS mean_exec_time,
       c.stddev_ms AS stddev_exec_time, c.rows, c.shared_blks_hit, c.shared_blks_read, c.shared_blks_written, c.local_blks_read, c.local_blks_written,
       c.temp_blks_read, c.temp_blks_written, c.wal_bytes, c.stats_since, c.minmax_stats_since
FROM avadb.counter AS c JOIN avadb.statement AS s ON s.server = c.server AND s.id = c.statement
WHERE c.server = $1
