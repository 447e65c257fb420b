package tuning

import (
	"fmt"
	"strconv"

	"avadb/internal/units"
)

const (
	// sessionRAM is the memory that there should be for a connection: below it the profile's number of them would leave
	// each with less than a sort needs.
	sessionRAM = 8 * units.MB

	// defaultConnections is PostgreSQL's default: no profile takes connections away.
	defaultConnections = 100

	leastWorkMem  = 64 * units.KB  // the least that the server takes
	usualWorkMem  = 4 * units.MB   // PostgreSQL's default, and pgtune's floor
	defaultBuffer = 128 * units.MB // PostgreSQL's default of shared_buffers
)

func (w workload) decideConnections(s *sheet, rec *Recommendation) {
	target := w.connections
	if fits := max(s.ram()/sessionRAM, defaultConnections); fits < int64(target) {
		target = int(fits)
	}
	s.fitConnections(rec, target)
}

func (w workload) buffersFormula() string {
	if w.profile == Desktop {
		return "RAM / 16, at least 128MB where that is within RAM / 4; at most 2 x the databases' size"
	}
	return fmt.Sprintf("RAM / %d, at most 2 x the databases' size", w.buffersPart)
}

func (w workload) decideBuffers(s *sheet, rec *Recommendation) {
	size := max(s.ram()/w.buffersPart, min(defaultBuffer, s.ram()/4))
	size = s.fitBuffersToData(rec, size)
	rec.Value = units.FormatSize(size)
}

func decideHugePages(s *sheet, rec *Recommendation) {
	if text := s.in.Parameters["huge_pages"].ResetVal; text == "on" {
		*rec = leave(*rec, "already on, which is stricter than try")
		return
	}
	rec.Value = "try"
	rec.Reason += pagesText(s.in, s)
}

func (w workload) cacheFormula() string { return fmt.Sprintf("RAM x %d / 4", w.cacheQuarters) }

func (w workload) decideCache(s *sheet, rec *Recommendation) {
	rec.Value = units.FormatSize(s.ram() / 4 * w.cacheQuarters)
}

func (w workload) maintenanceFormula() string {
	return fmt.Sprintf("RAM / %d, at most %s", w.maintenancePart, units.FormatSize(w.maintenanceMost))
}

func (w workload) decideMaintenance(s *sheet, rec *Recommendation) {
	rec.Value = units.FormatSize(min(s.ram()/w.maintenancePart, w.maintenanceMost))
}

func decideWALBuffers(s *sheet, rec *Recommendation) {
	buffers, _ := s.bytes("shared_buffers")
	rec.Value = units.FormatSize(max(min(buffers/32, 16*units.MB)/(64*units.KB), 1) * 64 * units.KB)
}

func (w workload) workMemFormula() string {
	text := "(RAM - shared_buffers) / ((max_connections + W) x 3)"
	if w.workMemPart > 1 {
		text += " / " + strconv.FormatInt(w.workMemPart, 10)
	}
	return text + ", W = max_worker_processes, within 7/8 of RAM"
}

// workMemMost is what work_mem may be at the most: pgtune's formula, which keeps a floor of 4MB, and what the budget leaves.
func (w workload) workMemMost(s *sheet) int64 {
	sessions, _ := s.number("max_connections")
	workers, _ := s.number("max_worker_processes")
	buffers, _ := s.bytes("shared_buffers")
	fixed, _ := fixedBytes(s)
	rule := float64(s.ram()-buffers) / ((sessions + workers) * 3) / float64(w.workMemPart)
	rule = max(rule, float64(usualWorkMem))
	room := float64(s.ram()/8*plannable-fixed) / takers(s)
	return max(wholeStep(int64(min(rule, room))), leastWorkMem)
}

// wholeStep rounds down to a number that a person would write.
func wholeStep(size int64) int64 {
	step := 64 * units.KB
	if size >= 4*units.MB {
		step = units.MB
	}
	return size / step * step
}

// decideWorkMem stays at what was measured to serve the profile, or below where the memory asks for it: larger tables in memory can be
// slower than temporary files in the page cache. What raises it is temporary files that reach the disk.
func (w workload) decideWorkMem(s *sheet, rec *Recommendation) {
	most := w.workMemMost(s)
	size := min(most, w.workMem)
	if size < usualWorkMem {
		rec.Reason = "less than the default: every session and worker may take this much at once"
		rec.Formula = "what 7/8 of RAM leave for max_connections + max_worker_processes hashes"
	}
	rec.Value = units.FormatSize(s.raiseWorkMem(rec, size, most))
}

// workMemRule is the formula, and why it is this one.
func (w workload) workMemRule() (formula, reason string) {
	if w.workMem > usualWorkMem {
		return w.workMemFormula() + ", 4MB to " + units.FormatSize(w.workMem) + "; more with evidence",
			"large aggregates and sorts of few sessions stay in memory, with parallel workers faster than temporary files even in the page cache"
	}
	return "4MB; with evidence up to " + w.workMemFormula(), "PostgreSQL's default: nothing shows that more would help"
}
