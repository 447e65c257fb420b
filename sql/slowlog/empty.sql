-- Whether the table holds nothing.
-- Least privilege: SELECT on the table.
-- Returns: one row: empty
SELECT NOT EXISTS (SELECT FROM {{schema}}.slow_query_log) AS empty
