-- Who waits for a lock, for whom, and who holds what is waited for. A prepared transaction has no process: pg_blocking_pids() calls it
-- 0, and it is found by the lock that it holds on its own transaction ID.
-- Least privilege: any role.
-- Returns: a row for each wait and each holder of what is waited for: object (what it is, as text: the same for both), waiting, pid (0: a prepared
-- transaction), gid (of it, else empty), mode; of a wait also lock_type, wait_s (null: it has just begun), blocked_by, relation (of the
-- object, or of the row that the transaction waited for has locked; empty: not known), and relation_database (of one that is a number
-- here, because it has its name in that database; else empty)
WITH locks AS MATERIALIZED (
    SELECT l.pid, l.locktype, l.mode, l.granted, l.waitstart, l.database, l.relation, l.transactionid, l.virtualtransaction,
           pg_catalog.concat_ws('/', l.locktype, coalesce(l.database, 0), coalesce(l.relation, 0), coalesce(l.page, -1), coalesce(l.tuple, -1),
               coalesce(l.virtualxid, ''), coalesce(l.transactionid::text, ''), coalesce(l.classid, 0), coalesce(l.objid, 0), coalesce(l.objsubid, -1)) AS object
    FROM pg_catalog.pg_locks AS l
), waits AS MATERIALIZED (
    SELECT l.pid, l.locktype, l.mode, l.object, pg_catalog.pg_blocking_pids(l.pid) AS blocked_by,
           extract(epoch FROM pg_catalog.clock_timestamp() - l.waitstart)::float8 AS wait_s,
           coalesce(l.relation, row_lock.relation) AS relation, coalesce(l.database, row_lock.database) AS database
    FROM locks AS l
    -- who waits for a transaction to end has locked the row that it has changed
    LEFT JOIN LATERAL (SELECT t.relation, t.database FROM locks AS t WHERE t.pid = l.pid AND t.granted AND t.locktype = 'tuple' LIMIT 1) AS row_lock
        ON l.locktype = 'transactionid'
    WHERE NOT l.granted
), prepared AS (
    SELECT l.virtualtransaction, p.gid
    FROM pg_catalog.pg_prepared_xacts AS p
    JOIN locks AS l ON l.pid IS NULL AND l.granted AND l.locktype = 'transactionid' AND l.transactionid = p.transaction
)
SELECT w.object, true AS waiting, w.pid, '' AS gid, w.mode, w.locktype AS lock_type, w.wait_s, w.blocked_by,
       CASE WHEN w.relation IS NULL THEN ''
            WHEN w.database = 0 OR d.datname = pg_catalog.current_database() THEN w.relation::regclass::text
            ELSE w.relation::text || ' of database ' || coalesce(d.datname::text, '?') END AS relation,
       CASE WHEN w.relation IS NULL OR w.database = 0 OR d.datname = pg_catalog.current_database() THEN '' ELSE coalesce(d.datname::text, '') END AS relation_database
FROM waits AS w
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = w.database
WHERE pg_catalog.cardinality(w.blocked_by) > 0
UNION ALL
SELECT h.object, false, coalesce(h.pid, 0), coalesce(p.gid, ''), h.mode, h.locktype, NULL, '{}', '', ''
FROM locks AS h
LEFT JOIN prepared AS p ON h.pid IS NULL AND p.virtualtransaction = h.virtualtransaction
WHERE h.granted AND h.object IN (SELECT w.object FROM waits AS w)
ORDER BY waiting DESC, wait_s DESC NULLS LAST, pid
