package activity

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/units"
)

// Wanted says which sessions are to be ended. All that is given must be so of a session; of the two that are idle either.
type Wanted struct {
	PIDs                             []int32
	Application, User, Database      string        // empty: any
	Client                           string        // address, or Local; empty: any
	IdleInTransaction, Idle          time.Duration // for at least so long; 0: not asked for
	Superusers, Replication, Workers bool          // sessions of these kinds too
}

// Any tells whether anything is given: without, all sessions would be meant.
func (w Wanted) Any() bool {
	return len(w.PIDs) > 0 || w.Application != "" || w.User != "" || w.Database != "" || w.Client != "" || w.IdleInTransaction > 0 || w.Idle > 0
}

// Candidate is a backend that may be ended.
type Candidate struct {
	Session
	MayEnd  bool
	ByAvadb bool // an avadb that holds one of avadb's locks
}

// Terminated is what became of one session.
type Terminated struct {
	PID         int32    `json:"pid" col:""`           // of the backend
	User        string   `json:"user" col:""`          // role of the session
	Application string   `json:"application" col:""`   // application_name
	Database    string   `json:"database" col:""`      // connected to
	Client      string   `json:"client" col:""`        // address, local for a socket
	State       string   `json:"state" col:""`         // as in pg_stat_activity, before
	StateS      *float64 `json:"state_s" col:"num.0"`  // seconds that it had been in it
	Action      string   `json:"action" col:"status"`  // terminated; planned (a dry run); gone (by itself); kept (it was at work again); signalled (asked to end, and still there); skipped
	Reason      string   `json:"reason" col:"elastic"` // of skipped and kept
	Query       string   `json:"query" col:"elastic"`  // running, or the last one

	Kind string `json:"-"` // of skipped: the kind of session that is left alone; empty where it is its state
	Flag string `json:"-"` // that ends sessions of this kind too; empty: none does
}

// The actions of a Terminated.
const (
	ActionTerminated = "terminated"
	ActionPlanned    = "planned"
	ActionGone       = "gone"
	ActionKept       = "kept"
	ActionSignalled  = "signalled"
	ActionSkipped    = "skipped"
)

func (c *Candidate) row(action, reason string) Terminated {
	return Terminated{
		PID: c.PID, User: c.User, Application: c.Application, Database: c.Database, Client: c.Client, State: c.State, StateS: c.StateS,
		Action: action, Reason: reason, Query: c.Query,
	}
}

// Choose gives the sessions that are wanted, and those that would be if they were not of a kind that is left alone. It refuses where it
// cannot see what it would have to judge, and where the role may not end what is wanted.
func Choose(ctx context.Context, conn *pg.Conn, w Wanted) (chosen []Candidate, skipped []Terminated, err error) {
	candidates, err := query.Rows[Candidate](ctx, conn, "activity/candidates", journal.LockClass)
	if err != nil {
		return nil, nil, err
	}
	hidden := 0
	for i := range candidates {
		c := &candidates[i]
		switch why := w.why(c); {
		case !w.named(c):
		case c.BackendType == "":
			if c.Hidden() || len(w.PIDs) > 0 {
				hidden++
			}
		case !w.holds(c) && len(w.PIDs) > 0:
			skipped = append(skipped, c.row(ActionSkipped, "it is "+stateOf(&c.Session)))
		case !w.holds(c), why.kind == ownProcess && len(w.PIDs) == 0:
		case why.kind != "":
			row := c.row(ActionSkipped, why.String())
			row.Kind, row.Flag = why.kind, why.flag
			skipped = append(skipped, row)
		default:
			chosen = append(chosen, *c)
		}
	}
	if hidden > 0 {
		return nil, nil, fault.New(fault.Privilege, "nothing was ended: %d of the sessions that could be meant show this role neither kind nor state", hidden).
			WithHint("GRANT pg_read_all_stats TO %s; or name sessions of this role alone with --user", pg.Identifier(conn.Server.Role))
	}
	return chosen, skipped, mayEnd(conn, chosen)
}

// CheckNames refuses a role or database that the server does not have, with a fault.Usage: no session can be meant.
func CheckNames(ctx context.Context, conn *pg.Conn, w Wanted) error {
	there, err := query.One[struct{ Role, Database bool }](ctx, conn, "activity/names", w.User, w.Database)
	switch {
	case err != nil:
		return err
	case w.User != "" && !there.Role:
		return fault.New(fault.Usage, "--user %q is no role of the server", w.User).WithHint("avadb connections --only groups --by user shows whose sessions there are")
	case w.Database != "" && !there.Database:
		return fault.New(fault.Usage, "--database %q is no database of the server", w.Database).WithHint("avadb connections --only groups --by database shows where sessions are")
	}
	return nil
}

