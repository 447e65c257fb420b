-- Which of these parameters the role may ALTER SYSTEM.
-- Least privilege: any role.
-- Returns: name, allowed
SELECT name, pg_catalog.has_parameter_privilege(name, 'ALTER SYSTEM') AS allowed
FROM pg_catalog.unnest($1::text[]) AS name
