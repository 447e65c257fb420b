-- The texts of some statements, whoever ran them. own: avadb's.
-- $1 queryids
-- Least privilege: any role; other roles' statements need pg_read_all_stats.
-- Returns: userid, dbid, toplevel, queryid, query (null where the server has lost it), database, user, own
SELECT s.userid::bigint AS userid, s.dbid::bigint AS dbid, s.toplevel, s.queryid, s.query, d.datname::text AS database, r.rolname::text AS "user",
       coalesce(s.query ~ '^[A-Za-z]+ /\*avadb:', false) AS own
FROM ({{statements/shim}}) AS s
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.userid
WHERE s.queryid IN (SELECT pg_catalog.unnest($1::bigint[]))
