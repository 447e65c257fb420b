package checks

import (
	"context"
	"fmt"
	"time"

	"avadb/internal/fault"
	"avadb/internal/statements"
)

// keptCounters are the checks of the group PSS that ask how long what was counted stays.
func keptCounters() []Check {
	full := above(90)         // from there on new statements push old ones out within days
	evicting := between(0, 1) // each eviction takes the 5 percent of the entries that ran least, and with them what they had counted
	return []Check{
		{ID: "PSS05", Title: "room in pg_stat_statements", Unit: "pct", Threshold: full, Needs: "pg_read_all_stats", Run: roomCheck(full)},
		{ID: "PSS06", Title: "evictions from pg_stat_statements", Unit: "a minute", Threshold: evicting, Needs: "any role", Run: evictionCheck(evicting)},
		{ID: "PSS07", Title: "reset of pg_stat_statements since the last snapshot", Needs: "any role", Run: checkReset},
	}
}

// counted reads the counters once. Where there are none to read, the outcome says why.
func (e *Env) counted(ctx context.Context) (*statements.Tally, Outcome, error) {
	if e.tally != nil {
		return e.tally, Outcome{}, nil
	}
	tally, err := statements.ReadCounters(ctx, e.Conn)
	if f := fault.As(err); f != nil && f.Kind == fault.Prerequisite {
		return nil, skipped(f.Message+" (PSS01, PSS02)", e.command("enable-stats")), nil
	}
	e.tally = tally
	return tally, Outcome{}, err
}

// roomCheck counts the entries of others too, whose number anybody may see.
func roomCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		tally, none, err := e.counted(ctx)
		if err != nil || tally == nil {
			return none, err
		}
		entries := int64(len(tally.Entries)) + tally.NotVisible
		return t.measured(100*float64(entries)/float64(tally.MaxEntries), fmt.Sprintf("%d of %d entries", entries, tally.MaxEntries), e.moreEntries(tally)), nil
	}
}

// moreEntries is the command for twice as many.
func (e *Env) moreEntries(tally *statements.Tally) string {
	return e.command(fmt.Sprintf("enable-stats --max %d", 2*tally.MaxEntries))
}

// evictionCheck looks at the last hour, where there is a history, else at all the time since the reset.
func evictionCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		tally, none, err := e.counted(ctx)
		if err != nil || tally == nil {
			return none, err
		}
		minutes := max(tally.TakenAt.Sub(tally.StatsReset).Minutes(), 1)
		n, span := tally.Dealloc, "since the reset of "+tally.StatsReset.UTC().Format(time.RFC3339)
		if h, err := e.lastHour(ctx); err == nil && h.evictions != nil && minutes > 60 {
			n, minutes, span = *h.evictions, max(h.minutes(), 60), fmt.Sprintf("in the last %.0f minutes", max(h.minutes(), 60))
		}
		return t.measured(float64(n)/minutes, fmt.Sprintf("%d evictions %s", n, span), e.moreEntries(tally)), nil
	}
}

// checkReset finds a reset that the history has not seen: what was counted between its newest snapshot and then is lost.
func checkReset(ctx context.Context, e *Env) (Outcome, error) {
	tally, none, err := e.counted(ctx)
	if err != nil || tally == nil {
		return none, err
	}
	h, err := e.lastHour(ctx)
	switch {
	case err != nil:
		return Outcome{}, err
	case h.newest == nil:
		return skipped("there is no history to compare with", e.command("slowlog collect --once")), nil
	}
	return judgeReset(tally.StatsReset, *h.newest, e.command("slowlog collect --once")), nil
}

func judgeReset(reset, newest time.Time, fix string) Outcome {
	at := reset.UTC().Format(time.RFC3339)
	if reset.After(newest) {
		return found(Warn, "reset at "+at+": what was counted between the newest snapshot, of "+newest.UTC().Format(time.RFC3339)+", and then is lost", fix)
	}
	return fine("the last reset was at " + at + ", and the history has seen it")
}
