-- Ends one backend, if it still is the very one that was chosen and what it was chosen for still holds: both are looked at in the
-- statement that ends it.
-- $1 pid, $2 backend_start, $3 application_name (null: any), $4 seconds idle in a transaction (null: not asked for), $5 seconds idle
-- (likewise); with neither whatever it does
-- Least privilege: pg_signal_backend or the backend's role; a superuser for a superuser's backend.
-- Returns: no row (it has gone) or one: state, signalled (null: that does not hold any more; false: it has gone)
SELECT coalesce(a.state, '') AS state,
       CASE WHEN ($3::text IS NULL OR a.application_name = $3::text)
                 AND ($4::float8 IS NULL AND $5::float8 IS NULL
                      OR a.state IN ('idle in transaction', 'idle in transaction (aborted)')
                         AND extract(epoch FROM pg_catalog.clock_timestamp() - a.state_change) >= $4::float8
                      OR a.state = 'idle' AND extract(epoch FROM pg_catalog.clock_timestamp() - a.state_change) >= $5::float8)
            THEN pg_catalog.pg_terminate_backend(a.pid) END AS signalled
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid = $1::int AND a.backend_start = $2::timestamptz AND a.pid <> pg_catalog.pg_backend_pid()
