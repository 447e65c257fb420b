package tuning

import (
	"math"

	"avadb/internal/units"
)

// values are the parameters as they will be: of a sheet while it is decided, of a future afterwards.
type values interface {
	number(name string) (float64, bool)
	bytes(name string) (int64, bool)
}

// plannable is the share of the memory that the workload profiles hand out, in eighths. The last eighth is for the kernel,
// the sessions' own caches and the operating system's page cache.
const plannable = 7

// fixedBytes is what is taken however many sessions there are: shared_buffers, wal_buffers, one maintenance command, and
// every autovacuum worker at work. Not ok where shared_buffers is not known.
func fixedBytes(v values) (int64, bool) {
	buffers, ok := v.bytes("shared_buffers")
	if !ok {
		return 0, false
	}
	wal, hasWAL := v.bytes("wal_buffers")
	if !hasWAL { // -1: the server takes a 32nd of shared_buffers, at most a WAL segment
		wal = min(buffers/32, 16*units.MB)
	}
	maintenance, _ := v.bytes("maintenance_work_mem")
	autovacuum, own := v.bytes("autovacuum_work_mem")
	if !own { // -1: as much as any maintenance
		autovacuum = maintenance
	}
	workers, _ := v.number("autovacuum_max_workers")
	return addUp(buffers, wal, maintenance, times(float64(autovacuum), workers)), true
}

// takers is how many times work_mem the profiles reckon with: every session and every background worker runs one hash,
// which may take hash_mem_multiplier times work_mem. Not all sessions work at once, and one statement may run several
// sorts and hashes: the two are taken to cancel out.
func takers(v values) float64 {
	sessions, _ := v.number("max_connections")
	workers, _ := v.number("max_worker_processes")
	return (sessions + workers) * hashFactor(v)
}

// hashFactor is hash_mem_multiplier, which no sort feels: at least 1.
func hashFactor(v values) float64 {
	factor, _ := v.number("hash_mem_multiplier")
	return max(factor, 1)
}

// planned is the memory that the server takes by these values with every session and worker busy, in bytes; 0 where it is
// not known.
func planned(v values) int64 {
	fixed, ok := fixedBytes(v)
	workMem, known := v.bytes("work_mem")
	if !ok || !known {
		return 0
	}
	return addUp(fixed, times(float64(workMem), takers(v)))
}

// addUp stops at the end of what can be counted.
func addUp(amounts ...int64) int64 {
	sum := 0.0
	for _, a := range amounts {
		sum += float64(a)
	}
	return times(sum, 1)
}

func times(a, b float64) int64 {
	if product := a * b; product < math.MaxInt64/2 {
		return int64(product)
	}
	return math.MaxInt64 / 2
}

// ruleBudget warns where a workload profile, with what the user set and what the server keeps, hands out more than there is.
func ruleBudget(v *validation) {
	sum := planned(v.future)
	if v.in.IsReference() || sum <= v.in.RAMBytes {
		return
	}
	v.warn("work_mem", "with every session and worker busy the server can take %s of the %s: shared_buffers %s, work_mem %s x hash_mem_multiplier %s for each of %s connections and the workers, and maintenance",
		units.HumanSize(sum), units.HumanSize(v.in.RAMBytes), v.future.shown("shared_buffers"), v.future.shown("work_mem"),
		orOne(v.future.shown("hash_mem_multiplier")), v.future.shown("max_connections"))
}

func orOne(text string) string {
	if text == "" {
		return "1"
	}
	return text
}
