-- Keeps what a collection failed with; null, null after one that did not.
-- Least privilege: UPDATE and SELECT on avadb.server.
UPDATE avadb.server SET error = $2, error_at = CASE WHEN $2::text IS NOT NULL THEN pg_catalog.clock_timestamp() END
WHERE id = $1 AND error IS DISTINCT FROM $2
