package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/slowlog"
)

type slowlogInitOptions struct {
	schema  string
	grantTo []string
	zone    string
	dryRun  bool
}

type slowlogInitDocument struct {
	head
	ChangeSet *string       `json:"change_set"` // null where nothing was written
	DryRun    bool          `json:"dry_run"`    // nothing was written
	Schema    string        `json:"schema"`     // of the table
	Timezone  *string       `json:"timezone"`   // that the timestamps of the original were taken for; null where there was no need
	RowsMoved int64         `json:"rows_moved"` // by an upgrade, into the new table
	Items     []slowlogItem `json:"items"`      // the table, and what its writers were granted
}

// slowlogItem is one thing that init sees to.
type slowlogItem struct {
	Kind   journal.Kind  `json:"kind" col:""`         // table or grant
	Name   string        `json:"name" col:"elastic"`  // of the table, or what was granted to whom
	Before journal.State `json:"before" col:"left"`   // the table's layout, or the privilege
	After  journal.State `json:"after" col:"left"`    // once this is done
	Action string        `json:"action" col:"status"` // create, upgrade, grant or unchanged
}

func newSlowlogInit(a *app) *cobra.Command {
	var o slowlogInitOptions
	c := newCommand(spec{
		use: "init", short: "Make the slow_query_log table, or upgrade one that an application made",
		long: `Makes the table slow_query_log in the connected database, and lets roles write to it. A table that an application has
made (SERIAL id, timestamps without a zone) is upgraded in place while the application goes on writing: the new table takes
its name, owner and privileges within some milliseconds, then the rows are moved in batches. Timestamps without a zone are
taken for the time zone of the roles that can write it, or --assume-timezone. An upgrade that was interrupted goes on.

avadb rollback drops a table that this made, as long as it is empty. One with rows stays, and an upgraded one too.`,
		example: `avadb slowlog init -d shop --grant-to app
avadb slowlog init -d shop --assume-timezone Europe/Berlin
avadb slowlog init -d shop --dry-run`,
		privileges: "  CREATE on the schema; to upgrade: owner of the table",
		exits: `  2  no such schema, role or time zone
  4  a privilege is missing, the writers' time zone is not certain, or something hangs on the table to be upgraded`,
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error { return runSlowlogInit(ctx, a, o) })
	f := c.Flags()
	addSchemaFlag(c, &o.schema)
	listVar(f, &o.grantTo, "grant-to", "let these roles INSERT")
	f.StringVar(&o.zone, "assume-timezone", "", "time zone that timestamps without one were written in")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be done and write nothing")
	return c
}

// slowlogInit is one run of slowlog init.
type slowlogInit struct {
	app     *app
	o       slowlogInitOptions
	conn    *pg.Conn
	table   *slowlog.Table
	doc     *slowlogInitDocument
	changes []journal.Change
	zone    string
	told    time.Time // when progress was said last
}

func runSlowlogInit(ctx context.Context, a *app, o slowlogInitOptions) error {
	for i, role := range o.grantTo {
		if role == "" || slices.Contains(o.grantTo[:i], role) {
			return fault.New(fault.Usage, "--grant-to has an empty or repeated name: %q", strings.Join(o.grantTo, ",")).WithHint("name each role once")
		}
	}
	return a.withConn(ctx, pg.Options{Class: pg.Background, Changes: true}, func(conn *pg.Conn) error {
		return a.withChange(ctx, conn, o.dryRun, func(c *change) error {
			i := &slowlogInit{app: a, o: o, conn: conn, told: time.Now()}
			i.doc = &slowlogInitDocument{head: a.head("slowlog init", conn), DryRun: o.dryRun}
			if err := i.plan(ctx, c); err != nil {
				return err
			}
			if o.dryRun || len(i.changes) == 0 {
				return i.report()
			}
			if a.asks() {
				if err := a.confirm(ctx, i.doc.Items, fmt.Sprintf("Do this in database %s on %s?", conn.Server.Database, conn.Server.Where())); err != nil {
					return err
				}
			}
			set, err := c.journal.Do(ctx, i.changes)
			if err != nil {
				return err
			}
			i.doc.ChangeSet = &set.ID
			return i.report()
		})
	})
}

// plan reads what stands and gives what is missing.
func (i *slowlogInit) plan(ctx context.Context, c *change) error {
	var err error
	if i.table, err = slowlog.Find(ctx, i.conn, i.o.schema); err != nil {
		return err
	}
	i.doc.Schema = i.table.Schema
	if err := i.table.CreateAccess(ctx, i.conn); err != nil {
		return err
	}
	if err := i.chooseZone(ctx); err != nil {
		return err
	}
	if err := i.planTable(ctx, c); err != nil {
		return err
	}
	grants, err := i.table.MissingGrants(ctx, i.conn, c.databases, i.o.grantTo)
	if err != nil {
		return err
	}
	for _, grant := range grants {
		i.add(journal.Change{Item: grant, Ours: journal.Present(grant.Privilege())}, journal.Absent(), "grant")
	}
	return nil
}

// chooseZone is asked of an original, and of an upgrade that goes on.
func (i *slowlogInit) chooseZone(ctx context.Context) error {
	if !i.table.NeedsZone() {
		if i.o.zone != "" {
			i.app.log.Info("the timestamps have a zone: --assume-timezone is not needed")
		}
		return nil
	}
	zone, err := i.table.Zone(ctx, i.conn, i.o.zone)
	if err == nil && i.table.Layout() == slowlog.Original {
		err = i.table.CheckZone(ctx, i.conn, zone)
	}
	if err != nil {
		return err
	}
	i.zone, i.doc.Timezone = zone, &zone
	i.app.log.Info("the timestamps without a zone are taken for " + zone)
	return nil
}

func (i *slowlogInit) planTable(ctx context.Context, c *change) error {
	layout := i.table.Layout()
	before := journal.Absent()
	if layout != slowlog.None {
		before = journal.Present(string(layout))
	}
	item := slowlog.NewTableItem(c.databases, i.conn.Server.Database, i.table.Schema, i.zone, i.progress)
	change := journal.Change{Item: item, Ours: journal.Present(string(slowlog.Current)), Irreversible: layout != slowlog.None}
	switch layout {
	case slowlog.None:
		i.add(change, before, "create")
	case slowlog.Original, slowlog.Upgrading:
		i.add(change, before, "upgrade")
	case slowlog.Current, slowlog.Foreign:
		i.doc.Items = append(i.doc.Items, slowlogItem{Kind: item.Kind(), Name: item.Name(), Before: before, After: before, Action: "unchanged"})
	}
	lost, err := i.table.LostIndexes(ctx, i.conn)
	for _, definition := range lost {
		i.app.log.Warn("an index of your own goes with the old table; to make it anew: " + definition)
	}
	return err
}

func (i *slowlogInit) add(change journal.Change, before journal.State, action string) {
	i.changes = append(i.changes, change)
	i.doc.Items = append(i.doc.Items, slowlogItem{Kind: change.Item.Kind(), Name: change.Item.Name(), Before: before, After: change.Ours, Action: action})
}

// progressEvery is how often an upgrade says how far it is.
const progressEvery = 5 * time.Second

func (i *slowlogInit) progress(rows int64) {
	i.doc.RowsMoved = rows
	if time.Since(i.told) >= progressEvery {
		i.told = time.Now()
		i.app.log.Info(fmt.Sprintf("%d rows moved", rows))
	}
}

func (i *slowlogInit) report() error {
	a := i.app
	var err error
	if i.doc.ChangeSet == nil || !a.shown() {
		err = a.result(i.doc, i.doc.Items)
	}
	switch {
	case i.doc.DryRun && len(i.changes) == 0:
		a.log.Info("dry run: no change is needed")
	case i.doc.DryRun:
		a.log.Info(fmt.Sprintf("dry run: %d changes, nothing was written", len(i.changes)))
	case i.doc.ChangeSet == nil:
		a.log.Info("no change was needed")
	case i.table.Layout() == slowlog.None || i.table.Layout() == slowlog.Current:
		a.log.Info(fmt.Sprintf("change set %s; undo with avadb rollback", *i.doc.ChangeSet))
	default:
		a.log.Info(fmt.Sprintf("change set %s; avadb rollback takes back what was granted, and not the upgrade", *i.doc.ChangeSet))
		a.log.Info(fmt.Sprintf("%d rows moved", i.doc.RowsMoved))
	}
	if i.doc.ChangeSet != nil && !i.table.InPath && i.table.Schema != slowlog.DefaultSchema {
		a.log.Info("writers that name no schema need it in their search_path: " + pg.Identifier(i.table.Schema))
	}
	return err
}
