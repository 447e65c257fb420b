-- Adds statements, or the text of one that had none.
-- $1 server, $2 first seen, then an array each: ids, dbids, userids, queryids, toplevel, own, signatures, databases, roles, texts
-- Least privilege: INSERT, UPDATE and SELECT on avadb.statement.
-- Returns: one row: bytes
WITH written AS (
    INSERT INTO avadb.statement AS s (server, id, first_seen, dbid, userid, queryid, toplevel, own, signature, dbname, usename, query)
    SELECT $1::int, u.id, $2::timestamptz, u.dbid::oid, u.userid::oid, u.queryid, u.toplevel, u.own, u.signature, u.dbname, u.usename, u.query
    FROM ROWS FROM (pg_catalog.unnest($3::int[]), pg_catalog.unnest($4::bigint[]), pg_catalog.unnest($5::bigint[]), pg_catalog.unnest($6::bigint[]),
                    pg_catalog.unnest($7::boolean[]), pg_catalog.unnest($8::boolean[]), pg_catalog.unnest($9::bigint[]),
                    pg_catalog.unnest($10::text[]), pg_catalog.unnest($11::text[]), pg_catalog.unnest($12::text[]))
         AS u (id, dbid, userid, queryid, toplevel, own, signature, dbname, usename, query)
    ON CONFLICT (server, dbid, userid, queryid, toplevel) DO UPDATE
    SET signature = excluded.signature, query = excluded.query, own = excluded.own, dbname = excluded.dbname, usename = excluded.usename
    RETURNING pg_catalog.pg_column_size(s.*) AS size
)
SELECT coalesce(sum(size), 0)::bigint AS bytes FROM written
