-- The session that has been idle in a transaction for the longest time.
-- Least privilege: pg_monitor: the sessions of other roles have no state otherwise.
-- Returns: no row or one: pid, gid (null: it is a session), user, application, database, state, seconds, count
SELECT pid, NULL::text AS gid, coalesce(usename, '')::text AS "user", coalesce(application_name, '') AS application, coalesce(datname, '')::text AS database, state,
       greatest(extract(epoch FROM pg_catalog.clock_timestamp() - state_change), 0)::float8 AS seconds, (count(*) OVER ())::int AS count
FROM pg_catalog.pg_stat_activity
WHERE state LIKE 'idle in transaction%' AND pid <> pg_catalog.pg_backend_pid()
ORDER BY state_change LIMIT 1
