package poolsize

import "time"

// Measure is how busy the application's sessions were over some time, as one source saw it.
type Measure struct {
	Source string     `json:"source" col:""`          // sample, counters, statements or history
	Busy   float64    `json:"busy" col:"num.2"`       // mean number of busy connections (erlangs): working, or idle in a transaction; statements and history count the work alone
	Active *float64   `json:"active" col:"num.2"`     // of them, those that the server works for; null where that is not known
	Peak   *int       `json:"peak" col:""`            // most busy connections at once; null where only a mean is known
	Rate   *float64   `json:"rate_per_s" col:"num.1"` // transactions a second; of statements and history: statements
	HoldMS *float64   `json:"hold_ms" col:"num.2"`    // mean time that one of them holds its connection: busy / rate (Little's law)
	From   *time.Time `json:"from" col:""`            // null where the begin is not known
	To     time.Time  `json:"to" col:""`              // likewise its end
}

// The sources of a Measure.
const (
	Sample     = "sample"     // pg_stat_activity, looked at over and over
	Counters   = "counters"   // pg_stat_database, since its counters were reset
	Statements = "statements" // pg_stat_statements of the whole server, while the sample was taken
	History    = "history"    // the busiest interval that the history of pg_stat_statements holds
	Given      = "given"      // --rate and --hold
)

// Load is what the pools are sized for: the busiest of the measures.
type Load struct {
	Source      string   `json:"source"`       // of the measure that counts
	Erlangs     float64  `json:"erlangs"`      // mean number of busy connections in the busiest time that was seen
	MeanErlangs float64  `json:"mean_erlangs"` // of the longest measure: what is usual
	Peak        int      `json:"peak"`         // most busy connections that were seen at once; 0: none was seen
	ActiveShare float64  `json:"active_pct"`   // of the time that a connection is held, the server works for it
	Rate        *float64 `json:"rate_per_s"`   // transactions a second
	HoldMS      *float64 `json:"hold_ms"`      // mean time that a transaction holds its connection
}

// least is the load below which nothing can be said of a pool: a server that does nothing.
const least = 0.005

// LoadOf picks the load to size for; nil where none of the measures has one. A load that was given counts alone.
func LoadOf(measures []Measure) *Load {
	var l *Load
	for _, m := range measures {
		if m.Source == Given {
			return &Load{Source: Given, Erlangs: m.Busy, MeanErlangs: m.Busy, ActiveShare: 100, Rate: m.Rate, HoldMS: m.HoldMS}
		}
		if m.Source != Statements && m.Busy >= least && (l == nil || m.Busy > l.Erlangs) { // those are of the whole server
			l = &Load{Source: m.Source, Erlangs: m.Busy, Rate: m.Rate, HoldMS: m.HoldMS}
		}
	}
	if l == nil {
		return nil
	}
	l.ActiveShare, l.MeanErlangs = 100, l.Erlangs
	var longest time.Duration
	for _, m := range measures {
		if m.Peak != nil {
			l.Peak = max(l.Peak, *m.Peak)
		}
		if m.From != nil && m.Source != Statements && m.To.Sub(*m.From) > longest && m.Busy > 0 {
			longest, l.MeanErlangs = m.To.Sub(*m.From), m.Busy
		}
	}
	l.takeShare(measures)
	return l
}

// leastShare of the time that connections are held is work: less is a leak of transactions rather than a load to size pools for.
const leastShare = 0.05

// takeShare takes the share of the work from the measures that tell it from the waiting within transactions, and gives a load
// that was counted by statements, which do not see that waiting, the time that it takes besides.
func (l *Load) takeShare(measures []Measure) {
	var active, busy float64
	for _, m := range measures {
		if m.Active != nil && m.Busy >= least {
			active, busy = active+*m.Active, busy+m.Busy
		}
	}
	if busy <= 0 {
		return
	}
	share := max(min(active/busy, 1), leastShare)
	l.ActiveShare = 100 * share
	if l.Source == History {
		l.Erlangs /= share
		l.Rate, l.HoldMS = nil, nil // of statements, not of transactions
	}
}
