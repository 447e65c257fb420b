-- The sessions of the application, which is in the connected database, and those of everybody else, at one moment. Of sessions that the role
-- may not see only database, role and application are known. avadb's own count as others', but for this one; background processes of others among them cannot be told apart.
-- $1 roles of the application, empty: any; $2 its application_names, empty: any
-- Least privilege: any role; pg_monitor for what the sessions of others do.
-- Returns: one row: sessions, working, waiting (in a transaction), blocked (waiting for a lock: at work for nobody), hidden (of the application; what they do is not known), others, others_here (in the same database)
SELECT count(*) FILTER (WHERE ours)::int AS sessions,
       count(*) FILTER (WHERE ours AND state IN ('active', 'fastpath function call') AND NOT blocked)::int AS working,
       count(*) FILTER (WHERE ours AND state IN ('active', 'fastpath function call') AND blocked)::int AS blocked,
       count(*) FILTER (WHERE ours AND state LIKE 'idle in transaction%')::int AS waiting,
       count(*) FILTER (WHERE ours AND hidden)::int AS hidden,
       count(*) FILTER (WHERE NOT ours)::int AS others,
       count(*) FILTER (WHERE NOT ours AND here)::int AS others_here
FROM (SELECT a.state, coalesce(a.wait_event_type = 'Lock', false) AS blocked, a.backend_type IS NULL AS hidden, a.datname = pg_catalog.current_database() AS here,
             a.datname = pg_catalog.current_database() AND (pg_catalog.cardinality($1::text[]) = 0 OR a.usename = ANY ($1))
             AND (pg_catalog.cardinality($2::text[]) = 0 OR a.application_name = ANY ($2)) AND coalesce(a.application_name, '') <> 'avadb' AS ours
      FROM pg_catalog.pg_stat_activity AS a
      WHERE a.datid IS NOT NULL AND a.usesysid IS NOT NULL AND (a.backend_type IS NULL OR a.backend_type = 'client backend')
            AND a.pid <> pg_catalog.pg_backend_pid()) AS s
