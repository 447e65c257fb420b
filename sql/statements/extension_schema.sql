-- Where CREATE EXTENSION without SCHEMA would put pg_stat_statements in a session that has the role's own search_path.
-- Least privilege: any role.
-- Returns: name; no row where nothing of that path is there
SELECT name FROM ({{settings/own_path}}) AS p WHERE name <> 'pg_catalog' ORDER BY place LIMIT 1
