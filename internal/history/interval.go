package history

import (
	"time"

	"avadb/internal/statements"
)

// The flags of a snapshot: what happened in its interval. They are part of the store's layout.
const (
	FlagFirst     = "first"     // nothing stands before it: its counters are the baseline
	FlagNode      = "node"      // its counters are another node's than those before: a baseline too
	FlagReset     = "reset"     // all counters were reset: what they count since then is counted from zero
	FlagRestart   = "restart"   // the server was started
	FlagEvicted   = "evicted"   // entries were evicted, with what they had counted
	FlagClock     = "clock"     // the server's clock went back
	FlagAway      = "away"      // the collector was away for far longer than usual
	FlagForgotten = "forgotten" // entries went away without an eviction: they were reset alone, with what they had counted since the snapshot before
	FlagHidden    = "hidden"    // the role did not see all entries before: those it sees now for the first time begin with a baseline
)

// The flags of a delta, as bits.
const (
	DeltaReset   int16 = 1 << iota // its entry began anew: counted from zero
	DeltaEvicted                   // a lower bound: entries were evicted in the interval
	DeltaNew                       // its entry was not there before
	DeltaRestart                   // the server was started in the interval
)

// An interval that is as many times the usual one, and no trifle, is a gap.
const (
	awayFactor = 3
	awayLeast  = 10 * time.Second
)

// last is the newest snapshot of a server.
type last struct {
	ID         int32
	TakenAt    time.Time `db:"taken_at"`
	StartedAt  time.Time `db:"started_at"`
	StatsReset time.Time `db:"stats_reset"`
	Dealloc    int64
	NotVisible int64    `db:"not_visible"`
	UsualS     *float64 `db:"usual_s"` // nil before the second interval
}

// interval is what happened between two snapshots.
type interval struct {
	flags      []string
	gap        bool // it does not join the one before with certainty
	baseline   bool // nothing may be subtracted
	epochMoved bool
	restarted  bool
	hidden     bool
	evictions  int64
	from       time.Time
}

// since compares a reading with the snapshot before it; nil for none.
//
// Two nodes of a cluster can pass for one, as a promoted standby does. Their counters then run since different times, and a
// reset that lies before the last snapshot cannot have happened after it: that node's counters are no continuation.
func (l *last) since(r *statements.Tally) interval {
	if l == nil {
		return interval{flags: []string{FlagFirst}, gap: true, baseline: true}
	}
	i := interval{flags: []string{}, from: l.TakenAt, evictions: r.DeallocAfter - l.Dealloc}
	if moved := !r.StatsReset.Equal(l.StatsReset); moved {
		i.gap, i.evictions = true, r.DeallocAfter // a reset puts it to zero
		i.baseline = !r.StatsReset.After(l.TakenAt)
		i.epochMoved = !i.baseline
	}
	i.restarted = !r.StartedAt.Equal(l.StartedAt)
	i.hidden = l.NotVisible > 0
	length := r.TakenAt.Sub(l.TakenAt)
	away := l.UsualS != nil && length > awayLeast && length.Seconds() > awayFactor**l.UsualS
	i.gap = i.gap || away
	for _, f := range []struct {
		is   bool
		name string
	}{
		{i.baseline, FlagNode},
		{i.epochMoved, FlagReset},
		{i.restarted, FlagRestart},
		{i.evictions > 0, FlagEvicted},
		{length <= 0, FlagClock},
		{away, FlagAway},
		{i.hidden, FlagHidden},
	} {
		if f.is {
			i.flags = append(i.flags, f.name)
		}
	}
	return i
}

// count subtracts what a statement had counted before, nil for nothing known. Not ok where nothing was counted, or where it cannot
// be told from what was before the interval.
func (i interval) count(now statements.Counters, before *statements.Counters) (d statements.Delta, flags int16, ok bool) {
	switch {
	case i.baseline:
		return d, 0, false
	case before == nil && i.hidden && (now.StatsSince == nil || now.StatsSince.Before(i.from)):
		return d, 0, false
	case before == nil:
		d, flags = now.Minus(statements.Counters{}, i.epochMoved, i.evictions > 0), DeltaNew
	default:
		d = now.Minus(*before, i.epochMoved, i.evictions > 0)
	}
	if len(d.Flags) > 0 {
		flags |= DeltaReset
	}
	if i.evictions > 0 {
		flags |= DeltaEvicted
	}
	if i.restarted {
		flags |= DeltaRestart
	}
	return d, flags, d.Calls > 0 && d.TotalMS >= 0
}
