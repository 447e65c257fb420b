-- Whether the server knows a time zone.
-- $1 name
-- Least privilege: any role.
-- Returns: one row: known
SELECT EXISTS (SELECT FROM pg_catalog.pg_timezone_names WHERE pg_catalog.lower(name) = pg_catalog.lower($1)) AS known
