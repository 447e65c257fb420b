-- The newest snapshot of a server, for a reader.
-- $1 server
-- Least privilege: SELECT on avadb.snapshot.
-- Returns: id, taken_at, started_at, stats_reset, dealloc, not_visible, usual_s (null); no row before the first
SELECT id, taken_at, started_at, stats_reset, dealloc, not_visible, NULL::float8 AS usual_s FROM avadb.snapshot WHERE server = $1 ORDER BY id DESC LIMIT 1
