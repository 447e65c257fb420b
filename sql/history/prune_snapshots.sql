-- Takes old snapshots away, whose deltas are gone.
-- $1 server, $2 first snapshot that stays
-- Least privilege: DELETE and SELECT on avadb.snapshot.
-- Returns: one row: rows
WITH gone AS (DELETE FROM avadb.snapshot WHERE server = $1 AND id < $2 RETURNING 1) SELECT count(*) AS rows FROM gone
