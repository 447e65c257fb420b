-- All counters, without the texts: a fourth of what the texts would cost. Entries that the role may not see have no queryid.
-- Least privilege: any role; other roles' statements need pg_read_all_stats.
-- Returns: the columns of the canonical statement, the texts empty
SELECT s.userid::bigint AS userid, s.dbid::bigint AS dbid, s.toplevel, s.queryid, '' AS query, '' AS database, '' AS "user", s.calls, s.total_exec_time,
       s.min_exec_time, s.max_exec_time, s.mean_exec_time, s.stddev_exec_time, s.rows, s.shared_blks_hit, s.shared_blks_read, s.shared_blks_written,
       s.local_blks_read, s.local_blks_written, s.temp_blks_read, s.temp_blks_written, least(s.wal_bytes, 9223372036854775807)::bigint AS wal_bytes,
       s.stats_since, s.minmax_stats_since
FROM ({{statements/shim false}}) AS s
