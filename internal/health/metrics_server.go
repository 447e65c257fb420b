package health

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// The metrics of the server, with the names and labels of postgres_exporter.
var (
	upFamily           = gauge("pg_up", "1 where the server answered this scrape.")
	scrapeFamily       = gauge("avadb_scrape_duration_seconds", "Time that reading the server took for this scrape.")
	scrapeFailedFamily = gauge("avadb_scrape_failed", "1 where this part of the metrics could not be read.", "part")
	replicaFamily      = gauge("pg_replication_is_replica", "1 where the server is in recovery.")
	lagFamily          = gauge("pg_replication_lag_seconds", "Age of the newest transaction that a standby has replayed, 0 where all it receives is replayed; 0 on a primary.")
	startFamily        = gauge("pg_postmaster_start_time_seconds", "When the server was started, in seconds since 1970.")
	maxFamily          = gauge("pg_settings_max_connections", "The parameter max_connections.")
	reservedFamily     = gauge("avadb_reserved_connections", "Connections that only superusers, and roles with pg_use_reserved_connections, may use.")
	activityFamily     = gauge("pg_stat_activity_count", "Sessions by database and state; unknown: the role of avadb may not see it.", "datname", "state")
	longestFamily      = gauge("pg_stat_activity_max_tx_duration", "Age of the oldest transaction in seconds.", "datname", "state")
	locksFamily        = gauge("pg_locks_count", "Locks by database and mode.", "datname", "mode")
)

// databaseMetric is a column of pg_stat_database.
type databaseMetric struct {
	family
	value func(r *databaseRow) float64
}

var databaseMetrics = []databaseMetric{
	{gauge("pg_stat_database_numbackends", "Sessions in this database.", "datid", "datname"), func(r *databaseRow) float64 { return float64(r.NumBackends) }},
	{ofDatabase("xact_commit", "Transactions committed."), func(r *databaseRow) float64 { return float64(r.XactCommit) }},
	{ofDatabase("xact_rollback", "Transactions rolled back."), func(r *databaseRow) float64 { return float64(r.XactRollback) }},
	{ofDatabase("blks_read", "Blocks read from outside of shared_buffers."), func(r *databaseRow) float64 { return float64(r.BlksRead) }},
	{ofDatabase("blks_hit", "Blocks found in shared_buffers."), func(r *databaseRow) float64 { return float64(r.BlksHit) }},
	{ofDatabase("tup_returned", "Rows read by sequential scans and index entries returned."), func(r *databaseRow) float64 { return float64(r.TupReturned) }},
	{ofDatabase("tup_fetched", "Rows fetched by index scans."), func(r *databaseRow) float64 { return float64(r.TupFetched) }},
	{ofDatabase("tup_inserted", "Rows inserted."), func(r *databaseRow) float64 { return float64(r.TupInserted) }},
	{ofDatabase("tup_updated", "Rows updated."), func(r *databaseRow) float64 { return float64(r.TupUpdated) }},
	{ofDatabase("tup_deleted", "Rows deleted."), func(r *databaseRow) float64 { return float64(r.TupDeleted) }},
	{ofDatabase("conflicts", "Queries cancelled by conflicts with recovery."), func(r *databaseRow) float64 { return float64(r.Conflicts) }},
	{ofDatabase("temp_files", "Temporary files made."), func(r *databaseRow) float64 { return float64(r.TempFiles) }},
	{ofDatabase("temp_bytes", "Bytes written to temporary files."), func(r *databaseRow) float64 { return float64(r.TempBytes) }},
	{ofDatabase("deadlocks", "Deadlocks found."), func(r *databaseRow) float64 { return float64(r.Deadlocks) }},
	{ofDatabase("blk_read_time", "Time spent reading blocks in milliseconds, with track_io_timing."), func(r *databaseRow) float64 { return r.BlkReadTime }},
	{ofDatabase("blk_write_time", "Time spent writing blocks in milliseconds, with track_io_timing."), func(r *databaseRow) float64 { return r.BlkWriteTime }},
	{ofDatabase("sessions_abandoned", "Sessions lost with their client."), func(r *databaseRow) float64 { return float64(r.SessionsAbandoned) }},
	{ofDatabase("sessions_fatal", "Sessions ended by fatal errors."), func(r *databaseRow) float64 { return float64(r.SessionsFatal) }},
	{ofDatabase("sessions_killed", "Sessions terminated by an operator."), func(r *databaseRow) float64 { return float64(r.SessionsKilled) }},
	{gauge("pg_stat_database_stats_reset", "When these counters were reset, in seconds since 1970; 0: never.", "datid", "datname"), func(r *databaseRow) float64 { return r.StatsReset }},
	{counter("pg_stat_database_active_time_seconds_total", "Time spent executing statements.", "datid", "datname"), func(r *databaseRow) float64 { return r.ActiveTime / 1000 }},
}

