package tuning

import (
	"strings"

	"avadb/internal/units"
)

// MissingFile is a file that the configuration names and that the server's host does not have.
type MissingFile struct {
	Parameter string // that names it
	File      string // as it is named
	Path      string // where it would have to be, relative to the data directory or absolute
}

// ruleMissingFiles: the server takes the name of any file, and stumbles over a library or a certificate that is not there
// at its next start, or at the start of the next session.
func ruleMissingFiles(v *validation) {
	for _, m := range v.in.Missing {
		names := []string{m.Parameter}
		switch {
		case m.Parameter == "shared_preload_libraries":
			v.refuse(names, "install it, or take it out of "+m.Parameter,
				"the server would not start: %s names %s, and there is no %s", m.Parameter, m.File, m.Path)
		case isPreloadList(m.Parameter):
			v.refuse(names, "install it, or take it out of "+m.Parameter,
				"no session could start: %s names %s, and there is no %s", m.Parameter, m.File, m.Path)
		case strings.HasPrefix(m.Parameter, "ssl_"):
			v.refuse(append(names, "ssl"), "put the file there, or set ssl=off",
				"the server would not start: ssl = on, and the file of %s is not there: %s", m.Parameter, m.Path)
		}
	}
}

// ruleHeld: slots and prepared transactions outlive a restart, and the server does not start without room for them.
func ruleHeld(v *validation) {
	level := strings.ToLower(v.future.text("wal_level"))
	switch {
	case v.in.LogicalSlots > 0 && level != "" && level != "logical":
		v.refuse([]string{"wal_level"}, "keep wal_level=logical, or drop the slots: SELECT slot_name, active FROM pg_replication_slots WHERE slot_type = 'logical'",
			"the server would not start: wal_level = %s with %d logical replication slots", level, v.in.LogicalSlots)
	case v.in.Slots > 0 && level == "minimal":
		v.refuse([]string{"wal_level"}, "keep wal_level, or drop the slots: SELECT slot_name, active FROM pg_replication_slots",
			"the server would not start: wal_level = minimal with %d replication slots", v.in.Slots)
	}
	if most, ok := v.future.number("max_replication_slots"); ok && int(most) < v.in.Slots {
		v.refuse([]string{"max_replication_slots"}, "leave room for them, or drop some: SELECT slot_name, active FROM pg_replication_slots",
			"the server would not start: max_replication_slots = %.0f with %d replication slots", most, v.in.Slots)
	}
	if most, ok := v.future.number("max_prepared_transactions"); ok && int(most) < v.in.PreparedTransactions {
		v.refuse([]string{"max_prepared_transactions"}, "finish them first: SELECT gid, database, prepared FROM pg_prepared_xacts",
			"the server would not start: max_prepared_transactions = %.0f with %d prepared transactions", most, v.in.PreparedTransactions)
	}
}

// ruleSharedMemoryFS: a parallel hash lies in /dev/shm, which containers often bound at 64 MB: the statement then fails.
func ruleSharedMemoryFS(v *validation) {
	workMem, okMem := v.future.bytes("work_mem")
	workers, okWorkers := v.future.number("max_parallel_workers_per_gather")
	if v.in.SharedMemoryFSBytes == 0 || !okMem || !okWorkers || workers == 0 || !strings.EqualFold(v.future.text("dynamic_shared_memory_type"), "posix") {
		return
	}
	multiplier, ok := v.future.number("hash_mem_multiplier")
	if !ok {
		multiplier = 1
	}
	if need := int64(float64(workMem) * multiplier * (workers + 1)); need > v.in.SharedMemoryFSBytes {
		v.warn("work_mem", "a parallel hash can take %s of shared memory (work_mem x hash_mem_multiplier x %.0f processes), and /dev/shm of the server has %s: give the container more (--shm-size), or lower work_mem",
			units.HumanSize(need), workers+1, units.HumanSize(v.in.SharedMemoryFSBytes))
	}
}
