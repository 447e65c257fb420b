-- A slow_query_log table of the original columns whose timestamps have a zone, in the columns of today's.
-- $1 null
-- Least privilege: SELECT on the table.
SELECT "timestamp" AS at, query, duration_ms, threshold_ms, query_signature, 'app'::text AS origin, 1::bigint AS calls,
       NULL::bigint AS queryid, NULL::text AS dbname, NULL::text AS usename, NULL::text AS application_name,
       duration_ms = 'NaN'::numeric OR threshold_ms = 'NaN'::numeric AS no_number
FROM {{schema}}.slow_query_log WHERE $1::text IS NULL
