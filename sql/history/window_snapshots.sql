-- The snapshots of a window, oldest first. The baseline is the newest one at or before the begin, or the oldest after it where that is nearer and the
-- other more than the tolerance away. The last is the one nearest to the end; where that is the baseline itself, the next.
-- $1 server, $2 begin, $3 end, $4 tolerance in seconds
-- Least privilege: SELECT on avadb.snapshot.
-- Returns: id, taken_at, started_at, stats_reset, evictions, not_visible, gap, flags
WITH earlier AS (
    SELECT id, taken_at FROM avadb.snapshot WHERE server = $1 AND taken_at <= $2 ORDER BY taken_at DESC, id DESC LIMIT 1
), inside AS (
    SELECT id, taken_at FROM avadb.snapshot WHERE server = $1 AND taken_at > $2 AND taken_at <= $3 ORDER BY taken_at, id LIMIT 1
), baseline AS (
    SELECT CASE WHEN e.id IS NULL OR $2 - e.taken_at > $4::float8 * interval '1 second' AND i.taken_at - $2 < $2 - e.taken_at
                     AND EXISTS (SELECT FROM avadb.snapshot WHERE server = $1 AND id > i.id) THEN coalesce(i.id, e.id) ELSE e.id END AS id
    FROM (SELECT) AS one LEFT JOIN earlier AS e ON true LEFT JOIN inside AS i ON true
), last AS (
    SELECT id, taken_at FROM avadb.snapshot WHERE server = $1 AND taken_at <= $3 ORDER BY taken_at DESC, id DESC LIMIT 1
), later AS (
    SELECT id, taken_at FROM avadb.snapshot WHERE server = $1 AND taken_at > $3 ORDER BY taken_at, id LIMIT 1
), closing AS (
    SELECT CASE WHEN n.id IS NOT NULL AND (l.id <= b.id OR n.taken_at - $3 < $3 - l.taken_at) THEN n.id ELSE l.id END AS id
    FROM baseline AS b LEFT JOIN last AS l ON true LEFT JOIN later AS n ON true
)
SELECT s.id, s.taken_at, s.started_at, s.stats_reset, s.evictions, s.not_visible, s.gap, s.flags
FROM baseline AS b CROSS JOIN closing AS c JOIN avadb.snapshot AS s ON s.server = $1 AND s.id BETWEEN b.id AND c.id
ORDER BY s.id
