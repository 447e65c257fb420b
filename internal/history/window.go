package history

import (
	"context"
	"fmt"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/slowlog"
	"avadb/internal/statements"
)

// Span is a window that is asked for, on the watched server's clock.
type Span struct {
	From, To time.Time
	Live     bool // it ends now: what was counted since the last snapshot is read from the server
}

// ReadSpan reads the server's clock. end is nil for a window that ends now.
func ReadSpan(ctx context.Context, conn *pg.Conn, begin, end statements.Begin) (Span, error) {
	now, err := slowlog.Now(ctx, conn)
	if err != nil {
		return Span{}, err
	}
	s := Span{To: now, Live: true}
	if s.From, err = begin(now); err == nil && end != nil {
		s.To, err = end(now)
		s.Live = !s.To.Before(now)
	}
	if err == nil && !s.From.Before(s.To) {
		err = fault.New(fault.Usage, "the window ends at %s, and begins at %s", stamp(s.To), stamp(s.From))
	}
	return s, err
}

// Shifted is the same window a while before.
func (s Span) Shifted(back time.Duration) Span {
	return Span{From: s.From.Add(-back), To: s.To.Add(-back)}
}

// boundary is a snapshot of a window.
type boundary struct {
	ID         int32
	TakenAt    time.Time  `db:"taken_at"`
	StartedAt  time.Time  `db:"started_at"`
	StatsReset *time.Time `db:"stats_reset"`
	Evictions  int64
	NotVisible int64 `db:"not_visible"`
	Gap        bool
	Flags      []string
}

func (b *boundary) has(flag string) bool {
	for _, f := range b.Flags {
		if f == flag {
			return true
		}
	}
	return false
}

// Window answers what was counted in a window. nil where the history has no snapshot for it.
func (s *Store) Window(ctx context.Context, conn *pg.Conn, server *Server, span Span, scope statements.Scope) (*statements.Slow, error) {
	a := &answer{span: span, groups: map[groupKey]*group{}}
	found, err := s.piece(ctx, conn, server.ID, span, scope, a)
	if err != nil {
		return nil, err
	}
	if found, err = s.addEarlier(ctx, server, scope, a, found); err != nil || !found {
		return nil, err
	}
	a.admitEnds()
	rows := a.top(scope)
	if err := s.fillTexts(ctx, rows); err != nil {
		return nil, err
	}
	return a.slow(rows), nil
}

// admitEnds says first how what was counted differs from what was asked for.
func (a *answer) admitEnds() {
	others := a.reasons
	a.reasons = nil
	w := a.window()
	switch {
	case !a.from.Before(a.to):
		a.weak = true
		a.because("the window holds one snapshot alone, of %s, and a window is the difference of two: nothing is counted", stamp(a.from))
	case a.from.After(a.span.From):
		a.because("the first snapshot of the window is of %s: what ran before it is not counted", stamp(a.from))
	case w.BeginsEarly():
		a.because("the snapshot before the window is of %s: what ran between it and the window is counted, too", stamp(a.from))
	}
	switch {
	case a.span.Live || !a.from.Before(a.to):
	case a.to.Before(a.span.To):
		a.because("the last snapshot of the window is of %s: what ran after it is not counted", stamp(a.to))
	case w.EndsLate():
		a.because("the snapshot after the window is of %s: what ran between the window and it is counted, too", stamp(a.to))
	}
	a.reasons = append(a.reasons, others...)
}

// piece adds what one server's history holds of the window; conn is nil for a server that is no more. What the store holds is read as it
// stands at one moment: a snapshot that is written meanwhile, or pruned, would take from the sum what the counters no longer show.
func (s *Store) piece(ctx context.Context, conn *pg.Conn, server int32, span Span, scope statements.Scope, a *answer) (bool, error) {
	var boundaries []boundary
	var rows []summed
	var newest *standing
	end := span.To
	if span.Live {
		end = endOfTime
	}
	err := query.ReadOnly(ctx, s.Conn, "history/window", func() (err error) {
		if boundaries, err = query.Rows[boundary](ctx, s.Conn, "history/window_snapshots", server, span.From, end, (span.To.Sub(span.From) / statements.Tolerance).Seconds()); err != nil || len(boundaries) == 0 {
			return err
		}
		a.from = boundaries[0].TakenAt
		if span.Live {
			if newest, err = s.standing(ctx, server); err != nil {
				return err
			}
		}
		rows, err = query.Rows[summed](ctx, s.Conn, "history/window_statements", server, boundaries[0].ID, boundaries[len(boundaries)-1].ID, a.from)
		return err
	})
	if err != nil || len(boundaries) == 0 {
		return false, err
	}
	names, err := readCatalog(ctx, conn)
	if err != nil {
		return false, err
	}
	var now *remainder
	if newest != nil {
		if now, err = s.remainder(ctx, conn, server, newest); err != nil {
			return false, err
		}
	}
	a.cover(boundaries, now)
	for i := range rows {
		g := rows[i].group(server)
		if names.rename(g); g.in(scope) {
			a.add(g)
		}
	}
	if now != nil {
		a.addRemainder(now, server, names, scope)
	}
	return true, nil
}

