-- What a prune would take away beside snapshots.
-- $1 server, $2 first snapshot that stays, $3 time
-- Least privilege: SELECT on avadb.delta and avadb.slow_query_log.
-- Returns: one row: deltas, rows
SELECT (SELECT count(*) FROM avadb.delta WHERE server = $1 AND snapshot < $2) AS deltas,
       (SELECT count(*) FROM avadb.slow_query_log WHERE server = $1 AND "timestamp" < $3) AS rows
