-- When this session last took a configuration.
-- Least privilege: any role.
-- Returns: one row: loaded_at
SELECT pg_catalog.pg_conf_load_time() AS loaded_at
