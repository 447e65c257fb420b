-- Roles and databases that set these parameters for themselves and so do not feel the server's value.
-- Least privilege: any role.
-- Returns: name, value, role, database
SELECT pg_catalog.lower(pg_catalog.split_part(entry, '=', 1)) AS name,
       pg_catalog.substr(entry, pg_catalog.strpos(entry, '=') + 1) AS value,
       coalesce(r.rolname, '')::text AS role, coalesce(d.datname, '')::text AS database
FROM pg_catalog.pg_db_role_setting AS s
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS entry
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
WHERE pg_catalog.lower(pg_catalog.split_part(entry, '=', 1)) = ANY ($1::text[])
ORDER BY 1, 3, 4
