-- Adds rows; those that are there already stay as they are.
-- An array each: timestamps, queries, duration_ms, threshold_ms, signatures, origins, calls, queryids, databases, roles, applications, pids, dedupe keys
-- Least privilege: INSERT on the table.
INSERT INTO {{schema}}.slow_query_log ("timestamp", query, duration_ms, threshold_ms, query_signature, origin, calls, queryid, dbname, usename, application_name, pid, dedupe_key)
{{slowlog/rows_of_arrays}}
ON CONFLICT DO NOTHING
