-- The statements that run for longer than a threshold, without avadb's own.
-- $1 milliseconds
-- Least privilege: any role for its own sessions; pg_read_all_stats for those of others.
-- Returns: pid, backend_start, query_start, at (now), duration_ms, queryid (null where none is computed), query, database, user, application
SELECT a.pid, a.backend_start, a.query_start, now.at, extract(epoch FROM now.at - a.query_start)::float8 * 1000 AS duration_ms,
       nullif(a.query_id, 0) AS queryid, a.query, a.datname::text AS database, a.usename::text AS "user", a.application_name AS application
FROM (SELECT pg_catalog.clock_timestamp() AS at) AS now CROSS JOIN pg_catalog.pg_stat_activity AS a
WHERE a.state = 'active' AND a.backend_type = 'client backend' AND a.pid <> pg_catalog.pg_backend_pid()
  AND a.query_start < now.at - $1::float8 * interval '1 millisecond' AND a.query !~ '^[A-Za-z]+ /\*avadb:'
