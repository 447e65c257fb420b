-- Client backends that show neither state nor times: their track_activities is off. One that has just connected has no state
-- yet, which is no finding.
-- Least privilege: pg_monitor: the sessions of other roles have no state otherwise.
-- Returns: one row: count, user, database (of one of them; empty where there is none)
SELECT count(*)::int AS count, coalesce(min(usename::text), '') AS "user", coalesce(min(datname::text), '') AS database
FROM pg_catalog.pg_stat_activity
WHERE backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid()
  AND (state = 'disabled' OR state IS NULL AND backend_start < pg_catalog.clock_timestamp() - interval '10 s')
