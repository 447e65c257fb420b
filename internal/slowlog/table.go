package slowlog

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Name is the table's; its writers do not name a schema.
const Name = "slow_query_log"

// leftover is the name of the old table while an upgrade moves its rows.
const leftover = Name + "_before_avadb"

// DefaultSchema is where the table is made.
const DefaultSchema = "public"

// Layout says which columns the table has. It is an item's state in the journal.
type Layout string

// The layouts.
const (
	None      Layout = ""          // there is no table
	Original  Layout = "original"  // as applications made it: SERIAL, timestamps without a zone
	Upgrading Layout = "upgrading" // today's, and rows that have not been moved from the original yet
	Current   Layout = "layout 1"  // today's
	Foreign   Layout = "foreign"   // something else of the same name
)

// Table is the slow_query_log table of one schema.
type Table struct {
	Schema     string   `db:"schema"`
	Owner      string   `db:"owner"`
	OwnerSuper bool     `db:"owner_super"` // the owner is a superuser
	Owned      bool     `db:"owned"`       // by the role or by one that it is a member of
	Kind       string   `db:"kind"`        // relkind; empty where only the leftover of an upgrade is there
	Columns    []string `db:"columns"`     // name, type and "not null" of each
	MayCreate  bool     `db:"may_create"`  // in the schema
	MayRead    bool     `db:"may_read"`    // the table
	InPath     bool     `db:"in_path"`     // the session finds it without its schema
	Comment    string   `db:"comment"`

	Incarnation string `db:"incarnation"` // another one where the table, or its database, was dropped and made anew; empty where there is none

	HasLeftover      bool   `db:"has_leftover"` // rows of an interrupted upgrade
	LeftoverComment  string `db:"leftover_comment"`
	LeftoverOwner    string `db:"leftover_owner"`
	LeftoverZoneless bool   `db:"leftover_zoneless"` // its timestamps have no zone

	server *int32 // in the store's table, whose rows are these; nil for a table of its own
}

// OfStore is the part of the store's own slow_query_log, in schema avadb, that a server has there.
func OfStore(server int32) *Table {
	return &Table{Schema: "avadb", Kind: "r", Columns: currentColumns(), MayRead: true, server: &server}
}

// Identifier is the table's quoted name.
func (t *Table) Identifier() string { return pg.Identifier(t.Schema, Name) }

// Layout tells what the table is.
func (t *Table) Layout() Layout {
	switch {
	case t.Kind == "" && !t.HasLeftover:
		return None
	case t.HasLeftover && t.Kind != "" && t.LeftoverOwner != t.Owner:
		return Foreign // an upgrade leaves both to one owner: what runs as that role must not touch another's
	case t.Kind == "r" && isCurrent(t.Columns) && t.HasLeftover:
		return Upgrading
	case t.Kind == "r" && isCurrent(t.Columns):
		return Current
	case t.Kind == "r" && isOriginal(t.Columns) && !t.HasLeftover:
		return Original
	}
	return Foreign
}

// currentColumns are those of sql/slowlog/create_table.sql. More of them do not disturb.
func currentColumns() []string {
	return []string{
		"id bigint not null", "timestamp timestamp with time zone not null", "query text not null", "duration_ms numeric(14,2) not null",
		"threshold_ms numeric(14,2) not null", "query_signature text", "origin text not null", "calls bigint not null", "queryid bigint",
		"dbname text", "usename text", "application_name text", "pid integer", "dedupe_key uuid",
	}
}

func isCurrent(columns []string) bool {
	return !slices.ContainsFunc(currentColumns(), func(c string) bool { return !slices.Contains(columns, c) })
}

// originalColumns are those of the table that applications made, each with the spellings that an upgrade carries over
// without losing a digit. A column more would be lost, and so there may be none.
func originalColumns() map[string][]string {
	return map[string][]string{
		"id":              {"integer not null", "bigint not null"},
		"query":           {"text not null"},
		"duration_ms":     {"numeric(10,2) not null", "numeric(14,2) not null"},
		"threshold_ms":    {"numeric(10,2) not null", "numeric(14,2) not null"},
		"timestamp":       {"timestamp without time zone not null", "timestamp with time zone not null"},
		"query_signature": {"text", "text not null"},
	}
}

func isOriginal(columns []string) bool {
	return len(columns) == len(originalColumns()) && len(strangeColumns(columns)) == 0
}

// asText takes a bounded text for one: it fits into text whole.
func asText(kind string) string {
	length, isBounded := strings.CutPrefix(kind, "character varying")
	if !isBounded {
		return kind
	}
	if _, notNull := strings.CutSuffix(length, " not null"); notNull {
		return "text not null"
	}
	return "text"
}

// strangeColumns are those that the original does not have, or has with another type.
func strangeColumns(columns []string) []string {
	var strange []string
	for _, column := range columns {
		name, kind, _ := strings.Cut(column, " ")
		if !slices.Contains(originalColumns()[name], asText(kind)) {
			strange = append(strange, column)
		}
	}
	return strange
}

// zoneless tells that the timestamps have no zone, so that the writers' decides what moment they are.
func (t *Table) zoneless() bool {
	return slices.Contains(t.Columns, "timestamp timestamp without time zone not null")
}

