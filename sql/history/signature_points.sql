-- What one signature's statements counted, in equal steps of a window.
-- $1 servers, $2 signature, $3 begin, $4 end, $5 how many steps
-- Least privilege: SELECT on avadb.snapshot, avadb.statement and avadb.delta.
-- Returns: one row a step, oldest first: from, to, calls and total_ms (null where the step has no snapshot), max_ms (null where it is not known)
WITH steps AS (
    SELECT n, $3::timestamptz + (n - 1) * ($4::timestamptz - $3) / $5::int AS began, $3::timestamptz + n * ($4::timestamptz - $3) / $5::int AS ended
    FROM pg_catalog.generate_series(1, $5::int) AS n
), taken AS (
    SELECT server, id, least(1 + pg_catalog.floor($5::int * extract(epoch FROM taken_at - $3) / extract(epoch FROM $4::timestamptz - $3)), $5::int)::int AS n
    FROM avadb.snapshot WHERE server = ANY ($1::int[]) AND taken_at > $3 AND taken_at <= $4 AND NOT 'first' = ANY (flags)
), counted AS (
    SELECT t.n, sum(d.calls)::bigint AS calls, sum(d.total_ms) AS total_ms, max(d.max_ms) AS max_ms
    FROM taken AS t
    LEFT JOIN (avadb.delta AS d JOIN avadb.statement AS s ON s.server = d.server AND s.id = d.statement AND s.signature = $2)
           ON d.server = t.server AND d.snapshot = t.id
    GROUP BY t.n
)
SELECT s.began AS "from", s.ended AS "to",
       CASE WHEN c.n IS NOT NULL THEN coalesce(c.calls, 0) END AS calls,
       CASE WHEN c.n IS NOT NULL THEN coalesce(c.total_ms, 0) END AS total_ms, c.max_ms
FROM steps AS s LEFT JOIN counted AS c ON c.n = s.n
ORDER BY s.n
