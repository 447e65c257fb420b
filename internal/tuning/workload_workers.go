package tuning

import (
	"fmt"
	"strconv"
)

// workerRules scale with the processors, from four up as pgtune's do. None goes below PostgreSQL's default or below what the
// server has: extensions take their background workers from the same pool.
func workerRules(w workload) []rule {
	parallel := func(most int) func(int) int {
		return func(cpus int) int { return min((cpus+1)/2, most) }
	}
	return []rule{
		{"max_worker_processes", "CPUs", "a background worker for each processor", fromPgtuneWork, workers(4, asMany), ""},
		{"max_parallel_workers", "CPUs", "a parallel worker for each processor", fromPgtuneWork, decideParallel, ""},
		{"max_parallel_workers_per_gather", fmt.Sprintf("CPUs / 2, at most %d", w.gatherMost), "one query does not take all processors", fromPgtuneWork, workers(4, parallel(w.gatherMost)), "each worker has its own work_mem"},
		{"max_parallel_maintenance_workers", "CPUs / 2, at most 4", "CREATE INDEX and VACUUM use several processors", fromPgtuneWork, workers(4, parallel(4)), ""},
		{"io_workers", "CPUs / 4, at most 32", "enough of them to keep the storage busy", fromPgtuneWork, decideIOWorkers, ""},
	}
}

func asMany(cpus int) int { return cpus }

// decideParallel says how many of the wanted workers there were (18 and up): more than there are processors would help nobody.
func decideParallel(s *sheet, rec *Recommendation) {
	workers(4, asMany)(s, rec)
	if e := s.in.Evidence; e != nil && e.ParallelWanted != nil && e.ParallelGot != nil && *e.ParallelWanted > 0 {
		rec.Evidence = fmt.Sprintf("%d of the %d parallel workers that queries wanted were launched", *e.ParallelGot, *e.ParallelWanted)
	}
}

// workers decides a number by the processors: from least of them up, never below the default or what the server has.
func workers(least int, count func(cpus int) int) func(*sheet, *Recommendation) {
	return func(s *sheet, rec *Recommendation) {
		cpus := s.in.CPUs
		if cpus == 0 {
			*rec = leave(*rec, "the processors of the server's host are not known: give --cpus")
			return
		}
		if cpus < least {
			*rec = leave(*rec, "with fewer than %d processors the server's value stays", least)
			return
		}
		n, now, usual := count(cpus), int(s.now(rec.Name)), int(s.boot(rec.Name))
		switch {
		case now > n && now > usual:
			*rec = leave(*rec, "already %d, more than the %d for %d processors: something may use them", now, n, cpus)
			return
		case usual > n:
			rec.Reason = fmt.Sprintf("PostgreSQL's default: %d processors give no reason to go below it", cpus)
			n = usual
		}
		rec.Value = strconv.Itoa(n)
	}
}

// decideIOWorkers looks at the method that will be in force: with another one than worker there are none.
func decideIOWorkers(s *sheet, rec *Recommendation) {
	if method := s.ioMethod(); method != "worker" {
		*rec = leave(*rec, "io_method is %s, which uses no workers", method)
		return
	}
	workers(4, func(cpus int) int { return min(max(cpus/4, 3), 32) })(s, rec)
}

func (s *sheet) ioMethod() string {
	for _, a := range s.in.Set {
		if p, ok := lookUp(s.in.Parameters, a.Name); ok && p.Name == "io_method" {
			return a.Value
		}
	}
	return s.in.Parameters["io_method"].ResetVal
}
