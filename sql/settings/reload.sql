-- Asks the postmaster to read its configuration again; true means asked, not done.
-- Least privilege: EXECUTE on pg_reload_conf().
-- Returns: one row: asked, loaded_at (before this reload)
SELECT loaded_at, pg_catalog.pg_reload_conf() AS asked FROM (SELECT pg_catalog.pg_conf_load_time() AS loaded_at OFFSET 0) AS t
