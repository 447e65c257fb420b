package slowlog

import (
	"context"
	"fmt"

	"avadb/internal/journal"
	"avadb/internal/pg"
)

// DropItem is the event of a table dropped with its rows: kept in the journal, and never undone.
type DropItem struct {
	conn  *pg.Conn
	table *Table
}

// NewDropItem makes the event.
func NewDropItem(conn *pg.Conn, table *Table) *DropItem { return &DropItem{conn: conn, table: table} }

// Kind is part of journal.Item.
func (d *DropItem) Kind() journal.Kind { return journal.EventKind }

// Name is part of journal.Item.
func (d *DropItem) Name() string { return "drop " + d.table.Schema + "." + Name }

// Database is part of journal.Item.
func (d *DropItem) Database() string { return d.conn.Server.Database }

// Same compares presence: the number of rows moves on.
func (d *DropItem) Same(a, b journal.State) bool { return a.Present == b.Present }

// Read tells what is there to be lost.
func (d *DropItem) Read(ctx context.Context) (journal.State, error) {
	table, err := Find(ctx, d.conn, d.table.Schema)
	if err != nil || table.Layout() == None {
		return journal.Absent(), err
	}
	rows, err := table.CountRows(ctx, d.conn)
	if err != nil {
		return journal.State{}, err
	}
	return journal.Present(fmt.Sprintf("%s, %d rows", table.Layout(), rows)), nil
}

// Write drops the table with all its rows, and those that an interrupted upgrade left.
func (d *DropItem) Write(ctx context.Context, to journal.State) error {
	if to.Present {
		return &journal.KeptError{Reason: "what was dropped cannot be brought back"}
	}
	return locked(ctx, d.conn, func() error {
		if d.table.HasLeftover {
			if err := dropIn(ctx, d.conn, pg.Identifier(d.table.Schema, leftover)); err != nil {
				return err
			}
		}
		return dropIn(ctx, d.conn, d.table.Identifier())
	})
}

// CountRows counts the rows, with those that an interrupted upgrade has not moved yet.
func (t *Table) CountRows(ctx context.Context, conn *pg.Conn) (int64, error) {
	extent, err := t.Extent(ctx, conn, "UTC")
	return extent.Rows, err
}
