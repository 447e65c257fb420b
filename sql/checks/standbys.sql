-- The standbys that are attached, and how far behind they are with replaying. A base backup is none.
-- Least privilege: pg_monitor: the positions are hidden otherwise.
-- Returns: name, state, replays (false: it takes WAL and reports no replaying, as pg_receivewal does), seconds (null: nothing
-- was measured lately), bytes
SELECT coalesce(application_name, '') AS name, coalesce(state, '') AS state, replay_lsn IS NOT NULL AS replays,
       extract(epoch FROM replay_lag)::float8 AS seconds,
       coalesce(greatest(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), replay_lsn), 0), 0)::bigint AS bytes
FROM pg_catalog.pg_stat_replication
WHERE state IS DISTINCT FROM 'backup'
ORDER BY 1
