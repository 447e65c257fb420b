-- Every other backend, as activity/sessions gives it, with whether this role may end it, and whether it is an avadb that holds one of
-- avadb's locks.
-- $1 the first key of avadb's advisory locks
-- Least privilege: any role for names; pg_read_all_stats (pg_monitor) for the rest of other roles' sessions.
-- Returns: the columns of activity/sessions, may_end, by_avadb
SELECT s.*,
       me.rolsuper OR s."user" <> '' AND NOT s.superuser
       AND (pg_catalog.pg_has_role('pg_signal_backend', 'USAGE')
            OR coalesce((SELECT pg_catalog.pg_has_role(r.oid, 'USAGE') FROM pg_catalog.pg_roles AS r WHERE r.rolname = s."user"), false)) AS may_end,
       EXISTS (SELECT FROM pg_catalog.pg_locks AS l
               WHERE l.pid = s.pid AND l.locktype = 'advisory' AND l.classid = $1::int::oid AND l.objsubid = 2 AND l.granted) AS by_avadb
FROM ({{activity/sessions}}) AS s
JOIN pg_catalog.pg_roles AS me ON me.rolname = current_user
WHERE s.pid <> pg_catalog.pg_backend_pid()
ORDER BY s.backend_start, s.pid
