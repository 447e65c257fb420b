-- Whether a role and a database are there, and whether their settings may be changed.
-- $1 role or null, $2 database or null
-- Least privilege: any role.
-- Returns: one row: role_exists, database_exists, may_alter_role, may_alter_database, superuser (the role is one)
SELECT $1::text IS NULL OR r.oid IS NOT NULL AS role_exists, $2::text IS NULL OR d.oid IS NOT NULL AS database_exists,
       me.rolsuper OR coalesce(r.oid = me.oid, false) OR coalesce(me.rolcreaterole AND NOT r.rolsuper, false) AS may_alter_role,
       me.rolsuper OR coalesce(pg_catalog.pg_has_role(d.datdba, 'USAGE'), false) AS may_alter_database,
       coalesce(r.rolsuper, false) AS superuser
FROM pg_catalog.pg_roles AS me
LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = $1
LEFT JOIN pg_catalog.pg_database AS d ON d.datname = $2
WHERE me.rolname = current_user
