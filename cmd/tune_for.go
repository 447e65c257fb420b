package cmd

import (
	"context"
	"fmt"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/settings"
	"avadb/internal/tuning"
)

// scope is whose timeouts are set; empty where the whole server is tuned.
func (o tuneOptions) scope() settings.Scope {
	return settings.Scope{Role: o.forRole, Database: o.forDB}
}

func (o tuneOptions) isScoped() bool { return o.scope() != settings.Scope{} }

// checkScope refuses what goes with the whole server alone.
func (o tuneOptions) checkScope(a *app) error {
	if !o.isScoped() {
		if o.priority != "" {
			return fault.New(fault.Usage, "--priority goes with --for-role or --for-db").WithHint("avadb tune --for-role reports --priority %s", o.priority)
		}
		return nil
	}
	for _, flag := range []string{
		"ram", "set", "only", "skip", "connections", "force", "restart-command",
		"profile", "storage", "cpus", "db-size", "no-evidence", "explain",
		"rehearse", "probation", "baseline", "max-regression",
	} {
		if a.changed(flag) {
			return fault.New(fault.Usage, "--%s is for the whole server and does not go with --for-role and --for-db", flag)
		}
	}
	if a.format != formatSQL && isForElsewhere(a.format) {
		return fault.New(fault.Usage, "-o %s knows no roles and databases", a.format).WithHint("use -o sql")
	}
	if o.priority == "" {
		return fault.New(fault.Usage, "--for-role and --for-db need a priority").WithHint("--priority with one of: %s", strings.Join(tuning.PriorityNames(), ", "))
	}
	_, err := tuning.Timeouts(o.priority, pg.OldestMajor)
	return err
}

// runTuneFor sets the timeouts of a role or a database.
func runTuneFor(ctx context.Context, a *app, o tuneOptions) error {
	return a.withConn(ctx, pg.Options{Class: pg.Normal, Changes: true}, func(conn *pg.Conn) error {
		doc := &tuneDocument{head: a.head("tune", conn), DryRun: o.dryRun || a.format == formatSQL, Profile: o.priority}
		return a.withChange(ctx, conn, doc.DryRun, func(c *change) error {
			changes, err := planTuneFor(ctx, o, conn, doc)
			if err != nil {
				return err
			}
			if a.format == formatSQL {
				return a.writeScopeSQL(changes)
			}
			if !doc.DryRun && len(changes) > 0 {
				if err := a.applyTuneFor(ctx, c, o, doc, changes); err != nil {
					return err
				}
			}
			return a.reportTuneFor(o, doc, len(changes))
		})
	})
}

func planTuneFor(ctx context.Context, o tuneOptions, conn *pg.Conn, doc *tuneDocument) ([]journal.Change, error) {
	if err := o.scope().Access(ctx, conn); err != nil {
		return nil, err
	}
	recommended, err := tuning.Timeouts(o.priority, conn.Server.Major())
	if err != nil {
		return nil, err
	}
	var changes []journal.Change
	doc.Settings, changes, err = settings.PlanScope(ctx, conn, o.scope(), settings.Wants(recommended))
	return changes, err
}

func (a *app) applyTuneFor(ctx context.Context, c *change, o tuneOptions, doc *tuneDocument, changes []journal.Change) error {
	if a.asks() {
		question := fmt.Sprintf("Set these for %s on %s?", o.scope(), c.conn.Server.Where())
		if err := a.confirm(ctx, doc.Settings, question); err != nil {
			return err
		}
	}
	set, err := c.journal.Do(ctx, changes)
	if err != nil {
		return err
	}
	doc.ChangeSet = &set.ID
	return nil
}

func (a *app) writeScopeSQL(changes []journal.Change) error {
	var text strings.Builder
	for _, change := range changes {
		item, ok := change.Item.(*settings.RoleSetting)
		if !ok {
			continue
		}
		statement, err := item.Statement(change.Ours)
		if err != nil {
			return err
		}
		text.WriteString(statement + ";\n")
	}
	return a.write([]byte(text.String()))
}

func (a *app) reportTuneFor(o tuneOptions, doc *tuneDocument, planned int) error {
	var err error
	if doc.ChangeSet == nil || !a.shown() {
		err = a.result(doc, doc.Settings)
	}
	switch {
	case doc.DryRun:
		a.log.Info(fmt.Sprintf("dry run: %d of %d would be set, nothing was written", planned, len(doc.Settings)))
	case doc.ChangeSet == nil:
		a.log.Info("no change: every value stands already")
	default:
		a.log.Info(fmt.Sprintf("change set %s: %d set for %s; sessions that connect anew take them; undo with avadb rollback", *doc.ChangeSet, planned, o.scope()))
	}
	return err
}
