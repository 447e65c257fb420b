-- The statements that spent the longest on temporary files, with their times where the extension counts them (1.10 and up,
-- with track_io_timing). avadb's own are left out.
-- Least privilege: any role; other roles' statements need pg_read_all_stats.
-- Returns: queryid, calls, bytes_per_call, block_ms, share_pct
SELECT queryid::text AS queryid, calls,
       (temp_blks_written * pg_catalog.current_setting('block_size')::bigint / calls)::bigint AS bytes_per_call,
       coalesce((temp_blk_read_time + temp_blk_write_time) / nullif(temp_blks_read + temp_blks_written, 0), 0)::float8 AS block_ms,
       coalesce(100 * (temp_blk_read_time + temp_blk_write_time) / nullif(total_exec_time, 0), 0)::float8 AS share_pct
FROM ({{statements/shim}}) AS s
WHERE queryid IS NOT NULL AND toplevel AND calls > 0 AND temp_blks_written > 0 AND NOT coalesce(query ~ '^[A-Za-z]+ /\*avadb:', false)
ORDER BY temp_blk_read_time + temp_blk_write_time DESC NULLS LAST, temp_blks_written DESC
LIMIT 20
