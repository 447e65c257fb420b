-- Adds what the statements of an interval counted.
-- $1 server, $2 snapshot, then an array each: statements, flags, calls, total_ms, squares, max_ms, rows, blocks (hit, read, written; local read,
-- written; temp read, written), wal_bytes
-- Least privilege: INSERT and SELECT on avadb.delta.
-- Returns: one row: bytes
WITH written AS (
    INSERT INTO avadb.delta AS d (server, snapshot, statement, flags, calls, total_ms, squares, max_ms, rows, shared_blks_hit, shared_blks_read,
                             shared_blks_written, local_blks_read, local_blks_written, temp_blks_read, temp_blks_written, wal_bytes)
    SELECT $1::int, $2::int, u.statement, u.flags, u.calls, u.total_ms, u.squares, u.max_ms, nullif(u.rows, 0), nullif(u.hit, 0), nullif(u.read, 0),
           nullif(u.written, 0), nullif(u.local_read, 0), nullif(u.local_written, 0), nullif(u.temp_read, 0), nullif(u.temp_written, 0), nullif(u.wal, 0)
    FROM ROWS FROM (pg_catalog.unnest($3::int[]), pg_catalog.unnest($4::smallint[]), pg_catalog.unnest($5::bigint[]), pg_catalog.unnest($6::float8[]),
                    pg_catalog.unnest($7::float8[]), pg_catalog.unnest($8::float8[]), pg_catalog.unnest($9::bigint[]), pg_catalog.unnest($10::bigint[]),
                    pg_catalog.unnest($11::bigint[]), pg_catalog.unnest($12::bigint[]), pg_catalog.unnest($13::bigint[]), pg_catalog.unnest($14::bigint[]),
                    pg_catalog.unnest($15::bigint[]), pg_catalog.unnest($16::bigint[]), pg_catalog.unnest($17::bigint[]))
         AS u (statement, flags, calls, total_ms, squares, max_ms, rows, hit, read, written, local_read, local_written, temp_read, temp_written, wal)
    RETURNING pg_catalog.pg_column_size(d.*) AS size
)
SELECT coalesce(sum(size), 0)::bigint AS bytes FROM written
