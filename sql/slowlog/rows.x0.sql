-- A slow_query_log table of the original layout, in the columns of today's; every reader selects from this shim.
-- $1 the writers' time zone
-- Least privilege: SELECT on the table.
SELECT "timestamp" AT TIME ZONE $1::text AS at, query, duration_ms, threshold_ms, query_signature, 'app'::text AS origin, 1::bigint AS calls,
       NULL::bigint AS queryid, NULL::text AS dbname, NULL::text AS usename, NULL::text AS application_name,
       duration_ms = 'NaN'::numeric OR threshold_ms = 'NaN'::numeric AS no_number
FROM {{schema}}.slow_query_log
