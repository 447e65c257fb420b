-- The configuration files as the server parses them now, in the order it reads them: the last entry of a name wins.
-- Least privilege: SELECT on pg_file_settings and EXECUTE on pg_show_all_file_settings().
-- Returns: name, value, file, line, applied, error
SELECT coalesce(name, '') AS name, coalesce(setting, '') AS value, coalesce(sourcefile, '') AS file,
       coalesce(sourceline, 0) AS line, applied, coalesce(error, '') AS error
FROM pg_catalog.pg_file_settings
ORDER BY seqno
