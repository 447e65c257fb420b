-- An extension in the connected database: what is installed, where, and what the server offers.
-- $1 its name
-- Least privilege: any role.
-- Returns: one row: installed, schema, available
SELECT coalesce(e.extversion, '') AS installed, coalesce(n.nspname, '')::text AS schema, coalesce(a.default_version, '') AS available
FROM (SELECT 1) AS one
LEFT JOIN pg_catalog.pg_extension AS e ON e.extname = $1
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
LEFT JOIN pg_catalog.pg_available_extensions AS a ON a.name = $1
