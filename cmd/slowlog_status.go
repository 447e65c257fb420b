package cmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/history"
	"avadb/internal/pg"
	"avadb/internal/render"
	"avadb/internal/slowlog"
)

type slowlogStatusDocument struct {
	head
	slowlogState
}

// slowlogState is all of the document that is asked for: it has no list that stands for it, and jsonl prints it as one object.
type slowlogState struct {
	slowlogStatus
	Writers []slowlog.Writer `json:"writers"` // the owner, and the roles that were granted INSERT
	history.Status
}

// slowlogStatus is the table at one moment.
type slowlogStatus struct {
	Installed bool       `json:"installed" col:""`         // the table is there
	Schema    string     `json:"schema" col:""`            // where it is, or would be made
	Layout    string     `json:"layout" col:""`            // original, upgrading (an upgrade was interrupted) or layout 1; empty where there is none
	Timezone  *string    `json:"timezone"`                 // that an original's timestamps are taken for; null where they have one, or where it is not certain
	Rows      *int64     `json:"rows" col:""`              // counted; null where the role may not read it
	Bytes     *int64     `json:"bytes" col:""`             // with indexes; null where it is not installed
	Oldest    *time.Time `json:"oldest" col:""`            // row; null where it is empty, or not known
	Newest    *time.Time `json:"newest" col:""`            // row; likewise
	WriterN   int        `json:"writer_count" col:""`      // how many roles can write it
	NotReady  int        `json:"writers_not_ready" col:""` // of them, how many lack something beside INSERT
}

