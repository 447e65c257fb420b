-- Makes the transaction group rows by hashing, in memory, and compile nothing; workers are for what takes seconds. The planner takes the grouping
-- columns for independent, expects as many groups as rows, and would sort.
-- Least privilege: any role.
-- Returns: one row: the settings
SELECT pg_catalog.set_config('enable_sort', 'off', true) AS sort, pg_catalog.set_config('work_mem', '64MB', true) AS memory,
       pg_catalog.set_config('parallel_setup_cost', '50000', true) AS workers, pg_catalog.set_config('jit', 'off', true) AS jit
