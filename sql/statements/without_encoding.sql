-- The databases without encoding: from them pg_stat_statements shows the texts of every database as they are.
-- Least privilege: any role.
-- Returns: name
SELECT datname::text AS name
FROM pg_catalog.pg_database
WHERE pg_catalog.pg_encoding_to_char(encoding) = 'SQL_ASCII' AND datallowconn
  AND pg_catalog.has_database_privilege(oid, 'CONNECT')
ORDER BY datname
