-- Which of these parameters the role may ALTER SYSTEM: up to 14 that is a superuser's alone.
-- Least privilege: any role.
-- Returns: name, allowed
SELECT name, (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER) AS allowed
FROM pg_catalog.unnest($1::text[]) AS name
