-- Checkpoints by time, and those that were asked for: by the WAL's size, or by a command. Up to 16.
-- Least privilege: any role.
-- Returns: one row: timed, requested, checkpoints_since
SELECT checkpoints_timed AS timed, checkpoints_req AS requested, stats_reset AS checkpoints_since
FROM pg_catalog.pg_stat_bgwriter
