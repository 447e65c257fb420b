-- The statement_timeout that each application role brings along into each database that it may connect to: that of the role
-- in the database before that of the role, before that of the database, before that of all roles.
-- Least privilege: any role.
-- Returns: role, database (where the value is the role's in that database alone; else empty), value (empty: the server's
-- counts): each once, whatever the number of databases
SELECT DISTINCT r.rolname::text AS role, coalesce(own.database, '')::text AS database, coalesce(own.value, '') AS value
FROM pg_catalog.pg_roles AS r
CROSS JOIN pg_catalog.pg_database AS d
LEFT JOIN LATERAL (
    SELECT pg_catalog.split_part(entry, '=', 2) AS value, CASE WHEN s.setrole <> 0 AND s.setdatabase <> 0 THEN d.datname END AS database
    FROM pg_catalog.pg_db_role_setting AS s CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS entry
    WHERE s.setrole IN (r.oid, 0) AND s.setdatabase IN (d.oid, 0) AND pg_catalog.lower(pg_catalog.split_part(entry, '=', 1)) = 'statement_timeout'
    ORDER BY s.setrole = 0, s.setdatabase = 0
    LIMIT 1) AS own ON true
WHERE r.rolcanlogin AND NOT r.rolsuper AND d.datallowconn AND NOT d.datistemplate
  AND pg_catalog.has_database_privilege(r.oid, d.oid, 'CONNECT')
ORDER BY 1, 2, 3
