package poolsize

import (
	"context"
	"time"

	"avadb/internal/fault"
	"avadb/internal/history"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/statements"
)

// Asked says what to look at, and for how long.
type Asked struct {
	Roles        []string      // of the application; empty: any
	Applications []string      // its application_names; empty: any
	Sample       time.Duration // 0: no sample
	Every        time.Duration // between two looks
}

// Unseen is what the role could not see, and the statement or command that shows it.
type Unseen struct {
	What string `json:"what"` // is not known, and why
	Next string `json:"next"` // the GRANT or command that gives it
}

// Seen is what a server showed.
type Seen struct {
	Limits     Limits
	Measures   []Measure
	Sessions   int // of the application at once, at most
	Blocked    int // of them, waiting for a lock at once, at most: in no measure of the sample
	asked      Asked
	OpenedPerS *float64 // sessions opened a second, since the counters began; nil: not known
	Unseen     []Unseen
}

type counters struct {
	TakenAt       time.Time  `db:"taken_at"`
	CountersSince *time.Time `db:"counters_since"`
	Transactions  int64
	ActiveMS      float64 `db:"active_ms"`
	WaitingMS     float64 `db:"waiting_ms"`
	Opened        int64
}

// sessions is one look at pg_stat_activity.
type sessions struct {
	Sessions, Working, Waiting, Blocked, Hidden int
	Others                                      int
	OthersHere                                  int `db:"others_here"`
}

// looks are those of a sample together.
type looks struct {
	n                                                   int
	working, waiting                                    int           // sums
	peak, sessions, blocked, hidden, others, othersHere int           // the most of one look
	own                                                 time.Duration // that avadb itself was in a transaction
}

func (l *looks) add(s sessions) {
	l.n++
	l.working += s.Working
	l.waiting += s.Waiting
	l.peak = max(l.peak, s.Working+s.Waiting)
	l.sessions = max(l.sessions, s.Sessions)
	l.blocked = max(l.blocked, s.Blocked)
	l.hidden = max(l.hidden, s.Hidden)
	l.others = max(l.others, s.Others)
	l.othersHere = max(l.othersHere, s.OthersHere)
}

// Read looks at the connected database's server. The sample ends early where the context does.
func Read(ctx context.Context, conn *pg.Conn, asked Asked) (*Seen, error) {
	limits, err := readLimits(ctx, conn, asked)
	if err != nil {
		return nil, err
	}
	seen := &Seen{Limits: limits, asked: asked}
	before, err := query.One[counters](ctx, conn, "poolsize/counters")
	if err != nil {
		return nil, err
	}
	said := seen.readStatements(ctx, conn)
	seen.addCounters(before, asked)
	l, err := sample(ctx, conn, asked)
	if err != nil {
		return nil, err
	}
	after, err := query.One[counters](ctx, conn, "poolsize/counters")
	if err != nil {
		return nil, err
	}
	seen.addSample(conn, l, before, after, asked)
	if said != nil {
		seen.addStatements(ctx, conn, *said)
	}
	seen.finish(l)
	return seen, nil
}

func readLimits(ctx context.Context, conn *pg.Conn, asked Asked) (Limits, error) {
	row, err := query.One[struct {
		MaxConnections    int    `db:"max_connections"`
		SuperuserReserved int    `db:"superuser_reserved"`
		Reserved          int    `db:"reserved"`
		DatabaseLimit     *int   `db:"database_limit"`
		RoleLimit         *int   `db:"role_limit"`
		UnknownRole       string `db:"unknown_role"`
	}](ctx, conn, "poolsize/limits", notNil(asked.Roles))
	if err == nil && row.UnknownRole != "" { // its sessions would be nobody's, and all others in the way
		err = fault.New(fault.NotFound, "there is no role %s", pg.Identifier(row.UnknownRole)).WithHint("psql -c '\\du' lists the roles")
	}
	return Limits{
		MaxConnections: row.MaxConnections, SuperuserReserved: row.SuperuserReserved, Reserved: row.Reserved,
		DatabaseLimit: row.DatabaseLimit, RoleLimit: row.RoleLimit,
	}, err
}

func notNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// leastPause is how many times as long as a look takes the pause after it is: thousands of sessions must not be counted all the time.
const leastPause = 19

// sample looks over and over, within one transaction: one of its own for each look would count among the application's.
func sample(ctx context.Context, conn *pg.Conn, asked Asked) (l looks, err error) {
	began := time.Now()
	defer func() { l.own = time.Since(began) }()
	err = query.ReadOnly(ctx, conn, "poolsize/sessions", func() error {
		for end := time.Now().Add(asked.Sample); ; {
			if _, err := query.Rows[struct{ Done bool }](ctx, conn, "poolsize/fresh"); err != nil {
				return err
			}
			looked := time.Now()
			s, err := query.One[sessions](ctx, conn, "poolsize/sessions", notNil(asked.Roles), notNil(asked.Applications))
			if err != nil {
				return err
			}
			l.add(s)
			if time.Until(end) <= 0 {
				return nil
			}
			select {
			case <-ctx.Done():
				return pg.Describe(ctx, ctx.Err())
			case <-time.After(min(max(asked.Every, leastPause*time.Since(looked)), time.Until(end))):
			}
		}
	})
	return l, err
}

// wholeDatabase tells whether the application is all that is in the database: whose counters are those of everybody in it.
func (a Asked) wholeDatabase() bool { return len(a.Roles) == 0 && len(a.Applications) == 0 }

