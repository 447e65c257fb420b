-- Takes an advisory lock without waiting. Advisory locks are per database: see lock_holders.
-- Least privilege: any role.
-- Returns: locked
SELECT pg_catalog.pg_try_advisory_lock($1::int, $2::int) AS locked
