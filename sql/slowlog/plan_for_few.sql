-- Makes the transaction group rows by hashing, in memory, without workers, and compile nothing.
-- Least privilege: any role.
-- Returns: one row: the settings
SELECT pg_catalog.set_config('enable_sort', 'off', true) AS sort, pg_catalog.set_config('work_mem', '64MB', true) AS memory,
       pg_catalog.set_config('max_parallel_workers_per_gather', '0', true) AS workers, pg_catalog.set_config('jit', 'off', true) AS jit
