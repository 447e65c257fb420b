package checks

import (
	"context"
	"slices"
	"strings"

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
	p, value, _, err := e.parameter(ctx, idleParameter)
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
	return fine(withUnit(value, p)), nil
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

// ownTimeout is what a role has of its own in at least one database that it may connect to; empty where the server's counts.
type ownTimeout struct {
	Role     string
	Database string // where the value is the role's in this database alone
	Value    string
}

func statementTimeoutCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		p, value, _, err := e.parameter(ctx, "statement_timeout")
		if err != nil {
			return Outcome{}, err
		}
		rows, err := query.Rows[ownTimeout](ctx, e.Conn, "checks/statement_timeouts")
		if err != nil {
			return Outcome{}, err
		}
		none := isOff(value)
		open := unbounded(rows, none)
		switch {
		case len(open) > 0:
			return t.measured(float64(len(open)), "none for "+strings.Join(open, ", "), setTimeouts(open)), nil
		case none:
			return t.measured(0, "each role that can log in and is no superuser has one of its own", ""), nil
		}
		return t.measured(0, "the server has "+withUnit(value, p)+", and no role takes it away", ""), nil
	}
}

// unbounded names, as ALTER takes them, the roles that have no limit in at least one database: 0 of their own is none,
// whatever the server has.
func unbounded(rows []ownTimeout, serverHasNone bool) []string {
	var open []string
	for _, r := range rows {
		who := settings.Scope{Role: r.Role, Database: r.Database}.String()
		if (r.Value == "" && serverHasNone || isOff(r.Value)) && !slices.Contains(open, who) {
			open = append(open, who)
		}
	}
	return open
}

// mostFixes keeps a line readable; the detail names all.
const mostFixes = 5

func setTimeouts(who []string) string {
	var fixes []string
	for _, one := range who[:min(len(who), mostFixes)] {
		fixes = append(fixes, "ALTER "+one+" SET statement_timeout = '30s'")
	}
	return strings.Join(fixes, "; ")
}

// withUnit adds the parameter's unit to a bare number, as pg_settings has it; what stands in a file may have one already.
func withUnit(value string, p settings.Parameter) string {
	if n, bare := units.Base(value, ""); bare && p.Unit != "" {
		return strings.ReplaceAll(units.FormatBase(n, p.Unit), " ", "")
	}
	return value
}
