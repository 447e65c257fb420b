-- Sessions by database and state, for /metrics, each combination whether there are any or not: a series that comes and goes cannot be
-- alerted on. Sessions whose state the role may not see are of the state unknown.
-- Least privilege: any role; the state of other roles' sessions needs pg_read_all_stats.
-- Returns: datname, state, sessions, longest (age of the oldest transaction in seconds)
SELECT d.datname::text AS datname, s.state, count(a.pid) AS sessions,
       coalesce(extract(epoch FROM max(pg_catalog.clock_timestamp() - a.xact_start)), 0)::float8 AS longest
FROM pg_catalog.pg_database AS d
CROSS JOIN (VALUES ('active'), ('idle'), ('idle in transaction'), ('idle in transaction (aborted)'), ('fastpath function call'),
            ('disabled'), ('unknown')) AS s (state)
LEFT JOIN pg_catalog.pg_stat_activity AS a
       ON a.datid = d.oid AND s.state = coalesce(a.state, CASE WHEN a.backend_type IS NULL THEN 'unknown' END)
WHERE d.datallowconn
GROUP BY d.datname, s.state
