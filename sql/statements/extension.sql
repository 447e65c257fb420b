-- pg_stat_statements in the connected database: what is installed, where, and what the server offers.
-- Least privilege: any role.
-- Returns: one row: installed, schema, available, owned
SELECT coalesce(e.extversion, '') AS installed, coalesce(n.nspname, '')::text AS schema,
       coalesce(a.default_version, '') AS available,
       coalesce(pg_catalog.pg_has_role(e.extowner, 'USAGE'), false) AS owned
FROM (SELECT 1) AS one
LEFT JOIN pg_catalog.pg_extension AS e ON e.extname = 'pg_stat_statements'
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
LEFT JOIN pg_catalog.pg_available_extensions AS a ON a.name = 'pg_stat_statements'
