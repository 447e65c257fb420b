-- The newest snapshot of a server. The server's row is locked meanwhile: one writer at a time.
-- Least privilege: SELECT and UPDATE on avadb.server, SELECT on avadb.snapshot.
-- Returns: id, taken_at, started_at, stats_reset, dealloc, not_visible, usual_s (median of the last intervals; null before the second); no row before the first
WITH server AS MATERIALIZED (SELECT id FROM avadb.server WHERE id = $1 FOR UPDATE)
SELECT s.id, s.taken_at, s.started_at, s.stats_reset, s.dealloc, s.not_visible,
       (SELECT pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY length)
        FROM (SELECT extract(epoch FROM taken_at - pg_catalog.lag(taken_at) OVER (ORDER BY id))::float8 AS length
              FROM (SELECT i.id, i.taken_at FROM avadb.snapshot AS i WHERE i.server = $1 ORDER BY i.id DESC LIMIT 12) AS last) AS lengths) AS usual_s
FROM server CROSS JOIN LATERAL (SELECT * FROM avadb.snapshot WHERE server = server.id ORDER BY id DESC LIMIT 1) AS s
