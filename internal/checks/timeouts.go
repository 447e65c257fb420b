package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/settings"
	"avadb/internal/units"
)

// timeouts is the group TMO: what ends a session that waits or works for ever.
func timeouts() []Check {
	unbounded := above(0)
	return []Check{
		{ID: "TMO01", Title: "idle_in_transaction_session_timeout", Needs: "any role", Run: checkIdleTimeout},
		{ID: "TMO02", Title: "statement_timeout of application roles", Unit: "roles", Threshold: unbounded, Needs: "any role", Run: statementTimeoutCheck(unbounded)},
	}
}

const idleParameter = "idle_in_transaction_session_timeout"

// checkIdleTimeout looks at the server, and at roles and databases that take its limit away again.
func checkIdleTimeout(ctx context.Context, e *Env) (Outcome, error) {
	_, value, _, err := e.parameter(ctx, idleParameter)
	if err != nil {
		return Outcome{}, err
	}
	if isOff(value) {
		return found(Warn, "0: a session may stay idle in a transaction for ever, holding its locks and keeping VACUUM back",
			"ALTER SYSTEM SET "+idleParameter+" = '60s'; "+reload), nil
	}
	overrides, err := settings.Overrides(ctx, e.Conn, []string{idleParameter})
	if err != nil {
		return Outcome{}, err
	}
	for _, o := range overrides {
		if isOff(o.Value) {
			return found(Warn, o.Who()+" has 0 of its own", "ALTER "+whose(o)+" RESET "+idleParameter), nil
		}
	}
	return fine(value + " ms"), nil
}

// whose is the object of the ALTER that owns an override.
func whose(o settings.Override) string {
	if o.Role == "" && o.Database == "" {
		return "ROLE ALL"
	}
	return settings.Scope{Role: o.Role, Database: o.Database}.String()
}

func isOff(value string) bool {
	ms, known := units.Base(value, "ms")
	return known && ms == 0
}

// ownTimeout is what a role has of its own in at least one database that it may connect to; empty where it has nothing.
type ownTimeout struct {
	Role  string
	Value string
}

func statementTimeoutCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		_, value, _, err := e.parameter(ctx, "statement_timeout")
		if err != nil {
			return Outcome{}, err
		}
		if !isOff(value) {
			return t.measured(0, "the server has "+value+" ms for all", ""), nil
		}
		rows, err := query.Rows[ownTimeout](ctx, e.Conn, "checks/statement_timeouts")
		if err != nil {
			return Outcome{}, err
		}
		open := unbounded(rows)
		if len(open) == 0 {
			return t.measured(0, "each role that can log in and is no superuser has one of its own", ""), nil
		}
		return t.measured(float64(len(open)), "none for "+strings.Join(open, ", "), setTimeouts(open)), nil
	}
}

// unbounded names the roles that have no limit in at least one database.
func unbounded(rows []ownTimeout) []string {
	var open []string
	for _, r := range rows {
		if (r.Value == "" || isOff(r.Value)) && !slices.Contains(open, r.Role) {
			open = append(open, r.Role)
		}
	}
	return open
}

// mostFixes keeps a line readable; the detail names all.
const mostFixes = 5

func setTimeouts(roles []string) string {
	var fixes []string
	for _, role := range roles[:min(len(roles), mostFixes)] {
		fixes = append(fixes, fmt.Sprintf("ALTER ROLE %s SET statement_timeout = '30s'", pg.Identifier(role)))
	}
	return strings.Join(fixes, "; ")
}
