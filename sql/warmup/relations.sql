-- The tables, indexes, TOAST tables and materialised views of the connected database and of the catalogue, with their size and how often
-- their blocks were asked for since the counters began. The size of one that somebody has locked is the one last counted: asking would wait.
-- Least privilege: any role.
-- Returns: oid, tablespace, filenode, name (quoted, with its schema), table (bare name; of an index its table's; empty of the catalogue and of TOAST), kind, blocks, asked, read, readable
SELECT c.oid::bigint AS oid, coalesce(nullif(c.reltablespace, 0), d.dattablespace)::bigint AS tablespace, f.filenode::bigint AS filenode,
       pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
       CASE WHEN n.nspname NOT IN ('pg_catalog', 'pg_toast') THEN coalesce(t.relname, c.relname) ELSE '' END::text AS "table",
       CASE WHEN n.nspname = 'pg_catalog' OR c.oid < 16384 THEN 'catalog' WHEN c.relkind = 'i' THEN 'index' WHEN c.relkind = 't' THEN 'toast' WHEN c.relkind = 'm' THEN 'matview' ELSE 'table' END AS kind,
       s.bytes / pg_catalog.current_setting('block_size')::bigint AS blocks,
       coalesce(io.read + io.hit, 0)::bigint AS asked, coalesce(io.read, 0)::bigint AS read,
       pg_catalog.has_table_privilege(coalesce(x.indrelid, c.oid), 'SELECT') AS readable
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_database AS d ON d.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_index AS x ON x.indexrelid = c.oid
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = x.indrelid
LEFT JOIN (SELECT relid AS oid, coalesce(heap_blks_read, 0) AS read, coalesce(heap_blks_hit, 0) AS hit FROM pg_catalog.pg_statio_all_tables
           UNION ALL
           SELECT indexrelid, coalesce(idx_blks_read, 0), coalesce(idx_blks_hit, 0) FROM pg_catalog.pg_statio_all_indexes) AS io ON io.oid = c.oid
CROSS JOIN LATERAL pg_catalog.pg_relation_filenode(c.oid) AS f (filenode)
LEFT JOIN (SELECT DISTINCT l.relation FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_database AS here ON here.oid = l.database
           WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND here.datname = pg_catalog.current_database()) AS locked ON locked.relation = c.oid
CROSS JOIN LATERAL (SELECT CASE WHEN locked.relation IS NULL THEN pg_catalog.pg_relation_size(c.oid)
                                ELSE c.relpages * pg_catalog.current_setting('block_size')::bigint END) AS s (bytes)
WHERE c.relkind IN ('r', 'i', 't', 'm') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema'
      AND s.bytes >= pg_catalog.current_setting('block_size')::bigint AND f.filenode IS NOT NULL
