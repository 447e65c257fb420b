-- The texts of some statements.
-- $1 server, $2 ids
-- Least privilege: SELECT on avadb.statement.
-- Returns: id, query (null where it was never seen)
SELECT id, query FROM avadb.statement WHERE server = $1 AND id IN (SELECT pg_catalog.unnest($2::int[]))
