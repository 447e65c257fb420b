-- The client's transaction that has been open for the longest time; a prepared one has no session, and outlives a restart.
-- Least privilege: pg_monitor: the sessions of other roles have no times otherwise.
-- Returns: no row or one: pid (0: a prepared one), gid (null: a session's), user, application, database, state, seconds, count
SELECT pid, gid, "user", application, database, state, greatest(extract(epoch FROM pg_catalog.clock_timestamp() - began), 0)::float8 AS seconds,
       (count(*) OVER ())::int AS count
FROM (
    SELECT pid, NULL::text AS gid, coalesce(usename, '')::text AS "user", coalesce(application_name, '') AS application,
           coalesce(datname, '')::text AS database, coalesce(state, '') AS state, xact_start AS began
    FROM pg_catalog.pg_stat_activity
    WHERE xact_start IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()
    UNION ALL
    SELECT 0, gid, coalesce(owner, '')::text, '', coalesce(database, '')::text, 'prepared', prepared
    FROM pg_catalog.pg_prepared_xacts) AS open
ORDER BY began LIMIT 1
