-- Which of these files the server's host has; a path may be relative to the data directory.
-- $1 paths
-- Least privilege: EXECUTE on pg_stat_file(text, boolean), and pg_read_server_files for what lies outside of the data directory.
-- Returns: path, there
SELECT path, (pg_catalog.pg_stat_file(path, true)).modification IS NOT NULL AS there FROM pg_catalog.unnest($1::text[]) AS path
