package checks

import (
	"context"
	"fmt"
	"time"

	"avadb/internal/activity"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/units"
)

// lostSessions are the checks of the group CNX that look for sessions that somebody lost, or that wait.
func lostSessions() []Check {
	idle := above(10)           // a pool closes what it has not needed for an hour; ten is the default size of several
	blocked := between(60, 120) // users have given up by then
	growth := above(0)
	return []Check{
		{ID: "CNX05", Title: "sessions of one application idle for an hour", Unit: "sessions", Threshold: idle, Needs: monitor, Run: idleLeakCheck(idle, time.Hour)},
		{ID: "CNX06", Title: "blocked sessions", Unit: "s", Threshold: blocked, Needs: monitor, Run: blockedCheck(blocked)},
		{ID: "CNX07", Title: "sessions killed, failed or abandoned", Unit: "sessions", Threshold: growth, Needs: "any role", Run: endsCheck(growth, time.Second)},
	}
}

// idleApplication is the application with the most sessions that have been idle for long.
type idleApplication struct {
	Application  string
	User         string
	Client       string
	Count        int
	Seconds      float64
	Applications int
}

func idleLeakCheck(t Threshold, long time.Duration) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		if err := e.needStats(ctx); err != nil {
			return Outcome{}, err
		}
		rows, err := query.Rows[idleApplication](ctx, e.Conn, "checks/idle_applications", long.Seconds())
		if err != nil {
			return Outcome{}, err
		}
		outcome := t.measured(0, "none", "")
		if len(rows) > 0 {
			r := rows[0]
			detail := fmt.Sprintf("application %q: %s idle for more than %s, the first for %s, such as those of role %s from %s", r.Application, countedSessions(r.Count),
				units.FormatDuration(long), units.FormatDuration(time.Duration(r.Seconds*float64(time.Second))), r.User, r.Client)
			outcome = t.measured(float64(r.Count), detail, e.command("connections --only leaks,groups"))
		}
		if outcome.Status != OK {
			return outcome, nil
		}
		return e.orUntracked(ctx, outcome)
	}
}

func countedSessions(n int) string {
	if n == 1 {
		return "1 session"
	}
	return fmt.Sprintf("%d sessions", n)
}

func blockedCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		if err := e.needStats(ctx); err != nil {
			return Outcome{}, err
		}
		snapshot, err := activity.Read(ctx, e.Conn)
		if err != nil {
			return Outcome{}, err
		}
		return judgeBlocked(t, snapshot.Blocking(func(...string) string { return "" }), e), nil
	}
}

// judgeBlocked judges the longest wait, and names the root of its tree: that is who must end.
func judgeBlocked(t Threshold, tree []activity.Blocking, e *Env) Outcome {
	var root, longest, rootOfLongest *activity.Blocking
	count := 0
	for i := range tree {
		b := &tree[i]
		if b.Depth == 0 {
			root = b
		}
		if b.LockMode == nil {
			continue
		}
		count++
		if longest == nil || waited(b) > waited(longest) {
			longest, rootOfLongest = b, root
		}
	}
	if longest == nil {
		return t.measured(0, "none", "")
	}
	detail := fmt.Sprintf("%d; the longest: pid %d, role %s, %s", count, *longest.PID, longest.User, longest.Lock())
	if longest.Relation != nil {
		detail += " of " + *longest.Relation
	}
	fix := e.command("connections --only blocking")
	switch r := rootOfLongest; {
	case r.GID != nil && *r.GID != "":
		detail += fmt.Sprintf("; at the root: the prepared transaction %s, to be ended in database %s", pg.TypeableLiteral(*r.GID), r.Database)
	case r.PID != nil:
		detail += fmt.Sprintf("; at the root: pid %d, role %s, database %s, application %q, which blocks %d", *r.PID, r.User, r.Database, r.Application, r.Blocks)
		if r.State != nil {
			detail += ", " + *r.State
		}
	}
	switch r := rootOfLongest; {
	case r.EndSQL == nil:
	case r.GID != nil: // the statement works in that database alone
		fix = *r.End
	default:
		fix = *r.EndSQL
	}
	return t.measured(waited(longest), detail, fix)
}

func waited(b *activity.Blocking) float64 {
	if b.WaitS == nil {
		return 0
	}
	return *b.WaitS
}

// SessionEnds counts the sessions of one database that did not end by their client's word.
type SessionEnds struct {
	Database  int64      `json:"database"`  // its OID
	Killed    int64      `json:"killed"`    // by pg_terminate_backend, or a shutdown
	Fatal     int64      `json:"fatal"`     // by an error
	Abandoned int64      `json:"abandoned"` // the client was lost
	Reset     *time.Time `json:"reset"`     // when the counters began anew; null: never
}

// readSessionEnds reads the counters of all databases.
func readSessionEnds(ctx context.Context, e *Env) ([]SessionEnds, error) {
	return query.Rows[SessionEnds](ctx, e.Conn, "checks/session_ends")
}

// since is what was counted after an earlier reading, over all databases. A database that is new, or whose counters began anew, counts
// from its beginning.
func endsSince(now, earlier []SessionEnds) (sum SessionEnds) {
	before := map[int64]SessionEnds{}
	for _, b := range earlier {
		before[b.Database] = b
	}
	for _, n := range now {
		b := before[n.Database]
		if !sameTime(n.Reset, b.Reset) || n.Killed < b.Killed || n.Fatal < b.Fatal || n.Abandoned < b.Abandoned {
			b = SessionEnds{}
		}
		sum.Killed += n.Killed - b.Killed
		sum.Fatal += n.Fatal - b.Fatal
		sum.Abandoned += n.Abandoned - b.Abandoned
	}
	return sum
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

func (s SessionEnds) String() string {
	return fmt.Sprintf("%d killed, %d failed, %d abandoned", s.Killed, s.Fatal, s.Abandoned)
}

// endsCheck looks at the growth: since the figures of --against were saved, else within a moment.
func endsCheck(t Threshold, moment time.Duration) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		earlier, since, err := e.earlierEnds(ctx, moment)
		if err != nil {
			return Outcome{}, err
		}
		now, err := readSessionEnds(ctx, e)
		if err != nil {
			return Outcome{}, err
		}
		grown := endsSince(now, earlier)
		detail := fmt.Sprintf("%s %s; %s since the counters began", grown, since, endsSince(now, nil))
		return t.measured(float64(grown.Killed+grown.Fatal+grown.Abandoned), detail,
			"SELECT datname, sessions, sessions_killed, sessions_fatal, sessions_abandoned FROM pg_catalog.pg_stat_database ORDER BY sessions_killed + sessions_fatal + sessions_abandoned DESC"), nil
	}
}

// earlierEnds is the reading to compare with, and since when that is.
func (e *Env) earlierEnds(ctx context.Context, moment time.Duration) (earlier []SessionEnds, since string, err error) {
	if a := e.Against; a != nil && a.SessionEnds != nil && a.OfNode(e.Conn.Server) {
		return a.SessionEnds, "since the figures were saved", nil
	}
	if earlier, err = readSessionEnds(ctx, e); err != nil {
		return nil, "", err
	}
	select {
	case <-ctx.Done():
		return nil, "", pg.Describe(ctx, ctx.Err())
	case <-time.After(moment):
	}
	return earlier, "within " + units.FormatDuration(moment), nil
}
