-- Locks by database and mode, for /metrics, each combination whether there are any or not.
-- Least privilege: any role
-- Returns: datname, mode (lower case), locks
SELECT d.datname::text AS datname, m.mode, count(l.pid) AS locks
FROM pg_catalog.pg_database AS d
CROSS JOIN (VALUES ('accesssharelock'), ('rowsharelock'), ('rowexclusivelock'), ('shareupdateexclusivelock'), ('sharelock'),
            ('sharerowexclusivelock'), ('exclusivelock'), ('accessexclusivelock'), ('sireadlock')) AS m (mode)
LEFT JOIN pg_catalog.pg_locks AS l ON l.database = d.oid AND pg_catalog.lower(l.mode) = m.mode
WHERE d.datallowconn
GROUP BY d.datname, m.mode
