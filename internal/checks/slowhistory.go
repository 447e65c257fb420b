package checks

import (
	"context"
	"fmt"
	"time"

	"avadb/internal/fault"
	"avadb/internal/history"
	"avadb/internal/slowlog"
	"avadb/internal/statements"
)

// slowMS is from where on a statement is slow: the collector's own threshold.
const slowMS = 100

// slowHour are the checks of the group SLW that look at the last hour.
func slowHour() (slow, coverage, freshness Check) {
	many := between(0, 100)      // a few deserve a look; a hundred different ones are no statement's fault
	missing := between(10, 50)   // percent that nobody can tell about
	old := between(15*60, 60*60) // a minute is usual, and a quarter of an hour no hiccup
	return Check{ID: "SLW01", Title: "slow statements in the last hour", Unit: "statements", Threshold: many, Needs: "pg_read_all_stats", Run: slowCheck(many)},
		Check{ID: "SLW02", Title: "part of the last hour without a history", Unit: "pct", Threshold: missing, Needs: "any role", Run: coverageCheck(missing)},
		Check{ID: "SLW04", Title: "age of the newest snapshot", Unit: "s", Threshold: old, Needs: "any role", Run: freshnessCheck(old)}
}

// hour is what the history says of the last one. All is nil where there is no history.
type hour struct {
	answer    *statements.Slow
	evictions *int64
	begin     time.Time  // of the hour
	oldest    *time.Time // snapshot of this server
	newest    *time.Time // likewise
	age       time.Duration
	failed    *string // what the last collection failed with
}

// minutes that were counted: more than 60 where the snapshot before the hour is old.
func (h *hour) minutes() float64 {
	if h.answer == nil || h.answer.Window.CoveredFrom == nil {
		return 0
	}
	return h.answer.Window.CoveredTo.Sub(*h.answer.Window.CoveredFrom).Minutes()
}

// lastHour reads it once.
func (e *Env) lastHour(ctx context.Context) (*hour, error) {
	if e.hour != nil {
		return e.hour, nil
	}
	store, server, err := e.History(ctx)
	if err != nil {
		return nil, err
	}
	h := &hour{}
	if store != nil {
		defer store.Close()
		if h, err = readHour(ctx, e, store, server); err != nil {
			return nil, err
		}
	}
	e.hour = h
	return h, nil
}

func readHour(ctx context.Context, e *Env, store *history.Store, server *history.Server) (*hour, error) {
	span, err := history.ReadSpan(ctx, e.Conn, statements.Ago(time.Hour), nil)
	if err != nil {
		return nil, err
	}
	about, err := store.Status(ctx, server)
	if err != nil || about.LastCollect == nil {
		return &hour{}, err
	}
	h := &hour{begin: span.From, oldest: about.From, newest: &about.LastCollect.At, age: span.To.Sub(about.LastCollect.At), failed: about.LastCollect.Error}
	if h.evictions, err = store.Evictions(ctx, server, span); err != nil {
		return nil, err
	}
	h.answer, err = store.Window(ctx, e.Conn, server, span, statements.Scope{By: statements.ByTotal})
	if f := fault.As(err); f != nil && f.Kind == fault.Prerequisite {
		return h, nil // the counters cannot be read now, which other checks say
	}
	return h, err
}

func (e *Env) noHistory() Outcome {
	return skipped("no history is kept of this server", e.command("slowlog collect --every 1m"))
}

// slowCheck counts the different statements that were slow: by the history those with such a mean, and all that the connected
// database's table has.
func slowCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		h, err := e.lastHour(ctx)
		if err != nil {
			return Outcome{}, err
		}
		logged, err := e.loggedHour(ctx)
		switch {
		case err != nil:
			return Outcome{}, err
		case h.answer == nil && logged == nil:
			return e.noHistory(), nil
		}
		o := judgeSlow(t, h.answer, logged, e.command("slow --since 1h"))
		if h.answer != nil && h.answer.NotVisible > 0 && o.Status == OK {
			return Outcome{}, e.lacks(fmt.Sprintf("%d statements of other roles are not visible", h.answer.NotVisible), "pg_read_all_stats")
		}
		return o, nil
	}
}

// loggedHour reads the connected database's table; nil where there is none.
func (e *Env) loggedHour(ctx context.Context) (*statements.Slow, error) {
	table, err := slowlog.Find(ctx, e.Conn, "")
	if err != nil || !isInstalled(table) {
		return nil, err
	}
	return slowlog.Slow(ctx, e.Conn, table, statements.Ago(time.Hour), nil, "", statements.Scope{By: statements.ByTotal})
}

func judgeSlow(t Threshold, counted, logged *statements.Slow, fix string) Outcome {
	slow, worst, longest := map[string]bool{}, "", 0.0
	note := func(s *statements.Statement, ms float64) {
		key := s.Query
		if s.Signature != nil {
			key = *s.Signature
		}
		slow[key] = true
		if ms > longest {
			worst, longest = key, ms
		}
	}
	if counted != nil {
		for i := range counted.Statements {
			if s := &counted.Statements[i]; s.MeanMS > slowMS {
				note(s, s.MeanMS)
			}
		}
	}
	if logged != nil {
		for i := range logged.Statements {
			note(&logged.Statements[i], logged.Statements[i].MeanMS)
		}
	}
	if len(slow) == 0 {
		return t.measured(0, fmt.Sprintf("none took more than %d ms on average, and none was logged", slowMS), "")
	}
	return t.measured(float64(len(slow)), fmt.Sprintf("the slowest took %.0f ms on average: %.60s", longest, worst), fix)
}

func coverageCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		h, err := e.lastHour(ctx)
		switch {
		case err != nil:
			return Outcome{}, err
		case h.newest == nil:
			return e.noHistory(), nil
		case h.answer == nil || h.answer.Window.CoveragePct == nil:
			return unseen("the counters cannot be read now (PSS01, PSS02)", e.command("enable-stats")), nil
		}
		w := h.answer.Window
		detail := fmt.Sprintf("%g%% of it is covered", *w.CoveragePct)
		if h.oldest != nil && h.oldest.After(h.begin) && w.CoveredFrom != nil && !w.CoveredFrom.Before(*h.oldest) {
			detail += ": the history begins at " + h.oldest.UTC().Format(time.RFC3339)
		} else if len(w.Reasons) > 0 {
			detail += ": " + w.Reasons[0]
		}
		o := t.measured(100-*w.CoveragePct, detail, e.command("slowlog status"))
		if o.Status == Fail && h.young(*t.Fail) {
			o.Status = Warn
		}
		return o, nil
	}
}

// young tells that the hour is not covered only because the history began in it: of the time since then less than a limit is missing, in percent,
// or less than a minute.
func (h *hour) young(limit float64) bool {
	if h.oldest == nil || !h.oldest.After(h.begin) {
		return false
	}
	asked, before := h.answer.Window.RequestedTo.Sub(h.begin).Seconds(), h.oldest.Sub(h.begin).Seconds()
	missing := asked*(1-*h.answer.Window.CoveragePct/100) - before
	return missing < max(limit/100*(asked-before), time.Minute.Seconds())
}

func freshnessCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		h, err := e.lastHour(ctx)
		switch {
		case err != nil:
			return Outcome{}, err
		case h.newest == nil:
			return e.noHistory(), nil
		}
		detail := "the newest snapshot is of " + h.newest.UTC().Format(time.RFC3339)
		if h.failed != nil {
			detail += "; the last attempt failed: " + *h.failed
		}
		return t.measured(max(h.age.Seconds(), 0), detail, e.command("slowlog collect --every 1m")), nil
	}
}
