package checks

import (
	"context"
	"fmt"

	"avadb/internal/fault"
)

// healthFigures are those that avadb serve measures; they are taken where --health-url names it.
func healthFigures() []Figure {
	return []Figure{
		ofHealth("first_request_ms", "ms", func(s healthStats) (*float64, string) {
			return s.FirstRequestMS, "the first work on the pool since its start, the wait for its connection included"
		}),
		ofHealth("pool_utilization_pct", "pct", func(s healthStats) (*float64, string) {
			if s.LastHour != nil && s.LastHour.UtilizationAvgPct != nil {
				return s.LastHour.UtilizationAvgPct, fmt.Sprintf("mean of the last %d minutes", s.LastHour.Minutes)
			}
			if *s.Pool.MaxSize <= 0 {
				return nil, ""
			}
			now := 100 * *s.Pool.Used / *s.Pool.MaxSize
			return &now, fmt.Sprintf("%.0f of %.0f connections at this moment", *s.Pool.Used, *s.Pool.MaxSize)
		}),
		ofHealth("connection_failures_per_hour", "failures", func(s healthStats) (*float64, string) {
			if s.LastHour == nil {
				return nil, ""
			}
			detail := "of the last hour"
			if s.LastHour.Minutes < 60 {
				detail = fmt.Sprintf("of the %d minutes since the start", s.LastHour.Minutes)
			}
			return s.LastHour.ConnectionFailures, detail
		}),
	}
}

// ofHealth makes a figure of the statistics. read gives nil where they do not hold it.
func ofHealth(name, unit string, read func(healthStats) (*float64, string)) Figure {
	return Figure{Name: name, Unit: unit, Better: lower, health: true, Measure: func(ctx context.Context, e *Env, _ *Kept) (Kept, error) {
		s, bad := e.readStats(ctx)
		if bad != nil {
			return Kept{}, fault.New(fault.Failed, "%s", bad.Detail)
		}
		value, detail := read(s)
		if value == nil {
			return Kept{}, fault.New(fault.Failed, "the statistics of %s do not hold it", e.Endpoints.given)
		}
		return Kept{Value: value, Detail: detail}, nil
	}}
}
