package pg

// The few statements of this package. They stand here and not in sql/, as the loader of sql/ builds on this
// package. The mark comes after the first keyword: PostgreSQL 18 drops a leading comment from
// pg_stat_statements.

// searchPath is that of every session of avadb: a role that may create in a schema of the path could otherwise make an operator or
// a function that fits better than the system's own, and whoever runs avadb would run it with his privileges.
const searchPath = "pg_catalog, pg_temp"

// pinPath stands before a statement in the same round trip and ends with it, as several statements sent at once are one
// transaction: nothing stays for the next client of a pooler.
const pinPath = `SET /*avadb:pg/session*/ LOCAL search_path = ` + searchPath + `;`

// serverFacts reads the server in one round trip, with no privilege beyond CONNECT. pg_control_system() is
// open to everybody by default; where it was revoked, serverFactsReduced takes this one's place. The function
// is checked before any CASE could protect it, so that there must be two statements.
const (
	serverFacts        = pinPath + factsHead + `(SELECT c.system_identifier::text FROM pg_catalog.pg_control_system() c), (SELECT t.timeline_id FROM pg_catalog.pg_control_checkpoint() t)` + factsTail
	serverFactsReduced = pinPath + factsHead + `'', 0` + factsTail

	factsHead = `SELECT /*avadb:pg/server*/
  pg_catalog.current_setting('server_version_num'),
  pg_catalog.current_setting('server_version'),
  pg_catalog.pg_backend_pid(),
  current_user,
  (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user),
  pg_catalog.pg_is_in_recovery(),
  pg_catalog.current_database(),
  COALESCE(pg_catalog.host(pg_catalog.inet_server_addr()), 'local'),
  pg_catalog.current_setting('port'),
  (EXTRACT(epoch FROM pg_catalog.pg_postmaster_start_time()) OPERATOR(pg_catalog.*) 1000000)::bigint,
  pg_catalog.pg_has_role(current_user, 'pg_monitor', 'USAGE'),
  pg_catalog.pg_has_role(current_user, 'pg_read_all_settings', 'USAGE'),
  CASE WHEN pg_catalog.pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')
       THEN pg_catalog.current_setting('data_directory') ELSE '' END,
  (SELECT COALESCE(pg_catalog.string_agg(s.name, ','), '') FROM pg_catalog.pg_settings s
    WHERE s.source IN ('default', 'configuration file')
      AND s.name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')),
  `
	factsTail = `,
  CASE WHEN pg_catalog.pg_is_in_recovery() THEN ''
       ELSE pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8) END,
  pg_catalog.current_setting('primary_slot_name')`
)

// aliveProbe is the cheapest round trip that reaches the server and not only a pooler.
const aliveProbe = `SELECT /*avadb:pg/alive*/`
