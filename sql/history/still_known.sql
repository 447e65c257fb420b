-- How many of some statements the history still knows.
-- $1 server, $2 ids
-- Least privilege: SELECT on avadb.statement.
-- Returns: one row: rows
SELECT count(*) AS rows FROM avadb.statement WHERE server = $1 AND id = ANY ($2::int[])
