-- What pg_wal holds.
-- Least privilege: EXECUTE on pg_ls_waldir(), as pg_monitor has.
-- Returns: one row: wal_bytes
SELECT coalesce(sum(size), 0)::bigint AS wal_bytes FROM pg_catalog.pg_ls_waldir()