func newSlowlogStatus(a *app) *cobra.Command {
	var schema, zone string
	c := newCommand(spec{
		use: "status", short: "What the slow_query_log table and the history hold, and what collecting costs",
		example:    "avadb slowlog status -d shop\navadb slowlog status -d shop -o json | jq '.writers[] | select(.ready | not)'",
		privileges: "  any role; SELECT on the table to count its rows, and on the tables of schema avadb in the store",
		exits:      "  2  no such schema",
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error {
		return runSlowlogStatus(ctx, a, schema, zone)
	})
	addSchemaFlag(c, &schema)
	c.Flags().StringVar(&zone, "assume-timezone", "", "time zone that timestamps without one were written in")
	return c
}

func runSlowlogStatus(ctx context.Context, a *app, schema, zone string) error {
	return a.withConn(ctx, pg.Options{Class: pg.Normal}, func(conn *pg.Conn) error {
		table, err := slowlog.Find(ctx, conn, schema)
		if err != nil {
			return err
		}
		doc := slowlogStatusDocument{head: a.head("slowlog status", conn)}
		doc.Schema, doc.Layout = table.Schema, string(table.Layout())
		doc.Installed = table.Layout() != slowlog.None && table.Layout() != slowlog.Foreign
		if doc.Installed {
			if err := doc.fill(ctx, a, conn, table, zone); err != nil {
				return err
			}
		}
		lists := []any{[]slowlogStatus{doc.slowlogStatus}}
		kept, err := doc.fillHistory(ctx, a, conn)
		if err != nil {
			return err
		}
		if kept {
			lists = append(lists, doc.historyLists()...)
		}
		if a.format == render.JSONL {
			lists = []any{[]slowlogState{doc.slowlogState}}
		}
		if err := a.results(doc, lists...); err != nil {
			return err
		}
		a.explainStatus(conn, table, doc)
		return nil
	})
}

// lastRow and gapRow are what a person sees of the history beside its extent.
type lastRow struct {
	At    time.Time `json:"last_collect" col:""`
	MS    float64   `json:"ms" col:"num.1"` // it cost the watched server at most
	Bytes int64     `json:"bytes" col:""`   // of rows that it wrote
	Error *string   `json:"error" col:"elastic"`
}

type gapRow struct {
	From  time.Time `json:"gap_from" col:""`
	To    time.Time `json:"gap_to" col:""`
	Flags string    `json:"flags" col:""` // why
}

func (d *slowlogStatusDocument) historyLists() []any {
	lists := []any{[]history.Status{d.Status}}
	if l := d.LastCollect; l != nil {
		lists = append(lists, []lastRow{{l.At, l.MS, l.Bytes, l.Error}})
	}
	var gaps []gapRow
	for _, g := range d.Gaps {
		gaps = append(gaps, gapRow{g.From, g.To, strings.Join(g.Flags, " ")})
	}
	if len(gaps) > 0 {
		lists = append(lists, gaps)
	}
	return lists
}

func (d *slowlogStatusDocument) fill(ctx context.Context, a *app, conn *pg.Conn, table *slowlog.Table, zone string) error {
	bytes, err := table.Bytes(ctx, conn)
	if err != nil {
		return err
	}
	d.Bytes = &bytes
	if d.Writers, err = table.Writers(ctx, conn); err != nil {
		return err
	}
	d.WriterN = len(d.Writers)
	for _, w := range d.Writers {
		if !w.Ready {
			d.NotReady++
		}
	}
	return d.fillExtent(ctx, a, conn, table, zone)
}

// fillHistory leaves null what the role may not see: the table is worth a look all the same.
func (d *slowlogStatusDocument) fillHistory(ctx context.Context, a *app, conn *pg.Conn) (kept bool, err error) {
	d.Gaps = []history.Gap{}
	store, server, err := a.readHistory(ctx, conn)
	if f := fault.As(err); f != nil && (f.Kind == fault.Privilege || f.Kind == fault.Prerequisite || f.Kind == fault.Connect) {
		a.log.Warn(f.Message + ": " + f.Hint)
		return false, nil
	}
	if err != nil || server == nil {
		d.Snapshots = new(int64)
		a.log.Info("there is no history of pg_stat_statements: " + a.commandLine(conn, "slowlog collect --every 1m") + " keeps one")
		return false, err
	}
	defer store.Close()
	status, err := store.Status(ctx, server)
	if err != nil {
		return false, err
	}
	d.Status = *status
	if last := status.LastCollect; last != nil && last.Error != nil {
		a.log.Warn("the last collection failed: " + *last.Error)
	}
	return true, nil
}

// fillExtent leaves null what the role may not see, and the times where their zone is not certain.
func (d *slowlogStatusDocument) fillExtent(ctx context.Context, a *app, conn *pg.Conn, table *slowlog.Table, zone string) error {
	certain := true
	if table.NeedsZone() {
		found, err := table.Zone(ctx, conn, zone)
		if f := fault.As(err); f != nil && f.Kind == fault.Prerequisite {
			a.log.Warn(f.Message + "; " + f.Hint)
			found, certain = "UTC", false
		} else if err != nil {
			return err
		} else {
			d.Timezone = &found
		}
		zone = found
	}
	extent, err := table.Extent(ctx, conn, zone)
	if f := fault.As(err); f != nil && f.Kind == fault.Privilege {
		a.log.Warn(f.Message + ": " + f.Hint)
		return nil
	}
	if err != nil {
		return err
	}
	d.Rows = &extent.Rows
	if certain {
		d.Oldest, d.Newest = extent.Oldest, extent.Newest
	}
	return nil
}

func (a *app) explainStatus(conn *pg.Conn, table *slowlog.Table, doc slowlogStatusDocument) {
	switch layout := table.Layout(); layout {
	case slowlog.None:
		a.log.Info("the table slow_query_log is not installed: " + strings.TrimSpace("avadb slowlog init "+conn.Target.CommandFlags()) + " makes it")
	case slowlog.Foreign:
		a.log.Warn("there is something else of that name: " + fault.As(table.Unknown()).Message)
	case slowlog.Original:
		a.log.Info("made by an application: avadb slowlog init upgrades it in place")
	case slowlog.Upgrading:
		a.log.Warn("an upgrade was interrupted: avadb slowlog init goes on with it")
	case slowlog.Current:
	}
	for _, w := range doc.Writers {
		if w.Missing != nil {
			a.log.Warn(fmt.Sprintf("%s cannot write: %s", w.Role, *w.Missing))
		}
	}
}
