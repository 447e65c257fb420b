package statements

import (
	"context"
	"math"
	"slices"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
)

// Sample reads the counters twice and subtracts: a true window, measured now. Statements that were cancelled or still
// run are in no counter.
func Sample(ctx context.Context, conn *pg.Conn, length time.Duration, scope Scope) (*Slow, error) {
	return sampleWhile(ctx, conn, scope, func() error {
		select {
		case <-ctx.Done():
			return pg.Describe(ctx, ctx.Err())
		case <-time.After(length):
			return nil
		}
	})
}

// sampleWhile samples for as long as wait takes.
func sampleWhile(ctx context.Context, conn *pg.Conn, scope Scope, wait func() error) (*Slow, error) {
	found, err := usable(ctx, conn)
	if err != nil {
		return nil, err
	}
	everything := scope
	everything.Limit, everything.MinCalls = 0, 0
	first, err := read(ctx, conn, found.extension(), everything)
	if err != nil {
		return nil, unreadable(ctx, conn, err)
	}
	if first.Dealloc == nil { // 1.8 has no toplevel, so that its keys repeat, and does not say when it was reset
		return nil, fault.New(fault.Prerequisite, "a sample needs pg_stat_statements 1.9, and database %s has %s", conn.Server.Database, found.Version).
			WithHint("avadb enable-stats updates it")
	}
	if err := wait(); err != nil {
		return nil, err
	}
	second, err := read(ctx, conn, found.extension(), everything)
	if err != nil {
		return nil, unreadable(ctx, conn, err)
	}
	return between(first, second, scope), nil
}

// Key names an entry within one epoch.
type Key struct {
	DBID, UserID, QueryID int64
	Toplevel              bool
}

// Key is the entry's; it must have a queryid, which only those that the role may see have.
func (c *Counters) Key() Key { return Key{c.DBID, c.UserID, *c.QueryID, c.Toplevel} }

// between subtracts two readings of the same scope.
func between(first, second *reading, scope Scope) *Slow {
	before := make(map[Key]Counters, len(first.Entries))
	for _, c := range first.Entries {
		before[c.Key()] = c
	}
	epochMoved := first.StatsReset != nil && second.StatsReset != nil && !first.StatsReset.Equal(*second.StatsReset)
	evicted := first.Dealloc != nil && second.Dealloc != nil && *first.Dealloc != *second.Dealloc
	if epochMoved {
		evicted = second.Dealloc != nil && *second.Dealloc > 0 // a reset puts it to zero
	}

	var deltas []Delta
	var scopeMS float64
	for _, c := range second.Entries {
		d := c.Minus(before[c.Key()], epochMoved, evicted)
		if d.Calls <= 0 {
			continue
		}
		if c.Toplevel {
			scopeMS += d.TotalMS
		}
		deltas = append(deltas, d)
	}
	deltas = slices.DeleteFunc(deltas, func(d Delta) bool { return d.Calls < scope.MinCalls })
	slices.SortStableFunc(deltas, func(a, b Delta) int {
		switch wa, wb := a.Weight(scope.By), b.Weight(scope.By); {
		case wa > wb:
			return -1
		case wa < wb:
			return 1
		}
		return 0
	})
	if scope.Limit > 0 && len(deltas) > scope.Limit {
		deltas = deltas[:scope.Limit]
	}
	answer := &Slow{Source: "stats", NotVisible: second.NotVisible, Window: sampled(first, second, epochMoved, evicted)}
	resetAlone := second.ResetAlone > first.ResetAlone && !epochMoved
	if resetAlone {
		answer.Window.Reasons = append(answer.Window.Reasons, "the counters of single statements were reset within the sample: what these had counted before is not known")
	}
	for _, d := range deltas {
		row := d.statement(scopeMS)
		row.MinMS, row.MaxMS = nil, d.Max
		row.Flags = append(row.Flags, d.Flags...)
		row.Confidence = d.Confidence
		answer.Statements = append(answer.Statements, row)
	}
	if answer.weakest(); resetAlone && answer.Window.Confidence == Exact {
		answer.Window.Confidence = LowerBound // one that did not run again is in no row
	}
	return answer
}

