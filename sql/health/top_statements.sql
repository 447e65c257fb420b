-- The statements with the most execution time, for /metrics; avadb's own are left out.
-- $1 limit
-- Least privilege: any role; other roles' statements need pg_read_all_stats.
-- Returns: user, datname, queryid, calls, seconds, rows, read_seconds, write_seconds
SELECT coalesce(r.rolname, '')::text AS "user", coalesce(d.datname, '')::text AS datname, s.queryid::text AS queryid,
       sum(s.calls)::float8 AS calls, sum(s.total_exec_time)::float8 / 1000 AS seconds, sum(s.rows)::float8 AS rows,
       sum(s.shared_blk_read_time)::float8 / 1000 AS read_seconds, sum(s.shared_blk_write_time)::float8 / 1000 AS write_seconds
FROM ({{statements/shim}}) AS s
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.userid
WHERE s.queryid IS NOT NULL AND NOT coalesce(s.query ~ '^[A-Za-z]+ /\*avadb:', false)
GROUP BY 1, 2, 3
ORDER BY seconds DESC
LIMIT $1::bigint
