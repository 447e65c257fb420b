-- When the snapshots of a window were taken, in order, with the one before it.
-- $1 server, $2 from, $3 to
-- Least privilege: SELECT on avadb.snapshot.
-- Returns: taken_at
SELECT taken_at FROM avadb.snapshot
WHERE server = $1 AND taken_at < $3
  AND taken_at >= coalesce((SELECT max(taken_at) FROM avadb.snapshot WHERE server = $1 AND taken_at < $2), $2)
ORDER BY taken_at
