package statements

import (
	"context"
	"strconv"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Library is the name of the library and of the extension.
const Library = "pg_stat_statements"

// Installed is the extension in one database. Versions are empty where there is none.
type Installed struct {
	Version   string `db:"installed"`
	Schema    string `db:"schema"`
	Available string `db:"available"`
	Owned     bool   `db:"owned"` // by the role or by one that it is a member of
}

// Find looks for the extension in the connected database.
func Find(ctx context.Context, conn *pg.Conn) (Installed, error) {
	return query.One[Installed](ctx, conn, "statements/extension")
}

// oldestVersion is the oldest extension that avadb reads: it came with PostgreSQL 13. pg_upgrade leaves older ones.
const oldestVersion = "1.8"

// old tells versions before oldestVersion: 1.0 to 1.7.
func (i Installed) old() bool {
	minor, found := strings.CutPrefix(i.Version, "1.")
	n, err := strconv.Atoi(minor)
	return found && err == nil && n < 8
}

func (i Installed) extension() query.Extension {
	return query.Extension{Version: i.Version, Schema: i.Schema}
}

// ExtensionItem is the journal's item for pg_stat_statements in one database.
type ExtensionItem struct {
	databases *pg.Databases
	database  string
}

// NewExtensionItem makes the item for a database.
func NewExtensionItem(databases *pg.Databases, database string) *ExtensionItem {
	return &ExtensionItem{databases: databases, database: database}
}

// Kind is part of journal.Item.
func (e *ExtensionItem) Kind() journal.Kind { return journal.ExtensionKind }

// Name is part of journal.Item.
func (e *ExtensionItem) Name() string { return Library }

// Database is part of journal.Item.
func (e *ExtensionItem) Database() string { return e.database }

// Same compares versions.
func (e *ExtensionItem) Same(a, b journal.State) bool {
	return a.Present == b.Present && a.Text() == b.Text()
}

// Read gives the installed version.
func (e *ExtensionItem) Read(ctx context.Context) (journal.State, error) {
	conn, err := e.databases.On(ctx, e.database)
	if f := fault.As(err); f != nil && f.SQLState == "3D000" {
		return journal.Absent(), nil // the database was dropped, and its extensions with it
	}
	if err != nil {
		return journal.State{}, err
	}
	found, err := Find(ctx, conn)
	if err != nil || found.Version == "" {
		return journal.Absent(), err
	}
	return journal.Present(found.Version), nil
}

// Write creates, updates or drops the extension. It is dropped only while nothing depends on it.
func (e *ExtensionItem) Write(ctx context.Context, to journal.State) error {
	conn, err := e.databases.On(ctx, e.database)
	if err != nil {
		return err
	}
	found, err := Find(ctx, conn)
	switch {
	case err != nil:
		return err
	case !to.Present && found.Version == "", to.Present && found.Version == to.Text():
		return nil
	case !to.Present:
		return drop(ctx, conn)
	case found.Version == "":
		return create(ctx, conn, to.Text())
	}
	return update(ctx, conn, to.Text())
}

// mark is what avadb's own statements about the extension carry.
const mark = "statements/extension"

func run(ctx context.Context, conn *pg.Conn, statement string) error {
	return query.Transaction(ctx, conn, mark, func() error { return exec(ctx, conn, statement) })
}

func exec(ctx context.Context, conn *pg.Conn, statement string) error {
	return query.ExecText(ctx, conn, query.Mark(mark, statement))
}

// create makes the extension where CREATE EXTENSION puts it by itself, by the role's own search_path: avadb's session has another.
func create(ctx context.Context, conn *pg.Conn, version string) error {
	schemas, err := query.Rows[struct{ Name string }](ctx, conn, "statements/extension_schema")
	if err != nil {
		return err
	}
	if len(schemas) == 0 {
		return fault.New(fault.Prerequisite, "in database %s there is no schema of the search_path of role %s to create the extension in",
			conn.Server.Database, pg.Identifier(conn.Server.Role)).WithHint("PGOPTIONS='-c search_path=public' names one for this command")
	}
	return run(ctx, conn, "CREATE EXTENSION "+Library+" SCHEMA "+pg.Identifier(schemas[0].Name)+" VERSION "+pg.Literal(version))
}

func drop(ctx context.Context, conn *pg.Conn) error {
	err := run(ctx, conn, "DROP EXTENSION "+Library)
	if f := fault.As(err); f != nil && f.SQLState == "2BP01" {
		return &journal.KeptError{Reason: "something in database " + conn.Server.Database + " depends on it: " + f.Message}
	}
	return err
}

// update keeps the counters, but PostgreSQL makes pg_stat_statements_reset anew and drops the GRANTs on it: they are given
// again in the same transaction.
func update(ctx context.Context, conn *pg.Conn, version string) error {
	err := query.Transaction(ctx, conn, mark, func() error {
		grants, err := query.Rows[grant](ctx, conn, "statements/reset_grants")
		if err != nil {
			return err
		}
		if err := exec(ctx, conn, "ALTER EXTENSION "+Library+" UPDATE TO "+pg.Literal(version)); err != nil {
			return err
		}
		return giveAgain(ctx, conn, grants)
	})
	if f := fault.As(err); f != nil && f.SQLState == "2BP01" {
		return fault.New(fault.Prerequisite, "the extension in database %s cannot be updated, because something depends on its view: %s",
			conn.Server.Database, f.Message).WithHint("drop what depends on it, run avadb enable-stats again, and make it anew").WithSQLState(f.SQLState)
	}
	return err
}

// grant is a right to execute pg_stat_statements_reset.
type grant struct {
	Grantee   string // empty: PUBLIC
	Grantable bool
}

func giveAgain(ctx context.Context, conn *pg.Conn, grants []grant) error {
	function, err := query.One[struct{ Signature string }](ctx, conn, "statements/reset_signature")
	if err != nil {
		return err
	}
	for _, g := range grants {
		statement := "GRANT EXECUTE ON FUNCTION " + function.Signature + " TO " + grantee(g.Grantee)
		if g.Grantable {
			statement += " WITH GRANT OPTION"
		}
		if err := exec(ctx, conn, statement); err != nil {
			return err
		}
	}
	return nil
}

func grantee(role string) string {
	if role == "" {
		return "PUBLIC"
	}
	return pg.Identifier(role)
}

// CreateAccess refuses where the role cannot create or update the extension: it is no trusted one.
func CreateAccess(conn *pg.Conn, found Installed) error {
	database := conn.Server.Database
	switch {
	case found.Available == "":
		return fault.New(fault.Prerequisite, "the server has no extension pg_stat_statements to create").
			WithHint("install PostgreSQL's contrib package on the server's host, such as apt-get install postgresql-contrib")
	case found.Version != found.Available && conn.Server.InRecovery:
		return fault.New(fault.Prerequisite, "the server is a standby: the extension in database %s comes from its primary", database).
			WithHint("run avadb enable-stats on the primary first")
	case conn.Server.Superuser || found.Version == found.Available || found.Version != "" && found.Owned:
		return nil
	case found.Version != "":
		return fault.New(fault.Privilege, "the extension in database %s is version %s and only its owner may update it", database, found.Version).
			WithHint("as a superuser, in database %s: ALTER EXTENSION pg_stat_statements UPDATE", database)
	}
	return fault.New(fault.Privilege, "only a superuser may create the extension pg_stat_statements in database %s", database).
		WithHint("as a superuser, in database %s: CREATE EXTENSION pg_stat_statements; then run avadb enable-stats again", database)
}

// Proof is what was seen of pg_stat_statements in a database.
type Proof struct {
	Loaded   bool // the view can be read: the library is loaded, and the extension there
	Counting bool // it counted avadb's own statement of a moment ago
}

// Prove reads the view in the connected database twice: the second reading must have counted the first. That the library is
// not loaded is no error: it waits for a restart.
func Prove(ctx context.Context, conn *pg.Conn) (Proof, error) {
	found, err := Find(ctx, conn)
	if err != nil || found.Version == "" {
		return Proof{}, err
	}
	type reading struct{ Calls int64 }
	var calls []int64
	for range 2 {
		rows, err := query.ExtensionRows[reading](ctx, conn, found.extension(), "statements/proof")
		if f := fault.As(err); f != nil && f.SQLState == "55000" {
			return Proof{}, nil
		}
		if err != nil {
			return Proof{}, unreadable(ctx, conn, err)
		}
		calls = append(calls, rows[0].Calls)
	}
	return Proof{Loaded: true, Counting: calls[1] > calls[0]}, nil
}
