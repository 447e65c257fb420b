-- Whether a role was given a privilege itself: INSERT on a slow_query_log table, or USAGE of its schema.
-- $1 privilege, $2 schema, $3 role
-- Least privilege: any role.
-- Returns: one row: granted
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_namespace AS n
    LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = 'slow_query_log'
    CROSS JOIN LATERAL pg_catalog.aclexplode(CASE $1 WHEN 'INSERT' THEN c.relacl WHEN 'USAGE' THEN n.nspacl END) AS a
    JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
    WHERE n.nspname = $2 AND r.rolname = $3 AND a.privilege_type = $1
) AS granted
