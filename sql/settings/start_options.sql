-- The command line that the server was started with, byte by byte: a path in it need not be in the database's encoding.
-- Least privilege: EXECUTE on pg_read_binary_file(text, bigint, bigint, boolean) and pg_read_server_files.
-- Returns: one row: options (null where the file is not there)
SELECT pg_catalog.pg_read_binary_file('postmaster.opts', 0, 1048576, true) AS options
