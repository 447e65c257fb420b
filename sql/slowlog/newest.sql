-- The newest row of the slow_query_log table, and the server's clock.
-- $1 the writers' time zone, or null
-- Least privilege: SELECT on the table.
-- Returns: one row: newest (null where it is empty), now
SELECT max(at) AS newest, pg_catalog.clock_timestamp() AS now FROM ({{slowlog/rows}}) AS r
