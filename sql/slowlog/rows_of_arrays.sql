-- Rows for a slow_query_log table, out of arrays.
-- An array each: timestamps, queries, duration_ms, threshold_ms, signatures, origins, calls, queryids, databases, roles, applications, pids, dedupe keys
-- Least privilege: any role.
-- Returns: the table's columns without id
SELECT u.at, u.query, u.duration_ms, u.threshold_ms, u.signature, u.origin, u.calls, u.queryid, u.dbname, u.usename, u.application, u.pid, u.dedupe_key::uuid
FROM ROWS FROM (pg_catalog.unnest($1::timestamptz[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::float8[]), pg_catalog.unnest($4::float8[]),
                pg_catalog.unnest($5::text[]), pg_catalog.unnest($6::text[]), pg_catalog.unnest($7::bigint[]), pg_catalog.unnest($8::bigint[]),
                pg_catalog.unnest($9::text[]), pg_catalog.unnest($10::text[]), pg_catalog.unnest($11::text[]), pg_catalog.unnest($12::int[]),
                pg_catalog.unnest($13::text[]))
     AS u (at, query, duration_ms, threshold_ms, signature, origin, calls, queryid, dbname, usename, application, pid, dedupe_key)