func ofDatabase(column, help string) family {
	return known("pg_stat_database_"+column, help, "datid", "datname")
}

// statementMetric is a counter of pg_stat_statements.
type statementMetric struct {
	family
	value func(r *statementRow) float64
}

var statementMetrics = []statementMetric{
	{ofStatement("calls", "Executions."), func(r *statementRow) float64 { return r.Calls }},
	{ofStatement("seconds", "Execution time."), func(r *statementRow) float64 { return r.Seconds }},
	{ofStatement("rows", "Rows returned or changed."), func(r *statementRow) float64 { return r.Rows }},
	{ofStatement("block_read_seconds", "Time spent reading blocks, with track_io_timing."), func(r *statementRow) float64 { return r.ReadSeconds }},
	{ofStatement("block_write_seconds", "Time spent writing blocks, with track_io_timing."), func(r *statementRow) float64 { return r.WriteSeconds }},
}

func ofStatement(what, help string) family {
	return counter("pg_stat_statements_"+what+"_total", help, "user", "datname", "queryid")
}

func serverFamilies() []family {
	all := []family{
		upFamily, scrapeFamily, scrapeFailedFamily, replicaFamily, lagFamily, startFamily, maxFamily, reservedFamily,
		activityFamily, longestFamily, locksFamily,
	}
	for _, m := range databaseMetrics {
		all = append(all, m.family)
	}
	for _, m := range statementMetrics {
		all = append(all, m.family)
	}
	return all
}

// sendServer emits what one look at the server gave.
func (s *Service) sendServer(out chan<- prometheus.Metric, f *facts) {
	upFamily.send(out, flag(f.up))
	scrapeFamily.send(out, f.took.Seconds())
	for _, part := range []string{"server", "activity", "databases", "locks", "statements", "pool", "timeout"} {
		scrapeFailedFamily.send(out, flag(slices.Contains(f.failed, part)), part)
	}
	if f.server != nil {
		replicaFamily.send(out, flag(f.server.InRecovery))
		startFamily.send(out, f.server.Started)
		maxFamily.send(out, float64(f.server.MaxConnections))
		reservedFamily.send(out, float64(f.server.Reserved))
		if f.server.Lag != nil {
			lagFamily.send(out, *f.server.Lag)
		}
	}
	for _, r := range f.activity {
		activityFamily.send(out, float64(r.Sessions), r.Datname, r.State)
		longestFamily.send(out, r.Longest, r.Datname, r.State)
	}
	for _, r := range f.locks {
		locksFamily.send(out, float64(r.Locks), r.Datname, r.Mode)
	}
	for i := range f.databases {
		for _, m := range databaseMetrics {
			m.send(out, m.value(&f.databases[i]), f.databases[i].DatID, f.databases[i].Datname)
		}
	}
	for i := range f.statements {
		r := &f.statements[i]
		for _, m := range statementMetrics {
			m.send(out, m.value(r), r.User, r.Datname, r.QueryID)
		}
	}
}
