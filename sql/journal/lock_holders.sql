-- Who else holds an advisory lock, in whatever database.
-- Least privilege: any role; the address needs pg_monitor.
-- Returns: pid, address, age_s
SELECT l.pid, coalesce(a.client_addr::text, 'local') AS address,
       coalesce(extract(epoch FROM pg_catalog.clock_timestamp() - a.backend_start), 0)::float8 AS age_s
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.classid = $1::int::oid AND l.objid = $2::int::oid AND l.objsubid = 2 AND l.granted
  AND l.pid <> ALL ($3::int[])
ORDER BY l.pid
