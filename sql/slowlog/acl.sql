-- The privileges on a slow_query_log table, its columns and the sequence of its id, without the owner's own.
-- $1 schema
-- Least privilege: any role.
-- Returns: object (table or sequence), privilege, "column" (or empty), grantee (PUBLIC is empty), grantable
WITH t AS (
    SELECT c.oid, c.relowner, c.relacl,
           pg_catalog.pg_get_serial_sequence(pg_catalog.quote_ident(n.nspname) || '.slow_query_log', 'id')::regclass::oid AS sequence
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = 'slow_query_log' AND c.relkind = 'r'
), given AS (
    SELECT 'table' AS object, ''::text AS "column", t.relowner, a.* FROM t CROSS JOIN LATERAL pg_catalog.aclexplode(t.relacl) AS a
    UNION ALL
    SELECT 'table', c.attname::text, t.relowner, a.* FROM t JOIN pg_catalog.pg_attribute AS c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
    CROSS JOIN LATERAL pg_catalog.aclexplode(c.attacl) AS a
    UNION ALL
    SELECT 'sequence', '', t.relowner, a.* FROM t JOIN pg_catalog.pg_class AS s ON s.oid = t.sequence CROSS JOIN LATERAL pg_catalog.aclexplode(s.relacl) AS a
)
SELECT e.object, e.privilege_type AS privilege, e."column", coalesce(r.rolname::text, '') AS grantee, e.is_grantable AS grantable
FROM given AS e LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = e.grantee
WHERE e.grantee <> e.relowner AND (e.grantee = 0 OR r.oid IS NOT NULL)
ORDER BY 1, 4, 3, 2
