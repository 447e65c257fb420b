package history

import (
	"context"
	"fmt"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Server is a server that the store knows.
type Server struct {
	ID      int32
	Node    string
	Error   *string    // what the last collection failed with
	ErrorAt *time.Time `db:"error_at"`
}

// node names a server by what it says of itself, so that a socket, 127.0.0.1 and ::1 are one node. A standby shares its primary's
// system identifier, and mostly its layout, also with other standbys: its replication slot is its own.
func node(s pg.Server) (name, short string) {
	short = fmt.Sprintf("port %d", s.Port)
	if s.InRecovery {
		short = strings.TrimSpace(standbyPrefix+s.PrimarySlot) + " " + short
	}
	return strings.TrimSpace(short + " " + s.DataDirectory), short
}

// Find looks for a server; nil where the store does not know it.
func (s *Store) Find(ctx context.Context, server pg.Server) (*Server, error) {
	if server.SystemIdentifier == "" {
		return nil, fault.New(fault.Privilege, "the server's system identifier cannot be read").
			WithHint("GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO %s", pg.Identifier(server.Role))
	}
	known, err := query.Rows[Server](ctx, s.Conn, "history/servers", server.SystemIdentifier)
	if err != nil {
		return nil, err
	}
	name, short := node(server)
	var near []*Server // one of the two names lacks the data directory, which not every role sees
	for i := range known {
		switch k := &known[i]; {
		case k.Node == name:
			return k, nil
		case k.Node == short, name == short && strings.HasPrefix(k.Node, short+" "):
			near = append(near, k)
		}
	}
	if len(near) == 1 {
		return near[0], nil
	}
	return nil, nil
}

// join makes a server known.
func (s *Store) join(ctx context.Context, server pg.Server) (*Server, error) {
	name, _ := node(server)
	known, err := s.Find(ctx, server)
	switch {
	case err != nil:
		return nil, err
	case known == nil:
		made, err := query.One[struct{ ID int32 }](ctx, s.Conn, "history/add_server", server.SystemIdentifier, name)
		return &Server{ID: made.ID, Node: name}, err
	case len(name) > len(known.Node):
		return known, query.Exec(ctx, s.Conn, "history/name_server", known.ID, name)
	}
	return known, nil
}
