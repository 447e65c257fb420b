-- Prepared transactions: they have no session, hold their locks and outlive a restart.
-- Least privilege: any role.
-- Returns: gid, user, database, xact_s
SELECT gid, coalesce(owner::text, '') AS "user", coalesce(database::text, '') AS database,
       extract(epoch FROM pg_catalog.clock_timestamp() - prepared)::float8 AS xact_s
FROM pg_catalog.pg_prepared_xacts
ORDER BY prepared, gid
