-- How many connections there can be: on the server, and of roles and databases with a limit of their own. Superusers are held to
-- none of their own; a limit of 0 lets nobody in, which is meant.
-- Least privilege: any role.
-- Returns: kind (SERVER, ROLE, DATABASE), name (empty: the server), connection_limit, reserved
SELECT 'SERVER' AS kind, '' AS name, pg_catalog.current_setting('max_connections')::int AS connection_limit,
       pg_catalog.current_setting('superuser_reserved_connections')::int
       + coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::int AS reserved
UNION ALL
SELECT 'ROLE', rolname::text, rolconnlimit, 0
FROM pg_catalog.pg_roles WHERE rolconnlimit > 0 AND rolcanlogin AND NOT rolsuper
UNION ALL
SELECT 'DATABASE', datname::text, datconnlimit, 0
FROM pg_catalog.pg_database WHERE datconnlimit > 0 AND datallowconn
ORDER BY 1 DESC, 2
