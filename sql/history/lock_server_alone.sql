-- Waits for collectors that are about to speak of statements which nothing spoke of, and keeps them waiting until the transaction ends.
-- $1 server
-- Least privilege: SELECT and UPDATE on avadb.server.
-- Returns: one row: id
SELECT id FROM avadb.server WHERE id = $1 FOR UPDATE
