-- How often entries were evicted in a window, by the snapshots that were taken in it.
-- $1 server, $2 begin, $3 end
-- Least privilege: SELECT on avadb.snapshot.
-- Returns: one row: evictions (null where there is no snapshot)
SELECT sum(evictions)::bigint AS evictions FROM avadb.snapshot WHERE server = $1 AND taken_at > $2 AND taken_at <= $3
