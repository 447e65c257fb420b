-- Gives an advisory lock back.
-- Least privilege: any role.
-- Returns: unlocked
SELECT pg_catalog.pg_advisory_unlock($1::int, $2::int) AS unlocked
