-- The longest single executions of a signature that the slow_query_log table has of a window.
-- $1 the writers' time zone, or null; $2 from, $3 to, $4 signature, $5 how many
-- Least privilege: SELECT on the table.
-- Returns: at, duration_ms, origin, query
SELECT at, duration_ms::float8 AS duration_ms, origin, query
FROM ({{slowlog/rows}}) AS r
WHERE at >= $2 AND at < $3 AND NOT no_number AND calls = 1 AND query_signature = $4
ORDER BY duration_ms DESC, at LIMIT $5
