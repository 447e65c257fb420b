package activity

import (
	"context"
	"time"

	"avadb/internal/pg"
	"avadb/internal/query"
)

// The states of a session, as pg_stat_activity has them.
const (
	Idle              = "idle"
	IdleInTransaction = "idle in transaction"
	IdleInAborted     = "idle in transaction (aborted)"
)

// Local is the client of a session over a socket.
const Local = "local"

// clientBackend is the backend_type of what a client connected to.
const clientBackend = "client backend"

// Session is one backend of the server.
type Session struct {
	PID         int32
	BackendType string // empty: the role may not see it
	User        string
	Superuser   bool // the user is one
	Database    string
	Application string
	Client      string // address, or Local; empty where it is not visible, and for what has no client
	ClientPort  int32  // 0 likewise
	State       string
	Start       *time.Time `db:"backend_start"`
	StateChange *time.Time
	StateS      *float64 // seconds in this state
	XactS       *float64 // seconds in this transaction
	Query       string   // running, or the last one
}

// Hidden tells a session of which the role may see nothing but its names.
func (s *Session) Hidden() bool { return s.BackendType == "" && s.User != "" && s.Database != "" }

// IsClient tells a session that takes one of max_connections. What is hidden counts as one: it may also be a worker.
func (s *Session) IsClient() bool { return s.BackendType == clientBackend || s.Hidden() }

// InTransaction tells an open transaction in which nothing runs.
func (s *Session) InTransaction() bool {
	return s.State == IdleInTransaction || s.State == IdleInAborted
}

// waits tells a session that waits for its client.
func (s *Session) waits() bool { return s.State == Idle || s.InTransaction() }

// Snapshot is the sessions of a server at one moment, and how many there can be.
type Snapshot struct {
	Sessions []Session // every backend
	limits   []limitRow
	prepared []preparedRow
	waits    []waitRow
	target   *pg.Target
	pooled   map[int32]string // by backend: who uses it through PgBouncer
}

// Read takes a snapshot.
func Read(ctx context.Context, conn *pg.Conn) (*Snapshot, error) {
	limits, err := query.Rows[limitRow](ctx, conn, "activity/limits")
	if err != nil {
		return nil, err
	}
	prepared, err := query.Rows[preparedRow](ctx, conn, "activity/prepared")
	if err != nil {
		return nil, err
	}
	waits, err := query.Rows[waitRow](ctx, conn, "activity/waits")
	if err != nil {
		return nil, err
	}
	sessions, err := query.Rows[Session](ctx, conn, "activity/sessions")
	if err != nil {
		return nil, err
	}
	return &Snapshot{Sessions: sessions, limits: limits, prepared: prepared, waits: waits, target: conn.Target}, nil
}

// pooledClient is who uses a backend through PgBouncer; nil where nobody does, or nobody has asked.
func (s *Snapshot) pooledClient(backend int32) *string { return known(s.pooled[backend]) }

// Hidden counts the sessions that the role may not look into.
func (s *Snapshot) Hidden() int {
	n := 0
	for i := range s.Sessions {
		if s.Sessions[i].Hidden() {
			n++
		}
	}
	return n
}

// session finds a backend by its process; nil where there is none.
func (s *Snapshot) session(pid int32) *Session {
	for i := range s.Sessions {
		if s.Sessions[i].PID == pid {
			return &s.Sessions[i]
		}
	}
	return nil
}
