-- The schema that a table would be made in.
-- $1 name
-- Least privilege: any role.
-- Returns: one row where the schema is there: may_create
SELECT pg_catalog.has_schema_privilege(oid, 'CREATE') AS may_create FROM pg_catalog.pg_namespace WHERE nspname = $1
