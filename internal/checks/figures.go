package checks

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"avadb/internal/history"
	"avadb/internal/slowlog"
	"avadb/internal/statements"
)

// averageQuery is the execution time of a top-level statement, over the whole server and without avadb's own.
func averageQuery() Figure {
	return Figure{Name: "avg_query_ms", Unit: "ms", Better: lower, Measure: func(ctx context.Context, e *Env, before *Kept) (Kept, error) {
		now, err := statements.ReadTotals(ctx, e.Conn)
		if err != nil {
			return Kept{}, err
		}
		state, err := json.Marshal(now)
		if err != nil {
			return Kept{}, err
		}
		span, detail, continued := spanSince(now, before)
		if !continued {
			if window, covered := e.spanByHistory(ctx, before); window != nil {
				span, detail = *window, covered
			}
		}
		detail = fmt.Sprintf("%d calls %s", span.Calls, detail)
		return Kept{Value: span.MeanMS(), Detail: detail, State: state}, nil
	}}
}

// spanSince is what was counted since the earlier reading where the counters continue it, else since their reset.
func spanSince(now statements.Totals, before *Kept) (span statements.Totals, detail string, continued bool) {
	since := "since the reset"
	if now.StatsReset != nil {
		since += " of " + now.StatsReset.UTC().Format(time.RFC3339)
	}
	if before == nil {
		return now, since, false
	}
	earlier, kept := before.totals()
	if !kept {
		return now, since + ": nothing was counted before", false
	}
	between, reason := now.Since(earlier)
	if reason != "" {
		return now, since + ": " + reason, false
	}
	return between, "since the figures were saved", true
}

// totals are the counters that a file keeps.
func (k *Kept) totals() (t statements.Totals, kept bool) {
	return t, k.State != nil && json.Unmarshal(k.State, &t) == nil
}

// enoughCovered is the part of the time between, in percent, for which a history speaks.
const enoughCovered = 90

// spanByHistory is what the history has counted since the earlier reading; nil where there is none, or it covers too little.
func (e *Env) spanByHistory(ctx context.Context, before *Kept) (*statements.Totals, string) {
	if before == nil {
		return nil, ""
	}
	earlier, kept := before.totals()
	if !kept || earlier.TakenAt.IsZero() {
		return nil, ""
	}
	store, server, err := e.History(ctx)
	if err != nil || store == nil {
		return nil, ""
	}
	defer store.Close()
	span, err := history.ReadSpan(ctx, e.Conn, statements.At(earlier.TakenAt), nil)
	if err != nil {
		return nil, ""
	}
	answer, err := store.Window(ctx, e.Conn, server, span, statements.Scope{By: statements.ByTotal})
	if err != nil || answer == nil || answer.Window.CoveragePct == nil || *answer.Window.CoveragePct < enoughCovered || answer.Window.BeginsEarly() {
		return nil, ""
	}
	total := &statements.Totals{}
	for _, s := range answer.Statements {
		if !slices.Contains(s.Flags, "nested") {
			total.Calls += s.Calls
			total.TotalMS += s.TotalMS
		}
	}
	return total, fmt.Sprintf("since the figures were saved, by the history (%g%% of the time is covered)", *answer.Window.CoveragePct)
}

// connectionShare is CNX01 as a figure.
func connectionShare() Figure {
	return Figure{Name: "connection_use_pct", Unit: "pct", Better: lower, Measure: func(ctx context.Context, e *Env, _ *Kept) (Kept, error) {
		u, err := e.connectionUse(ctx)
		if err != nil {
			return Kept{}, err
		}
		percent := u.percent()
		return Kept{Value: &percent, Detail: fmt.Sprintf("%d of %d", u.Used, u.Max-u.Reserved)}, nil
	}}
}

// slowVisibility is how many of the three places in which a slow statement can be seen afterwards are there.
func slowVisibility() Figure {
	return Figure{Name: "slow_visibility_pct", Unit: "pct", Better: higher, Measure: func(ctx context.Context, e *Env, _ *Kept) (Kept, error) {
		proof, err := statements.Prove(ctx, e.Conn)
		if err != nil {
			return Kept{}, err
		}
		_, slow, _, err := e.parameter(ctx, "log_min_duration_statement")
		if err != nil {
			return Kept{}, err
		}
		_, logged := slowThreshold(slow)
		table, err := slowlog.Find(ctx, e.Conn, "")
		if err != nil {
			return Kept{}, err
		}
		return visibility(proof.Counting, logged, isInstalled(table)), nil
	}}
}

// visibility: none of the three is 0, all of them are 100, and what lies between is partial.
func visibility(counting, logged, table bool) Kept {
	var there []string
	for _, place := range []struct {
		name string
		is   bool
	}{{"pg_stat_statements", counting}, {"log_min_duration_statement", logged}, {"slow_query_log", table}} {
		if place.is {
			there = append(there, place.name)
		}
	}
	value := 100 * float64(len(there)) / 3
	word := "partial (" + strings.Join(there, ", ") + ")"
	switch len(there) {
	case 0:
		word = "none"
	case 3:
		word = "full"
	}
	return Kept{Value: &value, Detail: word}
}
