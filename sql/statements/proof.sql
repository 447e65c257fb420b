-- What pg_stat_statements has counted of avadb's own statements in this database (55000 where the library is not loaded). Read
-- twice it must grow, which it does not with pg_stat_statements.track = none or without query identifiers.
-- Least privilege: any role.
-- Returns: one row: calls
SELECT coalesce(sum(s.calls), 0)::bigint AS calls
FROM {{schema}}.pg_stat_statements(true) AS s
WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  AND s.userid = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = SESSION_USER)
  AND s.query ~ '^[A-Za-z]+ /\*avadb:'
