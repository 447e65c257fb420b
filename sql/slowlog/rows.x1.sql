-- The slow_query_log table; every reader selects from this shim.
-- $1 null: its timestamps have a zone
-- Least privilege: SELECT on the table.
SELECT "timestamp" AS at, query, duration_ms, threshold_ms, query_signature, origin, calls, queryid, dbname, usename, application_name,
       duration_ms = 'NaN'::numeric OR threshold_ms = 'NaN'::numeric AS no_number
FROM {{schema}}.slow_query_log WHERE $1::text IS NULL
