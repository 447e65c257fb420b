package statements

import (
	"context"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Databases gives one connection to each database of a server, opened when first asked for.
type Databases struct {
	main   *pg.Conn
	others map[string]*pg.Conn
	o      pg.Options
	mark   func(context.Context, *pg.Conn) error
}

// NewDatabases serves main for its own database and opens the others with the options; mark, where given, is called on
// each one that is opened.
func NewDatabases(main *pg.Conn, o pg.Options, mark func(context.Context, *pg.Conn) error) *Databases {
	return &Databases{main: main, others: map[string]*pg.Conn{}, o: o, mark: mark}
}

// On gives the connection to a database.
func (d *Databases) On(ctx context.Context, name string) (*pg.Conn, error) {
	if name == "" {
		return nil, fault.New(fault.Failed, "an extension without its database")
	}
	if name == d.main.Server.Database {
		return d.main, nil
	}
	if conn := d.others[name]; conn != nil {
		return conn, nil
	}
	conn, err := pg.Connect(ctx, d.main.Target.WithDatabase(name), d.o)
	if err != nil {
		return nil, err
	}
	d.others[name] = conn
	if d.mark != nil {
		return conn, d.mark(ctx, conn)
	}
	return conn, nil
}

// Close closes all but the main connection.
func (d *Databases) Close() {
	for name, conn := range d.others {
		conn.Close()
		delete(d.others, name)
	}
}

// Names lists the databases that enable-stats goes over: all connectable ones that are no templates.
func Names(ctx context.Context, conn *pg.Conn) ([]string, error) {
	rows, err := query.Rows[struct {
		Name       string
		MayConnect bool `db:"may_connect"`
	}](ctx, conn, "statements/databases")
	if err != nil {
		return nil, err
	}
	var names, closed []string
	for _, row := range rows {
		names = append(names, row.Name)
		if !row.MayConnect {
			closed = append(closed, row.Name)
		}
	}
	if len(closed) > 0 {
		return nil, fault.New(fault.Privilege, "the role may not connect to %s", strings.Join(closed, ", ")).
			WithHint("GRANT CONNECT ON DATABASE %s TO %s, or name the databases with --for-db",
				pg.Identifier(closed[0]), pg.Identifier(conn.Server.Role))
	}
	return names, nil
}
