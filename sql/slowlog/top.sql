-- The statements of a window of the slow_query_log table, largest first. One row a signature (the text, where its writer gave none), origin,
-- database and role: the mean of an interval never stands among single executions. Percentiles, max and deviation are those of
-- single executions. Percentiles want a sort, and so they are computed of the rows that are shown alone; the rest is one pass.
-- $1 the writers' time zone, or null; $2 from, $3 to, $4 database or null, $5 role or null, $6 least calls, $7 order, $8 limit or null
-- Least privilege: SELECT on the table.
-- Returns: the columns of slowlog's entry; in each row what slowlog/thresholds says of the scope
WITH wanted AS NOT MATERIALIZED (
    SELECT * FROM ({{slowlog/rows}}) AS r
    WHERE at >= $2 AND at < $3 AND ($4::text IS NULL OR dbname = $4 OR dbname IS NULL AND $4 = pg_catalog.current_database()) AND ($5::text IS NULL OR usename = $5)
), grouped AS (
    SELECT query_signature AS signature, max(query COLLATE "C") AS query, origin, dbname AS database, usename AS "user",
           CASE WHEN min(queryid) = max(queryid) THEN min(queryid)::text END AS queryid,
           sum(calls)::bigint AS calls, sum(CASE WHEN calls = 1 THEN duration_ms ELSE duration_ms * calls END) AS total,
           (min(duration_ms) FILTER (WHERE calls = 1))::float8 AS min_ms, (max(duration_ms) FILTER (WHERE calls = 1))::float8 AS max_ms,
           pg_catalog.bool_and(calls = 1) AS single, no_number, count(*) AS rows, min(threshold_ms) AS lowest, max(threshold_ms) AS highest
    FROM wanted
    GROUP BY query_signature, CASE WHEN query_signature IS NULL THEN query END, origin, dbname, usename, no_number
), described AS (
    SELECT *, coalesce(sum(rows) FILTER (WHERE no_number) OVER (), 0)::bigint AS left_out,
           (min(lowest) FILTER (WHERE NOT no_number) OVER ())::float8 AS lowest_ms, (max(highest) FILTER (WHERE NOT no_number) OVER ())::float8 AS highest_ms
    FROM grouped
), summed AS (
    SELECT *, total::float8 AS total_ms, CASE WHEN calls > 0 THEN (total / calls)::float8 ELSE 0 END AS mean_ms FROM described WHERE NOT no_number
), shared AS (
    SELECT *, 100 * total_ms / nullif(sum(total_ms) OVER (PARTITION BY origin), 0) AS share_pct FROM summed
), top AS (
    SELECT *, pg_catalog.row_number() OVER (
               ORDER BY CASE $7::text WHEN 'total' THEN total_ms WHEN 'mean' THEN mean_ms WHEN 'max' THEN max_ms WHEN 'calls' THEN calls END DESC NULLS LAST,
                        total_ms DESC, query) AS place
    FROM shared
    WHERE calls >= $6
    ORDER BY place
    LIMIT $8::bigint
), spread AS (
    SELECT t.place, pg_catalog.stddev_pop(w.duration_ms)::float8 AS stddev_ms,
           pg_catalog.percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY w.duration_ms::float8) AS percentiles
    FROM top AS t JOIN wanted AS w
        ON coalesce(w.query_signature, w.query) = coalesce(t.signature, t.query) AND (w.query_signature IS NULL) = (t.signature IS NULL) AND w.origin = t.origin
           AND w.dbname IS NOT DISTINCT FROM t.database AND w.usename IS NOT DISTINCT FROM t."user"
    WHERE w.calls = 1 AND NOT w.no_number
    GROUP BY t.place
)
SELECT t.signature, t.query, t.origin, t.database, t."user", t.queryid, t.calls, t.total_ms, t.mean_ms, t.min_ms, t.max_ms,
       CASE WHEN t.single THEN s.stddev_ms END AS stddev_ms, s.percentiles, t.share_pct,
       t.left_out AS no_number, t.lowest_ms AS lowest, t.highest_ms AS highest, (SELECT min(at) FROM ({{slowlog/rows}}) AS r) AS oldest
FROM top AS t LEFT JOIN spread AS s ON s.place = t.place
ORDER BY t.place
