package activity

import (
	"context"
	"strconv"
	"time"

	"avadb/internal/pg"
)

// Pool is one pool of a PgBouncer: what SHOW POOLS says of a database and user.
type Pool struct {
	Database       string  `json:"database" col:""`       // as PgBouncer calls it
	User           string  `json:"user" col:""`           // of the pool
	Mode           string  `json:"pool_mode" col:""`      // session, transaction or statement
	ClientsActive  int     `json:"cl_active" col:""`      // clients that have a server connection, or need none
	ClientsWaiting int     `json:"cl_waiting" col:""`     // clients that wait for a server connection
	MaxWaitS       float64 `json:"maxwait_s" col:"num.1"` // seconds that the first of them has waited
	ServersActive  int     `json:"sv_active" col:""`      // server connections that a client has
	ServersIdle    int     `json:"sv_idle" col:""`        // free ones, also those to be checked first (sv_used, sv_tested, sv_login)
	Backends       int     `json:"backends" col:""`       // of both, those found among the sessions of this server
}

// Pooled is a server connection of a PgBouncer with the client that has it, or a client that waits for one.
type Pooled struct {
	PID         *int32   `json:"pid" col:""`          // backend of this server; null: a client that waits, or a connection not found here
	Database    string   `json:"database" col:""`     // as PgBouncer calls it
	User        string   `json:"user" col:""`         // of the server connection, or of the client that waits
	Pooler      string   `json:"pooler_state" col:""` // PgBouncer's: active, idle, used, ... of the server connection; waiting
	State       *string  `json:"state" col:""`        // of the backend, as in pg_stat_activity; null where it is not visible
	StateS      *float64 `json:"state_s" col:"num.0"` // seconds that the backend has been in it, or that the client has waited
	Client      *string  `json:"client" col:""`       // address and port of the client; null: no client has it
	Application *string  `json:"application" col:""`  // application_name of the client
	Query       *string  `json:"query" col:"elastic"` // of the backend
}

// Pooler is what a PgBouncer says of itself.
type Pooler struct {
	Version       string `json:"version"`           // of PgBouncer
	Clients       *int   `json:"clients"`           // client connections, the console's too; null: it does not say
	MaxClientConn *int   `json:"max_client_conn"`   // its limit; null: it does not say
	Servers       *int   `json:"servers"`           // server connections in use and free
	DefaultSize   *int   `json:"default_pool_size"` // server connections that a pool may have where it has no size of its own

	pools, clients, servers []map[string]string
}

// ReadPooler asks the console. Columns are read by name: they differ between versions, and what is missing is not known.
func ReadPooler(ctx context.Context, console *pg.Console) (*Pooler, error) {
	p := &Pooler{Version: console.Version}
	for _, part := range []struct {
		what string
		into *[]map[string]string
	}{{"POOLS", &p.pools}, {"CLIENTS", &p.clients}, {"SERVERS", &p.servers}} {
		rows, err := console.Show(ctx, part.what)
		if err != nil {
			return nil, err
		}
		*part.into = rows
	}
	p.readFigures(ctx, console)
	return p, nil
}

// readFigures leaves unknown what this version does not show.
func (p *Pooler) readFigures(ctx context.Context, console *pg.Console) {
	if lists, err := console.Show(ctx, "LISTS"); err == nil {
		p.Clients, p.Servers = figure(lists, "list", "used_clients", "items"), figure(lists, "list", "used_servers", "items")
	}
	if config, err := console.Show(ctx, "CONFIG"); err == nil {
		p.MaxClientConn, p.DefaultSize = figure(config, "key", "max_client_conn", "value"), figure(config, "key", "default_pool_size", "value")
	}
}

// figure finds a number in rows of names and values.
func figure(rows []map[string]string, nameColumn, name, valueColumn string) *int {
	for _, row := range rows {
		if row[nameColumn] == name {
			if n, err := strconv.Atoi(row[valueColumn]); err == nil {
				return &n
			}
		}
	}
	return nil
}

func number(row map[string]string, columns ...string) int {
	sum := 0
	for _, column := range columns {
		n, _ := strconv.Atoi(row[column]) // a column that this version has not counts as 0
		sum += n
	}
	return sum
}

