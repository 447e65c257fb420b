-- Adds rows to the store's slow_query_log; those that are there already, of an execution that still ran, get its later end.
-- An array each: timestamps, queries, duration_ms, threshold_ms, signatures, origins, calls, queryids, databases, roles, applications, pids, dedupe keys; $14 server
-- Least privilege: INSERT, UPDATE and SELECT on avadb.slow_query_log.
INSERT INTO avadb.slow_query_log AS t ("timestamp", query, duration_ms, threshold_ms, query_signature, origin, calls, queryid, dbname, usename, application_name, pid, dedupe_key, server)
SELECT r.*, $14::int FROM ({{slowlog/rows_of_arrays}}) AS r
ON CONFLICT (server, dedupe_key) DO UPDATE SET "timestamp" = excluded."timestamp", duration_ms = excluded.duration_ms
WHERE t.duration_ms < excluded.duration_ms
