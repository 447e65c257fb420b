-- Makes a server known.
-- Least privilege: INSERT and SELECT on avadb.server.
-- Returns: one row: id
INSERT INTO avadb.server (system_identifier, node) VALUES ($1, $2)
ON CONFLICT (system_identifier, node) DO UPDATE SET node = excluded.node
RETURNING id
