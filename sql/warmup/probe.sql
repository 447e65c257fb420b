-- Of some tables those that can be asked for a row without running anything of their owner's: no row security, and no expression or predicate of
-- an index or of extended statistics, which the planner would evaluate.
-- $1 oids, in their order; $2 how many
-- Least privilege: any role.
-- Returns: name (quoted, with its schema), in the order of the oids
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.unnest($1::bigint[]) WITH ORDINALITY AS o (oid, place)
JOIN pg_catalog.pg_class AS c ON c.oid = o.oid::oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND NOT c.relispartition AND NOT c.relrowsecurity AND n.nspname <> 'pg_catalog'
      AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_statistic_ext AS e WHERE e.stxrelid = c.oid AND e.stxexprs IS NOT NULL)
ORDER BY o.place LIMIT $2
