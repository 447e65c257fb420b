-- What the role may do to the configuration, what the server allows, and who else manages it.
-- Least privilege: any role.
-- Returns: one row: may_read_view, may_read_function, may_reload, may_read_settings, may_read_stats, allow_alter_system, manager
-- Without pg_read_all_stats the backends of other roles have no type, and sessions and standbys would count as none.
SELECT pg_catalog.has_table_privilege('pg_catalog.pg_file_settings', 'SELECT') AS may_read_view,
       pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE') AS may_read_function,
       pg_catalog.has_function_privilege('pg_catalog.pg_reload_conf()', 'EXECUTE') AS may_reload,
       pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE') AS may_read_settings,
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS may_read_stats,
       coalesce(pg_catalog.current_setting('allow_alter_system', true), 'on') = 'on' AS allow_alter_system,
       CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE application_name LIKE 'Patroni%') THEN 'Patroni'
            WHEN pg_catalog.current_setting('cnpg.config_sha256', true) IS NOT NULL THEN 'CloudNativePG'
            WHEN EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name LIKE 'rds.%')
                 OR EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rds_superuser') THEN 'Amazon RDS'
            WHEN EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name LIKE 'cloudsql.%')
                 OR EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'cloudsqlsuperuser') THEN 'Google Cloud SQL'
            WHEN EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name LIKE 'azure.%')
                 OR EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'azure_pg_admin') THEN 'Azure Database'
            ELSE '' END AS manager
