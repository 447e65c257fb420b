-- The folder that the server loads libraries from.
-- Least privilege: EXECUTE on pg_config(): a superuser, or pg_read_all_settings from 14 up where it was not taken away.
-- Returns: one row: folder
SELECT setting AS folder FROM pg_catalog.pg_config() WHERE name = 'PKGLIBDIR'
