-- The databases that can hold avadb's journal: those the role may connect to, `postgres` first.
-- Least privilege: any role.
-- Returns: name
SELECT datname::text AS name
FROM pg_catalog.pg_database
WHERE datallowconn AND NOT datistemplate AND pg_catalog.has_database_privilege(oid, 'CONNECT')
ORDER BY datname = 'postgres' DESC, oid
