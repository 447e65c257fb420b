-- Keeps a server's statements from being pruned until the transaction ends.
-- $1 server
-- Least privilege: SELECT and UPDATE on avadb.server.
-- Returns: one row: id
SELECT id FROM avadb.server WHERE id = $1 FOR KEY SHARE
