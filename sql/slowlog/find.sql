-- Every slow_query_log table of the connected database, and what an interrupted upgrade left beside it. The one in schema avadb is that of
-- servers without a table of their own: found by its name alone.
-- $1 schema or null
-- Least privilege: any role.
-- Returns: one row a schema: schema, owner, owner_super (it is a superuser), owned (by the role), kind (relkind, empty where there is no table), columns (name, type and
-- "not null" of each), has_leftover, leftover_comment, leftover_owner, leftover_zoneless, comment, may_create (in the schema), may_read (the table), in_path (found without its schema, by the role's own search_path),
-- incarnation (which table of that name it is: one that was made anew has another; empty where there is none)
SELECT n.nspname::text AS schema, coalesce(pg_catalog.pg_get_userbyid(t.relowner)::text, '') AS owner,
       coalesce((SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.oid = t.relowner), false) AS owner_super,
       coalesce(pg_catalog.pg_has_role(t.relowner, 'USAGE'), false) AS owned, coalesce(t.relkind::text, '') AS kind,
       ARRAY(SELECT a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
             FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns,
       l.oid IS NOT NULL AS has_leftover,
       coalesce(pg_catalog.obj_description(l.oid, 'pg_class'), '') AS leftover_comment, coalesce(pg_catalog.pg_get_userbyid(l.relowner)::text, '') AS leftover_owner,
       EXISTS (SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = l.oid AND a.attname = 'timestamp' AND a.atttypid = 'timestamp'::regtype) AS leftover_zoneless,
       coalesce(pg_catalog.obj_description(t.oid, 'pg_class'), '') AS comment,
       pg_catalog.has_schema_privilege(n.oid, 'CREATE') AS may_create,
       coalesce(pg_catalog.has_table_privilege(t.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false) AS may_read,
       coalesce(t.oid = (SELECT c.oid FROM ({{settings/own_path}}) AS p JOIN pg_catalog.pg_class AS c ON c.relnamespace = p.schema AND c.relname = 'slow_query_log'
                         ORDER BY p.place LIMIT 1), false) AS in_path,
       coalesce((SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()) || '/' || t.oid, '') AS incarnation
FROM pg_catalog.pg_namespace AS n
LEFT JOIN pg_catalog.pg_class AS t ON t.relnamespace = n.oid AND t.relname = 'slow_query_log' AND t.relkind IN ('r', 'p', 'v', 'm', 'f')
LEFT JOIN pg_catalog.pg_class AS l ON l.relnamespace = n.oid AND l.relname = 'slow_query_log_before_avadb' AND l.relkind = 'r'
WHERE (t.oid IS NOT NULL OR l.oid IS NOT NULL) AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
  AND CASE WHEN $1::text IS NULL THEN n.nspname <> 'avadb' ELSE n.nspname = $1 END
ORDER BY in_path DESC, n.nspname
