-- Moves a batch of rows from the table that stood before into the new one. The session's TimeZone is the writers': a timestamp
-- without a zone is cast by it, one with a zone stays what it is.
-- $1 id of the last row moved, $2 rows in a batch
-- Least privilege: owner of both tables.
-- Returns: one row: taken, stored (the same, unless something keeps rows out of the new table), last (null where nothing was left)
WITH batch AS (
    SELECT id FROM {{schema}}.slow_query_log_before_avadb WHERE id > $1::bigint ORDER BY id LIMIT $2::bigint
), taken AS (
    DELETE FROM {{schema}}.slow_query_log_before_avadb AS o WHERE o.id > $1::bigint AND o.id <= (SELECT max(id) FROM batch)
    RETURNING o.id, o.query, o.duration_ms, o.threshold_ms, o."timestamp"::timestamptz AS at, o.query_signature
), stored AS (
    INSERT INTO {{schema}}.slow_query_log (id, query, duration_ms, threshold_ms, "timestamp", query_signature)
    SELECT id, query, duration_ms, threshold_ms, at, query_signature FROM taken
    RETURNING id
)
SELECT (SELECT count(*) FROM taken) AS taken, (SELECT count(*) FROM stored) AS stored, (SELECT max(id) FROM taken) AS last
