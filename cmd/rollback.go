package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/settings"
)

type rollbackOptions struct {
	selection journal.Selection
	dryRun    bool
	offline   bool
	pgdata    string
	file      string
}

type rollbackDocument struct {
	head
	ChangeSet       *string        `json:"change_set"`       // the rollback's own; null where nothing was written
	DryRun          bool           `json:"dry_run"`          // nothing was written
	Undone          []string       `json:"undone"`           // ids that it went over, oldest first
	RestartRequired bool           `json:"restart_required"` // a value waits for a restart of the server; of a dry run: would wait
	Items           []journal.Undo `json:"items"`            // one line an item, newest first
}

func newRollback(a *app) *cobra.Command {
	var o rollbackOptions
	c := newCommand(spec{
		use: "rollback [ID]", short: "Undo a change set, to exactly what stood before", args: atMost(1),
		long: `Undoes the newest change set that is no rollback and not yet undone, or exactly the one named (a rollback too). For each
item, what stands now is compared with what stood before and with what avadb wrote: what somebody changed since is kept.

With --offline it repairs postgresql.auto.conf of a server that does not start, from the journal on disk, and connects
to nothing. Run it as root or as the owner of the data directory.`,
		example: `avadb rollback --dry-run
avadb rollback
avadb rollback --only work_mem
avadb rollback --to 019ab3
avadb rollback --all
avadb rollback --offline --pgdata /var/lib/postgresql/15/main`,
		privileges: "  what the change needed; --offline: root or the owner of the data directory",
		exits: `  0  done, or nothing to undo; values may wait for a restart (restart_required)
  1  an item could not be restored
  2  no such change set
  4  another node, or a privilege is missing
  5  an item was kept, because somebody changed it since`,
	}, func(ctx context.Context, _ *cobra.Command, args []string) error {
		if len(args) == 1 {
			if args[0] == "" { // an unset variable of a script must not mean the newest
				return fault.New(fault.Usage, "the ID is empty").WithHint("avadb history lists them; without an ID it is the newest")
			}
			o.selection.ID = args[0]
		}
		if err := o.check(a); err != nil {
			return err
		}
		if o.offline {
			return runOfflineRollback(ctx, a, o)
		}
		return mentionOffline(runRollback(ctx, a, o))
	})
	f := c.Flags()
	f.StringVar(&o.selection.To, "to", "", "undo everything newer than this change set")
	f.BoolVar(&o.selection.All, "all", false, "undo every change set not yet undone")
	listVar(f, &o.selection.Only, "only", "only these items")
	f.BoolVar(&o.selection.Force, "force", false, "restore also what somebody changed since, and on another node")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be done and write nothing")
	f.BoolVar(&o.offline, "offline", false, "repair the data directory of a server that is down")
	f.StringVar(&o.pgdata, "pgdata", "", "with --offline: the data directory")
	f.StringVar(&o.file, "journal", "", "with --offline: the journal file, where it is not in the usual place")
	completeRollback(a, c)
	return c
}

func (o rollbackOptions) check(a *app) error {
	given := 0
	for _, is := range []bool{o.selection.ID != "", o.selection.To != "", o.selection.All} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return fault.New(fault.Usage, "an ID, --to and --all exclude each other")
	case o.offline && o.pgdata == "":
		return fault.New(fault.Usage, "--offline needs the data directory").WithHint("avadb rollback --offline --pgdata DIR")
	case !o.offline && (o.pgdata != "" || o.file != ""):
		return fault.New(fault.Usage, "--pgdata and --journal go with --offline")
	case a.changed("to") && o.selection.To == "":
		return fault.New(fault.Usage, "--to needs a change set").WithHint("avadb history lists them")
	}
	return nil
}

func runRollback(ctx context.Context, a *app, o rollbackOptions) error {
	return a.withConn(ctx, pg.Options{Class: pg.Normal, Changes: true}, func(conn *pg.Conn) error {
		return a.withChange(ctx, conn, o.dryRun, func(c *change) error {
			plan, err := c.journal.Plan(ctx, o.selection, c.items(ctx))
			if err != nil {
				return err
			}
			if o.dryRun {
				return a.reportRollback(ctx, o, conn, plan)
			}
			if plan.Changes() && a.asks() {
				question := fmt.Sprintf("Restore what stood before on %s?", conn.Server.Where())
				if err := a.confirm(ctx, plan.Items, question); err != nil {
					return err
				}
			}
			err = runPlan(ctx, c, plan)
			if err != nil && plan.Set == nil {
				return err
			}
			// What was written is shown also where the server did not take it, or the rollback stopped half-way.
			return errors.Join(err, a.reportRollback(ctx, o, conn, plan))
		})
	})
}

