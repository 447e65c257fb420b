-- Takes a batch of old deltas away.
-- $1 server, $2 first snapshot that stays, $3 size of the batch
-- Least privilege: DELETE and SELECT on avadb.delta.
-- Returns: one row: rows
WITH gone AS (
    DELETE FROM avadb.delta WHERE ctid = ANY (ARRAY(SELECT ctid FROM avadb.delta WHERE server = $1 AND snapshot < $2 ORDER BY snapshot LIMIT $3))
    RETURNING 1
)
SELECT count(*) AS rows FROM gone
