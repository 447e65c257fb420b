package tuning

import "avadb/internal/units"

// Memory is the worst case next to what there is, in bytes.
type Memory struct {
	WorstCaseBytes int64 // work_mem x max_connections; 0 where one of them is not known
	PlannedBytes   int64 // shared_buffers, maintenance, and a hash in every session and worker; 0 where not known
	RAMBytes       int64
}

// WorstCase is the memory that sorts and hashes take when every connection runs one at the same
// time, with the recommended values in place. One statement can run several of them, and a hash may
// take hash_mem_multiplier times as much, so it is a measure and no bound.
func WorstCase(in Input, recs []Recommendation) Memory {
	return newFuture(in, recs).memory(in.RAMBytes)
}

func (f future) memory(ram int64) Memory {
	workMem, _ := f.bytes("work_mem")
	connections, _ := f.number("max_connections")
	return Memory{WorstCaseBytes: workMem * int64(connections), PlannedBytes: planned(f), RAMBytes: ram}
}

// ruleWorstCase warns where the worst case does not fit into the memory beside shared_buffers.
func ruleWorstCase(v *validation) {
	m := v.future.memory(v.in.RAMBytes)
	buffers, _ := v.future.bytes("shared_buffers")
	if !v.in.IsReference() { // ruleBudget reckons more closely
		return
	}
	if m.WorstCaseBytes == 0 || m.WorstCaseBytes+buffers <= m.RAMBytes {
		return
	}
	v.warn("work_mem", "worst-case memory: work_mem %s x %s connections = %s beside shared_buffers %s, with %s of RAM; a hash may take hash_mem_multiplier (%s) times its work_mem",
		v.future.shown("work_mem"), v.future.shown("max_connections"), units.HumanSize(m.WorstCaseBytes),
		v.future.shown("shared_buffers"), units.HumanSize(m.RAMBytes), v.future.shown("hash_mem_multiplier"))
}
