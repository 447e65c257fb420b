-- The statements of a database that asked for most blocks, by the history of pg_stat_statements.
-- $1 server, $2 database, $3 begin
-- Least privilege: SELECT on the tables of schema avadb.
-- Returns: query, blocks, the most first
SELECT t.query, sum(coalesce(d.shared_blks_hit, 0) + coalesce(d.shared_blks_read, 0))::bigint AS blocks
FROM avadb.snapshot AS s
JOIN avadb.delta AS d ON d.server = s.server AND d.snapshot = s.id
JOIN avadb.statement AS t ON t.server = s.server AND t.id = d.statement
WHERE s.server = $1 AND s.taken_at >= $3 AND t.dbname = $2 AND NOT t.own AND t.query IS NOT NULL
GROUP BY t.id, t.query ORDER BY 2 DESC LIMIT 1000
