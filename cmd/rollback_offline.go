package cmd

import (
	"context"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/render"
	"avadb/internal/settings"
)

// runOfflineRollback repairs the data directory of a server that is down. It connects to nothing.
func runOfflineRollback(ctx context.Context, a *app, o rollbackOptions) error {
	root, err := journal.StateHome(a.env)
	if err != nil && o.file == "" {
		return fault.New(fault.Config, "find the journal: %w", err).WithHint("name the file that the change printed: --journal FILE")
	}
	plan, err := settings.Offline{
		PGData: o.pgdata, Folder: journal.Folder{Root: root}, JournalFile: o.file, CommandLine: commandLine(a.args),
		Actor: actor(), Host: hostname(), Now: a.now, Log: a.log,
	}.Plan(ctx, o.selection)
	if err != nil {
		return err
	}
	if !o.dryRun && plan.Changes() && a.asks() {
		if err := a.confirm(ctx, plan.Items, "Write this to postgresql.auto.conf in "+render.Safe(o.pgdata)+"?"); err != nil {
			return err
		}
	}
	if !o.dryRun {
		if err := plan.Run(); err != nil {
			return err
		}
	}
	doc := rollbackDocument{head: a.head("rollback", nil), DryRun: o.dryRun, Undone: plan.Undoes, Items: plan.Items}
	if plan.Set != nil {
		doc.ChangeSet = &plan.Set.ID
	}
	err = a.result(doc, doc.Items)
	a.summarizeOffline(doc, plan)
	if err != nil {
		return err
	}
	flags := "--offline --pgdata " + shellQuote(o.pgdata) + " "
	if o.file != "" {
		flags += "--journal " + shellQuote(o.file) + " "
	}
	return verdict{items: plan.Items, undoes: plan.Undoes, kept: plan.StillKept(), flags: flags, dryRun: o.dryRun}.err()
}

func (a *app) summarizeOffline(doc rollbackDocument, plan *settings.OfflineRollback) {
	switch {
	case len(doc.Undone) == 0:
		a.log.Info("nothing to undo")
	case doc.DryRun:
		a.log.Info("dry run: this would undo " + strings.Join(doc.Undone, ", ") + ", nothing was written")
	case len(named(plan.Items, journal.Kept)) > 0:
		a.log.Info("undone in part: " + strings.Join(doc.Undone, ", ") + "; start the server")
	case plan.Exact:
		a.log.Info("postgresql.auto.conf is byte for byte what stood before " + doc.Undone[0] + "; start the server")
	default:
		a.log.Info("undone: " + strings.Join(doc.Undone, ", ") + "; start the server")
	}
}
