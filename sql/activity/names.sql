-- Whether there is a role and a database of a name.
-- $1 name of the role, $2 of the database
-- Least privilege: any role.
-- Returns: role, database
SELECT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = $1::text) AS role,
       EXISTS (SELECT FROM pg_catalog.pg_database AS d WHERE d.datname = $2::text) AS database
