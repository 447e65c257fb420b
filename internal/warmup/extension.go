package warmup

import (
	"context"
	"time"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Library is the name of the library and of the extension that loads blocks.
const Library = "pg_prewarm"

// Installed is an extension in one database. Versions are empty where there is none.
type Installed struct {
	Version   string `db:"installed"`
	Schema    string `db:"schema"`
	Available string `db:"available"`
}

func (i Installed) extension() query.Extension {
	return query.Extension{Version: i.Version, Schema: i.Schema}
}

// Find looks for an extension in the connected database.
func Find(ctx context.Context, conn *pg.Conn, name string) (Installed, error) {
	return query.One[Installed](ctx, conn, "warmup/extension", name)
}

// ExtensionItem is the journal's item for pg_prewarm in one database.
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
	found, err := Find(ctx, conn, Library)
	if err != nil || found.Version == "" {
		return journal.Absent(), err
	}
	return journal.Present(found.Version), nil
}

// Write creates or drops the extension. It is dropped only while nothing depends on it.
func (e *ExtensionItem) Write(ctx context.Context, to journal.State) error {
	conn, err := e.databases.On(ctx, e.database)
	if err != nil {
		return err
	}
	found, err := Find(ctx, conn, Library)
	switch {
	case err != nil:
		return err
	case to.Present && found.Version == "":
		return create(ctx, conn, to.Text())
	case !to.Present && found.Version != "":
		return drop(ctx, conn)
	}
	return nil
}

// mark is what avadb's own statements about the extension carry.
const mark = "warmup/extension"

func run(ctx context.Context, conn *pg.Conn, statement string) error {
	return query.Transaction(ctx, conn, mark, func() error { return query.ExecText(ctx, conn, query.Mark(mark, statement)) })
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

// CreateAccess refuses where the role cannot create the extension: it is no trusted one.
func CreateAccess(conn *pg.Conn, found Installed) error {
	database := conn.Server.Database
	switch {
	case found.Version != "":
		return nil
	case found.Available == "":
		return fault.New(fault.Prerequisite, "the server has no extension %s to create", Library).
			WithHint("install PostgreSQL's contrib package on the server's host, such as apt-get install postgresql-contrib")
	case conn.Server.InRecovery:
		return fault.New(fault.Prerequisite, "the server is a standby: the extension in database %s comes from its primary", database).
			WithHint("on the primary, in database %s: CREATE EXTENSION %s", database, Library)
	case conn.Server.Superuser:
		return nil
	}
	return fault.New(fault.Privilege, "only a superuser may create the extension %s in database %s", Library, database).
		WithHint("as a superuser, in database %s: CREATE EXTENSION %s; then run this again", database, Library)
}

// Needed refuses to load without the extension.
func Needed(conn *pg.Conn, found Installed) error {
	if found.Version != "" {
		return nil
	}
	if err := CreateAccess(conn, found); err != nil {
		return err
	}
	return fault.New(fault.Prerequisite, "the extension %s is not in database %s", Library, conn.Server.Database).
		WithHint("CREATE EXTENSION %s; or avadb warmup --autoprewarm, which makes it and can be undone", Library)
}

// Autoprewarm is how the server's own warming stands.
type Autoprewarm struct {
	Enabled bool       // the parameter is on, and the library loaded
	SavedAt *time.Time `db:"saved_at"` // when it last wrote down what is in the buffers; nil: never
}

// ReadAutoprewarm looks at it.
func ReadAutoprewarm(ctx context.Context, conn *pg.Conn) (Autoprewarm, error) {
	return query.One[Autoprewarm](ctx, conn, "warmup/autoprewarm")
}
