-- The keys of the statements that a server's history knows; of the texts only whether there is one.
-- Least privilege: SELECT on avadb.statement.
-- Returns: id, dbid, userid, queryid, toplevel, own, texted
SELECT id, dbid::bigint AS dbid, userid::bigint AS userid, queryid, toplevel, own, query IS NOT NULL AS texted
FROM avadb.statement WHERE server = $1
