-- How many connections the server, the connected database and some roles may have.
-- $1 roles of the application, empty: any
-- Least privilege: any role.
-- Returns: one row: max_connections, superuser_reserved, reserved (0 before 16), database_limit (null: none), role_limit (of these roles together; null where one of them has none), unknown_role (one of them that there is not; else empty)
SELECT pg_catalog.current_setting('max_connections')::int AS max_connections,
       pg_catalog.current_setting('superuser_reserved_connections')::int AS superuser_reserved,
       coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::int AS reserved,
       (SELECT nullif(datconnlimit, -1) FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) AS database_limit,
       (SELECT CASE WHEN pg_catalog.bool_and(rolconnlimit >= 0 AND NOT rolsuper) THEN sum(rolconnlimit) END::int
        FROM pg_catalog.pg_roles WHERE rolname = ANY ($1::text[])) AS role_limit,
       coalesce((SELECT min(r) FROM pg_catalog.unnest($1::text[]) AS r WHERE r NOT IN (SELECT rolname::text FROM pg_catalog.pg_roles)), '') AS unknown_role
