package activity

import (
	"cmp"
	"slices"
	"time"
)

// preparedRow is a prepared transaction.
type preparedRow struct {
	GID      string `db:"gid"`
	User     string
	Database string
	XactS    float64
}

// Rules say from when on something is worth a look.
type Rules struct {
	IdleInTransaction time.Duration // CNX03 warns from here on
	LongTransaction   time.Duration // CNX04 likewise
	Leaks             LeakRules
}

// DefaultRules are those of the checklist.
func DefaultRules() Rules {
	return Rules{IdleInTransaction: time.Minute, LongTransaction: 5 * time.Minute, Leaks: defaultLeakRules()}
}

// The reasons of a Transaction.
const (
	reasonIdle     = "idle_in_transaction"
	reasonLong     = "long_transaction"
	reasonPrepared = "prepared"
)

// Transaction is one that has been open, or idle, for too long: it holds locks and keeps VACUUM back.
type Transaction struct {
	PID         *int32   `json:"pid" col:""`           // null: a prepared transaction, which has no session
	GID         *string  `json:"gid" col:""`           // of a prepared transaction, else null
	Reason      string   `json:"reason" col:""`        // idle_in_transaction, long_transaction or prepared
	XactS       *float64 `json:"xact_s" col:"num.0"`   // seconds since it began
	StateS      *float64 `json:"state_s" col:"num.0"`  // seconds in its state; null for a prepared one
	User        string   `json:"user" col:""`          // role of the session, or owner
	Application string   `json:"application" col:""`   // application_name
	Database    string   `json:"database" col:""`      // connected to
	Client      string   `json:"client" col:""`        // address, local for a socket
	State       string   `json:"state" col:""`         // as in pg_stat_activity
	Pooled      *string  `json:"pooled_client" col:""` // who uses it through PgBouncer: application and address; null: nobody, or not asked
	Query       string   `json:"query" col:"elastic"`  // running, or the last one
	End         string   `json:"end" col:"elastic"`    // the command that ends it
}

// Transactions gives the transactions that are idle or open for longer than the rules say, and prepared ones, the oldest first.
func (s *Snapshot) Transactions(r Rules, ends Ends) []Transaction {
	var rows []Transaction
	for i := range s.Sessions {
		session := &s.Sessions[i]
		reason := r.reason(session)
		if reason == "" {
			continue
		}
		rows = append(rows, Transaction{
			PID: &session.PID, Reason: reason, XactS: session.XactS, StateS: session.StateS, User: session.User, Application: session.Application,
			Database: session.Database, Client: session.Client, State: session.State, Pooled: s.pooledClient(session.PID),
			Query: session.Query, End: ends.session(session),
		})
	}
	for _, p := range s.prepared {
		if p.XactS > r.LongTransaction.Seconds() {
			end, _ := s.endPrepared(p.GID)
			rows = append(rows, Transaction{
				GID: &p.GID, Reason: reasonPrepared, XactS: &p.XactS, User: p.User, Database: p.Database, State: "prepared", End: end,
			})
		}
	}
	slices.SortStableFunc(rows, func(a, b Transaction) int { return cmp.Compare(seconds(b.XactS), seconds(a.XactS)) })
	return rows
}

func (r Rules) reason(s *Session) string {
	switch {
	case s.BackendType != clientBackend:
		return ""
	case s.InTransaction() && seconds(s.StateS) > r.IdleInTransaction.Seconds():
		return reasonIdle
	case seconds(s.XactS) > r.LongTransaction.Seconds():
		return reasonLong
	}
	return ""
}

func seconds(s *float64) float64 {
	if s == nil {
		return 0
	}
	return *s
}
