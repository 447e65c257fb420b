-- The servers whose history ended before a server's began, the latest first.
-- $1 server
-- Least privilege: SELECT on avadb.server and avadb.snapshot.
-- Returns: id, node, same_system (it is of the same cluster), newest (its last snapshot)
SELECT s.id, s.node, s.system_identifier = me.system_identifier AS same_system, l.newest
FROM avadb.server AS me
CROSS JOIN LATERAL (SELECT taken_at AS first FROM avadb.snapshot WHERE server = me.id ORDER BY taken_at LIMIT 1) AS f
JOIN avadb.server AS s ON s.id <> me.id
CROSS JOIN LATERAL (SELECT taken_at AS newest FROM avadb.snapshot WHERE server = s.id ORDER BY taken_at DESC LIMIT 1) AS l
WHERE me.id = $1 AND l.newest <= f.first
ORDER BY l.newest DESC, s.id
