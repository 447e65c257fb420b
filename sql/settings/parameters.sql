-- The server's parameters as pg_settings knows them. reset_val and not setting: avadb's own session hides the server's.
-- Run in a transaction after RESETs of what avadb set itself, so that source and current are the server's.
-- Keep it free of operators and of bare names: it alone runs with the search_path of the role and not with avadb's.
-- Least privilege: any role; sourcefile and some parameters need pg_read_all_settings.
-- Returns: name, current, reset_val, boot_val, unit, vartype, context, source, sourcefile, min_val, max_val, enumvals, pending_restart
SELECT name, coalesce(pg_catalog.current_setting(name, true), setting) AS current, coalesce(reset_val, '') AS reset_val,
       coalesce(boot_val, '') AS boot_val, coalesce(unit, '') AS unit, vartype, context, source,
       coalesce(sourcefile, '') AS sourcefile, coalesce(min_val, '') AS min_val, coalesce(max_val, '') AS max_val,
       coalesce(enumvals, '{}') AS enumvals, pending_restart
FROM pg_catalog.pg_settings
