-- The single executions of a signature that the slow_query_log table has of a window, each once. Where the counters say that it ran once
-- between two snapshots, all rows of that interval are that run: what an application or the log says of it stands for the others.
-- $1 the writers' time zone, or null; $2 from, $3 to, $4 signature, $5 the times of the history's snapshots, ascending
-- Least privilege: SELECT on the table.
-- Returns: at, query, origin, application_name, duration_ms
SELECT s.at, s.query, s.origin, s.application_name, (CASE WHEN s.once THEN s.longest ELSE s.duration_ms END)::float8 AS duration_ms
FROM (
    SELECT t.*, sum(t.calls) FILTER (WHERE t.origin = 'stats') OVER slot = 1 AS once, max(t.duration_ms) OVER slot AS longest,
           pg_catalog.row_number() OVER (slot ORDER BY CASE t.origin WHEN 'app' THEN 1 WHEN 'log' THEN 2 WHEN 'activity' THEN 3 ELSE 4 END, t.duration_ms DESC) AS choice
    FROM (
        SELECT r.at, r.query, r.origin, r.application_name, r.calls, r.duration_ms,
               pg_catalog.width_bucket(r.at, $5::timestamptz[]) - (r.origin = 'stats')::int AS interval_no
        FROM ({{slowlog/rows}}) AS r
        WHERE r.at >= $2 AND r.at < $3 AND NOT r.no_number AND r.query_signature = $4
    ) AS t
    WINDOW slot AS (PARTITION BY t.interval_no)
) AS s
WHERE s.calls = 1 AND (s.choice = 1 OR s.once IS NOT TRUE)
