-- How many sessions of each database did not end by their client's word, since its counters began.
-- Least privilege: any role.
-- Returns: database (its OID), killed (pg_terminate_backend and shutdowns), fatal (errors), abandoned (the client was lost), reset (null: never)
SELECT datid::int8 AS database, sessions_killed AS killed, sessions_fatal AS fatal, sessions_abandoned AS abandoned, stats_reset AS reset
FROM pg_catalog.pg_stat_database
WHERE datid <> 0
ORDER BY datid
