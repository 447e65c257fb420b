package tuning

import "avadb/internal/units"

const ruleConnections = 200

// Where the rules come from.
const (
	fromReference = "avadb's reference configuration for 8 GB"
	fromMemory    = fromReference + "; PostgreSQL documentation, Resource Consumption, Memory"
	fromPlanner   = fromReference + "; PostgreSQL documentation, Query Planning, Planner Cost Constants"
	fromIO        = fromReference + "; PostgreSQL documentation, Resource Consumption, I/O"
	fromWAL       = fromReference + "; PostgreSQL documentation, Write Ahead Log"
	fromLogging   = fromReference + "; PostgreSQL documentation, Error Reporting and Logging"
	fromClient    = "avadb's reference pool rules; PostgreSQL documentation, Client Connection Defaults"
	fromUser      = "the command line"
	formulaFixed  = "fixed"
	formulaAsSet  = "as given"
	formulaShared = "RAM / 4"
)

// What values cost, as far as it was measured: PostgreSQL 15, two processors, a virtual machine.
const (
	costWorkMem = "where temporary files never leave the page cache, 64MB made joins, aggregates and sorts 1.3 to 1.6 times slower than 4MB: " +
		"large tables miss the processor's caches; it pays where temporary files reach the disk"
	costLogConnections = "a line of the log for each connection, which counts where clients connect for every query"
)

// quickWins is the reference configuration, scaled from the 8 GB it was written for.
//
// shared_buffers has no floor on purpose: its default of 128MB would be half of a 256 MB machine,
// and the server needs the rest for its sessions and the operating system's cache.
func quickWins() []rule {
	return []rule{
		{"max_connections", formulaFixed, "room for several pooled applications", fromReference, connections(ruleConnections), "each connection takes memory and makes snapshots slower: a pooler in front needs fewer"},
		{"shared_buffers", formulaShared, "a quarter of the memory for PostgreSQL's own cache", fromMemory, sized(1, 4, 0, 0), ""},
		{"effective_cache_size", "RAM x 3 / 4", "tells the planner how much the caches hold together; allocates nothing", fromPlanner, sized(3, 4, 0, 0), ""},
		{"work_mem", "RAM / 128, within 4MB and 256MB", "sorts and hashes stay out of temporary files", fromMemory, referenceWorkMem, costWorkMem},
		{"maintenance_work_mem", "RAM / 16, within 64MB and 2GB", "faster VACUUM and CREATE INDEX", fromMemory, sized(1, 16, 64*units.MB, 2*units.GB), "each autovacuum worker may take as much, where autovacuum_work_mem is -1"},
		{"random_page_cost", formulaFixed, "on solid-state disks a random read costs about as much as a sequential one", fromPlanner, referencePageCost, ""},
		{"effective_io_concurrency", formulaFixed, "solid-state disks serve many reads at once", fromIO, referencePrefetch, ""},
		{"wal_buffers", formulaFixed, "one WAL segment may wait for its write", fromWAL, fixed("16MB"), ""},
		{"checkpoint_completion_target", formulaFixed, "spreads a checkpoint's writes over the interval", fromWAL, fixed("0.9"), ""},
		{"log_min_duration_statement", formulaFixed, "logs statements of a second and longer", fromLogging, fixed("1000"), "the log holds the literals of slow statements"},
		{"log_connections", formulaFixed, "shows who connects", fromLogging, fixed("on"), costLogConnections},
		{"log_disconnections", formulaFixed, "shows how long sessions last", fromLogging, fixed("on"), costLogConnections},
		{"idle_in_transaction_session_timeout", formulaFixed, "a forgotten transaction holds locks and keeps VACUUM from its work", fromClient, fixed("60s"), "programs that hold a transaction open on purpose are cut off: give their role its own value"},
	}
}

// referenceWorkMem is the reference configuration's whatever the server has counted; that is only said.
func referenceWorkMem(s *sheet, rec *Recommendation) {
	sized(1, 128, 4*units.MB, 256*units.MB)(s, rec)
	size, _ := units.ParseSize(rec.Value)
	rec.Evidence = s.in.Evidence.spillText(size)
}

// referencePageCost and referencePrefetch: the reference configuration is one for solid-state disks; other storage has the
// values of the workload profiles.
func referencePageCost(s *sheet, rec *Recommendation) {
	rec.Value = "1.1"
	if s.in.storage() == HDD {
		rec.Value, rec.Reason = "4", "disks that rotate have to seek"
	}
}

func referencePrefetch(s *sheet, rec *Recommendation) {
	if s.in.storage() == SSD {
		rec.Value = "200"
		return
	}
	rec.Reason = "how many reads the storage serves at once"
	decidePrefetch(s, rec)
}

func fixed(value string) func(*sheet, *Recommendation) {
	return func(_ *sheet, rec *Recommendation) { rec.Value = value }
}

// sized takes a share of the memory, kept between least and most (0: no bound), in whole megabytes.
func sized(share, of, least, most int64) func(*sheet, *Recommendation) {
	return func(s *sheet, rec *Recommendation) {
		size := max(s.in.RAMBytes/of*share, least)
		if most > 0 {
			size = min(size, most)
		}
		rec.Value = units.FormatSize(size / units.MB * units.MB)
	}
}
