-- The interval of a server's history in which the statements of a database worked longest, for its length. Intervals of less than 5 s, over
-- a gap, or with a reset or a restart in them are left out.
-- $1 server, $2 database, $3 begin
-- Least privilege: SELECT on the tables of schema avadb.
-- Returns: begins, ends, calls, total_ms; no row where there is none
SELECT i.begins, i.ends, sum(d.calls)::bigint AS calls, sum(d.total_ms)::float8 AS total_ms
FROM (SELECT s.id, s.gap, s.flags, pg_catalog.lag(s.taken_at) OVER (ORDER BY s.id) AS begins, s.taken_at AS ends
      FROM avadb.snapshot AS s WHERE s.server = $1) AS i
JOIN avadb.delta AS d ON d.server = $1 AND d.snapshot = i.id
JOIN avadb.statement AS t ON t.server = $1 AND t.id = d.statement AND NOT t.own AND t.toplevel AND t.dbname = $2
WHERE i.begins >= $3 AND i.ends - i.begins >= interval '5 seconds' AND NOT i.gap AND NOT i.flags && ARRAY['reset', 'restart', 'first']
GROUP BY i.id, i.begins, i.ends
ORDER BY sum(d.total_ms) / extract(epoch FROM i.ends - i.begins) DESC LIMIT 1
