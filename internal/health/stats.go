package health

import (
	"math"
	"time"

	"avadb/internal/pg"
)

// Stats is the body of /stats. Fields may be added; none changes its name or meaning.
type Stats struct {
	Query QueryStats `json:"query_stats"` // of the pool, since the start
	Pool  PoolStats  `json:"pool_stats"`

	LastHour       LastHour  `json:"last_hour"`
	WarmUp         WarmUp    `json:"warm_up"`
	FirstRequestMS *float64  `json:"first_request_ms"` // of the first work on the pool, the wait for its connection included; null: none yet
	Checks         Checks    `json:"checks"`
	StartedAt      time.Time `json:"started_at"`
	UptimeS        float64   `json:"uptime_s"`
	Version        string    `json:"version"` // of avadb
}

// QueryStats are those of the pool's queries.
type QueryStats struct {
	Total      int64   `json:"total"`
	Successful int64   `json:"successful"`
	Failed     int64   `json:"failed"`
	AvgTimeMS  float64 `json:"avg_time_ms"`
	Slow       int64   `json:"slow_queries"` // slower than the threshold
}

// PoolStats are those of its connections.
type PoolStats struct {
	Connected bool `json:"connected"` // the newest attempt reached the server
	Size      int  `json:"size"`      // open connections
	Free      int  `json:"free"`      // of them, idle
	Used      int  `json:"used"`      // of them, given out
	MaxSize   int  `json:"max_size"`

	UtilizationPct  float64 `json:"utilization_pct"` // used / max_size
	Waits           int64   `json:"waits"`           // who found no idle connection
	WaitMS          float64 `json:"wait_ms"`         // of all of them together
	Canceled        int64   `json:"canceled"`        // who got none in time
	Connects        int64   `json:"connects"`        // connections opened
	ConnectFailures int64   `json:"connect_failures"`
}

// WarmUp is what the newest warm-up came to.
type WarmUp struct {
	Target int     `json:"target"`
	Warmed int     `json:"warmed"`
	TookMS float64 `json:"took_ms"`
}

// Checks counts how often the pool was asked for a sign of the database.
type Checks struct {
	Total               int64      `json:"total"`
	Failures            int64      `json:"failures"`
	ConsecutiveFailures int64      `json:"consecutive_failures"`
	LastFailureAt       *time.Time `json:"last_failure_at"`
	LastFailure         string     `json:"last_failure"` // one word, such as timeout; empty where there was none
}

// stats collects the body; nothing of it needs the server.
func (s *Service) stats() Stats {
	query, pool := s.o.Pool.Stats()
	now := time.Now()
	doc := Stats{
		Query: QueryStats{
			Total: query.Total, Successful: query.Successful, Failed: query.Failed, AvgTimeMS: rounded(query.AvgMS()), Slow: query.Slow,
		},
		Pool: PoolStats{
			Connected: pool.Connected, Size: pool.Size, Free: pool.Free, Used: pool.Used, MaxSize: pool.Max,
			UtilizationPct: rounded(pool.UtilizationPct()), Waits: pool.Waits, WaitMS: milliseconds(pool.WaitTime), Canceled: pool.Canceled,
			Connects: pool.Connects, ConnectFailures: pool.ConnectFailures,
		},
		LastHour: s.recent.hour(now), StartedAt: s.started.UTC(), UptimeS: rounded(now.Sub(s.started).Seconds()), Version: s.o.Version,
	}
	if pool.First != nil {
		ms := milliseconds(*pool.First)
		doc.FirstRequestMS = &ms
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	doc.WarmUp, doc.Checks = warmUp(s.warmed), s.checks
	return doc
}

func warmUp(w pg.Warmed) WarmUp {
	return WarmUp{Target: w.Target, Warmed: w.Warmed, TookMS: milliseconds(w.Took)}
}

func milliseconds(d time.Duration) float64 { return rounded(float64(d) / float64(time.Millisecond)) }

func rounded(value float64) float64 { return math.Round(value*100) / 100 }