// runPlan checks the privileges for all of it before any of it is written.
func runPlan(ctx context.Context, c *change, plan *journal.Rollback) error {
	var names []string
	for _, u := range plan.Items {
		switch {
		case u.Action != journal.Restored:
		case u.Kind == journal.SystemSetting:
			names = append(names, u.Name)
		case u.Kind == journal.PreloadEntry:
			names = append(names, settings.PreloadParameter)
		}
	}
	if len(names) > 0 {
		if err := settings.WriteAccess(ctx, c.conn, names, nil); err != nil {
			return err
		}
	}
	return c.journal.Run(ctx, plan)
}

// reportTimeout bounds the reading for a report that comes after an interrupt.
const reportTimeout = 5 * time.Second

func (a *app) reportRollback(ctx context.Context, o rollbackOptions, conn *pg.Conn, plan *journal.Rollback) error {
	doc := rollbackDocument{head: a.head("rollback", conn), DryRun: o.dryRun, Undone: plan.Undoes, Items: plan.Items}
	if plan.Set != nil {
		doc.ChangeSet = &plan.Set.ID
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), reportTimeout)
	defer cancel()
	if ctx.Err() == nil {
		bounded = ctx
	}
	pending, readErr := pendingAfter(bounded, conn, plan, o.dryRun)
	if readErr != nil && plan.Set == nil {
		return readErr
	}
	doc.RestartRequired = len(pending) > 0
	err := a.result(doc, doc.Items)
	a.summarizeRollback(doc, plan, pending) // also where stdout is full: what was changed must be known
	if err := errors.Join(err, readErr); err != nil {
		return err
	}
	return verdict{items: plan.Items, undoes: plan.Undoes, kept: plan.StillKept(), dryRun: doc.DryRun}.err()
}

// pendingAfter names what waits for a restart among the items of the rollback; of a dry run what would wait.
func pendingAfter(ctx context.Context, conn *pg.Conn, plan *journal.Rollback, dryRun bool) ([]string, error) {
	items := slices.DeleteFunc(slices.Clone(plan.Items), func(u journal.Undo) bool {
		return u.Kind != journal.SystemSetting && u.Kind != journal.PreloadEntry
	})
	if len(items) == 0 {
		return nil, nil
	}
	snapshot, err := settings.Read(ctx, conn)
	if err != nil {
		return nil, err
	}
	var pending []string
	for _, u := range items {
		name := u.Name
		if u.Kind == journal.PreloadEntry {
			name = settings.PreloadParameter
		}
		waits := snapshot.Waits(name)
		if dryRun && u.Action == journal.Restored {
			waits = snapshot.Parameters[strings.ToLower(name)].Context == "postmaster"
		}
		if waits {
			pending = append(pending, name)
		}
	}
	return pending, nil
}

func (a *app) summarizeRollback(doc rollbackDocument, plan *journal.Rollback, pending []string) {
	switch {
	case len(doc.Undone) == 0:
		a.log.Info("nothing to undo")
		return
	case doc.DryRun:
		a.log.Info(fmt.Sprintf("dry run: this would undo %s, nothing was written", strings.Join(doc.Undone, ", ")))
		return
	}
	undone, inPart, others := plan.Undone()
	if len(undone) > 0 {
		a.log.Info("undone: " + strings.Join(undone, ", "))
	}
	if len(inPart) > 0 {
		a.log.Info("undone in part: " + strings.Join(inPart, ", "))
	}
	if len(others) > 0 {
		a.log.Info("gone over, not wholly undone: " + strings.Join(others, ", "))
	}
	if len(pending) > 0 {
		a.log.Info("waiting for a restart of the server: " + strings.Join(pending, ", "))
	}
}

// verdict is what a rollback's exit code and next step depend on.
type verdict struct {
	items  []journal.Undo
	undoes []string
	kept   []journal.KeptOf
	flags  string // that reach the same server again: of an offline one
	dryRun bool
}

// err turns what became of the items into the exit code.
func (v verdict) err() error {
	if failed := named(v.items, journal.Failing); len(failed) > 0 {
		return fault.New(fault.Failed, "not everything could be restored: %s", strings.Join(failed, ", ")).
			WithHint("mend what the reason says and run %s again", journal.Again(v.undoes))
	}
	kept := named(v.items, journal.Kept)
	if len(kept) == 0 || v.dryRun {
		return nil
	}
	found := fault.New(fault.Found, "kept: %s", strings.Join(kept, ", "))
	if len(v.kept) == 0 {
		return found.WithHint("the reason stands beside each; avadb rollback without an ID goes to the next older change set") // nothing of it can be forced
	}
	forced := make([]string, 0, len(v.kept))
	for _, of := range v.kept {
		line := "avadb rollback " + v.flags + of.ID + " --force"
		if len(v.undoes) > 1 {
			line += " --only " + shellQuote(strings.Join(of.Names, ","))
		}
		forced = append(forced, line)
	}
	return found.WithHint("the reason stands beside each; %s restores what somebody changed since; avadb rollback without an ID goes to the next older change set", strings.Join(forced, ", then "))
}

func named(items []journal.Undo, action journal.Action) []string {
	var names []string
	for _, u := range items {
		if u.Action == action {
			names = append(names, u.Name)
		}
	}
	return names
}
