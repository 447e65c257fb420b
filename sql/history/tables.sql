-- What there is of the history in this database, and what the role may do with it. Tables that somebody else than this role or a
-- superuser owns are not written to: their triggers would run as this role.
-- Least privilege: any role.
-- Returns: one row: schema_exists, may_create, layout (a comment; empty where there is no history), owner (of what is not trusted, or
-- empty), strange (tables that are no plain ones), unreadable, unwritable (tables)
WITH tables AS (
    SELECT c.oid, c.relname::text AS name, c.relowner, c.relkind, c.relrowsecurity
    FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'avadb')
      AND c.relname IN ('server', 'snapshot', 'statement', 'counter', 'delta', 'slow_query_log')
)
SELECT n.oid IS NOT NULL AS schema_exists,
       CASE WHEN n.oid IS NULL
            THEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
            ELSE pg_catalog.has_schema_privilege(n.oid, 'CREATE') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') END AS may_create,
       coalesce((SELECT pg_catalog.obj_description(c.oid, 'pg_class') FROM tables AS c WHERE c.name = 'server'), '') AS layout,
       coalesce((SELECT o.rolname
                 FROM (SELECT n.nspowner AS owner UNION SELECT c.relowner FROM tables AS c) AS w JOIN pg_catalog.pg_roles AS o ON o.oid = w.owner
                 WHERE NOT (o.rolsuper OR o.rolname = CURRENT_USER) LIMIT 1), '')::text AS owner,
       ARRAY(SELECT c.name FROM tables AS c WHERE c.relkind <> 'r' OR c.relrowsecurity ORDER BY 1) AS strange,
       ARRAY(SELECT c.name FROM tables AS c WHERE NOT (u.usage AND pg_catalog.has_table_privilege(c.oid, 'SELECT')) ORDER BY 1) AS unreadable,
       ARRAY(SELECT c.name FROM tables AS c
             WHERE NOT (u.usage AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
                        AND pg_catalog.has_table_privilege(c.oid, 'UPDATE') AND pg_catalog.has_table_privilege(c.oid, 'DELETE')) ORDER BY 1) AS unwritable
FROM (SELECT 1) AS one
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = 'avadb'
CROSS JOIN LATERAL (SELECT coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false) AS usage) AS u
