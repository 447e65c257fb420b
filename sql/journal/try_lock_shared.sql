-- Takes an advisory lock in shared mode without waiting: marks a connection that changes the server.
-- Least privilege: any role.
-- Returns: locked
SELECT pg_catalog.pg_try_advisory_lock_shared($1::int, $2::int) AS locked
