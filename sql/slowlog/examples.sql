-- The longest single executions of a signature that the slow_query_log table has of a window.
-- $1 the writers' time zone, or null; $2 from, $3 to, $4 signature, $5 the times of the history's snapshots, ascending; $6 how many
-- Least privilege: SELECT on the table.
-- Returns: at, duration_ms, origin, query
SELECT at, duration_ms, origin, query
FROM ({{slowlog/runs}}) AS r
ORDER BY duration_ms DESC, at LIMIT $6
