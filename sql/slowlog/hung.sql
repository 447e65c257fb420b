-- What of a table's owner would run with the rights of the one who moves the rows of an upgrade: triggers, rules, checks and foreign keys, and
-- expressions in indexes and defaults that are not avadb's.
-- $1 schema
-- Least privilege: any role.
-- Returns: what, a row each
WITH t AS (
    SELECT c.oid, c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname IN ('slow_query_log', 'slow_query_log_before_avadb') AND c.relkind = 'r'
)
SELECT pg_catalog.pg_describe_object('pg_catalog.pg_trigger'::regclass, g.oid, 0) AS what
FROM t JOIN pg_catalog.pg_trigger AS g ON g.tgrelid = t.oid AND NOT g.tgisinternal
UNION
SELECT pg_catalog.pg_describe_object('pg_catalog.pg_rewrite'::regclass, r.oid, 0) FROM t JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = t.oid
UNION
SELECT pg_catalog.pg_describe_object('pg_catalog.pg_constraint'::regclass, k.oid, 0)
FROM t JOIN pg_catalog.pg_constraint AS k ON (k.conrelid = t.oid OR k.confrelid = t.oid) AND k.contype IN ('c', 'f', 'x')
UNION
SELECT 'index ' || pg_catalog.quote_ident(c.relname) || ' with an expression'
FROM t JOIN pg_catalog.pg_index AS i ON i.indrelid = t.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
UNION
SELECT 'default of column ' || a.attname
FROM t JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = t.oid JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = d.adnum
WHERE t.relname = 'slow_query_log'
  AND (a.attname, pg_catalog.pg_get_expr(d.adbin, d.adrelid)) NOT IN (('timestamp', 'clock_timestamp()'), ('origin', '''app''::text'), ('calls', '1'))
ORDER BY 1
