-- What some statements are, without their texts.
-- $1 server, $2 ids
-- Least privilege: SELECT on avadb.statement.
-- Returns: id, signature, database, user, own
SELECT id, signature, dbname AS database, usename AS "user", own FROM avadb.statement WHERE server = $1 AND id IN (SELECT pg_catalog.unnest($2::int[]))
