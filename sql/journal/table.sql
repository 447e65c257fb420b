-- What there is of the journal's table in this database, and what the role may do with it. A table that somebody else
-- than this role or a superuser owns is not written to: its triggers would run as this role.
-- Least privilege: any role.
-- Returns: one row: schema_exists, may_create, table_exists, trusted, may_read, may_write, owner
SELECT n.oid IS NOT NULL AS schema_exists,
       CASE WHEN n.oid IS NULL
            THEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
            ELSE pg_catalog.has_schema_privilege(n.oid, 'CREATE') END AS may_create,
       c.oid IS NOT NULL AS table_exists,
       coalesce((o.rolsuper OR o.rolname = CURRENT_USER) AND c.relkind = 'r' AND NOT c.relrowsecurity,
                no.rolsuper OR no.rolname = CURRENT_USER, true) AS trusted,
       coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                AND pg_catalog.has_table_privilege(c.oid, 'SELECT'), false) AS may_read,
       coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
                AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
                AND pg_catalog.has_table_privilege(c.oid, 'UPDATE'), false) AS may_write,
       coalesce(o.rolname, no.rolname, '')::text AS owner
FROM (SELECT 1) AS one
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = 'avadb'
LEFT JOIN pg_catalog.pg_roles AS no ON no.oid = n.nspowner
LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = 'change_set'
LEFT JOIN pg_catalog.pg_roles AS o ON o.oid = c.relowner
