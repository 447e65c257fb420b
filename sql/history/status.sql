-- How much a server's history holds and costs.
-- $1 server
-- Least privilege: SELECT on avadb.snapshot.
-- Returns: one row: snapshots, oldest, newest (null where there is none), bytes_per_day (written in the last day; scaled where the history is
-- shorter, null before an hour of it), table_bytes (of all servers' history, with indexes)
SELECT count(*) AS snapshots, min(taken_at) AS oldest, max(taken_at) AS newest,
       CASE WHEN max(taken_at) - min(taken_at) >= interval '1 hour'
            THEN (sum(bytes) FILTER (WHERE taken_at > newest - interval '1 day' AND NOT 'first' = ANY (flags))
                  / least(1, extract(epoch FROM max(taken_at) - min(taken_at)) / 86400))::bigint END AS bytes_per_day,
       (SELECT sum(pg_catalog.pg_total_relation_size(c.oid)) FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = 'avadb' AND c.relname IN ('server', 'snapshot', 'statement', 'counter', 'delta', 'slow_query_log'))::bigint AS table_bytes
FROM (SELECT s.*, max(taken_at) OVER () AS newest FROM avadb.snapshot AS s WHERE s.server = $1) AS s
