-- Takes rows in; one that is there already makes it fail, and none is taken.
-- Least privilege: INSERT on the table.
COPY {{schema}}.slow_query_log ("timestamp", query, duration_ms, threshold_ms, query_signature, origin, calls, queryid, dbname, usename, application_name, pid, dedupe_key)
FROM STDIN
