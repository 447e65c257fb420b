package slowlog

import (
	"context"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
)

// TableItem is the journal's item for the table in one database and schema. Its state is its layout.
type TableItem struct {
	databases        *pg.Databases
	database, schema string
	zone             string           // of the original's timestamps
	moved            func(rows int64) // told after each batch of an upgrade; may be nil
}

// NewTableItem makes the item. zone is that of the timestamps of an original; moved, where given, is told how many rows
// an upgrade has moved so far.
func NewTableItem(databases *pg.Databases, database, schema, zone string, moved func(rows int64)) *TableItem {
	return &TableItem{databases: databases, database: database, schema: schema, zone: zone, moved: moved}
}

// SchemaOfItem gives the schema in the name of a table's item.
func SchemaOfItem(name string) string { return strings.TrimSuffix(name, "."+Name) }

// Kind is part of journal.Item.
func (i *TableItem) Kind() journal.Kind { return journal.TableKind }

// Name is part of journal.Item.
func (i *TableItem) Name() string { return i.schema + "." + Name }

// Database is part of journal.Item.
func (i *TableItem) Database() string { return i.database }

// Same compares layouts.
func (i *TableItem) Same(a, b journal.State) bool {
	return a.Present == b.Present && a.Text() == b.Text()
}

// Read gives the layout. A database or schema that was dropped took the table with it.
func (i *TableItem) Read(ctx context.Context) (journal.State, error) {
	conn, err := i.databases.On(ctx, i.database)
	if gone(err) {
		return journal.Absent(), nil
	}
	if err != nil {
		return journal.State{}, err
	}
	table, err := Find(ctx, conn, i.schema)
	if f := fault.As(err); f != nil && f.Kind == fault.Usage {
		return journal.Absent(), nil
	}
	if err != nil || table.Layout() == None {
		return journal.Absent(), err
	}
	return journal.Present(string(table.Layout())), nil
}

// gone tells that a database is not there any more.
func gone(err error) bool {
	f := fault.As(err)
	return f != nil && f.SQLState == "3D000"
}

// Write makes the table, upgrades it, or drops it where it holds nothing.
func (i *TableItem) Write(ctx context.Context, to journal.State) error {
	conn, err := i.databases.On(ctx, i.database)
	if err != nil {
		return err
	}
	table, err := Find(ctx, conn, i.schema)
	if err != nil {
		return err
	}
	now := table.Layout()
	switch {
	case !to.Present && now == None, to.Present && to.Text() == string(now):
		return nil
	case !to.Present:
		return dropEmpty(ctx, conn, table)
	case to.Text() != string(Current):
		return &journal.KeptError{Reason: "the upgrade of " + table.Identifier() + " cannot be undone; avadb slowlog init goes on with it"}
	case now == None:
		return create(ctx, conn, table)
	case table.NeedsZone() && i.zone == "":
		return &journal.KeptError{Reason: "the timestamps of " + table.Identifier() + " have no zone, and which one to take them for is not known; avadb slowlog init asks"}
	case now == Original:
		if err := beginUpgrade(ctx, conn, i.schema, i.zone); err != nil {
			return err
		}
		return move(ctx, conn, table, i.zone, i.moved)
	case now == Upgrading:
		return move(ctx, conn, table, i.zone, i.moved)
	}
	return table.Unknown()
}
