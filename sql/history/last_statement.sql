-- The highest id of a server's statements.
-- Least privilege: SELECT on avadb.statement.
-- Returns: one row: id, 0 where there is none
SELECT coalesce(max(id), 0) AS id FROM avadb.statement WHERE server = $1
