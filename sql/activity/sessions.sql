-- Every backend, avadb's own too. Where the role may not see it, backend_type is empty, and so are client and state.
-- Least privilege: any role for names and numbers; pg_read_all_stats (pg_monitor) for the states and times of other roles.
-- Returns: pid, backend_type, user, superuser, database, application, client (local: a socket), client_port, state, backend_start,
-- state_change, state_s, xact_s (both null: none, or not visible), query
SELECT a.pid, coalesce(a.backend_type, '') AS backend_type,
       coalesce(a.usename::text, '') AS "user", coalesce(r.rolsuper, false) AS superuser,
       coalesce(a.datname::text, '') AS database, coalesce(a.application_name, '') AS application,
       CASE WHEN a.client_addr IS NOT NULL THEN pg_catalog.host(a.client_addr) WHEN a.client_port = -1 THEN 'local' ELSE '' END AS client,
       coalesce(a.client_port, 0) AS client_port, coalesce(a.state, '') AS state, a.backend_start, a.state_change,
       extract(epoch FROM pg_catalog.clock_timestamp() - a.state_change)::float8 AS state_s,
       extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8 AS xact_s,
       coalesce(a.query, '') AS query
FROM pg_catalog.pg_stat_activity AS a
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.usesysid
ORDER BY a.backend_start, a.pid
