-- Which applications ran a signature, by the single executions that the slow_query_log table has of a window.
-- $1 the writers' time zone, or null; $2 from, $3 to, $4 signature, $5 the times of the history's snapshots, ascending
-- Least privilege: SELECT on the table.
-- Returns: application (null where its writer gave none), origin, calls, total_ms, mean_ms, max_ms; the largest first
SELECT application_name AS application, origin, count(*) AS calls, sum(duration_ms) AS total_ms, pg_catalog.avg(duration_ms) AS mean_ms, max(duration_ms) AS max_ms
FROM ({{slowlog/runs}}) AS r
GROUP BY application_name, origin
ORDER BY total_ms DESC, application_name
