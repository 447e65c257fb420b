package tuning

import (
	"strconv"

	"avadb/internal/fault"
	"avadb/internal/units"
)

const (
	// minRAM is where the profile ends to make sense: below it the 64MB that
	// maintenance_work_mem keeps as its floor would be most of the memory.
	minRAM = 256 * units.MB

	ruleConnections = 200
)

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

// rule is one line of the profile. value takes the memory in bytes.
type rule struct {
	name, formula, reason, source string
	value                         func(ram int64) string
}

// ProfileNames lists the parameters of the profile in its order.
func ProfileNames() []string {
	var names []string
	for _, r := range profile() {
		names = append(names, r.name)
	}
	return names
}

// profile is the reference configuration, scaled from the 8 GB it was written for.
//
// shared_buffers has no floor on purpose: its default of 128MB would be half of a 256 MB machine,
// and the server needs the rest for its sessions and the operating system's cache.
func profile() []rule {
	return []rule{
		{"max_connections", formulaFixed, "room for several pooled applications", fromReference, fixed(strconv.Itoa(ruleConnections))},
		{"shared_buffers", formulaShared, "a quarter of the memory for PostgreSQL's own cache", fromMemory, sized(1, 4, 0, 0)},
		{"effective_cache_size", "RAM x 3 / 4", "tells the planner how much the caches hold together; allocates nothing", fromPlanner, sized(3, 4, 0, 0)},
		{"work_mem", "RAM / 128, within 4MB and 256MB", "sorts and hashes stay out of temporary files", fromMemory, sized(1, 128, 4*units.MB, 256*units.MB)},
		{"maintenance_work_mem", "RAM / 16, within 64MB and 2GB", "faster VACUUM and CREATE INDEX", fromMemory, sized(1, 16, 64*units.MB, 2*units.GB)},
		{"random_page_cost", formulaFixed, "on solid-state disks a random read costs about as much as a sequential one", fromPlanner, fixed("1.1")},
		{"effective_io_concurrency", formulaFixed, "solid-state disks serve many reads at once", fromIO, fixed("200")},
		{"wal_buffers", formulaFixed, "one WAL segment may wait for its write", fromWAL, fixed("16MB")},
		{"checkpoint_completion_target", formulaFixed, "spreads a checkpoint's writes over the interval", fromWAL, fixed("0.9")},
		{"log_min_duration_statement", formulaFixed, "logs statements of a second and longer", fromLogging, fixed("1000")},
		{"log_connections", formulaFixed, "shows who connects", fromLogging, fixed("on")},
		{"log_disconnections", formulaFixed, "shows how long sessions last", fromLogging, fixed("on")},
		{"idle_in_transaction_session_timeout", formulaFixed, "a forgotten transaction holds locks and keeps VACUUM from its work", fromClient, fixed("60s")},
	}
}

func fixed(value string) func(int64) string { return func(int64) string { return value } }

// sized takes a share of the memory, kept between least and most (0: no bound), in whole megabytes.
func sized(share, of, least, most int64) func(int64) string {
	return func(ram int64) string {
		size := max(ram/of*share, least)
		if most > 0 {
			size = min(size, most)
		}
		return units.FormatSize(size / units.MB * units.MB)
	}
}

func checkRAM(ram int64) error {
	if ram >= minRAM {
		return nil
	}
	return fault.New(fault.Usage, "cannot tune for %s of memory: the least is %s", units.FormatSize(max(ram, 0)), units.FormatSize(minRAM)).
		WithHint("give the memory of the server with its unit, for example --ram 8GB")
}
