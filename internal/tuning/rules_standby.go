package tuning

import "fmt"

// boundToPrimary are the parameters a standby must have at least as high as its primary.
func boundToPrimary() []string {
	return []string{"max_connections", "max_worker_processes", "max_wal_senders", "max_prepared_transactions", "max_locks_per_transaction"}
}

// ruleStandby: a standby with less than its primary pauses replay and refuses to start.
func ruleStandby(v *validation) {
	if !v.in.Standby {
		return
	}
	v.warn("", "this server is a standby: what is written here stays here, and the primary needs its own tune")
	for _, name := range boundToPrimary() {
		then, ok := v.future.number(name)
		primary, known := number(v.in.PrimaryHas[name])
		switch {
		case !ok:
		case known && then < primary && v.future.moved(name) != 0:
			v.refuse([]string{name}, fmt.Sprintf("lower %s on the primary first", name),
				"the standby would not start: %s = %.0f is less than the primary's %.0f", name, then, primary)
		case !known && v.future.moved(name) < 0:
			v.warn(name, "%s = %.0f: if the primary has more, this standby pauses replay and does not start; lower the primary first", name, then)
		}
	}
}

// ruleStandbyOrder says which server comes first where standbys follow this one.
func ruleStandbyOrder(v *validation) {
	if v.in.Standbys == 0 || v.in.Standby {
		return
	}
	for _, name := range boundToPrimary() {
		switch v.future.moved(name) {
		case 1:
			v.warn(name, "%s is raised and %s: raise it on the standbys and restart them first; a later rollback is a lowering and goes the other way", name, attached(v.in.Standbys))
		case -1:
			v.warn(name, "%s is lowered and %s: restart this server with it first, then the standbys", name, attached(v.in.Standbys))
		}
	}
}

func attached(standbys int) string {
	if standbys == 1 {
		return "a standby is attached"
	}
	return fmt.Sprintf("%d standbys are attached", standbys)
}
