-- How far this standby is with replaying what it has received.
-- Least privilege: any role: the receiver's process is shown to all.
-- Returns: one row: caught_up, receiving, from_archive, paused, seconds
SELECT coalesce(pg_catalog.pg_last_wal_receive_lsn() <= pg_catalog.pg_last_wal_replay_lsn(), false) AS caught_up,
       EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver WHERE pid IS NOT NULL) AS receiving,
       coalesce(pg_catalog.current_setting('restore_command', true), '') <> '' AS from_archive,
       pg_catalog.pg_is_wal_replay_paused() AS paused,
       (CASE WHEN pg_catalog.pg_last_xact_replay_timestamp() IS NOT NULL -- greatest() would take null for 0
             THEN greatest(extract(epoch FROM pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()), 0) END)::float8 AS seconds
