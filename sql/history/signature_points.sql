-- What one signature's statements counted, in equal steps of a window. A step with snapshots begins with the snapshot before its first and ends with
-- its last: what is counted between two snapshots belongs to the later one.
-- $1 servers, $2 signature, $3 begin, $4 end, $5 how many steps
-- Least privilege: SELECT on avadb.snapshot, avadb.statement and avadb.delta.
-- Returns: one row a step, oldest first: from, to, calls and total_ms (null where the step has no snapshot), max_ms (null where it is not known: see
-- window_statements)
WITH steps AS (
    SELECT n, $3::timestamptz + (n - 1) * ($4::timestamptz - $3) / $5::int AS began, $3::timestamptz + n * ($4::timestamptz - $3) / $5::int AS ended
    FROM pg_catalog.generate_series(1, $5::int) AS n
), taken AS (
    SELECT s.server, s.id, s.taken_at, b.taken_at AS began,
           least(1 + pg_catalog.floor($5::int * extract(epoch FROM s.taken_at - $3) / extract(epoch FROM $4::timestamptz - $3)), $5::int)::int AS n
    FROM avadb.snapshot AS s
    CROSS JOIN LATERAL (SELECT p.taken_at FROM avadb.snapshot AS p WHERE p.server = s.server AND p.id < s.id ORDER BY p.id DESC LIMIT 1) AS b
    WHERE s.server = ANY ($1::int[]) AND s.taken_at > $3 AND s.taken_at <= $4 AND NOT 'first' = ANY (s.flags)
), covered AS (
    SELECT n, min(began) AS began, max(taken_at) AS ended FROM taken GROUP BY n
), counted AS (
    SELECT n, sum(calls)::bigint AS calls, sum(total_ms) AS total_ms, CASE WHEN pg_catalog.bool_and(max_ms IS NOT NULL) THEN max(max_ms) END AS max_ms
    FROM (
        SELECT t.n, sum(d.calls) AS calls, sum(d.total_ms) AS total_ms,
           CASE WHEN min(d.snapshot) FILTER (WHERE d.flags & 5 <> 0) > min(d.snapshot)
                     AND coalesce(min(d.snapshot) FILTER (WHERE d.max_ms IS NOT NULL) >= min(d.snapshot) FILTER (WHERE d.flags & 5 <> 0), true)
                THEN NULL ELSE max(d.max_ms) END AS max_ms
        FROM taken AS t
        JOIN avadb.delta AS d ON d.server = t.server AND d.snapshot = t.id
        JOIN avadb.statement AS s ON s.server = d.server AND s.id = d.statement AND s.signature = $2
        GROUP BY t.n, d.server, d.statement
    ) AS d
    GROUP BY n
)
SELECT coalesce(v.began, s.began) AS "from", coalesce(v.ended, s.ended) AS "to",
       CASE WHEN v.n IS NOT NULL THEN coalesce(c.calls, 0) END AS calls,
       CASE WHEN v.n IS NOT NULL THEN coalesce(c.total_ms, 0) END AS total_ms, c.max_ms
FROM steps AS s LEFT JOIN covered AS v ON v.n = s.n LEFT JOIN counted AS c ON c.n = s.n
ORDER BY s.n
