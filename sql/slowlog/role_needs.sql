-- What a role lacks to INSERT into a slow_query_log table.
-- $1 role, $2 schema
-- Least privilege: any role.
-- Returns: one row where the role is there: may_use_schema, may_insert (false where there is no table yet)
SELECT pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE') AS may_use_schema,
       coalesce(pg_catalog.has_table_privilege(r.oid, c.oid, 'INSERT'), false) AS may_insert
FROM pg_catalog.pg_roles AS r
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = $2
LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = 'slow_query_log'
WHERE r.rolname = $1
