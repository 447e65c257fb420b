package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/history"
	"avadb/internal/pg"
	"avadb/internal/slowlog"
)

type slowlogPruneOptions struct {
	keep, schema string
	dryRun       bool
}

type slowlogPruneDocument struct {
	head
	DryRun bool `json:"dry_run"` // nothing was deleted
	history.Pruned
}

func newSlowlogPrune(a *app) *cobra.Command {
	var o slowlogPruneOptions
	c := newCommand(spec{
		use: "prune", short: "Delete what is older than --keep from the history and from slow_query_log",
		long: `Deletes old snapshots with what was counted in them, texts that nothing speaks of any more, and old rows of the connected
database's slow_query_log table, those of applications too. It goes in batches of 10,000 rows, each its own transaction.
What slowlog collect wrote it prunes by itself.`,
		example:    "avadb slowlog prune --keep 14d -d shop --dry-run\navadb slowlog prune --keep 14d -d shop",
		privileges: "  SELECT and DELETE on the tables of schema avadb in the store, and on slow_query_log",
		exits:      "  2  --keep is missing\n  4  a privilege is missing, or the table is as an application made it",
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error { return runSlowlogPrune(ctx, a, o) })
	addSchemaFlag(c, &o.schema)
	c.Flags().StringVar(&o.keep, "keep", "", "what is older goes, such as 14d")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "count what would go and delete nothing")
	return c
}

func runSlowlogPrune(ctx context.Context, a *app, o slowlogPruneOptions) error {
	if o.keep == "" {
		return fault.New(fault.Usage, "slowlog prune deletes, and needs to know what to keep").WithHint("--keep 14d keeps two weeks; --dry-run shows what would go")
	}
	keep, err := duration("keep", o.keep, time.Minute)
	if err != nil {
		return err
	}
	return a.withConn(ctx, pg.Options{Class: pg.Background}, func(conn *pg.Conn) error {
		now, err := slowlog.Now(ctx, conn)
		if err != nil {
			return err
		}
		p := pruning{conn: conn, dryRun: o.dryRun, done: history.Pruned{Before: now.Add(-keep).UTC()}}
		store, server, err := a.openHistory(ctx, conn, a.storeOptions(conn))
		if err != nil {
			return err
		}
		if server != nil {
			defer store.Close()
			p.store, p.server = store, server.ID
		}
		if err := p.run(ctx, o.schema); err != nil {
			return err
		}
		return a.reportPruned(slowlogPruneDocument{head: a.head("slowlog prune", conn), DryRun: o.dryRun, Pruned: p.done})
	})
}

// pruning is one run of slowlog prune.
type pruning struct {
	conn   *pg.Conn
	store  *history.Store // nil where there is no history of the server
	server int32
	dryRun bool
	done   history.Pruned
}

// run looks first whether both the table and the history can be pruned.
func (p *pruning) run(ctx context.Context, schema string) error {
	table, err := slowlog.Find(ctx, p.conn, schema)
	if err != nil {
		return err
	}
	access, err := table.Access(ctx, p.conn)
	if err == nil {
		err = table.PruneAccess(p.conn, access)
	}
	if err == nil && p.store != nil { // the history is there: nothing is made, and a dry run is refused where the real one would be
		err = p.store.Prepare(ctx)
	}
	if err == nil && p.store != nil {
		err = p.history(ctx)
	}
	if err == nil && table.Layout() != slowlog.None {
		err = p.table(ctx, table)
	}
	return err
}

func (p *pruning) history(ctx context.Context) error {
	prune := p.store.Prune
	if p.dryRun {
		prune = p.store.WouldPrune
	}
	done, err := prune(ctx, p.server, p.done.Before)
	if done != nil {
		p.done = *done
	}
	return err
}

func (p *pruning) table(ctx context.Context, table *slowlog.Table) (err error) {
	var rows int64
	if p.dryRun {
		rows, err = table.Old(ctx, p.conn, p.done.Before)
	} else {
		rows, err = table.Prune(ctx, p.conn, p.done.Before, true)
	}
	p.done.Rows += rows
	return err
}

func (a *app) reportPruned(doc slowlogPruneDocument) error {
	err := a.result(doc, []history.Pruned{doc.Pruned})
	what := fmt.Sprintf("%d snapshots with %d rows of counters, and %d rows of slow_query_log", doc.Snapshots, doc.Deltas, doc.Rows)
	if doc.DryRun {
		a.log.Info("dry run: " + what + " would be deleted")
	} else {
		a.log.Info("deleted: " + what)
	}
	return err
}

// openHistory opens the store; server is nil, and the store closed, where it has no history of the connection's server.
func (a *app) openHistory(ctx context.Context, conn *pg.Conn, o history.StoreOptions) (store *history.Store, server *history.Server, err error) {
	if store, err = history.Open(ctx, conn, o); err != nil {
		return nil, nil, err
	}
	exists, err := store.Exists()
	if err == nil && exists {
		server, err = store.Find(ctx, conn.Server)
	}
	if err != nil || server == nil {
		store.Close()
		return nil, nil, err
	}
	return store, server, nil
}

// readHistory opens the store to read alone.
func (a *app) readHistory(ctx context.Context, conn *pg.Conn) (store *history.Store, server *history.Server, err error) {
	o := a.storeOptions(conn)
	o.ReadOnly = true
	return a.openHistory(ctx, conn, o)
}
