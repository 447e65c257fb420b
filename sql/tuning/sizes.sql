-- The size of the databases that the role may ask for, and how many it may not.
-- Least privilege: any role sees its own; pg_read_all_stats, or CONNECT on each, for all.
-- Returns: one row: db_bytes, hidden
SELECT coalesce(sum(CASE WHEN visible THEN pg_catalog.pg_database_size(oid) END), 0)::bigint AS db_bytes,
       count(*) FILTER (WHERE NOT visible)::int AS hidden
FROM (SELECT oid, pg_catalog.has_database_privilege(oid, 'CONNECT') OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS visible
      FROM pg_catalog.pg_database WHERE datallowconn OR datname = 'template0') AS d
