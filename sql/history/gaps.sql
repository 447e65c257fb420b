-- The intervals of a server's history that do not join the one before with certainty, newest first.
-- $1 server, $2 how many
-- Least privilege: SELECT on avadb.snapshot.
-- Returns: from, to, flags
SELECT began AS "from", taken_at AS "to", flags
FROM (SELECT taken_at, flags, gap, id, pg_catalog.lag(taken_at) OVER (ORDER BY id) AS began FROM avadb.snapshot WHERE server = $1) AS s
WHERE gap AND began IS NOT NULL
ORDER BY id DESC LIMIT $2
