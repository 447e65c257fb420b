package history

import (
	"strings"
	"time"

	"avadb/internal/statements"
)

// changes is what a reading adds to the history.
type changes struct {
	interval interval
	deltas   []delta
	counters []counter
	gone     []int32 // statements whose entries are no longer there
}

type newText struct {
	key       statements.Key
	statement *statement
	text      statements.Text
	signature int64
}

type delta struct {
	statement int32
	flags     int16
	statements.Delta
}

type counter struct {
	statement *statement
	now       *statements.Counters
}

// wanted are the queryids whose texts must be read: those of new statements, and of those that ran again and have none.
func (s *state) wanted(entries []statements.Counters) []int64 {
	var ids []int64
	seen := map[int64]bool{}
	for i := range entries {
		e := &entries[i]
		known := s.known[e.Key()]
		if known != nil && (known.texted || known.counters != nil && known.counters.Calls == e.Calls) || seen[*e.QueryID] {
			continue
		}
		seen[*e.QueryID] = true
		ids = append(ids, *e.QueryID)
	}
	return ids
}

// name gives the new statements their ids and texts.
func (s *state) name(entries []statements.Counters, texts []statements.Text) []newText {
	byKey := make(map[statements.Key]statements.Text, len(texts))
	for _, t := range texts {
		byKey[t.Key()] = t
	}
	var added []newText
	for i := range entries {
		key := entries[i].Key()
		known, text := s.known[key], byKey[key]
		if known != nil && (known.texted || text.Query == nil) {
			continue
		}
		if known == nil {
			known = &statement{id: s.next}
			s.next++
			s.known[key] = known
		}
		known.own, known.texted = text.Own, text.Query != nil
		known.resets = text.Query != nil && strings.Contains(strings.ToLower(*text.Query), "pg_stat_statements_reset")
		added = append(added, newText{key: key, statement: known, text: text, signature: int64(text.Signature)}) //nolint:gosec // the same bits
	}
	return added
}

// compare gives what moved between the state and a reading.
func (s *state) compare(l *last, r *statements.Tally) *changes {
	c := &changes{interval: l.since(r)}
	there, resets := make(map[*statement]bool, len(r.Entries)), false
	for i := range r.Entries {
		now := &r.Entries[i]
		known := s.known[now.Key()]
		there[known] = true
		if known.own || known.counters != nil && same(now, known.counters) && !c.interval.epochMoved {
			continue
		}
		c.counters = append(c.counters, counter{statement: known, now: now})
		if d, flags, ok := c.interval.count(*now, known.counters); ok {
			c.deltas = append(c.deltas, delta{statement: known.id, flags: flags, Delta: d})
			resets = resets || known.resets
		}
	}
	if resets && !c.interval.epochMoved { // what was reset alone may show nothing of it
		c.interval.flags = append(c.interval.flags, FlagForgotten)
	}
	if r.NotVisible > 0 {
		return c // what is not there may only be hidden
	}
	for _, known := range s.known {
		if !there[known] && known.counters != nil {
			c.gone = append(c.gone, known.id)
		}
	}
	if i := &c.interval; len(c.gone) > 0 && !resets && i.evictions <= 0 && !i.epochMoved && !i.baseline {
		i.flags = append(i.flags, FlagForgotten)
	}
	return c
}

// settle brings the state to what was written.
func (s *state) settle(snapshot int32, c *changes, r *statements.Tally) {
	s.snapshot = snapshot
	for _, moved := range c.counters {
		moved.statement.counters = moved.now
	}
	there := make(map[statements.Key]bool, len(r.Entries))
	for i := range r.Entries {
		there[r.Entries[i].Key()] = true
	}
	for key, known := range s.known {
		if !there[key] && (r.NotVisible == 0 || known.counters == nil) {
			delete(s.known, key)
		}
	}
}

// same tells that nothing was counted in between.
func same(a, b *statements.Counters) bool {
	x, y := *a, *b
	if !equal(x.StatsSince, y.StatsSince) || !equal(x.MinmaxStatsSince, y.MinmaxStatsSince) {
		return false
	}
	for _, c := range []*statements.Counters{&x, &y} {
		c.QueryID, c.StatsSince, c.MinmaxStatsSince = nil, nil, nil
	}
	return x == y
}

func equal(a, b *time.Time) bool { return a == nil && b == nil || a != nil && b != nil && a.Equal(*b) }
