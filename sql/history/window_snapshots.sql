-- The snapshots of a window, oldest first: from the baseline, which is the newest one at or before the begin, else the oldest after it, up
-- to the newest one at or before the end.
-- $1 server, $2 begin, $3 end
-- Least privilege: SELECT on avadb.snapshot.
-- Returns: id, taken_at, started_at, stats_reset, evictions, not_visible, gap, flags
WITH baseline AS (
    SELECT coalesce((SELECT id FROM avadb.snapshot WHERE server = $1 AND taken_at <= $2 ORDER BY taken_at DESC, id DESC LIMIT 1),
                    (SELECT id FROM avadb.snapshot WHERE server = $1 AND taken_at > $2 AND taken_at <= $3 ORDER BY taken_at, id LIMIT 1)) AS id
)
SELECT s.id, s.taken_at, s.started_at, s.stats_reset, s.evictions, s.not_visible, s.gap, s.flags
FROM baseline AS b JOIN avadb.snapshot AS s ON s.server = $1 AND s.id >= b.id AND s.taken_at <= $3
ORDER BY s.id
