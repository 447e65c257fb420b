-- The statements of a window of the slow_query_log table, largest first. One row a signature (the text, where its writer gave none), origin,
-- database and role: the mean of an interval never stands among single executions. Percentiles, max and deviation are those of
-- single executions.
-- $1 the writers' time zone, or null; $2 from, $3 to, $4 database or null, $5 role or null, $6 least calls, $7 order, $8 limit or null
-- Least privilege: SELECT on the table.
-- Returns: the columns of slowlog's entry
WITH wanted AS (
    SELECT * FROM ({{slowlog/rows}}) AS r
    WHERE at >= $2 AND at < $3 AND NOT no_number AND ($4::text IS NULL OR coalesce(dbname, $4) = $4) AND ($5::text IS NULL OR usename = $5)
), grouped AS (
    SELECT query_signature AS signature, max(query) AS query, origin, dbname AS database, usename AS "user",
           CASE WHEN min(queryid) = max(queryid) THEN min(queryid)::text END AS queryid,
           sum(calls)::bigint AS calls, sum(duration_ms * calls)::float8 AS total_ms,
           CASE WHEN sum(calls) > 0 THEN (sum(duration_ms * calls) / sum(calls))::float8 ELSE 0 END AS mean_ms,
           (min(duration_ms) FILTER (WHERE calls = 1))::float8 AS min_ms, (max(duration_ms) FILTER (WHERE calls = 1))::float8 AS max_ms,
           CASE WHEN pg_catalog.bool_and(calls = 1) THEN pg_catalog.stddev_pop(duration_ms)::float8 END AS stddev_ms,
           pg_catalog.percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY duration_ms::float8)
               FILTER (WHERE calls = 1) AS percentiles
    FROM wanted
    GROUP BY query_signature, CASE WHEN query_signature IS NULL THEN query END, origin, dbname, usename
), shared AS (
    SELECT *, 100 * total_ms / nullif(sum(total_ms) OVER (PARTITION BY origin), 0) AS share_pct FROM grouped
)
SELECT * FROM shared
WHERE calls >= $6
ORDER BY CASE $7::text WHEN 'total' THEN total_ms WHEN 'mean' THEN mean_ms WHEN 'max' THEN max_ms WHEN 'calls' THEN calls END DESC NULLS LAST,
         total_ms DESC, query
LIMIT $8::bigint
