package settings

import (
	"context"
	"strings"

	"avadb/internal/journal"
	"avadb/internal/pg"
)

// PlanScope compares what is wanted for a role or a database with what it sets for itself.
func PlanScope(ctx context.Context, conn *pg.Conn, scope Scope, wanted []Wanted) ([]Setting, []journal.Change, error) {
	parameters, err := ReadParameters(ctx, conn)
	if err != nil {
		return nil, nil, err
	}
	var plan []Setting
	var changes []journal.Change
	for _, w := range wanted {
		item := NewRoleSetting(conn, scope, w.Name)
		before, err := item.Read(ctx)
		if err != nil {
			return nil, nil, err
		}
		p := parameters[strings.ToLower(w.Name)]
		line := Setting{
			Name: w.Name, Current: before.String(), Before: before, Value: &w.Value, Context: "reconnect", Winner: scope.Layer(),
			Role: optional(scope.Role, scope.Role != ""), Database: optional(scope.Database, scope.Database != ""),
			Reason: w.Reason, Formula: w.Formula, Source: w.Source,
		}
		switch {
		case w.Skip:
			line.Action, line.Value = Skipped, nil
		case before.Present && p.Same(before.Text(), w.Value):
			line.Action = Unchanged
		default:
			line.Action = Set
			changes = append(changes, journal.Change{Item: item, Ours: journal.Present(w.Value)})
		}
		plan = append(plan, line)
	}
	return plan, changes, nil
}
