package checks

import (
	"context"
	"strings"

	"avadb/internal/slowlog"
)

// slowTable is the group SLW: what was slow, whether that is known, and the slow_query_log table of the connected database.
func slowTable() []Check {
	unready := above(0)
	slow, coverage, freshness := slowHour()
	return []Check{
		slow, coverage,
		{ID: "SLW03", Title: "writers of slow_query_log", Unit: "roles", Threshold: unready, Needs: "any role", Run: writersCheck(unready)},
		freshness,
	}
}

func isInstalled(t *slowlog.Table) bool {
	return t.Layout() != slowlog.None && t.Layout() != slowlog.Foreign
}

// writersCheck finds who may INSERT and cannot: a failing log never fails the query, so that nobody else would tell.
func writersCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		table, err := slowlog.Find(ctx, e.Conn, "")
		if err != nil {
			return Outcome{}, err
		}
		if !isInstalled(table) {
			return skipped("not installed in database "+e.Conn.Server.Database, e.command("slowlog init")), nil
		}
		writers, err := table.Writers(ctx, e.Conn)
		if err != nil {
			return Outcome{}, err
		}
		return judgeWriters(t, table.Identifier(), writers), nil
	}
}

func judgeWriters(t Threshold, table string, writers []slowlog.Writer) Outcome {
	var unready, fixes []string
	for _, w := range writers {
		if w.Ready {
			continue
		}
		unready = append(unready, w.Role)
		if w.Missing != nil {
			fixes = append(fixes, *w.Missing)
		}
	}
	if len(unready) == 0 {
		return t.measured(0, "each role that may INSERT into "+table+" can", "")
	}
	return t.measured(float64(len(unready)), "may INSERT into "+table+" and cannot: "+strings.Join(unready, ", "), strings.Join(fixes, "; "))
}
