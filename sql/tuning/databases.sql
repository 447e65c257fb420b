-- What the databases' counters say of sessions, temporary files and the cache. The rows of dropped databases are gone. Up to 17.
-- Least privilege: any role; pg_read_all_stats for the sessions of others.
-- Returns: one row: peak_sessions, wanted and got (parallel workers; null), temp_files, temp_bytes, hit_ratio_pct (null: nothing was read), counters_since (null: never reset)
SELECT greatest((SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'),
                sum(numbackends) FILTER (WHERE datid <> 0))::int AS peak_sessions,
       NULL::bigint AS wanted, NULL::bigint AS got,
       sum(temp_files)::bigint AS temp_files, sum(temp_bytes)::bigint AS temp_bytes,
       (100.0 * sum(blks_hit) / nullif(sum(blks_hit) + sum(blks_read), 0))::float8 AS hit_ratio_pct,
       min(stats_reset) AS counters_since
FROM pg_catalog.pg_stat_database
