-- What roles and databases set for themselves.
-- Least privilege: any role.
-- Returns: name, value, role, database (empty: every one), here (it counts in this session's role and database)
SELECT pg_catalog.lower(pg_catalog.split_part(entry, '=', 1)) AS name,
       pg_catalog.substr(entry, pg_catalog.strpos(entry, '=') + 1) AS value,
       coalesce(r.rolname, '')::text AS role, coalesce(d.datname, '')::text AS database,
       s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user))
           AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())) AS here
FROM pg_catalog.pg_db_role_setting AS s
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS entry
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
ORDER BY 1, 3, 4
