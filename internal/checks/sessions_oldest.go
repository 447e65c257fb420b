package checks

import (
	"context"
	"fmt"

	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/settings"
	"avadb/internal/units"
)

// oldest is the session, or the prepared transaction, that has held something for the longest time.
type oldest struct {
	PID         int32
	GID         *string // of a prepared transaction, which has no session; else nil
	User        string
	Application string
	Database    string
	State       string
	Seconds     float64
	Count       int // of such sessions
}

// oldestCheck judges the oldest session that a statement finds, and names it. ends is the function that ends such a one.
func oldestCheck(t Threshold, statement, ends string) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		if err := e.needStats(ctx); err != nil {
			return Outcome{}, err
		}
		rows, err := query.Rows[oldest](ctx, e.Conn, statement)
		if err != nil {
			return Outcome{}, err
		}
		found := t.measured(0, "none", "")
		if len(rows) > 0 {
			found = judgeOldest(t, rows[0], ends)
			if rows[0].GID != nil && found.Fix != "" { // the statement works in the transaction's own database alone
				found.Fix = e.Conn.Target.Psql(rows[0].Database, found.Fix)
			}
		}
		if found.Status != OK {
			return found, nil
		}
		return e.orUntracked(ctx, found)
	}
}

func judgeOldest(t Threshold, o oldest, ends string) Outcome {
	if o.GID != nil {
		gid := pg.TypeableLiteral(*o.GID)
		return t.measured(o.Seconds, fmt.Sprintf("%d; the oldest: the prepared transaction %s of role %s, to be ended in database %s: ROLLBACK PREPARED, or COMMIT PREPARED where its transaction manager has decided so",
			o.Count, gid, o.User, o.Database), "ROLLBACK PREPARED "+gid)
	}
	if o.State != "active" { // there is no statement to cancel
		ends = "pg_catalog.pg_terminate_backend"
	}
	detail := fmt.Sprintf("%d; the oldest: pid %d, role %s, database %s, application %q, %s", o.Count, o.PID, o.User, o.Database, o.Application, o.State)
	return t.measured(o.Seconds, detail, fmt.Sprintf("SELECT %s(%d)", ends, o.PID))
}

// untracked is who shows neither state nor times.
type untracked struct {
	Count    int
	User     string // of one of them
	Database string
}

const tracking = "track_activities"

// orUntracked does not call it fine where sessions show nothing of what they do.
func (e *Env) orUntracked(ctx context.Context, fine Outcome) (Outcome, error) {
	u, err := query.One[untracked](ctx, e.Conn, "checks/untracked")
	if err != nil || u.Count == 0 {
		return fine, err
	}
	fix, err := e.track(ctx)
	if err != nil {
		return Outcome{}, err
	}
	return unseen(fmt.Sprintf("neither state nor times to be seen of %s: track_activities is off for them, such as for role %s in database %s",
		countedSessions(u.Count), u.User, u.Database), fix), nil
}

// track is a statement that turns tracking on again, wherever it was turned off; sessions that did so themselves are listed.
func (e *Env) track(ctx context.Context) (string, error) {
	overrides, err := settings.Overrides(ctx, e.Conn, []string{tracking})
	if err != nil {
		return "", err
	}
	for _, o := range overrides {
		if on, ok := units.ParseBool(o.Value); ok && !on {
			return "ALTER " + whose(o) + " RESET " + tracking, nil
		}
	}
	if _, value, _, err := e.parameter(ctx, tracking); err == nil {
		if on, ok := units.ParseBool(value); ok && !on {
			return "ALTER SYSTEM SET " + tracking + " = on; " + reload, nil
		}
	}
	return "SELECT pid, usename, datname, application_name FROM pg_catalog.pg_stat_activity WHERE state = 'disabled'", nil
}
