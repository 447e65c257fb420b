-- What the role may see of the server.
-- Least privilege: any role.
-- Returns: one row: may_read_stats, may_read_settings, may_read_files
SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS may_read_stats,
       pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE') AS may_read_settings,
       pg_catalog.has_table_privilege('pg_catalog.pg_file_settings', 'SELECT')
       AND pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE') AS may_read_files
