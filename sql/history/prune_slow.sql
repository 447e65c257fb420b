-- Takes a batch of old rows out of the store's slow_query_log.
-- $1 server, $2 time, $3 size of the batch
-- Least privilege: DELETE and SELECT on avadb.slow_query_log.
-- Returns: one row: rows
WITH gone AS (
    DELETE FROM avadb.slow_query_log
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM avadb.slow_query_log WHERE server = $1 AND "timestamp" < $2 ORDER BY "timestamp" LIMIT $3))
    RETURNING 1
)
SELECT count(*) AS rows FROM gone
