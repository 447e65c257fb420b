-- What hangs on a slow_query_log table and would not follow its upgrade: whatever depends on the table or its row type beside its own
-- indexes, sequence and types; defaults that writers may rely on; what CREATE TABLE would not repeat.
-- $1 schema, $2 table
-- Least privilege: any role.
-- Returns: what, a row each
WITH t AS (
    SELECT c.oid, c.reltype, y.typarray, c.relrowsecurity, c.relforcerowsecurity, c.relpersistence, c.reloptions, c.reltablespace
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_type AS y ON y.oid = c.reltype
    WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r'
)
SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) AS what
FROM t JOIN pg_catalog.pg_depend AS d
    ON (d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = t.oid)
    OR (d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid IN (t.reltype, t.typarray))
WHERE d.classid <> 'pg_catalog.pg_attrdef'::regclass
  AND NOT (d.classid = 'pg_catalog.pg_type'::regclass AND d.objid IN (t.reltype, t.typarray))
  AND NOT (d.classid = 'pg_catalog.pg_class'::regclass AND EXISTS (
      SELECT FROM pg_catalog.pg_class AS own WHERE own.oid = d.objid AND (own.relkind = 't' OR own.relkind IN ('S', 'i') AND d.deptype = 'a')))
  AND NOT (d.classid = 'pg_catalog.pg_constraint'::regclass AND EXISTS (
      SELECT FROM pg_catalog.pg_constraint AS k WHERE k.oid = d.objid AND k.conrelid = t.oid AND k.contype IN ('p', 'n')))
UNION
SELECT 'default of column ' || a.attname || ': ' || pg_catalog.pg_get_expr(f.adbin, f.adrelid)
FROM t JOIN pg_catalog.pg_attrdef AS f ON f.adrelid = t.oid JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = f.adnum
WHERE a.attgenerated <> ''
   OR NOT (a.attname = 'id' AND pg_catalog.pg_get_expr(f.adbin, f.adrelid) LIKE 'nextval%')
  AND NOT (a.attname = 'timestamp' AND pg_catalog.pg_get_expr(f.adbin, f.adrelid)
           ~ '^\(*(now\(\)|CURRENT_TIMESTAMP|LOCALTIMESTAMP|(pg_catalog\.)?(clock|statement|transaction)_timestamp\(\))\)*(::timestamp with(out)? time zone)?\)*$')
UNION
SELECT 'no unique index on id' FROM t WHERE NOT EXISTS (
    SELECT FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attname = 'id'
    WHERE i.indrelid = t.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum)
UNION
SELECT 'row level security' FROM t WHERE relrowsecurity OR relforcerowsecurity
UNION
SELECT 'inheritance' FROM t WHERE EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = t.oid OR i.inhrelid = t.oid)
UNION
SELECT 'UNLOGGED' FROM t WHERE relpersistence <> 'p'
UNION
SELECT 'storage parameters ' || pg_catalog.array_to_string(reloptions, ', ') FROM t WHERE reloptions IS NOT NULL
UNION
SELECT 'its own tablespace' FROM t WHERE reltablespace <> 0
UNION
SELECT 'publication ' || p.pubname FROM pg_catalog.pg_publication_tables AS p WHERE p.schemaname = $1 AND p.tablename = $2
ORDER BY 1
