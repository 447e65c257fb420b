-- The server's clock, by which windows count.
-- Least privilege: any role.
-- Returns: one row: now
SELECT pg_catalog.clock_timestamp() AS now
