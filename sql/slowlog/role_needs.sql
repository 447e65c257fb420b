-- What a role lacks to INSERT into a slow_query_log table, and whether this session's role may give it.
-- $1 role, $2 schema
-- Least privilege: any role.
-- Returns: one row where the role is there: may_use_schema, may_insert (false where there is no table yet), may_grant_schema, may_grant_insert (true where
-- there is no table yet: who makes it owns it), schema_owner
SELECT pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE') AS may_use_schema,
       coalesce(pg_catalog.has_table_privilege(r.oid, c.oid, 'INSERT'), false) AS may_insert,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE WITH GRANT OPTION') AS may_grant_schema,
       coalesce(pg_catalog.has_table_privilege(c.oid, 'INSERT WITH GRANT OPTION'), true) AS may_grant_insert,
       pg_catalog.pg_get_userbyid(n.nspowner)::text AS schema_owner
FROM pg_catalog.pg_roles AS r
CROSS JOIN pg_catalog.pg_namespace AS n
LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = 'slow_query_log'
WHERE r.rolname = $1 AND n.nspname = $2
