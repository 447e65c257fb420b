-- Roles and databases with a connection limit, and how much of it is used. Superusers are held to none.
-- Least privilege: any role for the limits; pg_monitor for what is used.
-- Returns: kind, name, connection_limit, used
WITH clients AS (SELECT usesysid, datid FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend')
SELECT 'ROLE' AS kind, r.rolname::text AS name, r.rolconnlimit AS connection_limit,
       (SELECT count(*) FROM clients AS c WHERE c.usesysid = r.oid)::int AS used
FROM pg_catalog.pg_roles AS r WHERE r.rolconnlimit > 0 AND r.rolcanlogin AND NOT r.rolsuper
UNION ALL
SELECT 'DATABASE', d.datname::text, d.datconnlimit, (SELECT count(*) FROM clients AS c WHERE c.datid = d.oid)::int
FROM pg_catalog.pg_database AS d WHERE d.datconnlimit > 0 AND d.datallowconn
ORDER BY 1, 2
