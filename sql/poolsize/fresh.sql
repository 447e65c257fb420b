-- Forgets what the transaction has seen of the sessions, so that the next statement sees them as they are.
-- Least privilege: any role.
-- Returns: one row without meaning: done
SELECT pg_catalog.pg_stat_clear_snapshot() IS NULL AS done
