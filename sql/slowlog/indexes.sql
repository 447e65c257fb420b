-- The indexes of a slow_query_log table beside its primary key.
-- $1 schema
-- Least privilege: any role.
-- Returns: name, definition
SELECT i.indexrelid::regclass::text AS name, pg_catalog.pg_get_indexdef(i.indexrelid) AS definition
FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = 'slow_query_log' AND NOT i.indisprimary
ORDER BY 1