// addCounters takes what was counted since the counters began.
func (s *Seen) addCounters(c counters, asked Asked) {
	if c.CountersSince == nil {
		return
	}
	from := c.CountersSince.UTC()
	length := c.TakenAt.Sub(from)
	if length < time.Minute {
		return
	}
	opened := float64(c.Opened) / length.Seconds()
	s.OpenedPerS = &opened
	if asked.wholeDatabase() {
		s.Measures = append(s.Measures, between(Counters, counters{TakenAt: from}, c))
	}
}

// between is what was counted from one reading to the other.
func between(source string, a, b counters) Measure {
	length := b.TakenAt.Sub(a.TakenAt)
	ms := float64(length.Microseconds()) / 1000
	active := (b.ActiveMS - a.ActiveMS) / ms
	from := a.TakenAt.UTC()
	m := Measure{Source: source, Busy: active + (b.WaitingMS-a.WaitingMS)/ms, Active: &active, From: &from, To: b.TakenAt.UTC()}
	rate := float64(b.Transactions-a.Transactions) / length.Seconds()
	m.setRate(rate)
	return m
}

// setRate adds the rate and, by Little's law, the time that follows from it.
func (m *Measure) setRate(rate float64) {
	if rate <= 0 || m.Busy < least { // what little there is then may be avadb's own
		return
	}
	hold := 1000 * m.Busy / rate
	m.Rate, m.HoldMS = &rate, &hold
}

// addSample takes the busy connections from the looks and the rate of transactions from the counters.
func (s *Seen) addSample(conn *pg.Conn, l looks, before, after counters, asked Asked) {
	if l.hidden > 0 {
		s.Unseen = append(s.Unseen, Unseen{
			What: "what the sessions of other roles do: they show no state, and background processes among them count as sessions",
			Next: "GRANT pg_monitor TO " + pg.Identifier(conn.Server.Role),
		})
	}
	if asked.Sample <= 0 {
		return
	}
	if l.hidden > 0 {
		if asked.wholeDatabase() && after.Transactions > before.Transactions+1 {
			after.WaitingMS = max(after.WaitingMS-float64(l.own.Milliseconds()), before.WaitingMS)
			s.Measures = append(s.Measures, between(Sample, before, after))
		}
		return
	}
	n := float64(l.n)
	active, from, peak := float64(l.working)/n, before.TakenAt.UTC(), l.peak
	m := Measure{Source: Sample, Busy: float64(l.working+l.waiting) / n, Active: &active, Peak: &peak, From: &from, To: after.TakenAt.UTC()}
	if asked.wholeDatabase() {
		m.setRate(float64(after.Transactions-before.Transactions) / after.TakenAt.Sub(before.TakenAt).Seconds())
	}
	s.Measures = append(s.Measures, m)
}

// readStatements reads pg_stat_statements before the sample; nil where that cannot be.
func (s *Seen) readStatements(ctx context.Context, conn *pg.Conn) *statements.Totals {
	totals, err := statements.ReadTotals(ctx, conn)
	if err == nil {
		return &totals
	}
	f := fault.As(err)
	if f == nil {
		f = fault.New(fault.Failed, "%w", err)
	}
	s.Unseen = append(s.Unseen, Unseen{What: "the statements: " + f.Message, Next: f.Hint})
	return nil
}

// addStatements takes what the statements of the whole server did during the sample.
func (s *Seen) addStatements(ctx context.Context, conn *pg.Conn, before statements.Totals) {
	after, err := statements.ReadTotals(ctx, conn)
	if err != nil {
		return
	}
	done, reason := after.Since(before)
	length := after.TakenAt.Sub(before.TakenAt)
	if reason != "" || length < time.Second || done.Calls == 0 {
		return
	}
	from := before.TakenAt.UTC()
	m := Measure{Source: Statements, Busy: done.TotalMS / float64(length.Microseconds()) * 1000, From: &from, To: after.TakenAt.UTC()}
	m.setRate(float64(done.Calls) / length.Seconds())
	s.Measures = append(s.Measures, m)
}

// finish works out the room.
func (s *Seen) finish(l looks) {
	s.Sessions, s.Blocked = l.sessions, l.blocked
	s.Limits.Others = l.others
	s.Limits = s.Limits.withRoom(l.othersHere)
}

// withRoom works out what is left for the application; othersHere are those of the others that are in the same database.
func (l Limits) withRoom(othersHere int) Limits {
	l.Room = l.MaxConnections - l.SuperuserReserved - l.Reserved - l.Others
	if l.DatabaseLimit != nil {
		left := max(*l.DatabaseLimit-othersHere, 0)
		l.DatabaseLimit = &left
		l.Room = min(l.Room, left)
	}
	if l.RoleLimit != nil {
		l.Room = min(l.Room, *l.RoleLimit)
	}
	return l
}

// Busiest gives the busiest interval of the history since a moment; nil where it holds none.
func Busiest(ctx context.Context, store *history.Store, server *history.Server, database string, since time.Time) (*Measure, error) {
	rows, err := query.Rows[struct {
		Begins, Ends time.Time
		Calls        int64
		TotalMS      float64 `db:"total_ms"`
	}](ctx, store.Conn, "poolsize/busiest", server.ID, database, since)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	r := rows[0]
	length, from := r.Ends.Sub(r.Begins), r.Begins.UTC()
	m := Measure{Source: History, Busy: r.TotalMS / float64(length.Microseconds()) * 1000, From: &from, To: r.Ends.UTC()}
	m.setRate(float64(r.Calls) / length.Seconds())
	return &m, nil
}
