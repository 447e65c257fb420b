package checks

import (
	"context"
	"fmt"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/units"
)

// replication is the group REP, from whichever side avadb is connected to.
func replication() []Check {
	lag := between(60, 300)
	return []Check{
		{ID: "REP01", Title: "replication lag", Unit: "s", Threshold: lag, Needs: monitor, Run: lagCheck(lag)},
		{ID: "REP02", Title: "replication slots", Unit: "slots", Needs: "any role", Run: checkSlots},
	}
}

func lagCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		if e.Conn.Server.InRecovery {
			r, err := query.One[replay](ctx, e.Conn, "checks/replay")
			if err != nil {
				return Outcome{}, err
			}
			return judgeReplay(t, r, e.command("config check")), nil
		}
		if err := e.needStats(ctx); err != nil {
			return Outcome{}, fault.New(fault.Privilege, "standbys show no position").WithHint("GRANT pg_monitor TO %s", e.role())
		}
		standbys, err := query.Rows[standby](ctx, e.Conn, "checks/standbys")
		if err != nil {
			return Outcome{}, err
		}
		return judgeStandbys(t, standbys, e.command("verify --skip REP01")), nil
	}
}

// replay is how far a standby is with what it has received.
type replay struct {
	CaughtUp  bool     `db:"caught_up"` // all that was received is replayed
	Receiving bool     // a WAL receiver runs
	Archive   bool     `db:"from_archive"` // a restore_command brings WAL as well
	Paused    bool     // replay was paused by hand, or by a parameter that is too small
	Seconds   *float64 // since the newest replayed transaction was committed; nil: none was replayed yet
}

// judgeReplay does not take an idle primary for lag: what was received and replayed is no delay. Without a receiver that
// says nothing, and the age of the newest transaction is all there is.
func judgeReplay(t Threshold, r replay, look string) Outcome {
	fix := "SELECT * FROM pg_catalog.pg_stat_wal_receiver"
	if r.Paused {
		fix = "SELECT pg_catalog.pg_wal_replay_resume()"
	}
	switch {
	case r.Receiving && r.CaughtUp:
		return t.measured(0, "all that was received is replayed", "")
	case r.Seconds == nil:
		return unseen("nothing was replayed yet: the lag is not known", look)
	case !r.Receiving && !r.Archive:
		o := t.measured(*r.Seconds, "no WAL receiver runs: the standby hears nothing of its primary; this is the age of its newest transaction", fix)
		if o.Status == OK {
			o.Status, o.Fix = Warn, fix
		}
		return o
	case r.Paused:
		return t.measured(*r.Seconds, "replay is paused", fix)
	}
	return t.measured(*r.Seconds, "since the newest replayed transaction was committed", fix)
}

// slot is a replication slot that nobody uses, or whose WAL is gone.
type slot struct {
	Name      string
	Active    bool
	Lost      bool
	KeptBytes int64 `db:"kept_bytes"` // of WAL that it keeps on the server
}

func checkSlots(ctx context.Context, e *Env) (Outcome, error) {
	slots, err := query.Rows[slot](ctx, e.Conn, "checks/slots")
	if err != nil {
		return Outcome{}, err
	}
	return judgeSlots(slots), nil
}

// showSlots is the next step for a slot that is merely inactive: its standby or subscriber may be about to come back, and a
// slot that was dropped cannot be had again.
const showSlots = "SELECT slot_name, slot_type, database, wal_status, restart_lsn, safe_wal_size FROM pg_catalog.pg_replication_slots WHERE NOT active"

func judgeSlots(slots []slot) Outcome {
	var lost, inactive, fixes []string
	for _, s := range slots {
		switch {
		case s.Lost:
			lost = append(lost, pg.Identifier(s.Name)+" has lost WAL that it needs")
			fixes = append(fixes, "SELECT pg_catalog.pg_drop_replication_slot("+pg.Literal(s.Name)+")")
		case !s.Active:
			inactive = append(inactive, fmt.Sprintf("%s is inactive and keeps %s of WAL", pg.Identifier(s.Name), units.HumanSize(s.KeptBytes)))
		}
	}
	value := float64(len(lost) + len(inactive))
	o := Outcome{Status: OK, Value: &value, Detail: fmt.Sprintf("%d, all in use", len(slots))}
	if len(slots) == 0 {
		o.Detail = "there are none"
	}
	if len(inactive) > 0 {
		o.Status, fixes = Warn, append(fixes, showSlots)
	}
	if len(lost) > 0 {
		o.Status = Fail
	}
	if o.Status == OK {
		return o
	}
	o.Detail, o.Fix = strings.Join(append(lost, inactive...), "; "), strings.Join(fixes, "; ")
	return o
}
