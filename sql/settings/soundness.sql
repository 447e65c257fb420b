-- Whether what pg_file_settings shows of postgresql.auto.conf can be believed: all three must be 0.
-- Least privilege: SELECT on pg_file_settings and EXECUTE on pg_show_all_file_settings().
-- Returns: one row: errors (nameless ones hide all rows), newlines (values that cannot be written back), after (files read behind it)
-- A nameless error without a file is no syntax error: it is what the server says of a restart-class parameter that was
-- taken out of the files and waits for the restart.
SELECT count(*) FILTER (WHERE error IS NOT NULL AND name IS NULL AND sourcefile IS NOT NULL) AS errors,
       count(*) FILTER (WHERE setting ~ E'[\n\r]' AND sourcefile ~ 'auto.conf$') AS newlines,
       count(*) FILTER (WHERE sourcefile !~ 'postgresql.auto.conf$' AND seqno >
              (SELECT min(seqno) FROM pg_catalog.pg_file_settings WHERE sourcefile ~ 'postgresql.auto.conf$')) AS after
FROM pg_catalog.pg_file_settings
