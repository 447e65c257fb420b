-- Takes a batch of old rows out of the table.
-- $1 time, $2 rows of applications too, $3 size of the batch
-- Least privilege: DELETE and SELECT on the table.
-- Returns: one row: rows
WITH gone AS (
    DELETE FROM {{schema}}.slow_query_log
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM {{schema}}.slow_query_log WHERE "timestamp" < $1 AND ($2::boolean OR origin <> 'app') ORDER BY "timestamp" LIMIT $3))
    RETURNING 1
)
SELECT count(*) AS rows FROM gone
