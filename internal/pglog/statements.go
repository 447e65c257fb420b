package pglog

import (
	"math"
	"slices"
	"time"

	"avadb/internal/fingerprint"
)

// Statement is what a log says of one statement, as one role ran it in one database. Times are milliseconds.
type Statement struct {
	Signature fingerprint.Signature
	User      string // empty: the log does not say
	Database  string
	QueryID   int64 // 0: the log has none, or several
	Calls     int64
	TotalMS   float64
	MinMS     float64
	MaxMS     float64
	StddevMS  float64    // of the population
	Quantiles [3]float64 // p50, p95, p99; exact up to 32 calls, and else within 0.8 %
	MissingMS float64    // at most so much is not counted, for want of room; 0: all is
	Example   Example    // the slowest one
	tally     *tally
}

// MeanMS is that of a call.
func (s *Statement) MeanMS() float64 { return s.TotalMS / float64(s.Calls) }

// Example is an execution as it stood in the log; no secrets are masked.
type Example struct {
	Query      string // its first 8 kB; 256 bytes where there are more than 10,000 statements
	Parameters string
	At         *time.Time
}

// Top gives the statements that only takes, the first ones in an order and no more than limit of them; 0: all. only sees each statement
// once, in no order, and keeps none. What they see has no quantiles and no time: these are worked out for those that are given.
func (r *Result) Top(only func(*Statement) bool, order func(a, b *Statement) int, limit int) []Statement {
	if r.total == nil {
		return nil
	}
	var best, free []*Statement // of a million statements a few are wanted: those that are not are used again
	cut := func() {
		slices.SortFunc(best, order)
		if limit > 0 && len(best) > limit {
			free = append(free, best[limit:]...)
			best = best[:limit]
		}
	}
	s := &Statement{}
	for k, one := range r.total.table.tallies {
		*s = r.total.statement(k, one)
		if !only(s) {
			continue
		}
		best = append(best, s)
		if limit > 0 && len(best) >= 2*limit+1000 {
			cut()
		}
		if n := len(free); n > 0 {
			s, free = free[n-1], free[:n-1]
		} else {
			s = &Statement{}
		}
	}
	cut()
	found := make([]Statement, len(best))
	for i, s := range best {
		found[i] = *s
		found[i].finish()
	}
	return found
}

// finish works out what takes time or room.
func (s *Statement) finish() {
	s.Example.At = moment(s.tally.slowest.at)
	s.Quantiles = s.tally.sketch.percentiles(s.tally.min, s.tally.max)
	for j := range s.Quantiles {
		s.Quantiles[j] = math.Round(s.Quantiles[j]) / 1000
	}
}

func (t *total) statement(k key, one *tally) Statement {
	mean := float64(one.us) / float64(one.calls)
	return Statement{
		Signature: k.signature, User: t.users.list[k.user].name, Database: t.databases.list[k.database].name, Calls: one.calls, QueryID: one.queryID,
		TotalMS: milli(one.us), MinMS: milli(one.min), MaxMS: milli(one.max), MissingMS: milli(one.missed),
		StddevMS: math.Round(math.Sqrt(max(one.squares/float64(one.calls)-mean*mean, 0))) / 1000,
		Example:  Example{Query: one.slowest.query, Parameters: one.slowest.parameters}, tally: one,
	}
}
