-- How many rows of the table are older than a time.
-- $1 time
-- Least privilege: SELECT on the table.
-- Returns: one row: rows
SELECT count(*) AS rows FROM {{schema}}.slow_query_log WHERE "timestamp" < $1
