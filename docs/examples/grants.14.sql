-- Roles for avadb with the least privileges: one that reads, one that tunes. For PostgreSQL 14.
-- A superuser runs it in the database that the roles will connect to, and again in each further one:
--
--   psql -X -v ON_ERROR_STOP=1 -d shop -f grants.14.sql
--
-- Other names than these go before -f: -v monitor=NAME -v tuner=NAME -v store=DATABASE (where avadb keeps its journal). It can
-- be run any number of times. docs/roles.md says what each command needs, and how to take all of it back.
\if :{?monitor}
\else
    \set monitor avadb_monitor
\endif
\if :{?tuner}
\else
    \set tuner avadb_tuner
\endif
\if :{?store}
\else
    \set store postgres
\endif

-- Without passwords: give them with \password, or use peer, cert or another method of pg_hba.conf.
SELECT pg_catalog.format('CREATE ROLE %I LOGIN', role)
FROM (VALUES (:'monitor'), (:'tuner')) AS wanted (role)
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role) \gexec

GRANT CONNECT ON DATABASE :"DBNAME" TO :"monitor", :"tuner";

-- slow, verify, config check, history: the statements, sessions and parameters of all roles. pg_monitor sees them and
-- changes nothing. It also sees primary_conninfo, which can hold a password on a standby.
GRANT pg_monitor TO :"monitor", :"tuner";

-- tune --dry-run, and whatever looks into the configuration files (a file's parameters, no other content).
GRANT SELECT ON pg_catalog.pg_file_settings TO :"monitor", :"tuner";
GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings() TO :"monitor", :"tuner";

-- slow, where the extension lives in a schema that is not everybody's.
SELECT pg_catalog.format('GRANT USAGE ON SCHEMA %I TO %I, %I', n.nspname, :'monitor', :'tuner')
FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = 'pg_stat_statements' \gexec

-- slow --source slowlog, where the table is there.
SELECT pg_catalog.format('GRANT SELECT ON %s TO %I, %I', pg_catalog.to_regclass('slow_query_log'), :'monitor', :'tuner')
WHERE pg_catalog.to_regclass('slow_query_log') IS NOT NULL \gexec

-- tune, enable-stats and rollback change the server with ALTER SYSTEM, and up to PostgreSQL 14 no GRANT gives that: a superuser
-- runs these. The tuning role plans (tune --dry-run, -o sql, -o conf); it is made all the same, so that it is there after an
-- upgrade, when grants.15.sql makes it tune. CREATE EXTENSION pg_stat_statements is a superuser's on every version.

-- The journal: whoever tunes writes it, whoever reads sees what was changed from whichever host. As the superuser's table it
-- is trusted by all; one that a role makes for itself is used by that role alone.
\connect :"store"
GRANT CONNECT ON DATABASE :"store" TO :"monitor", :"tuner";
CREATE SCHEMA IF NOT EXISTS avadb;
CREATE TABLE IF NOT EXISTS avadb.change_set (
    system_identifier text NOT NULL,
    id uuid NOT NULL,
    rev integer NOT NULL,
    document json NOT NULL,
    PRIMARY KEY (system_identifier, id)
);
GRANT USAGE ON SCHEMA avadb TO :"monitor", :"tuner";
GRANT SELECT ON avadb.change_set TO :"monitor";
GRANT SELECT, INSERT, UPDATE ON avadb.change_set TO :"tuner";
