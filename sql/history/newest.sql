-- What the newest snapshot of a server cost.
-- $1 server
-- Least privilege: SELECT on avadb.snapshot.
-- Returns: at, ms, bytes; no row before the first
SELECT taken_at AS at, server_ms AS ms, bytes FROM avadb.snapshot WHERE server = $1 ORDER BY id DESC LIMIT 1
