-- What the history knows of a signature: for each database and role the text that was seen last.
-- $1 servers, $2 signature
-- Least privilege: SELECT on avadb.statement.
-- Returns: database, user, query, first_seen; no row where it knows none
SELECT DISTINCT ON (dbname, usename) dbname AS database, usename AS "user", query, min(first_seen) OVER (PARTITION BY dbname, usename) AS first_seen
FROM avadb.statement
WHERE server = ANY ($1::int[]) AND signature = $2 AND query IS NOT NULL AND NOT own
ORDER BY dbname, usename, server DESC, id DESC
