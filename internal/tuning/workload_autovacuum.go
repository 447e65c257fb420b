package tuning

import (
	"strconv"

	"avadb/internal/units"
)

// autovacuumRules come before work_mem: the memory of the workers counts.
func autovacuumRules(w workload) []rule {
	return []rule{
		{"autovacuum_max_workers", "5 from 32 CPUs up, 4 from 16", "more tables at once on large servers", fromPgtuneWork, workers(16, autovacuumWorkers), "all workers share autovacuum_vacuum_cost_limit"},
		{"autovacuum_work_mem", "RAM / 32, at most 1GB", "several workers at once do not take maintenance_work_mem each", fromAutovacuum, decideAutovacuumMemory, ""},
		{"autovacuum_vacuum_scale_factor", "the profile's: " + decimal(w.vacuumScale), "VACUUM comes before many rows are dead", fromAutovacuum, w.decideVacuumScale, "VACUUM runs more often"},
		{"autovacuum_analyze_scale_factor", "the profile's: " + decimal(w.analyzeAt), "statistics follow the data", fromAutovacuum, fixed(decimal(w.analyzeAt)), ""},
		{"autovacuum_vacuum_cost_limit", "1000, nvme 2000, hdd 200", "VACUUM may use what the storage can do", fromAutovacuum, decideCostLimit, "VACUUM reads and writes more at once"},
	}
}

func decimal(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func autovacuumWorkers(cpus int) int {
	if cpus >= 32 {
		return 5
	}
	return 4
}

func decideAutovacuumMemory(s *sheet, rec *Recommendation) {
	rec.Value = units.FormatSize(min(s.ram()/32, units.GB))
}

func (w workload) decideVacuumScale(s *sheet, rec *Recommendation) {
	rec.Value = decimal(w.vacuumScale)
	s.vacuumEarlier(rec, w.vacuumScale)
}

// decideCostLimit follows the storage. PostgreSQL's 200 is from the time of rotating disks.
func decideCostLimit(s *sheet, rec *Recommendation) {
	limit := 1000
	switch s.in.storage() {
	case NVMe:
		limit = 2000
	case HDD:
		limit = 200
	case SSD, SAN:
	}
	s.vacuumFaster(rec, &limit)
	now := int(s.now(rec.Name))
	if now < 0 { // -1: as for a VACUUM by hand
		now = int(s.now("vacuum_cost_limit"))
	}
	if now > limit {
		*rec = leave(*rec, "already %d, more than the %d of the rule", now, limit)
		return
	}
	rec.Value = strconv.Itoa(limit)
}
