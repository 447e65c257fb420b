-- Client backends, and how many of them there can be. A superuser's reserved connections are nobody else's.
-- Least privilege: pg_monitor: the backends of other roles have no type otherwise.
-- Returns: one row: used, max_connections, reserved
SELECT (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend')::int AS used,
       pg_catalog.current_setting('max_connections')::int AS max_connections,
       pg_catalog.current_setting('superuser_reserved_connections')::int
       + coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::int AS reserved
