-- Makes the session group rows in memory, without workers.
-- Least privilege: any role.
-- Returns: one row: parallel, memory
SELECT pg_catalog.set_config('max_parallel_workers_per_gather', '0', false) AS parallel, pg_catalog.set_config('work_mem', '64MB', false) AS memory
