-- Roles for avadb with the least privileges: one that reads, one that tunes. For PostgreSQL 15 and up.
-- A superuser runs it in the database that the roles will connect to, and again in each further one:
--
--   psql -X -v ON_ERROR_STOP=1 -d shop -f grants.15.sql
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

-- tune and rollback: these parameters, and a reload. SET is not needed.
GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO :"tuner";
GRANT ALTER SYSTEM ON PARAMETER
    max_connections, shared_buffers, effective_cache_size, work_mem, maintenance_work_mem, random_page_cost,
    effective_io_concurrency, wal_buffers, checkpoint_completion_target, log_min_duration_statement, log_connections,
    log_disconnections, idle_in_transaction_session_timeout
TO :"tuner";

-- enable-stats, once a superuser has done what no GRANT gives or none should: CREATE EXTENSION pg_stat_statements, and
-- shared_preload_libraries (whoever may set that can load any library into the server). `avadb enable-stats` as a superuser
-- does both.
GRANT ALTER SYSTEM ON PARAMETER track_io_timing, compute_query_id TO :"tuner";

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
