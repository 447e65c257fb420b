-- Facts of the live server that change what is recommended.
-- Least privilege: any role; standbys and other roles' sessions are seen with pg_monitor.
-- Returns: one row: platform, sessions, standbys
SELECT pg_catalog.version() AS platform,
       (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend')::int AS sessions,
       (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'walsender')::int AS standbys
