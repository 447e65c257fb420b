package tuning

// maxBackends bounds all backends together since 18 (MAX_BACKENDS of the server less its own
// special workers).
const maxBackends = 262142

func ruleReservedConnections(v *validation) {
	names := []string{"superuser_reserved_connections", "reserved_connections", "max_connections"}
	most, ok := v.future.number("max_connections")
	super, _ := v.future.number(names[0])
	roles, _ := v.future.number(names[1]) // since 16
	if !ok || super+roles < most {
		return
	}
	v.refuse(names, "raise max_connections, or reserve fewer",
		"the server would not start: it reserves %.0f of max_connections = %.0f", super+roles, most)
}

// ruleSessionsInUse keeps the user from turning away the sessions that are there now.
func ruleSessionsInUse(v *validation) {
	most, ok := v.future.number("max_connections")
	needed := v.in.SessionsInUse + reserved(v.in)
	if !ok || !v.future.asked("max_connections") || v.in.SessionsInUse == 0 || int(most) >= needed {
		return
	}
	v.refuse([]string{"max_connections"}, "allow more connections, or close sessions first: SELECT pid, usename, state FROM pg_stat_activity WHERE backend_type = 'client backend'",
		"max_connections = %.0f is too few for the %d sessions in use and %d reserved connections", most, v.in.SessionsInUse, needed-v.in.SessionsInUse)
}

func ruleBackends(v *validation) {
	if v.in.Major < 18 {
		return
	}
	names := []string{"max_connections", "autovacuum_worker_slots", "max_worker_processes", "max_wal_senders"}
	sum := 0.0
	for _, name := range names {
		n, _ := v.future.number(name)
		sum += n
	}
	if sum >= maxBackends {
		v.refuse(names, "lower max_connections or one of the others",
			"the server would not start: max_connections + autovacuum_worker_slots + max_worker_processes + max_wal_senders = %.0f must stay below %d", sum, maxBackends)
	}
}

func ruleAutovacuumSlots(v *validation) {
	workers, okWorkers := v.future.number("autovacuum_max_workers")
	slots, okSlots := v.future.number("autovacuum_worker_slots") // since 18
	if okWorkers && okSlots && workers > slots {
		v.warn("autovacuum_max_workers", "autovacuum_max_workers = %.0f is more than autovacuum_worker_slots = %.0f: only that many workers run", workers, slots)
	}
}

// rulePrefetch refuses what the server itself would refuse where it cannot prefetch.
func rulePrefetch(v *validation) {
	if !lacksPrefetch(v.in) {
		return
	}
	for _, name := range []string{"effective_io_concurrency", "maintenance_io_concurrency"} {
		_, isChosen := v.future.chosen[name]
		if n, ok := v.future.number(name); isChosen && ok && n != 0 {
			v.refuse([]string{name}, "leave "+name+" out", "%s must be 0 before PostgreSQL 18 on a platform without posix_fadvise", name)
		}
	}
}
