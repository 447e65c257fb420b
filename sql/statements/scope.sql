-- Whether a database and a role of these names are there; a null name is.
-- Least privilege: any role.
-- Returns: one row: database_exists, user_exists
SELECT $1::text IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1) AS database_exists,
       $2::text IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $2) AS user_exists
