-- Whether the history of a server knows a database and a role of these names; a null name is known.
-- $1 server, $2 database, $3 role
-- Least privilege: SELECT on avadb.statement.
-- Returns: one row: known
SELECT ($2::text IS NULL OR EXISTS (SELECT FROM avadb.statement WHERE server = $1 AND dbname = $2))
   AND ($3::text IS NULL OR EXISTS (SELECT FROM avadb.statement WHERE server = $1 AND usename = $3)) AS known
