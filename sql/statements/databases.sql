-- The databases that take connections and are no templates.
-- Least privilege: any role.
-- Returns: name, may_connect
SELECT datname::text AS name, pg_catalog.has_database_privilege(oid, 'CONNECT') AS may_connect
FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname
