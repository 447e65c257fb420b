-- The statements among some keys that the history knows.
-- $1 server, then an array each: dbids, userids, queryids, toplevel
-- Least privilege: SELECT on avadb.statement.
-- Returns: id, dbid, userid, queryid, toplevel, own, texted (its text is known), resets (it resets counters)
SELECT s.id, s.dbid::bigint AS dbid, s.userid::bigint AS userid, s.queryid, s.toplevel, s.own, s.query IS NOT NULL AS texted, coalesce(s.query ~* 'pg_stat_statements_reset', false) AS resets
FROM ROWS FROM (pg_catalog.unnest($2::bigint[]), pg_catalog.unnest($3::bigint[]), pg_catalog.unnest($4::bigint[]), pg_catalog.unnest($5::boolean[]))
     AS u (dbid, userid, queryid, toplevel)
JOIN avadb.statement AS s ON s.server = $1 AND s.dbid = u.dbid::oid AND s.userid = u.userid::oid AND s.queryid = u.queryid AND s.toplevel = u.toplevel
