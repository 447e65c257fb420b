-- The largest tables of the connected database with many dead rows.
-- Least privilege: any role.
-- Returns: name, bytes (of the heap), live, dead
SELECT t.schemaname || '.' || t.relname AS name, c.relpages::bigint * pg_catalog.current_setting('block_size')::bigint AS bytes,
       t.n_live_tup AS live, t.n_dead_tup AS dead
FROM pg_catalog.pg_stat_user_tables AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.relid
WHERE t.n_dead_tup > 0 AND t.n_dead_tup >= 0.1 * (t.n_live_tup + t.n_dead_tup)
ORDER BY c.relpages DESC, 1
LIMIT 5
