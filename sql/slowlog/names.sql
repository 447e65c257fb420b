-- The names that a slow_query_log table of the original layout keeps from the new one, and where its ids go on.
-- $1 schema
-- Least privilege: USAGE or SELECT on the sequence of the id.
-- Returns: one row: sequence_schema and sequence (empty where the id has none), last_value (0 before its first use), primary_key
SELECT coalesce(sn.nspname::text, '') AS sequence_schema, coalesce(s.relname::text, '') AS sequence,
       coalesce(pg_catalog.pg_sequence_last_value(s.oid), 0) AS last_value, coalesce(k.conname::text, '') AS primary_key
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class AS s ON s.oid = pg_catalog.pg_get_serial_sequence(pg_catalog.quote_ident(n.nspname) || '.slow_query_log', 'id')::regclass
LEFT JOIN pg_catalog.pg_namespace AS sn ON sn.oid = s.relnamespace
LEFT JOIN pg_catalog.pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p'
WHERE n.nspname = $1 AND c.relname = 'slow_query_log'
