-- A piece of a file of the server's.
-- $1 its path, $2 first byte, $3 how many bytes
-- Least privilege: EXECUTE on the function, or pg_read_server_files.
-- Returns: one row: bytes, fewer at the file's end; null where there is no such file
SELECT pg_catalog.pg_read_binary_file($1, $2, $3, true) AS bytes
