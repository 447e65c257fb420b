-- The server's TimeZone, as far as this session can see it.
-- Least privilege: any role.
-- Returns: one row: zone (null where the session's own value hides it)
SELECT CASE WHEN source IN ('default', 'configuration file', 'command line', 'environment variable', 'override') THEN reset_val END AS zone
FROM pg_catalog.pg_settings WHERE name = 'TimeZone'
