package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/slowlog"
)

type slowlogDropDocument struct {
	head
	ChangeSet *string `json:"change_set"` // the event in the journal; null where nothing was dropped
	DryRun    bool    `json:"dry_run"`    // nothing was dropped
	slowlogDropped
}

// slowlogDropped is what became of the table.
type slowlogDropped struct {
	Schema  string `json:"schema" col:""`  // of the table
	Rows    int64  `json:"rows" col:""`    // that it held
	Dropped bool   `json:"dropped" col:""` // false where there was none, and for a dry run
}

func newSlowlogDrop(a *app) *cobra.Command {
	var schema string
	var dryRun bool
	c := newCommand(spec{
		use: "drop", short: "Drop the slow_query_log table with all its rows",
		long: `Drops the table and what it holds. No rollback brings that back: the journal keeps it as an event. A terminal is asked
first; off a terminal it takes --yes, whether the table holds rows or not.`,
		example:    "avadb slowlog drop -d shop --dry-run\navadb slowlog drop -d shop --yes",
		privileges: "  owner of the table, and SELECT on it",
		exits: `  2  off a terminal without --yes
  4  a privilege is missing, or the table is not avadb's`,
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error {
		return runSlowlogDrop(ctx, a, schema, dryRun)
	})
	addSchemaFlag(c, &schema)
	c.Flags().BoolVar(&dryRun, "dry-run", false, "show what would be dropped and drop nothing")
	return c
}

func runSlowlogDrop(ctx context.Context, a *app, schema string, dryRun bool) error {
	if !dryRun && !a.flags.yes && !a.asks() {
		return fault.New(fault.Usage, "slowlog drop loses data, and there is no terminal to ask").WithHint("give --yes where that is meant; --dry-run shows what would go")
	}
	return a.withConn(ctx, pg.Options{Class: pg.Normal, Changes: true}, func(conn *pg.Conn) error {
		return a.withChange(ctx, conn, dryRun, func(c *change) error {
			table, err := slowlog.Find(ctx, conn, schema)
			if err != nil {
				return err
			}
			if err := table.DropAccess(conn); err != nil {
				return err
			}
			doc := slowlogDropDocument{head: a.head("slowlog drop", conn), DryRun: dryRun, slowlogDropped: slowlogDropped{Schema: table.Schema}}
			if table.Layout() == slowlog.None {
				return a.reportDrop(doc, "no change: there is no table "+slowlog.Name)
			}
			if doc.Rows, err = table.CountRows(ctx, conn); err != nil {
				return err
			}
			if dryRun {
				return a.reportDrop(doc, fmt.Sprintf("dry run: %s with %d rows would be dropped", table.Identifier(), doc.Rows))
			}
			if a.asks() {
				question := fmt.Sprintf("Drop %s with %d rows in database %s on %s? It cannot be undone.", table.Identifier(), doc.Rows, conn.Server.Database, conn.Server.Where())
				if err := a.confirm(ctx, []slowlogDropped{doc.slowlogDropped}, question); err != nil {
					return err
				}
			}
			set, err := c.journal.Do(ctx, []journal.Change{{Item: slowlog.NewDropItem(conn, table), Ours: journal.Absent(), Irreversible: true}})
			if err != nil {
				return err
			}
			doc.ChangeSet, doc.Dropped = &set.ID, true
			return a.reportDrop(doc, fmt.Sprintf("dropped; change set %s keeps that as an event", set.ID))
		})
	})
}

func (a *app) reportDrop(doc slowlogDropDocument, note string) error {
	err := a.result(doc, []slowlogDropped{doc.slowlogDropped})
	a.log.Info(note) // also where stdout is full
	return err
}
