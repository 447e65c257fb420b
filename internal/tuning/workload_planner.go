package tuning

import (
	"strconv"

	"avadb/internal/units"
)

func plannerRules(w workload) []rule {
	return []rule{
		{"default_statistics_target", "the profile's: " + strconv.Itoa(w.statisticsTarget), "how closely ANALYZE looks", fromPgtunePlan, w.decideStatistics, ""},
		{"random_page_cost", w.pageCostFormula(), "what a random read costs beside a sequential one", fromPgtunePlan, w.decidePageCost, ""},
		{"effective_io_concurrency", "ssd 200, nvme 1000, san 300, hdd 2", "how many reads the storage serves at once", fromPgtuneIO, decidePrefetch, ""},
		{"jit", "the profile's: " + w.jit, w.jitReason(), fromPgtunePlan, fixed(w.jit), ""},
	}
}

func (w workload) jitReason() string {
	if w.jit == "on" {
		return "large queries gain from compiled expressions"
	}
	return "compiling costs short queries more than it gives"
}

func (w workload) decideStatistics(s *sheet, rec *Recommendation) {
	if now := int(s.now(rec.Name)); now > w.statisticsTarget {
		*rec = leave(*rec, "already %d, more than the %d of the profile", now, w.statisticsTarget)
		return
	}
	rec.Value = strconv.Itoa(w.statisticsTarget)
}

func (w workload) pageCostFormula() string {
	if w.profile == DW {
		return "4; 1.1 where the databases fit into RAM x 3 / 4"
	}
	return "1.1, hdd 4; 1.1 where the databases fit into RAM x 3 / 4"
}

// decidePageCost: where the databases fit into the caches no read is a seek. A warehouse beyond the memory keeps 4: with
// less the planner takes an index for large parts of a table.
func (w workload) decidePageCost(s *sheet, rec *Recommendation) {
	size, measured := s.dataBytes()
	switch {
	case size > 0 && size <= s.ram()/4*3:
		rec.Value, rec.Reason = "1.1", "the databases fit into the caches, where a random read costs about as much as a sequential one"
		if measured {
			rec.Evidence = "the databases hold " + units.HumanSize(size)
			rec.Moved = w.profile == DW || s.in.storage() == HDD
		}
	case s.in.storage() == HDD:
		rec.Value, rec.Reason = "4", "disks that rotate have to seek"
	case w.profile == DW:
		rec.Value, rec.Reason = "4", "with less the planner takes an index for large parts of a table, which is slower where the caches do not hold it"
	default:
		rec.Value, rec.Reason = "1.1", "on solid-state disks a random read costs about as much as a sequential one"
	}
}

// decidePrefetch follows the storage, never below the server's own default (16 from PostgreSQL 18 up).
func decidePrefetch(s *sheet, rec *Recommendation) {
	n := map[Storage]int{SSD: 200, NVMe: 1000, SAN: 300, HDD: 2}[s.in.storage()]
	rec.Value = strconv.Itoa(max(n, int(s.boot(rec.Name))))
}

// storage is what the data lies on, with its default.
func (in Input) storage() Storage {
	if in.Storage == "" {
		return SSD
	}
	return in.Storage
}
