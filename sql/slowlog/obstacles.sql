-- What hangs on a slow_query_log table of the original layout and would not follow its upgrade.
-- $1 schema
-- Least privilege: any role.
-- Returns: what, a row each
WITH t AS (
    SELECT c.oid, c.relrowsecurity FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = 'slow_query_log'
)
SELECT 'trigger ' || g.tgname AS what FROM t JOIN pg_catalog.pg_trigger AS g ON g.tgrelid = t.oid AND NOT g.tgisinternal
UNION ALL
SELECT 'foreign key ' || k.conname || ' of ' || k.conrelid::regclass::text FROM t JOIN pg_catalog.pg_constraint AS k ON k.confrelid = t.oid AND k.contype = 'f'
UNION ALL
SELECT 'constraint ' || k.conname FROM t JOIN pg_catalog.pg_constraint AS k ON k.conrelid = t.oid AND k.contype IN ('c', 'f', 'u', 'x')
UNION ALL
SELECT DISTINCT 'view or rule on ' || w.ev_class::regclass::text
FROM t JOIN pg_catalog.pg_depend AS d ON d.refobjid = t.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.classid = 'pg_catalog.pg_rewrite'::regclass
JOIN pg_catalog.pg_rewrite AS w ON w.oid = d.objid
UNION ALL
SELECT 'policy ' || p.polname FROM t JOIN pg_catalog.pg_policy AS p ON p.polrelid = t.oid
UNION ALL
SELECT 'row level security' FROM t WHERE relrowsecurity
UNION ALL
SELECT 'inheritance' FROM t WHERE EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = t.oid OR i.inhrelid = t.oid)
UNION ALL
SELECT 'publication ' || p.pubname FROM pg_catalog.pg_publication_tables AS p WHERE p.schemaname = $1 AND p.tablename = 'slow_query_log'
ORDER BY 1
