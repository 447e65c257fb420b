-- What the archiver did last, and whether it has something to archive with.
-- Least privilege: any role.
-- Returns: one row: mode, has_command, last_archived_wal, last_failed_wal, failedat, failed_count, newest_failed
SELECT pg_catalog.current_setting('archive_mode') AS mode,
       pg_catalog.current_setting('archive_command') NOT IN ('', '(disabled)')
       OR coalesce(pg_catalog.current_setting('archive_library', true), '') <> '' AS has_command,
       coalesce(last_archived_wal, '') AS last_archived_wal, coalesce(last_failed_wal, '') AS last_failed_wal,
       last_failed_time AS failedat, failed_count,
       coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS newest_failed
FROM pg_catalog.pg_stat_archiver
