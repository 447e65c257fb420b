-- How many rows an interrupted upgrade has not moved yet.
-- Least privilege: SELECT on the table.
-- Returns: one row: rows
SELECT count(*) AS rows FROM {{schema}}.slow_query_log_before_avadb
