-- The roles that a slow_query_log table was granted to for INSERT, and its owner, with what an INSERT needs beside that: USAGE of the
-- schema and, for a SERIAL id, of its sequence (an identity needs none).
-- $1 schema
-- Least privilege: any role.
-- Returns: role (PUBLIC is empty), owner, may_use_schema, sequence (the one to be granted, or empty), may_use_sequence
WITH t AS (
    SELECT c.oid, n.oid AS schema, c.relowner, c.relacl, a.attidentity,
           pg_catalog.pg_get_serial_sequence(pg_catalog.quote_ident(n.nspname) || '.slow_query_log', 'id') AS sequence
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'id' AND NOT a.attisdropped
    WHERE n.nspname = $1 AND c.relname = 'slow_query_log' AND c.relkind IN ('r', 'p')
), writers AS (
    SELECT DISTINCT t.oid, a.grantee FROM t CROSS JOIN LATERAL pg_catalog.aclexplode(t.relacl) AS a WHERE a.privilege_type = 'INSERT'
    UNION
    SELECT DISTINCT t.oid, a.grantee FROM t JOIN pg_catalog.pg_attribute AS c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
    CROSS JOIN LATERAL pg_catalog.aclexplode(c.attacl) AS a WHERE a.privilege_type = 'INSERT'
    UNION
    SELECT t.oid, t.relowner FROM t
)
SELECT coalesce(r.rolname::text, '') AS role, w.grantee = t.relowner AS owner,
       pg_catalog.has_schema_privilege(coalesce(r.rolname::text, 'public')::name, t.schema, 'USAGE') AS may_use_schema,
       CASE WHEN t.attidentity = '' THEN coalesce(t.sequence, '') ELSE '' END AS sequence,
       t.attidentity <> '' OR t.sequence IS NULL OR pg_catalog.has_sequence_privilege(coalesce(r.rolname::text, 'public')::name, t.sequence, 'USAGE, UPDATE') AS may_use_sequence
FROM t JOIN writers AS w ON w.oid = t.oid LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = w.grantee
WHERE w.grantee = 0 OR r.oid IS NOT NULL
ORDER BY 2, 1
