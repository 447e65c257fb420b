package checks

import (
	"context"
	"fmt"
)

// pool is the group POOL: the pool of connections of avadb serve, or of an application with the same statistics.
func pool() []Check {
	use, waits := between(80, 100), between(0, 100)
	return []Check{
		{ID: "POOL01", Title: "use of the connection pool", Unit: "pct", Threshold: use, Needs: "none", Run: needsURL(poolUseCheck(use))},
		{ID: "POOL02", Title: "mean wait for a connection of the pool", Unit: "ms", Threshold: waits, Needs: "none", Run: needsURL(poolWaitsCheck(waits))},
	}
}

// poolStats gives the statistics, or the reason why the pool cannot be seen.
func (e *Env) poolStats(ctx context.Context) (healthStats, *Outcome) {
	s, bad := e.readStats(ctx)
	if bad != nil {
		o := unseen(bad.Detail, bad.Fix)
		return s, &o
	}
	if *s.Pool.MaxSize <= 0 {
		o := unseen("pool_stats.max_size is 0", e.Endpoints.stats.look())
		return s, &o
	}
	return s, nil
}

// poolUseCheck fails only where somebody had to wait besides: a pool that is just large enough has no connection left either.
func poolUseCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		s, blind := e.poolStats(ctx)
		if blind != nil {
			return *blind, nil
		}
		used, most := *s.Pool.Used, *s.Pool.MaxSize
		o := t.measured(100*used/most, fmt.Sprintf("%.0f of %.0f connections", used, most), e.command("connections"))
		if used >= most && s.LastHour != nil && s.LastHour.Waits+s.LastHour.Canceled > 0 {
			o.Status = Fail
			o.Detail += fmt.Sprintf(", and %.0f requests waited within the last hour", s.LastHour.Waits)
		}
		return o, nil
	}
}

// poolWaitsCheck looks at the last hour: who found no idle connection, and who got none at all.
func poolWaitsCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		s, blind := e.poolStats(ctx)
		switch {
		case blind != nil:
			return *blind, nil
		case s.LastHour == nil:
			return unseen("these statistics say nothing of waits", "avadb serve has them"), nil
		}
		h := s.LastHour
		if h.Waits == 0 && h.Canceled == 0 {
			return t.measured(0, fmt.Sprintf("nobody waited within %d minutes", h.Minutes), ""), nil
		}
		mean := 0.0
		if got := h.Waits - h.Canceled; got > 0 {
			mean = h.WaitMS / got
		}
		o := t.measured(mean, fmt.Sprintf("%.0f waited and %.0f of them got no connection within %d minutes", h.Waits, h.Canceled, h.Minutes), e.command("connections"))
		if o.Status == OK || h.Canceled > 0 && o.Status != Fail {
			o.Status, o.Fix = Warn, e.command("connections")
		}
		return o, nil
	}
}
