-- The replication slots.
-- Least privilege: any role.
-- Returns: name, active, lost, kept_bytes
SELECT slot_name::text AS name, active, coalesce(wal_status = 'lost', false) AS lost,
       coalesce(greatest(pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                                                         ELSE pg_catalog.pg_current_wal_lsn() END, restart_lsn), 0), 0)::bigint AS kept_bytes
FROM pg_catalog.pg_replication_slots
ORDER BY 1
