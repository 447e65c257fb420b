-- What a server is, for /metrics. The lag of a standby is the age of the newest transaction that it has replayed, 0 only where all
-- that it receives is replayed and it does receive.
-- Least privilege: any role: the receiver's process is shown to all.
-- Returns: one row: in_recovery, lag (seconds, null: nothing was replayed yet), started (seconds since 1970), max_connections, reserved
SELECT pg_catalog.pg_is_in_recovery() AS in_recovery,
       (CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN 0
             WHEN pg_catalog.pg_last_wal_receive_lsn() <= pg_catalog.pg_last_wal_replay_lsn()
                  AND EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver WHERE pid IS NOT NULL) THEN 0
             WHEN pg_catalog.pg_last_xact_replay_timestamp() IS NOT NULL
             THEN greatest(extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()), 0)
        END)::float8 AS lag,
       extract(epoch FROM pg_catalog.pg_postmaster_start_time())::float8 AS started,
       pg_catalog.current_setting('max_connections')::int AS max_connections,
       pg_catalog.current_setting('superuser_reserved_connections')::int
       + coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::int AS reserved
