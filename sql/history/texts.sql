-- The texts of some statements.
-- $1 server, $2 statements
-- Least privilege: SELECT on avadb.statement.
-- Returns: id, query, signature, queryid, dbname, usename
SELECT id, query, signature, queryid, dbname, usename FROM avadb.statement WHERE server = $1 AND id = ANY ($2::int[])
