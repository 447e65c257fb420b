-- The signature of pg_stat_statements_reset as it is after an update.
-- Least privilege: any role.
-- Returns: signature
SELECT p.oid::regprocedure::text AS signature
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_depend AS dep ON dep.classid = 'pg_catalog.pg_proc'::regclass AND dep.objid = p.oid AND dep.deptype = 'e'
JOIN pg_catalog.pg_extension AS e ON e.oid = dep.refobjid AND e.extname = 'pg_stat_statements'
WHERE p.proname = 'pg_stat_statements_reset'
