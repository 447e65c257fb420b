-- Whether the server is a standby: a promotion ends no session.
-- Least privilege: any role.
-- Returns: one row: in_recovery
SELECT pg_catalog.pg_is_in_recovery() AS in_recovery
