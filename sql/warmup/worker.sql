-- Whether autoprewarm's process runs.
-- Least privilege: pg_monitor; without it the process shows no type.
-- Returns: one row: running
SELECT count(*) FILTER (WHERE backend_type = 'autoprewarm leader') > 0 AS running FROM pg_catalog.pg_stat_activity
