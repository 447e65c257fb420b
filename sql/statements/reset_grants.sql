-- Who may execute pg_stat_statements_reset: ALTER EXTENSION UPDATE makes the function anew and drops these.
-- Least privilege: any role.
-- Returns: grantee (PUBLIC is empty), grantable
SELECT coalesce(r.rolname, '')::text AS grantee, a.is_grantable AS grantable
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_depend AS dep ON dep.classid = 'pg_catalog.pg_proc'::regclass AND dep.objid = p.oid AND dep.deptype = 'e'
JOIN pg_catalog.pg_extension AS e ON e.oid = dep.refobjid AND e.extname = 'pg_stat_statements'
CROSS JOIN LATERAL pg_catalog.aclexplode(p.proacl) AS a
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
WHERE p.proname = 'pg_stat_statements_reset' AND a.grantee <> p.proowner AND a.privilege_type = 'EXECUTE'
