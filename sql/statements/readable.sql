-- Proves that statistics flow: reading the view fails with 55000 where the library is not loaded.
-- Least privilege: any role.
-- Returns: one row: entries
SELECT count(*) AS entries FROM {{schema}}.pg_stat_statements(false)