// endOfTime is after every snapshot.
var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// fillTexts reads the texts of the rows that have none yet, each from the server whose history it is of.
func (s *Store) fillTexts(ctx context.Context, rows []*group) error {
	missing := map[int32][]*group{}
	for _, g := range rows {
		if g.Query == "" && g.statement != 0 {
			missing[g.server] = append(missing[g.server], g)
		}
	}
	for server, groups := range missing {
		texts, err := query.Rows[struct {
			ID    int32
			Query *string
		}](ctx, s.Conn, "history/window_texts", server, column(groups, func(g *group) int32 { return g.statement }))
		if err != nil {
			return err
		}
		known := make(map[int32]*string, len(texts))
		for _, t := range texts {
			known[t.ID] = t.Query
		}
		for _, g := range groups {
			g.Query = value(known[g.statement])
		}
	}
	return nil
}

// cover notes which part of the window the snapshots cover, and what of it may be missing.
func (a *answer) cover(boundaries []boundary, now *remainder) {
	first, last := boundaries[0], boundaries[len(boundaries)-1]
	a.from, a.to = first.TakenAt, last.TakenAt
	steps := boundaries[1:]
	if now != nil {
		a.to, a.notVisible = now.TakenAt, now.NotVisible
		steps = append(steps, now.boundary())
	} else {
		a.notVisible = last.NotVisible
	}
	if now != nil && now.NotVisible > last.NotVisible {
		a.weak = true
		a.because("%d statements of other roles are not visible to this one: what they counted since %s is not in the answer", now.NotVisible, stamp(last.TakenAt))
	}
	evictions := int64(0)
	before := first.TakenAt
	for i := range steps {
		step := &steps[i]
		a.step(step, before)
		evictions += step.Evictions
		before = step.TakenAt
	}
	if evictions > 0 {
		a.weak = true
		a.because("entries were evicted %d times, with what they had counted: raise pg_stat_statements.max (avadb enable-stats --max)", evictions)
	}
}

// step notes what happened in the interval that ends with a snapshot.
func (a *answer) step(step *boundary, before time.Time) {
	switch {
	case step.has(FlagNode), step.has(FlagFirst):
		a.lose(before, step.TakenAt)
		a.because("at %s another node's counters took over: what ran since %s is not counted", stamp(step.TakenAt), stamp(before))
	case step.has(FlagReset) && step.StatsReset != nil:
		a.lose(before, *step.StatsReset)
		a.because("the counters were reset, or lost in a crash, at %s: what ran since %s and before it is not counted", stamp(*step.StatsReset), stamp(before))
	}
	if step.has(FlagRestart) && !step.has(FlagReset) {
		a.weak = true
		a.because("the server was started at %s: if it ran without pg_stat_statements between %s and then, what ran in that time is not counted", stamp(step.StartedAt), stamp(before))
	}
	if step.has(FlagForgotten) {
		a.weak = true
		a.because("before %s the counters of single statements were reset: what these had counted since %s is not known", stamp(step.TakenAt), stamp(before))
	}
	if step.has(FlagHidden) {
		a.weak = true
		a.because("before %s the role did not see all statements", stamp(step.TakenAt))
	}
	if step.has(FlagClock) {
		a.weak = true
		a.because("the server's clock went back before %s", stamp(step.TakenAt))
	}
}

// lose takes a time out of what is covered.
func (a *answer) lose(from, to time.Time) {
	a.weak = true
	if from.Before(a.span.From) {
		from = a.span.From
	}
	if to.After(from) {
		a.lost += to.Sub(from)
	}
}

func (a *answer) because(format string, args ...any) {
	a.reasons = append(a.reasons, fmt.Sprintf(format, args...))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
