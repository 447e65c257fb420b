-- The time zone of each role that can write a slow_query_log table, as its own and the database's settings say. Superusers, who can
-- write everything, are marked.
-- $1 schema
-- Least privilege: any role.
-- Returns: role, superuser, zone (null: the server's)
SELECT r.rolname::text AS role, r.rolsuper AS superuser,
       (SELECT pg_catalog.split_part(e, '=', 2) FROM pg_catalog.pg_db_role_setting AS s CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS e
        WHERE e ILIKE 'timezone=%' AND (s.setrole = r.oid OR s.setrole = 0)
          AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))
        ORDER BY s.setrole = r.oid DESC, s.setdatabase <> 0 DESC LIMIT 1) AS zone
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN pg_catalog.pg_roles AS r
WHERE n.nspname = $1 AND c.relname = 'slow_query_log' AND r.rolcanlogin
  AND pg_catalog.has_any_column_privilege(r.oid, c.oid, 'INSERT')
ORDER BY 1
