-- Takes statements away that nothing speaks of any more: first seen before a time, without a counter and without a delta.
-- $1 server, $2 time
-- Least privilege: DELETE and SELECT on avadb.statement, SELECT on avadb.counter and avadb.delta.
-- Returns: one row: rows
WITH gone AS (
    DELETE FROM avadb.statement AS s
    WHERE s.server = $1 AND s.first_seen < $2 AND NOT EXISTS (SELECT FROM avadb.counter AS c WHERE c.server = $1 AND c.statement = s.id)
      AND NOT EXISTS (SELECT FROM avadb.delta AS d WHERE d.server = $1 AND d.statement = s.id)
    RETURNING 1
)
SELECT count(*) AS rows FROM gone
