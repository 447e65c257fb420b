-- The store's own slow_query_log, in which each server has its rows; every reader selects from this shim.
-- $1 the server's id in the store
-- Least privilege: SELECT on the table.
SELECT "timestamp" AS at, query, duration_ms, threshold_ms, query_signature, origin, calls, queryid, dbname, usename, application_name,
       duration_ms = 'NaN'::numeric OR threshold_ms = 'NaN'::numeric AS no_number
FROM {{schema}}.slow_query_log WHERE server = $1::text::int
