-- All change sets of a server.
-- Least privilege: SELECT on avadb.change_set.
-- Returns: id, document
SELECT id::text AS id, document::text AS document FROM avadb.change_set WHERE system_identifier = $1 ORDER BY id