// waited is a time in whole seconds and, where the version has them, microseconds.
func waited(row map[string]string, column string) float64 {
	return float64(number(row, column)) + float64(number(row, column+"_us"))/1e6
}

// consoleName is the pool of the console itself.
const consoleName = "pgbouncer"

// Join finds the server connections of a PgBouncer among the sessions, which from then on know the client behind them.
func (s *Snapshot) Join(p *Pooler) (pools []Pool, pooled []Pooled) {
	s.pooled = map[int32]string{}
	backends := map[[2]string]int{}
	clients := map[string]map[string]string{}
	for _, c := range p.clients {
		if c["ptr"] != "" {
			clients[c["ptr"]] = c
		}
	}
	for _, server := range p.servers {
		row := Pooled{Database: server["database"], User: server["user"], Pooler: server["state"]}
		if client := clients[server["link"]]; client != nil && server["link"] != "" {
			row.Client, row.Application = known(clientAddress(client)), known(client["application_name"])
		}
		if session := s.behind(server); session != nil {
			row.PID, row.State, row.StateS = &session.PID, known(session.State), session.StateS
			if session.BackendType != "" {
				row.Query = &session.Query
			}
			s.pooled[session.PID] = row.who()
			backends[[2]string{row.Database, row.User}]++
		}
		pooled = append(pooled, row)
	}
	for _, c := range p.clients {
		if c["state"] == "waiting" {
			wait := waited(c, "wait")
			pooled = append(pooled, Pooled{
				Database: c["database"], User: c["user"], Pooler: "waiting", StateS: &wait, Client: known(clientAddress(c)), Application: known(c["application_name"]),
			})
		}
	}
	for _, row := range p.pools {
		if row["database"] != consoleName {
			pools = append(pools, poolOf(row, backends[[2]string{row["database"], row["user"]}]))
		}
	}
	return pools, pooled
}

func poolOf(row map[string]string, backends int) Pool {
	return Pool{
		Database: row["database"], User: row["user"], Mode: row["pool_mode"],
		ClientsActive: number(row, "cl_active"), ClientsWaiting: number(row, "cl_waiting"), MaxWaitS: waited(row, "maxwait"),
		ServersActive: number(row, "sv_active"), ServersIdle: number(row, "sv_idle", "sv_used", "sv_tested", "sv_login"), Backends: backends,
	}
}

// who names the client of a server connection; empty where none has it.
func (p *Pooled) who() string {
	switch {
	case p.Client == nil:
		return ""
	case p.Application == nil:
		return *p.Client
	}
	return *p.Application + " at " + *p.Client
}

// overSocket is PgBouncer's address of a peer over a socket.
const overSocket = "unix"

func clientAddress(client map[string]string) string {
	address, isPID := client["addr"], client["remote_pid"]
	switch {
	case address == "":
		return ""
	case address != overSocket:
		return address + ":" + client["port"]
	case isPID != "" && isPID != "0":
		return "local pid " + isPID
	}
	return Local
}

// behind finds the backend of a server connection. Over TCP PgBouncer knows its process, and the port of its own end tells it from
// one of the same number on another server. Over a socket it knows no more than whose it is and when it was opened.
func (s *Snapshot) behind(server map[string]string) *Session {
	n, err := strconv.ParseInt(server["remote_pid"], 10, 32)
	if err != nil {
		return nil
	}
	if server["addr"] != overSocket {
		session := s.session(int32(n))
		if session == nil || session.ClientPort < 0 || session.ClientPort > 0 && server["local_port"] != strconv.Itoa(int(session.ClientPort)) {
			return nil
		}
		return session
	}
	if session := s.session(int32(n)); session != nil && session.Client == Local {
		return session
	}
	return s.openedAt(server)
}

// openedAt finds the one session over a socket that was opened at the moment, and for the role, of a server connection.
func (s *Snapshot) openedAt(server map[string]string) *Session {
	opened, err := time.Parse("2006-01-02 15:04:05 MST", server["connect_time"])
	if err != nil {
		return nil
	}
	var found *Session
	for i := range s.Sessions {
		session := &s.Sessions[i]
		if session.Client != Local || session.User != server["user"] || session.Start == nil {
			continue
		}
		if apart := session.Start.Sub(opened).Abs(); apart > time.Second {
			continue
		}
		if found != nil {
			return nil // more than one may be it
		}
		found = session
	}
	return found
}
