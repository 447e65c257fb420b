package checks

import (
	"context"
	"fmt"

	"avadb/internal/pg"
	"avadb/internal/query"
)

// sessions is the group CNX: who is connected, and for how long they hold something.
func sessions() []Check {
	// From 80 % on a burst reaches the limit; at 95 % the next one does.
	use, limits := between(80, 95), between(80, 95)
	idle := between(60, 600)
	long := between(300, 3600)
	return append([]Check{
		{ID: "CNX01", Title: "connections in use", Unit: "pct", Threshold: use, Needs: monitor, Run: connectionsCheck(use)},
		{ID: "CNX02", Title: "role and database limits in use", Unit: "pct", Threshold: limits, Needs: monitor, Run: limitsCheck(limits)},
		{ID: "CNX03", Title: "idle in transaction", Unit: "s", Threshold: idle, Needs: monitor, Run: oldestCheck(idle, "checks/idle_in_transaction", "pg_catalog.pg_terminate_backend")},
		{ID: "CNX04", Title: "long transactions", Unit: "s", Threshold: long, Needs: monitor, Run: oldestCheck(long, "checks/transactions", "pg_catalog.pg_cancel_backend")},
	}, lostSessions()...)
}

const monitor = "pg_monitor"

// connectionUse is how many of the connections that an ordinary role can have are taken.
type connectionUse struct {
	Used     int
	Max      int `db:"max_connections"`
	Reserved int
}

func (u connectionUse) percent() float64 {
	return 100 * float64(u.Used) / float64(max(u.Max-u.Reserved, 1))
}

func (e *Env) connectionUse(ctx context.Context) (connectionUse, error) {
	if err := e.needStats(ctx); err != nil {
		return connectionUse{}, err
	}
	return query.One[connectionUse](ctx, e.Conn, "checks/connections")
}

func connectionsCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		u, err := e.connectionUse(ctx)
		if err != nil {
			return Outcome{}, err
		}
		detail := fmt.Sprintf("%d client backends of %d (max_connections %d - %d reserved)", u.Used, u.Max-u.Reserved, u.Max, u.Reserved)
		return t.measured(u.percent(), detail, "SELECT usename, application_name, state, count(*), min(state_change)"+
			" FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend' GROUP BY 1, 2, 3 ORDER BY 4 DESC"), nil
	}
}

// limitUse is a role or a database with a limit of its own. A limit of -1 is none; of 0 nobody gets in, which is meant.
type limitUse struct {
	Kind  string // ROLE or DATABASE
	Name  string
	Limit int `db:"connection_limit"`
	Used  int
}

func limitsCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		rows, err := query.Rows[limitUse](ctx, e.Conn, "checks/limits")
		if err != nil {
			return Outcome{}, err
		}
		if len(rows) == 0 {
			return t.measured(0, "no role and no database has a limit of its own", ""), nil
		}
		if err := e.needStats(ctx); err != nil {
			return Outcome{}, err
		}
		worst, percent := rows[0], 0.0
		for _, r := range rows {
			if p := 100 * float64(r.Used) / float64(r.Limit); p > percent {
				worst, percent = r, p
			}
		}
		what := worst.Kind + " " + pg.Identifier(worst.Name)
		return t.measured(percent, fmt.Sprintf("%s: %d of %d", what, worst.Used, worst.Limit),
			fmt.Sprintf("ALTER %s CONNECTION LIMIT %d", what, 2*worst.Limit)), nil
	}
}
