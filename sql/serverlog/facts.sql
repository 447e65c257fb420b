-- How the server writes its log, and whether the role may read it.
-- Least privilege: any role; pg_read_all_settings (or pg_monitor) for the directory.
-- Returns: one row: destination (log_destination), collector (the server writes files), directory (log_directory; null where the role may not see it), prefix (log_line_prefix),
-- zone (log_timezone), may_list and may_read (the functions that list and read the files)
SELECT pg_catalog.current_setting('log_destination') AS destination, pg_catalog.current_setting('logging_collector')::bool AS collector,
       (SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'log_directory') AS directory,
       pg_catalog.current_setting('log_line_prefix') AS prefix, pg_catalog.current_setting('log_timezone') AS zone,
       pg_catalog.has_function_privilege('pg_catalog.pg_ls_logdir()', 'EXECUTE') AS may_list,
       pg_catalog.has_function_privilege('pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean)', 'EXECUTE') AS may_read
