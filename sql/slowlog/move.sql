-- Moves a batch of rows from the table that stood before into the new one. The session's TimeZone is the writers': a timestamp
-- without a zone is cast by it, one with a zone stays what it is.
-- $1 id of the last row moved, $2 rows in a batch
-- Least privilege: owner of both tables.
-- Returns: one row: moved, last (null where nothing was left)
WITH batch AS (
    SELECT id FROM {{schema}}.slow_query_log_before_avadb WHERE id > $1::bigint ORDER BY id LIMIT $2::bigint
), moved AS (
    DELETE FROM {{schema}}.slow_query_log_before_avadb AS o USING batch AS b WHERE o.id = b.id
    RETURNING o.id, o.query, o.duration_ms, o.threshold_ms, o."timestamp"::timestamptz AS at, o.query_signature
), stored AS (
    INSERT INTO {{schema}}.slow_query_log (id, query, duration_ms, threshold_ms, "timestamp", query_signature)
    SELECT id, query, duration_ms, threshold_ms, at, query_signature FROM moved
    RETURNING id
)
SELECT count(*) AS moved, max(id) AS last FROM stored