// Find looks for the table: in the schema, or where none is named in the one schema that has it. A table that is not there is
// one of the layout None in the schema, or in DefaultSchema.
func Find(ctx context.Context, conn *pg.Conn, schema string) (*Table, error) {
	var wanted *string
	if schema != "" {
		wanted = &schema
	}
	found, err := query.Rows[Table](ctx, conn, "slowlog/find", wanted)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 1, len(found) > 1 && found[0].InPath:
		return &found[0], nil // a writer, who names no schema, meets the first one in its path
	case len(found) > 1:
		return nil, fault.New(fault.Usage, "%d schemas of database %s have a table %s", len(found), conn.Server.Database, Name).
			WithHint("name one with --schema: %s", strings.Join(schemas(found), ", "))
	case schema == "":
		schema = DefaultSchema
	}
	where, err := query.Rows[struct {
		MayCreate bool `db:"may_create"`
	}](ctx, conn, "slowlog/schema", schema)
	if err != nil {
		return nil, err
	}
	if len(where) == 0 {
		return nil, fault.New(fault.Usage, "database %s has no schema %q", conn.Server.Database, schema).
			WithHint("name one with --schema, or CREATE SCHEMA %s", pg.Identifier(schema))
	}
	return &Table{Schema: schema, MayCreate: where[0].MayCreate}, nil
}

func schemas(tables []Table) []string {
	names := make([]string, 0, len(tables))
	for _, t := range tables {
		names = append(names, t.Schema)
	}
	return names
}

// in picks the statements of a schema and a layout: both have their own shim.
func (t *Table) in() query.Extension {
	version := "1"
	switch {
	case t.server != nil:
		version = "2"
	case t.Layout() == Original && t.zoneless():
		version = "0"
	case t.Layout() == Original:
		version = "0.1"
	}
	return query.Extension{Version: version, Schema: t.Schema}
}

// zoneOf is what a reading statement wants as the time zone of the timestamps, none where they have one, or as the server in the store.
func (t *Table) zoneOf(zone string) *string {
	if t.server != nil {
		id := strconv.Itoa(int(*t.server))
		return &id
	}
	if t.zoneless() {
		return &zone
	}
	return nil
}

// one runs a statement in the table's schema that gives one row.
func one[T any](ctx context.Context, conn *pg.Conn, t *Table, name string, args ...any) (T, error) {
	rows, err := query.ExtensionRows[T](ctx, conn, t.in(), name, args...)
	if err != nil || len(rows) == 0 {
		var none T
		return none, err
	}
	return rows[0], nil
}

// Unknown refuses a table that avadb does not know.
func (t *Table) Unknown() error {
	strange := strangeColumns(t.Columns)
	switch {
	case t.Kind == "":
		return fault.New(fault.Prerequisite, "%s holds rows of an interrupted upgrade, and %s is gone", pg.Identifier(t.Schema, leftover), t.Identifier()).
			WithHint("bring it back: ALTER TABLE %s RENAME TO %s", pg.Identifier(t.Schema, leftover), pg.Identifier(Name))
	case t.HasLeftover && t.LeftoverOwner != t.Owner:
		return fault.New(fault.Prerequisite, "%s and %s belong to different roles: that is no upgrade of avadb's", t.Identifier(), pg.Identifier(t.Schema, leftover)).
			WithHint("see whose they are: SELECT relname, relowner::regrole FROM pg_class WHERE relname LIKE '%s%%'", Name)
	case t.Kind != "r":
		return fault.New(fault.Prerequisite, "%s is no plain table, and avadb leaves it alone", t.Identifier()).WithHint("use another --schema")
	case len(strange) > 0:
		return fault.New(fault.Prerequisite, "%s is not the table that avadb knows: it has %s", t.Identifier(), strings.Join(strange, ", ")).
			WithHint("%s", t.mended(strange))
	}
	return fault.New(fault.Prerequisite, "%s is not the table that avadb knows: it has only %s", t.Identifier(), strings.Join(t.Columns, ", ")).
		WithHint("use another --schema, or rename it")
}

// mended is the ALTER TABLE that makes strange columns usual ones. A column that the table does not know has none.
func (t *Table) mended(strange []string) string {
	var actions []string
	for _, column := range strange {
		name, kind, _ := strings.Cut(column, " ")
		usual := originalColumns()[name]
		if len(usual) == 0 {
			return "avadb knows these columns alone: " + strings.Join(slices.Sorted(maps.Keys(originalColumns())), ", ") + "; use another --schema, or rename the table"
		}
		kind, isNotNull := strings.CutSuffix(kind, " not null")
		usualKind, wantsNotNull := strings.CutSuffix(usual[0], " not null")
		if !slices.ContainsFunc(usual, func(u string) bool { return strings.TrimSuffix(u, " not null") == asText(kind) }) {
			actions = append(actions, "ALTER "+pg.Identifier(name)+" TYPE "+usualKind)
		}
		if wantsNotNull && !isNotNull {
			actions = append(actions, "ALTER "+pg.Identifier(name)+" SET NOT NULL")
		}
	}
	return "ALTER TABLE " + t.Identifier() + " " + strings.Join(actions, ", ") + "; then run avadb slowlog init again; or use another --schema"
}
