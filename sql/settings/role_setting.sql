-- What a role, a database, or a role in a database sets a parameter to for itself.
-- $1 role (empty: every role), $2 database (empty: every database), $3 parameter in lower case
-- Least privilege: any role.
-- Returns: value; no row where it is not set
SELECT pg_catalog.substr(entry, pg_catalog.strpos(entry, '=') + 1) AS value
FROM pg_catalog.pg_db_role_setting AS s
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS entry
WHERE s.setrole = coalesce((SELECT oid FROM pg_catalog.pg_roles WHERE rolname = nullif($1, '')), CASE WHEN $1 = '' THEN 0::oid END)
  AND s.setdatabase = coalesce((SELECT oid FROM pg_catalog.pg_database WHERE datname = nullif($2, '')), CASE WHEN $2 = '' THEN 0::oid END)
  AND pg_catalog.lower(pg_catalog.split_part(entry, '=', 1)) = $3
