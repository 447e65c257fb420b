-- What was counted between two snapshots, by signature, database, role and whether at top level; statements without a text by queryid. The
-- maximum is known where that of each statement is: it rose in the window, and, where the entry began anew in it (flags 1
-- and 4), also before.
-- long: one ended in the window and ran mostly before its begin. Where the longest is not known, it took the mean at least.
-- $1 server, $2 snapshot before, $3 the last one, $4 begin of the window
-- Least privilege: SELECT on avadb.delta, avadb.snapshot and avadb.statement.
-- Returns: statement (one whose text can be shown), members (all of them), signature, queryid (null where there are several), dbid, userid, database
-- and user (as they were called), toplevel, sums, max_ms, flags, long
SELECT max(s.id) AS statement, pg_catalog.array_agg(s.id) AS members, s.dbid::bigint AS dbid, s.userid::bigint AS userid, s.signature, CASE WHEN min(s.queryid) = max(s.queryid) THEN min(s.queryid) END AS queryid,
       max(s.dbname) AS database, max(s.usename) AS "user", s.toplevel,
       sum(d.calls)::bigint AS calls, sum(d.total_ms) AS total_ms, sum(d.squares) AS squares,
       CASE WHEN pg_catalog.bool_and(d.max_ms IS NOT NULL) THEN max(d.max_ms) END AS max_ms, sum(d.rows)::bigint AS rows,
       sum(d.shared_blks_hit)::bigint AS shared_blks_hit, sum(d.shared_blks_read)::bigint AS shared_blks_read,
       sum(d.shared_blks_written)::bigint AS shared_blks_written, sum(d.local_blks_read)::bigint AS local_blks_read,
       sum(d.local_blks_written)::bigint AS local_blks_written, sum(d.temp_blks_read)::bigint AS temp_blks_read,
       sum(d.temp_blks_written)::bigint AS temp_blks_written, sum(d.wal_bytes)::bigint AS wal_bytes,
       pg_catalog.bit_or(d.flags) AS flags, pg_catalog.bool_or(d.long) AS long
FROM (
    SELECT d.statement, sum(d.calls) AS calls, sum(d.total_ms) AS total_ms, sum(d.squares) AS squares,
           CASE WHEN min(d.snapshot) FILTER (WHERE d.flags & 5 <> 0) > min(d.snapshot)
                     AND coalesce(min(d.snapshot) FILTER (WHERE d.max_ms IS NOT NULL) >= min(d.snapshot) FILTER (WHERE d.flags & 5 <> 0), true)
                THEN NULL ELSE max(d.max_ms) END AS max_ms,
           coalesce(sum(d.rows), 0) AS rows, coalesce(sum(d.shared_blks_hit), 0) AS shared_blks_hit, coalesce(sum(d.shared_blks_read), 0) AS shared_blks_read,
           coalesce(sum(d.shared_blks_written), 0) AS shared_blks_written, coalesce(sum(d.local_blks_read), 0) AS local_blks_read,
           coalesce(sum(d.local_blks_written), 0) AS local_blks_written, coalesce(sum(d.temp_blks_read), 0) AS temp_blks_read,
           coalesce(sum(d.temp_blks_written), 0) AS temp_blks_written, coalesce(sum(d.wal_bytes), 0) AS wal_bytes,
           pg_catalog.bit_or(d.flags) AS flags,
           pg_catalog.bool_or(n.taken_at - coalesce(d.max_ms, d.total_ms / d.calls) / 2 * interval '1 millisecond' < $4::timestamptz) AS long
    FROM avadb.delta AS d JOIN avadb.snapshot AS n ON n.server = d.server AND n.id = d.snapshot
    WHERE d.server = $1 AND d.snapshot > $2 AND d.snapshot <= $3
    GROUP BY d.statement
) AS d
JOIN avadb.statement AS s ON s.server = $1 AND s.id = d.statement
WHERE NOT s.own
GROUP BY s.signature, CASE WHEN s.signature = 0 THEN s.queryid END, s.dbid, s.userid, s.toplevel
