-- The files of the server's log directory, the one that was written longest ago first.
-- Least privilege: pg_monitor.
-- Returns: a row a file: name, size, modified
SELECT f.name, f.size, f.modification AS modified FROM pg_catalog.pg_ls_logdir() AS f ORDER BY f.modification, f.name
