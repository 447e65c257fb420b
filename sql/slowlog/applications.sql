-- Which applications ran a signature, by the single executions that the slow_query_log table has of a window.
-- $1 the writers' time zone, or null; $2 from, $3 to, $4 signature
-- Least privilege: SELECT on the table.
-- Returns: application (null where its writer gave none), origin, calls, total_ms, mean_ms, max_ms; the largest first
SELECT application_name AS application, origin, sum(calls)::bigint AS calls, sum(duration_ms * calls)::float8 AS total_ms,
       (sum(duration_ms * calls) / nullif(sum(calls), 0))::float8 AS mean_ms, max(duration_ms)::float8 AS max_ms
FROM ({{slowlog/rows}}) AS r
WHERE at >= $2 AND at < $3 AND NOT no_number AND calls = 1 AND query_signature = $4
GROUP BY application_name, origin
ORDER BY total_ms DESC, application_name
