-- pg_stat_statements 1.9 (14) in the canonical (newest) column names; every reader selects from this shim.
-- Least privilege: any role; other roles' statements need pg_read_all_stats.
SELECT userid, dbid, toplevel AS toplevel, queryid, query, calls, total_exec_time, min_exec_time, max_exec_time,
       mean_exec_time, stddev_exec_time, rows, shared_blks_hit, shared_blks_read, shared_blks_written,
       local_blks_read, local_blks_written, temp_blks_read, temp_blks_written, wal_bytes,
       blk_read_time AS shared_blk_read_time, blk_write_time AS shared_blk_write_time,
       NULL::timestamptz AS stats_since, NULL::timestamptz AS minmax_stats_since,
       NULL::float8 AS temp_blk_read_time, NULL::float8 AS temp_blk_write_time
FROM {{schema}}.pg_stat_statements({{showtext}})