func sampled(first, second *reading, epochMoved, evicted bool) Window {
	from := first.TakenAt.UTC()
	w := Window{
		RequestedFrom: from, RequestedTo: second.TakenAt.UTC(), CoveredFrom: &from, CoveredTo: second.TakenAt.UTC(),
		CoveragePct: rounded(100), Reasons: []string{},
	}
	if epochMoved {
		reset := second.StatsReset.UTC()
		w.CoveredFrom = &reset
		w.CoveragePct = rounded(100 * second.TakenAt.Sub(reset).Seconds() / second.TakenAt.Sub(from).Seconds())
		w.Reasons = append(w.Reasons, "the counters were reset at "+stamp(reset)+", within the sample")
	}
	if evicted {
		w.Reasons = append(w.Reasons, "entries were evicted within the sample: raise pg_stat_statements.max")
	}
	return w
}

// Delta is what an entry counted between two readings. Its mean and deviation are those of the calls in between.
type Delta struct {
	Counters
	Max        *float64 // ms; nil where the window's own maximum is not known
	Flags      []string // reset: counted from zero
	Confidence Confidence
}

// Minus subtracts an earlier reading of the same entry. An entry that began anew counts from zero: since 17 its
// stats_since tells; before, a counter that fell.
func (c Counters) Minus(old Counters, epochMoved, evicted bool) Delta {
	d := Delta{Counters: c, Confidence: Exact}
	if evicted {
		d.Confidence = LowerBound
	}
	switch {
	case old.Calls == 0 && !epochMoved:
		d.Max = &c.MaxMS
	case epochMoved || c.restarted(old):
		d.Max, d.Flags, d.Confidence = &c.MaxMS, []string{"reset"}, LowerBound
	default:
		d.subtract(old)
		if c.MaxMS > old.MaxMS {
			d.Max = &c.MaxMS
		}
	}
	return d
}

func (c *Counters) restarted(old Counters) bool {
	if c.StatsSince != nil && old.StatsSince != nil {
		return !c.StatsSince.Equal(*old.StatsSince)
	}
	return c.Calls < old.Calls || c.TotalMS < old.TotalMS || c.Rows < old.Rows || c.SharedBlksHit < old.SharedBlksHit ||
		c.SharedBlksRead < old.SharedBlksRead || c.WALBytes < old.WALBytes || c.MaxMS < old.MaxMS || c.MinMS > old.MinMS
}

func (d *Delta) subtract(old Counters) {
	squares := d.Squares() - old.Squares()
	d.Calls -= old.Calls
	d.TotalMS -= old.TotalMS
	d.Rows -= old.Rows
	d.SharedBlksHit -= old.SharedBlksHit
	d.SharedBlksRead -= old.SharedBlksRead
	d.SharedBlksWritten -= old.SharedBlksWritten
	d.LocalBlksRead -= old.LocalBlksRead
	d.LocalBlksWritten -= old.LocalBlksWritten
	d.TempBlksRead -= old.TempBlksRead
	d.TempBlksWritten -= old.TempBlksWritten
	d.WALBytes -= old.WALBytes
	if d.Calls > 0 {
		d.MeanMS = d.TotalMS / float64(d.Calls)
		d.StddevMS = math.Sqrt(max(0, squares/float64(d.Calls)-d.MeanMS*d.MeanMS))
	}
	if d.MaxMS <= old.MaxMS {
		d.MaxMS = 0 // not of this window, so it must not order it
	}
}

// Add adds what others of the same statement counted. What is of single calls (mean, deviation, least, most) stays as it is.
func (c *Counters) Add(o *Counters) {
	c.Calls += o.Calls
	c.TotalMS += o.TotalMS
	c.Rows += o.Rows
	c.SharedBlksHit += o.SharedBlksHit
	c.SharedBlksRead += o.SharedBlksRead
	c.SharedBlksWritten += o.SharedBlksWritten
	c.LocalBlksRead += o.LocalBlksRead
	c.LocalBlksWritten += o.LocalBlksWritten
	c.TempBlksRead += o.TempBlksRead
	c.TempBlksWritten += o.TempBlksWritten
	c.WALBytes += o.WALBytes
}

// Squares is the sum of the squares of the execution times, ms^2, from the population's deviation that the view shows.
func (c *Counters) Squares() float64 {
	return float64(c.Calls) * (c.StddevMS*c.StddevMS + c.MeanMS*c.MeanMS)
}
