-- The schemas of the search_path that the session would have, had avadb not set its own: as the server, the database, the role or
-- PGOPTIONS give it. Other statements include it.
-- Least privilege: any role.
-- Returns: schema (oid), name, place, a row for each that is there and may be used
SELECT n.oid AS schema, n.nspname::text AS name, e.place
FROM pg_catalog.pg_settings AS g
CROSS JOIN LATERAL pg_catalog.regexp_matches(g.reset_val, '"((?:[^"]|"")*)"|([^",[:space:]]+)', 'g') WITH ORDINALITY AS e(part, place)
CROSS JOIN LATERAL (SELECT coalesce(pg_catalog.replace(e.part[1], '""', '"'), pg_catalog.lower(e.part[2])) AS name) AS p
JOIN pg_catalog.pg_namespace AS n ON n.nspname = CASE p.name WHEN '$user' THEN CURRENT_USER::text ELSE p.name END
WHERE g.name = 'search_path' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
