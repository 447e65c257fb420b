package history

import (
	"slices"
	"testing"
	"time"

	"avadb/internal/statements"
)

func at(seconds int) time.Time { return time.Unix(int64(seconds), 0).UTC() }

func TestInterval(t *testing.T) {
	usual := 60.0
	before := last{ID: 7, TakenAt: at(1000), StartedAt: at(10), StatsReset: at(20), Dealloc: 5, UsualS: &usual}
	now := statements.Tally{TakenAt: at(1060), StartedAt: at(10), StatsReset: at(20), Dealloc: 5, DeallocAfter: 5}
	for name, c := range map[string]struct {
		change    func(*last, *statements.Tally)
		flags     []string
		gap       bool
		evictions int64
	}{
		"nothing happened":              {func(*last, *statements.Tally) {}, nil, false, 0},
		"restart":                       {func(_ *last, r *statements.Tally) { r.StartedAt = at(1030) }, []string{FlagRestart}, false, 0},
		"reset":                         {func(_ *last, r *statements.Tally) { r.StatsReset, r.DeallocAfter = at(1030), 0 }, []string{FlagReset}, true, 0},
		"reset, then evictions":         {func(_ *last, r *statements.Tally) { r.StatsReset, r.DeallocAfter = at(1030), 2 }, []string{FlagReset, FlagEvicted}, true, 2},
		"crash":                         {func(_ *last, r *statements.Tally) { r.StatsReset, r.StartedAt, r.DeallocAfter = at(1030), at(1031), 0 }, []string{FlagReset, FlagRestart}, true, 0},
		"evictions":                     {func(_ *last, r *statements.Tally) { r.Dealloc, r.DeallocAfter = 8, 8 }, []string{FlagEvicted}, false, 3},
		"evictions while it was read":   {func(_ *last, r *statements.Tally) { r.DeallocAfter = 6 }, []string{FlagEvicted}, false, 1},
		"another node":                  {func(_ *last, r *statements.Tally) { r.StatsReset, r.StartedAt, r.DeallocAfter = at(500), at(490), 0 }, []string{FlagNode, FlagRestart}, true, 0},
		"the clock went back":           {func(_ *last, r *statements.Tally) { r.TakenAt = at(900) }, []string{FlagClock}, false, 0},
		"away":                          {func(_ *last, r *statements.Tally) { r.TakenAt = at(1181) }, []string{FlagAway}, true, 0},
		"late":                          {func(_ *last, r *statements.Tally) { r.TakenAt = at(1179) }, nil, false, 0},
		"away, nothing known of before": {func(l *last, r *statements.Tally) { l.UsualS, r.TakenAt = nil, at(9000) }, nil, false, 0},
		"not all was visible":           {func(l *last, _ *statements.Tally) { l.NotVisible = 3 }, []string{FlagHidden}, false, 0},
	} {
		l, r := before, now
		c.change(&l, &r)
		i := l.since(&r)
		if !slices.Equal(i.flags, c.flags) || i.gap != c.gap || i.evictions != c.evictions {
			t.Errorf("%s: %v, gap %v, %d evictions", name, i.flags, i.gap, i.evictions)
		}
	}
}

func TestCount(t *testing.T) {
	early, late := at(900), at(1030)
	old := &statements.Counters{Calls: 10, TotalMS: 100, MinMS: 1, MaxMS: 30, Rows: 10}
	more := statements.Counters{Calls: 12, TotalMS: 110, MinMS: 1, MaxMS: 30, Rows: 12}
	with := func(since time.Time) statements.Counters { c := more; c.StatsSince = &since; return c }
	for name, c := range map[string]struct {
		i      interval
		now    statements.Counters
		before *statements.Counters
		calls  int64 // 0: not counted
		flags  int16
	}{
		"more":                        {interval{}, more, old, 2, 0},
		"new":                         {interval{}, more, nil, 12, DeltaNew},
		"the first snapshot":          {interval{baseline: true}, more, old, 0, 0},
		"after a reset":               {interval{epochMoved: true}, more, old, 12, DeltaReset},
		"evictions":                   {interval{evictions: 1}, more, old, 2, DeltaEvicted},
		"restart":                     {interval{restarted: true}, more, old, 2, DeltaRestart},
		"it fell":                     {interval{}, statements.Counters{Calls: 3, TotalMS: 5, MinMS: 1, MaxMS: 2}, old, 3, DeltaReset},
		"only its maximum fell":       {interval{}, statements.Counters{Calls: 30, TotalMS: 500, MinMS: 1, MaxMS: 29, Rows: 30}, old, 30, DeltaReset},
		"only its minimum rose":       {interval{}, statements.Counters{Calls: 30, TotalMS: 500, MinMS: 2, MaxMS: 30, Rows: 30}, old, 30, DeltaReset},
		"hidden before":               {interval{hidden: true, from: at(1000)}, more, nil, 0, 0},
		"hidden before, since long":   {interval{hidden: true, from: at(1000)}, with(early), nil, 0, 0},
		"hidden before, but new":      {interval{hidden: true, from: at(1000)}, with(late), nil, 12, DeltaNew},
		"hidden before, but counted":  {interval{hidden: true, from: at(1000)}, more, old, 2, 0},
		"nothing":                     {interval{}, *old, old, 0, 0},
		"fallen with its stats_since": {interval{}, with(early), func() *statements.Counters { c := with(early); c.Calls = 20; return &c }(), 0, 0},
	} {
		d, flags, ok := c.i.count(c.now, c.before)
		if ok != (c.calls > 0) || ok && (d.Calls != c.calls || flags != c.flags) {
			t.Errorf("%s: %d calls, flags %d, %v", name, d.Calls, flags, ok)
		}
	}
}
