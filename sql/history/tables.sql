-- What there is of the history in this database, and what the role may do with it. Tables that somebody else than this role or a
-- superuser owns are not written to: their triggers would run as this role.
-- Least privilege: any role.
-- Returns: one row: schema_exists, may_create, layout (a comment; empty where there is no history), owner (of what is not trusted, or
-- empty), unreadable, unwritable (tables)
SELECT n.oid IS NOT NULL AS schema_exists,
       CASE WHEN n.oid IS NULL
            THEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
            ELSE pg_catalog.has_schema_privilege(n.oid, 'CREATE') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') END AS may_create,
       coalesce((SELECT pg_catalog.obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class AS c WHERE c.relnamespace = n.oid AND c.relname = 'server'), '') AS layout,
       coalesce((SELECT o.rolname FROM (
                     SELECT n.nspowner AS owner, false AS odd
                     UNION SELECT c.relowner, c.relkind <> 'r' OR c.relrowsecurity FROM pg_catalog.pg_class AS c
                     WHERE c.relnamespace = n.oid AND c.relname IN ('server', 'snapshot', 'statement', 'counter', 'delta', 'slow_query_log')) AS w
                 JOIN pg_catalog.pg_roles AS o ON o.oid = w.owner
                 WHERE odd OR NOT (o.rolsuper OR o.rolname = CURRENT_USER) LIMIT 1), '')::text AS owner,
       ARRAY(SELECT c.relname::text FROM pg_catalog.pg_class AS c
             WHERE c.relnamespace = n.oid AND c.relname IN ('server', 'snapshot', 'statement', 'counter', 'delta', 'slow_query_log')
               AND NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')) ORDER BY 1) AS unreadable,
       ARRAY(SELECT c.relname::text FROM pg_catalog.pg_class AS c
             WHERE c.relnamespace = n.oid AND c.relname IN ('server', 'snapshot', 'statement', 'counter', 'delta', 'slow_query_log')
               AND NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
                        AND pg_catalog.has_table_privilege(c.oid, 'INSERT') AND pg_catalog.has_table_privilege(c.oid, 'UPDATE')
                        AND pg_catalog.has_table_privilege(c.oid, 'DELETE')) ORDER BY 1) AS unwritable
FROM (SELECT 1) AS one
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = 'avadb'
