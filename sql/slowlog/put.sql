-- Adds rows; those that are there already, of an execution that still ran, get its later end.
-- An array each: timestamps, queries, duration_ms, threshold_ms, signatures, origins, calls, queryids, databases, roles, applications, pids, dedupe keys
-- Least privilege: INSERT, UPDATE and SELECT on the table.
INSERT INTO {{schema}}.slow_query_log AS t ("timestamp", query, duration_ms, threshold_ms, query_signature, origin, calls, queryid, dbname, usename, application_name, pid, dedupe_key)
{{slowlog/rows_of_arrays}}
ON CONFLICT (dedupe_key) DO UPDATE SET "timestamp" = excluded."timestamp", duration_ms = excluded.duration_ms
WHERE t.duration_ms < excluded.duration_ms
