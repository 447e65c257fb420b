-- What the role may do with a slow_query_log table.
-- $1 schema
-- Least privilege: any role.
-- Returns: one row: may_insert, may_update (and read), may_delete
SELECT s.usage AND pg_catalog.has_table_privilege(c.oid, 'INSERT') AS may_insert,
       s.usage AND pg_catalog.has_table_privilege(c.oid, 'INSERT') AND pg_catalog.has_table_privilege(c.oid, 'UPDATE')
           AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS may_update,
       s.usage AND pg_catalog.has_table_privilege(c.oid, 'DELETE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS may_delete
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usage) AS s
WHERE n.nspname = $1 AND c.relname = 'slow_query_log'
