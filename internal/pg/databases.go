package pg

import (
	"context"

	"avadb/internal/fault"
)

// Databases gives one connection to each database of a server, opened when first asked for.
type Databases struct {
	main   *Conn
	others map[string]*Conn
	o      Options
	mark   func(context.Context, *Conn) error
}

// NewDatabases serves main for its own database and opens the others with the options; mark, where given, is called on
// each one that is opened.
func NewDatabases(main *Conn, o Options, mark func(context.Context, *Conn) error) *Databases {
	return &Databases{main: main, others: map[string]*Conn{}, o: o, mark: mark}
}

// On gives the connection to a database.
func (d *Databases) On(ctx context.Context, name string) (*Conn, error) {
	if name == "" {
		return nil, fault.New(fault.Failed, "an item without its database")
	}
	if name == d.main.Server.Database {
		return d.main, nil
	}
	if conn := d.others[name]; conn != nil {
		return conn, nil
	}
	conn, err := Connect(ctx, d.main.Target.WithDatabase(name), d.o)
	if err != nil {
		return nil, err
	}
	if d.mark != nil {
		if err := d.mark(ctx, conn); err != nil {
			conn.Close() // who asks again must not get one without the mark
			return nil, err
		}
	}
	d.others[name] = conn
	return conn, nil
}

// Close closes all but the main connection.
func (d *Databases) Close() {
	for name, conn := range d.others {
		conn.Close()
		delete(d.others, name)
	}
}
