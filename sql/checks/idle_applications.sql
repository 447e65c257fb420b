-- The application with the most sessions that have been idle for long.
-- $1 seconds
-- Least privilege: pg_monitor: the sessions of other roles have no state otherwise.
-- Returns: no row or one: application, user (of one of them), client (likewise), count, seconds (of the first of them), applications (how many have such sessions)
SELECT application_name AS application, min(coalesce(usename::text, '')) AS "user",
       min(CASE WHEN client_addr IS NULL THEN 'local' ELSE pg_catalog.host(client_addr) END) AS client, count(*)::int AS count,
       max(extract(epoch FROM pg_catalog.clock_timestamp() - state_change))::float8 AS seconds, (count(*) OVER ())::int AS applications
FROM pg_catalog.pg_stat_activity
WHERE backend_type = 'client backend' AND state = 'idle'
  AND extract(epoch FROM pg_catalog.clock_timestamp() - state_change) > $1::float8
GROUP BY application_name
ORDER BY count DESC, seconds DESC LIMIT 1
