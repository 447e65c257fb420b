-- What a slow_query_log table takes.
-- $1 schema
-- Least privilege: any role.
-- Returns: one row: bytes, with indexes and TOAST
SELECT pg_catalog.pg_total_relation_size(c.oid) AS bytes
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = 'slow_query_log'
