-- Which of these backends are still there.
-- $1 pids, $2 their backend_start
-- Least privilege: pg_read_all_stats (pg_monitor), or the backends' roles.
-- Returns: pid
SELECT a.pid
FROM pg_catalog.pg_stat_activity AS a
JOIN ROWS FROM (pg_catalog.unnest($1::int[]), pg_catalog.unnest($2::timestamptz[])) AS chosen(pid, backend_start) ON a.pid = chosen.pid AND a.backend_start = chosen.backend_start
ORDER BY a.pid
