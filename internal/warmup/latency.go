package warmup

import (
	"context"
	"slices"
	"strings"
	"time"

	"avadb/internal/pg"
	"avadb/internal/query"
)

// Latency is what a new connection and its first query cost, in milliseconds as the client sees them.
type Latency struct {
	Phase     string  `json:"phase" col:""`              // before or after
	ConnectMS float64 `json:"connect_ms" col:"num.2"`    // until the server takes a query
	FirstMS   float64 `json:"first_ms" col:"num.2"`      // the first query: the session's caches are empty
	WarmMS    float64 `json:"warm_ms" col:"num.2"`       // the same on the same connection, the median of some
	Ratio     float64 `json:"first_to_warm" col:"num.1"` // first_ms / warm_ms
}

const (
	// probeTables is how many tables the first query asks where none is given.
	probeTables = 10
	// repeats of the query on the warm connection.
	repeats = 7
	// probeLimit bounds one query.
	probeLimit = 30 * time.Second
)

// Probe gives the first query where the user has none: a row of each of the tables that are asked for most.
func Probe(ctx context.Context, conn *pg.Conn, p *Plan) (string, error) {
	var oids []int64
	for _, r := range p.Rows {
		if r.Kind == "table" {
			oids = append(oids, r.oid)
		}
	}
	tables, err := query.Rows[struct{ Name string }](ctx, conn, "warmup/probe", oids, probeTables)
	if err != nil {
		return "", err
	}
	if len(tables) == 0 {
		return "SELECT count(*) FROM pg_catalog.pg_class", nil
	}
	parts := make([]string, len(tables))
	for i, t := range tables {
		parts[i] = "(SELECT 1 FROM ONLY " + t.Name + " LIMIT 1)"
	}
	return "SELECT " + strings.Join(parts, ", "), nil
}

// Measure opens a connection as an application would and runs the query on it over and over, in a transaction that can write
// nothing.
func Measure(ctx context.Context, target *pg.Target, phase, sql string) (*Latency, error) {
	began := time.Now()
	bare, err := pg.ConnectBare(ctx, target)
	if err != nil {
		return nil, err
	}
	defer bare.Close()
	l := &Latency{Phase: phase, ConnectMS: since(began)}
	if err := bare.BeginReadOnly(ctx, probeLimit); err != nil {
		return nil, err
	}
	text := query.Mark("warmup/first", sql)
	var times []float64
	for range 1 + repeats {
		began := time.Now()
		if err := bare.Run(ctx, text); err != nil {
			return nil, err
		}
		times = append(times, since(began))
	}
	l.FirstMS, times = times[0], times[1:]
	slices.Sort(times)
	l.WarmMS = times[len(times)/2]
	if l.WarmMS > 0 {
		l.Ratio = l.FirstMS / l.WarmMS
	}
	return l, nil
}

func since(t time.Time) float64 { return float64(time.Since(t).Microseconds()) / 1000 }
