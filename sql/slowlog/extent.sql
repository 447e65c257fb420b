-- How many rows the table holds, and from when to when.
-- $1 the writers' time zone, or null
-- Least privilege: SELECT on the table.
-- Returns: one row: rows, oldest, newest (null where it is empty)
SELECT count(*) AS rows, min(at) AS oldest, max(at) AS newest FROM ({{slowlog/rows}}) AS r
