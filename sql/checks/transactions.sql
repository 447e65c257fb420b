-- The client's transaction that has been open for the longest time.
-- Least privilege: pg_monitor: the sessions of other roles have no times otherwise.
-- Returns: no row or one: pid, user, application, database, state, seconds, count
SELECT pid, coalesce(usename, '')::text AS "user", coalesce(application_name, '') AS application, coalesce(datname, '')::text AS database,
       coalesce(state, '') AS state,
       greatest(extract(epoch FROM pg_catalog.clock_timestamp() - xact_start), 0)::float8 AS seconds, (count(*) OVER ())::int AS count
FROM pg_catalog.pg_stat_activity
WHERE xact_start IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()
ORDER BY xact_start LIMIT 1
