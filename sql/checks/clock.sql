-- The server's clock at this very moment.
-- Least privilege: any role.
-- Returns: one row: now
SELECT pg_catalog.clock_timestamp() AS now
