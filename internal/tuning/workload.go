package tuning

import "avadb/internal/units"

// workload is what sets the workload profiles apart. The numbers are pgtune's; where they are not, the rule says so.
type workload struct {
	profile                Profile
	connections            int   // at the most; less with little memory
	buffersPart            int64 // shared_buffers is RAM / this
	cacheQuarters          int64 // effective_cache_size in quarters of RAM
	maintenancePart        int64 // maintenance_work_mem is RAM / this
	maintenanceMost        int64 // and never more
	workMemPart            int64 // share of pgtune's work_mem: one in so many
	workMem                int64 // without evidence, where the memory allows it
	minWAL, maxWAL         int64
	statisticsTarget       int
	jit                    string
	gatherMost             int     // most workers a Gather may have
	vacuumScale, analyzeAt float64 // autovacuum's scale factors; avadb's own
	purpose                string
}

func workloadOf(p Profile) workload {
	const mb, gb = units.MB, units.GB
	w := workload{
		profile: p, connections: 100, buffersPart: 4, cacheQuarters: 3, maintenancePart: 16, maintenanceMost: 2 * gb, workMemPart: 2, workMem: usualWorkMem,
		minWAL: gb, maxWAL: 4 * gb, statisticsTarget: 100, jit: "off", gatherMost: 4, vacuumScale: 0.1, analyzeAt: 0.05, purpose: "a mix of short and large queries",
	}
	switch p {
	case Web:
		w.connections, w.workMemPart, w.purpose = 200, 1, "many short reads"
	case OLTP:
		w.connections, w.workMemPart, w.minWAL, w.maxWAL, w.purpose = 300, 1, 2*gb, 8*gb, "many short transactions"
		w.vacuumScale, w.analyzeAt = 0.05, 0.05
	case DW:
		w.connections, w.maintenancePart, w.maintenanceMost, w.minWAL, w.maxWAL = 40, 8, 8*gb, 4*gb, 16*gb
		w.statisticsTarget, w.jit, w.gatherMost, w.purpose = 500, "on", 8, "few large queries"
		w.workMem = 64 * mb
	case Desktop:
		w.connections, w.buffersPart, w.cacheQuarters, w.workMemPart = 20, 16, 1, 6
		w.minWAL, w.maxWAL, w.jit, w.purpose = 100*mb, 2*gb, "on", "a machine that does other things, too"
		w.vacuumScale, w.analyzeAt = 0.2, 0.1
	case QuickWins, Mixed:
	}
	return w
}

// ramStep keeps the sums exact: each share of a multiple of 64MB is whole megabytes, so that no rounding makes a value fall
// when the memory rises.
const ramStep = 64 * units.MB

// ram is the memory that the workload profiles reckon with.
func (s *sheet) ram() int64 { return s.in.RAMBytes / ramStep * ramStep }

// Where the rules of the workload profiles come from.
const (
	fromPgtune      = "pgtune's published rules"
	fromPgtuneMem   = fromPgtune + "; PostgreSQL documentation, Resource Consumption, Memory"
	fromPgtuneWAL   = fromPgtune + "; PostgreSQL documentation, Write Ahead Log"
	fromPgtuneIO    = fromPgtune + "; PostgreSQL documentation, Resource Consumption, I/O"
	fromPgtunePlan  = fromPgtune + "; PostgreSQL documentation, Query Planning"
	fromPgtuneWork  = fromPgtune + ", never below PostgreSQL's defaults; PostgreSQL documentation, Resource Consumption, Asynchronous Behavior"
	fromMeasurement = "avadb's measurement (docs/tuning.md); pgtune's formula is its bound"
	fromAutovacuum  = "avadb's rule; PostgreSQL documentation, Automatic Vacuuming"
)

// rules are the profile's lines. Those that work_mem depends on come before it.
func (w workload) rules() []rule {
	all := []rule{
		{"max_connections", "the profile's, at most RAM / 8MB, at least 100", "room for the sessions of " + w.purpose, fromPgtune, w.decideConnections, "each connection takes memory and makes snapshots slower: a pooler in front needs fewer"},
		{"shared_buffers", w.buffersFormula(), "PostgreSQL's own cache", fromPgtuneMem, w.decideBuffers, ""},
		{"huge_pages", formulaFixed, "uses huge pages where the kernel has them, and starts where it has not", "PostgreSQL documentation, Managing Kernel Resources, Linux Huge Pages", decideHugePages, ""},
		{"effective_cache_size", w.cacheFormula(), "tells the planner how much the caches hold together; allocates nothing", fromPgtunePlan, w.decideCache, ""},
		{"maintenance_work_mem", w.maintenanceFormula(), "faster VACUUM and CREATE INDEX", fromPgtuneMem, w.decideMaintenance, "each CREATE INDEX, VACUUM and ALTER TABLE ADD FOREIGN KEY may take as much"},
	}
	all = append(all, workerRules(w)...)
	all = append(all, autovacuumRules(w)...)
	all = append(all, rule{"wal_buffers", "shared_buffers / 32, at most 16MB", "one WAL segment may wait for its write", fromPgtuneWAL, decideWALBuffers, ""})
	formula, reason := w.workMemRule()
	all = append(all, rule{"work_mem", formula, reason, fromMeasurement, w.decideWorkMem, ""})
	all = append(all, walRules(w)...)
	return append(all, plannerRules(w)...)
}
