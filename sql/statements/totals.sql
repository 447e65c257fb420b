-- The counters of all top-level statements of the server together, without avadb's own.
-- Least privilege: any role; without pg_read_all_stats those of other roles are counted in not_visible alone.
-- Returns: one row: calls, total_ms, not_visible
SELECT coalesce(sum(calls) FILTER (WHERE NOT own), 0)::bigint AS calls,
       coalesce(sum(total_exec_time) FILTER (WHERE NOT own), 0)::float8 AS total_ms,
       count(*) FILTER (WHERE queryid IS NULL) AS not_visible
FROM (SELECT s.*, queryid IS NULL OR coalesce(s.query ~ '^[A-Za-z]+ /\*avadb:', false) AS own FROM ({{statements/shim}}) AS s WHERE s.toplevel) AS t
