-- The nodes of a cluster that the store knows.
-- Least privilege: SELECT on avadb.server.
-- Returns: id, node, error, error_at
SELECT id, node, error, error_at FROM avadb.server WHERE system_identifier = $1 ORDER BY id
