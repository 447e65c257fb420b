-- Checkpoints by time, and those that were asked for: by the WAL's size, or by a command. 17 and up.
-- Least privilege: any role.
-- Returns: one row: timed, requested, checkpoints_since
SELECT num_timed AS timed, num_requested AS requested, stats_reset AS checkpoints_since
FROM pg_catalog.pg_stat_checkpointer
