-- The roles that a slow_query_log table was granted to for INSERT, and its owner, with what an INSERT needs beside that: USAGE of the
-- schema and of the sequences that defaults take values from (an identity's own needs none).
-- $1 schema
-- Least privilege: any role.
-- Returns: role (PUBLIC is empty), owner, may_use_schema, sequence (one that it may not use, or empty)
WITH t AS (
    SELECT c.oid, n.oid AS schema, c.relowner, c.relacl
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname = 'slow_query_log' AND c.relkind IN ('r', 'p')
), sequences AS (
    SELECT DISTINCT t.oid, s.oid AS sequence
    FROM t JOIN pg_catalog.pg_attrdef AS f ON f.adrelid = t.oid
    JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
    JOIN pg_catalog.pg_class AS s ON s.oid = d.refobjid AND s.relkind = 'S'
), writers AS (
    SELECT DISTINCT t.oid, a.grantee FROM t CROSS JOIN LATERAL pg_catalog.aclexplode(t.relacl) AS a WHERE a.privilege_type = 'INSERT'
    UNION
    SELECT DISTINCT t.oid, a.grantee FROM t JOIN pg_catalog.pg_attribute AS c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
    CROSS JOIN LATERAL pg_catalog.aclexplode(c.attacl) AS a WHERE a.privilege_type = 'INSERT'
    UNION
    SELECT t.oid, t.relowner FROM t
), named AS (
    SELECT w.oid, w.grantee, coalesce(r.rolname::text, '') AS role, coalesce(r.rolname::text, 'public')::name AS known
    FROM writers AS w LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = w.grantee
    WHERE w.grantee = 0 OR r.oid IS NOT NULL
)
SELECT w.role, w.grantee = t.relowner AS owner, pg_catalog.has_schema_privilege(w.known, t.schema, 'USAGE') AS may_use_schema,
       coalesce((SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname)
                 FROM sequences AS s JOIN pg_catalog.pg_class AS c ON c.oid = s.sequence JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                 WHERE s.oid = t.oid AND NOT pg_catalog.has_sequence_privilege(w.known, s.sequence, 'USAGE, UPDATE') LIMIT 1), '') AS sequence
FROM t JOIN named AS w ON w.oid = t.oid
ORDER BY 2, 1