func stateOf(s *Session) string {
	if s.StateS == nil {
		return s.BackendType
	}
	return s.State + " for " + text(*s.StateS)
}

// named compares what every role may see.
func (w Wanted) named(c *Candidate) bool {
	is := func(wanted, has string) bool { return wanted == "" || wanted == has }
	return (len(w.PIDs) == 0 || slices.Contains(w.PIDs, c.PID)) && is(w.Application, c.Application) && is(w.User, c.User) && is(w.Database, c.Database) &&
		(c.BackendType == "" || is(w.Client, c.Client)) // the client of a hidden session is not visible either
}

// holds looks at the state.
func (w Wanted) holds(c *Candidate) bool {
	long := func(wanted time.Duration) bool { return wanted > 0 && c.StateS != nil && *c.StateS >= wanted.Seconds() }
	switch {
	case w.IdleInTransaction == 0 && w.Idle == 0:
		return true
	case c.InTransaction():
		return long(w.IdleInTransaction)
	}
	return c.State == Idle && long(w.Idle)
}

// alone is why a session is left alone, whatever it does.
type alone struct {
	kind string // in words
	flag string // that ends it too; empty: none does
}

func (a alone) String() string {
	if a.flag == "" {
		return a.kind
	}
	return a.kind + ": " + a.flag + " ends it too"
}

// ownProcess is what no flag ends.
const ownProcess = "a process of the server's own is never ended"

// why tells why a session is left alone; empty where it is not.
func (w Wanted) why(c *Candidate) alone {
	switch kind := c.BackendType; {
	case c.ByAvadb:
		return alone{kind: "an avadb at work, which holds avadb's lock"}
	case kind == "walsender" && !w.Replication:
		return alone{"it is a walsender", "--include-replication"}
	case kind == clientBackend, kind == "walsender":
	case isOwnProcess(kind):
		return alone{kind: ownProcess}
	case !w.Workers:
		return alone{"it is a worker of the server (" + kind + ")", "--include-workers"}
	}
	if c.Superuser && !w.Superusers {
		return alone{"it is a superuser's session", "--include-superusers"}
	}
	return alone{}
}

// isOwnProcess tells the processes without which the server does not go on. What is none of them and no client is a worker, whose type an
// extension may have named.
func isOwnProcess(kind string) bool {
	return slices.Contains([]string{
		"", "archiver", "autovacuum launcher", "background writer", "checkpointer", "io worker", "logger", "logical replication launcher",
		"slotsync worker", "startup", "walreceiver", "walsummarizer", "walwriter",
	}, kind)
}

// mayEnd names the GRANT that is missing.
func mayEnd(conn *pg.Conn, chosen []Candidate) error {
	for i := range chosen {
		c := &chosen[i]
		switch {
		case c.MayEnd:
		case c.Superuser || c.User == "":
			return fault.New(fault.Privilege, "nothing was ended: only a superuser may end the session %d of %s", c.PID, c.who()).WithHint("connect as a superuser with -U")
		default:
			return fault.New(fault.Privilege, "nothing was ended: this role may not end the session %d of %s", c.PID, c.who()).
				WithHint("GRANT pg_signal_backend TO %s", pg.Identifier(conn.Server.Role))
		}
	}
	return nil
}

func (s *Session) who() string {
	if s.User == "" {
		return "the server"
	}
	return "role " + s.User
}

// describe is a session as the journal keeps it: without its statement, which may hold anybody's data.
func (s *Session) describe() string {
	words := []string{fmt.Sprintf("%s of role %s, application %q, database %s, client %s", s.BackendType, s.User, pg.MaskSecrets(s.Application), s.Database, s.Client)}
	if s.State != "" {
		words = append(words, stateOf(s))
	}
	if s.Start != nil {
		words = append(words, "connected "+s.Start.UTC().Format(time.RFC3339))
	}
	return strings.Join(words, ", ")
}

// String says which sessions are wanted by their state.
func (w Wanted) String() string {
	var words []string
	if w.IdleInTransaction > 0 {
		words = append(words, "idle in a transaction for "+units.FormatDuration(w.IdleInTransaction))
	}
	if w.Idle > 0 {
		words = append(words, "idle for "+units.FormatDuration(w.Idle))
	}
	return strings.Join(words, " or ")
}
