-- The statements of a scope, largest first, with the scope's totals on every row. avadb's own are left out; those the
-- role may not see have no queryid and are counted, never shown.
-- $1 database or null, $2 user or null, $3 least calls, $4 order, $5 limit or null
-- Least privilege: any role; other roles' statements need pg_read_all_stats.
-- Returns: the columns of the canonical statement, and total_exec_time_of_scope (top-level statements only), not_visible, reset_alone (how often, in
-- any scope, single entries were reset by a statement that is counted)
WITH everything AS (
    SELECT s.*, d.datname::text AS database, r.rolname::text AS "user",
           coalesce(s.query ~ '^[A-Za-z]+ /\*avadb:', false) AS own,
           ($1::text IS NULL OR coalesce(d.datname = $1, false)) AND ($2::text IS NULL OR coalesce(r.rolname = $2, false)) AS wanted
    FROM ({{statements/shim}}) AS s
    LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid
    LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.userid
), totals AS (
    SELECT coalesce(sum(total_exec_time) FILTER (WHERE wanted AND toplevel AND queryid IS NOT NULL AND NOT own), 0) AS total_exec_time_of_scope,
           count(*) FILTER (WHERE wanted AND queryid IS NULL) AS not_visible,
           coalesce(sum(calls) FILTER (WHERE query ~* 'pg_stat_statements_reset[[:space:]]*[(][[:space:]]*[^)[:space:]]'), 0)::bigint AS reset_alone
    FROM everything
), chosen AS (
    SELECT * FROM everything
    WHERE wanted AND queryid IS NOT NULL AND NOT own AND calls >= $3
    ORDER BY CASE $4::text
        WHEN 'total' THEN total_exec_time
        WHEN 'mean' THEN mean_exec_time
        WHEN 'max' THEN max_exec_time
        WHEN 'calls' THEN calls
        WHEN 'rows' THEN rows
        WHEN 'io' THEN shared_blks_read + shared_blks_written + local_blks_read + local_blks_written
        WHEN 'temp' THEN temp_blks_read + temp_blks_written
        WHEN 'wal' THEN wal_bytes
    END DESC, queryid
    LIMIT $5::bigint
)
SELECT t.total_exec_time_of_scope, t.not_visible, t.reset_alone, coalesce(c.userid, 0)::bigint AS userid, coalesce(c.dbid, 0)::bigint AS dbid,
       coalesce(c.toplevel, true) AS toplevel, c.queryid, coalesce(c.query, '') AS query, coalesce(c.database, '') AS database,
       coalesce(c."user", '') AS "user", coalesce(c.calls, 0) AS calls, coalesce(c.total_exec_time, 0) AS total_exec_time,
       coalesce(c.min_exec_time, 0) AS min_exec_time, coalesce(c.max_exec_time, 0) AS max_exec_time,
       coalesce(c.mean_exec_time, 0) AS mean_exec_time, coalesce(c.stddev_exec_time, 0) AS stddev_exec_time,
       coalesce(c.rows, 0) AS rows, coalesce(c.shared_blks_hit, 0) AS shared_blks_hit,
       coalesce(c.shared_blks_read, 0) AS shared_blks_read, coalesce(c.shared_blks_written, 0) AS shared_blks_written,
       coalesce(c.local_blks_read, 0) AS local_blks_read, coalesce(c.local_blks_written, 0) AS local_blks_written,
       coalesce(c.temp_blks_read, 0) AS temp_blks_read, coalesce(c.temp_blks_written, 0) AS temp_blks_written,
       coalesce(least(c.wal_bytes, 9223372036854775807), 0)::bigint AS wal_bytes,
       c.stats_since, c.minmax_stats_since
FROM totals AS t LEFT JOIN chosen AS c ON true
