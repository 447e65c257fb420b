package pglog

import (
	"math"
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
}

// Example is an execution as it stood in the log; no secrets are masked.
type Example struct {
	Query      string // its first 8 kB; 256 bytes where there are more than 50,000 statements
	Parameters string
	At         *time.Time
}

func (t *total) statements() (all []Statement) {
	for k, one := range t.table.tallies {
		s := Statement{
			Signature: k.signature, User: t.users.list[k.user].name, Database: t.databases.list[k.database].name,
			Calls: one.calls, QueryID: one.queryID, TotalMS: milli(one.us), MinMS: milli(one.min), MaxMS: milli(one.max), MissingMS: milli(one.missed),
			Quantiles: one.sketch.percentiles(one.min, one.max),
			Example:   Example{one.slowest.query, one.slowest.parameters, moment(one.slowest.at)},
		}
		for i := range s.Quantiles {
			s.Quantiles[i] = math.Round(s.Quantiles[i]) / 1000
		}
		mean := float64(one.us) / 1000 / float64(one.calls)
		s.StddevMS = math.Round(1000*math.Sqrt(max(one.squares/float64(one.calls)-mean*mean, 0))) / 1000
		all = append(all, s)
	}
	return all
}
