-- The first snapshot that stays when those before a time go. The newest one stays in any case: the next is compared with it.
-- $1 server, $2 time
-- Least privilege: SELECT on avadb.snapshot.
-- Returns: one row: id (0 where there is none), old (how many are before it), oldest
SELECT coalesce(l.id, 0) AS id, (SELECT count(*) FROM avadb.snapshot WHERE server = $1 AND id < l.id) AS old, l.oldest
FROM (SELECT coalesce(min(id) FILTER (WHERE taken_at >= $2::timestamptz), max(id)) AS id, min(taken_at) AS oldest FROM avadb.snapshot WHERE server = $1) AS l
