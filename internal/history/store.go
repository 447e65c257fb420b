package history

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// layout is the comment on avadb.server that says which tables there are.
const layout = "avadb history, layout 1"

// StoreOptions say where the history is.
type StoreOptions struct {
	Store string // --store: a database of the same server, or a DSN; empty: `postgres`, else the first connectable one
	Env   func(string) string
	Log   *slog.Logger

	ReadOnly bool // nothing is written: a pooler in between does no harm
}

// Store is the database that holds the history.
type Store struct {
	Conn    *pg.Conn // the watched server's own connection where that leads to the same database
	Foreign bool     // it is on another server
	facts   storeFacts
	log     *slog.Logger
	shared  bool // Conn is the caller's
}

type storeFacts struct {
	SchemaExists bool     `db:"schema_exists"`
	MayCreate    bool     `db:"may_create"`
	Layout       string   // empty where there is no history
	Owner        string   // of tables whose triggers must not run as this role, or empty
	Strange      []string // no plain tables: reading them can run what is not avadb's
	Unreadable   []string
	Unwritable   []string
}

// Open opens the store of conn's server. Nothing is made: see Prepare. o.Log must not be nil.
func Open(ctx context.Context, conn *pg.Conn, o StoreOptions) (*Store, error) {
	place, err := journal.FindStore(ctx, conn, o.Store, o.Env, o.Log)
	if err != nil {
		return nil, err
	}
	s := &Store{Conn: conn, Foreign: place.Foreign, shared: true, log: o.Log}
	if place.Foreign || place.Target.Database() != conn.Server.Database {
		if s.Conn, err = pg.Connect(ctx, place.Target, o.connection()); err != nil {
			return nil, place.Named(err)
		}
		s.shared = false
	}
	if err := s.look(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Connection is how a collector connects: its statements are short, and it may be idle for long. A pooler is refused, because the
// lock of a collector would outlive it there.
func Connection(log *slog.Logger) pg.Options {
	return pg.Options{Class: pg.High, Changes: true, IdleForever: true, Log: log}
}

// Named says of an error that it is the store's, where that is on another server and its connection is gone.
func (s *Store) Named(err error) error {
	if err == nil || !s.Conn.Raw().IsClosed() {
		return err
	}
	return journal.Store{Foreign: s.Foreign}.Named(err)
}

func (o StoreOptions) connection() pg.Options {
	if o.ReadOnly {
		return pg.Options{Class: pg.Normal, Log: o.Log}
	}
	return Connection(o.Log)
}

// Close closes the store's connection where it is one of its own.
func (s *Store) Close() {
	if !s.shared {
		s.Conn.Close()
	}
}

func (s *Store) look(ctx context.Context) (err error) {
	s.facts, err = query.One[storeFacts](ctx, s.Conn, "history/tables")
	return err
}

// Exists tells whether there is a history, and refuses one that the role may not read or that a newer avadb has made.
func (s *Store) Exists() (bool, error) {
	database, role := s.Conn.Server.Database, pg.Identifier(s.Conn.Server.Role)
	switch {
	case s.facts.Layout == "":
		return false, nil
	case s.facts.Layout != layout:
		return false, fault.New(fault.Prerequisite, "the history in database %s is of another avadb: %q, and this one knows %q", database, s.facts.Layout, layout).
			WithHint("use the newest avadb")
	case len(s.facts.Strange) > 0:
		return false, fault.New(fault.Prerequisite, "%s in database %s is not as avadb made it", tables(s.facts.Strange), database).
			WithHint("name another database with --store")
	case len(s.facts.Unreadable) > 0:
		return false, fault.New(fault.Privilege, "no right to read the history (%s) in database %s", strings.Join(s.facts.Unreadable, ", "), database).
			WithHint("GRANT USAGE ON SCHEMA avadb TO %[1]s; GRANT SELECT ON %[2]s TO %[1]s", role, tables(s.facts.Unreadable))
	}
	return true, nil
}

func (s *Store) untrusted() error {
	return fault.New(fault.Prerequisite, "schema avadb or a table in it in database %s belongs to %s, who is neither this role nor a superuser",
		s.Conn.Server.Database, pg.Identifier(s.facts.Owner)).WithHint("name another database with --store, or run avadb as %s", pg.Identifier(s.facts.Owner))
}

func tables(names []string) string {
	qualified := make([]string, 0, len(names))
	for _, name := range names {
		qualified = append(qualified, "avadb."+name)
	}
	return strings.Join(qualified, ", ")
}

// Prepare makes the tables where there are none, and refuses where they cannot be made or written.
func (s *Store) Prepare(ctx context.Context) error {
	server, role := s.Conn.Server, pg.Identifier(s.Conn.Server.Role)
	if lacking := slices.Concat(s.facts.Unreadable, s.facts.Unwritable); s.facts.Layout == layout && len(s.facts.Strange) == 0 && len(lacking) > 0 && s.facts.Owner == "" && !server.InRecovery {
		slices.Sort(lacking)
		lacking = slices.Compact(lacking)
		return fault.New(fault.Privilege, "no right to read and write the history (%s) in database %s", strings.Join(lacking, ", "), server.Database).
			WithHint("GRANT USAGE ON SCHEMA avadb TO %[1]s; GRANT SELECT, INSERT, UPDATE, DELETE ON %[2]s TO %[1]s", role, tables(lacking))
	}
	exists, err := s.Exists()
	switch {
	case server.InRecovery:
		return fault.New(fault.Prerequisite, "the history cannot be kept in database %s: the server is a standby", server.Database).
			WithHint("name a database of another server, such as its primary: --store 'host=primary dbname=postgres'")
	case err != nil:
		return err
	case s.facts.Owner != "":
		return s.untrusted()
	case exists:
		return nil
	case !s.facts.MayCreate && s.facts.SchemaExists:
		return fault.New(fault.Privilege, "no right to create tables in schema avadb of database %s", server.Database).
			WithHint("GRANT USAGE, CREATE ON SCHEMA avadb TO %s", role)
	case !s.facts.MayCreate:
		return fault.New(fault.Privilege, "no right to create schema avadb in database %s", server.Database).
			WithHint("GRANT CREATE ON DATABASE %s TO %s", pg.Identifier(server.Database), role)
	}
	return s.create(ctx)
}

// create makes everything in one transaction. Another collector of the same store may be faster: then its tables are as good.
func (s *Store) create(ctx context.Context) error {
	failed := query.Transaction(ctx, s.Conn, "history/create", func() error {
		names := []string{
			"server", "snapshot", "snapshot_index", "statement", "statement_index", "counter", "delta",
			"slow_query_log", "slow_query_log_index", "layout",
		}
		if !s.facts.SchemaExists {
			if err := query.Exec(ctx, s.Conn, "journal/create_schema"); err != nil {
				return err
			}
		}
		for _, name := range names {
			if err := query.Exec(ctx, s.Conn, "history/create_"+name); err != nil {
				return err
			}
		}
		return nil
	})
	if f := fault.As(failed); failed != nil && (f == nil || f.SQLState == "") {
		return failed
	}
	if err := s.look(ctx); err != nil {
		return err
	}
	if exists, err := s.Exists(); err != nil || exists && len(s.facts.Unwritable) == 0 {
		return err
	}
	return failed
}
