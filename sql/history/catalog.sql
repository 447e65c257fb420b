-- What databases and roles are called now: the history knows them as they were called when their statements were first seen.
-- Least privilege: any role.
-- Returns: database (else it is a role), id, name
SELECT true AS database, oid::bigint AS id, datname::text AS name FROM pg_catalog.pg_database
UNION ALL
SELECT false, oid::bigint, rolname::text FROM pg_catalog.pg_roles
