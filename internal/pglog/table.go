package pglog

import (
	"slices"

	"avadb/internal/fingerprint"
)

// who ran what.
type key struct {
	signature fingerprint.Signature
	user      uint32 // their numbers in names
	database  uint32
}

// tally is what is known of one statement, as one role ran it in one database. What each execution touches stands together.
type tally struct {
	calls    int64
	us       int64 // all calls together
	min, max int64
	squares  float64 // of the microseconds, summed
	queryID  int64   // of each call; 0: none, or not the same
	sketch   sketch
	slowest  example
	missed   int64 // microseconds that may be missing: what was dropped for want of room before it was met
}

// example is an execution as it stood in the log.
type example struct {
	query, parameters string
	at                int64 // microseconds since 1970
	seq               int64 // order of the log
}

func (t *tally) merge(o *tally) {
	if t.queryID != o.queryID {
		t.queryID = 0
	}
	t.calls += o.calls
	t.us += o.us
	t.squares += o.squares
	t.min = min(t.min, o.min)
	if o.max > t.max || o.max == t.max && o.slowest.seq < t.slowest.seq {
		t.max, t.slowest = o.max, o.slowest
	}
	t.missed += o.missed
	t.sketch.merge(&o.sketch)
}

// table holds the tallies, at most so many: beyond that those with the least time are dropped, and what may be missing is known.
type table struct {
	tallies map[key]*tally
	most    int
	dropped int64 // tallies
	bound   int64 // microseconds that a dropped tally had at most
}

const (
	manyTexts = 10_000 // statements whose examples are kept whole
	shortText = 256    // bytes of those beyond
)

func newTable(most int) *table { return &table{tallies: map[key]*tally{}, most: most} }

// add takes the tallies of others, which are not used any more.
func (t *table) add(others map[key]*tally) {
	for k, o := range others {
		if mine := t.tallies[k]; mine != nil {
			mine.merge(o)
			continue
		}
		o.missed += t.bound
		if len(t.tallies) >= manyTexts {
			o.slowest.query, o.slowest.parameters = kept(o.slowest.query, shortText), kept(o.slowest.parameters, shortText)
		}
		t.tallies[k] = o
	}
	if len(t.tallies) > t.most {
		t.drop()
	}
}

// drop leaves the half with the most time. One of those dropped had bound at most, so that no total that comes back lacks more.
func (t *table) drop() {
	totals := make([]int64, 0, len(t.tallies))
	for _, one := range t.tallies {
		totals = append(totals, one.us+one.missed)
	}
	slices.Sort(totals)
	limit := totals[len(totals)/2]
	t.bound = max(t.bound, limit)
	room := len(t.tallies) - t.most/2
	for k, one := range t.tallies {
		if room > 0 && one.us+one.missed <= limit {
			delete(t.tallies, k)
			t.dropped++
			room--
		}
	}
}

// names gives each name a number, up to so many.
type names struct {
	numbers map[string]*share
	list    []*share
	recent  [64]*share // by a few bytes of the name: most events are of a name that was there before
}

// share is what one user, database or application took.
type share struct {
	name       string
	number     uint32
	events     int64
	executions int64
	us         int64
}

// mostNames bounds what a log with a new application name a connection can take: those beyond share one.
const mostNames = 10000

const otherNames = "(others)"

func (n *names) of(name []byte) *share {
	place := len(name) << 2
	if len(name) > 0 {
		place += int(name[len(name)-1]) + int(name[len(name)/2])<<1
	}
	place &= len(n.recent) - 1
	if s := n.recent[place]; s != nil && s.name == string(name) {
		return s
	}
	s := n.find(name)
	n.recent[place] = s
	return s
}

func (n *names) find(name []byte) *share {
	if s := n.numbers[string(name)]; s != nil {
		return s
	}
	if n.numbers == nil {
		n.numbers = map[string]*share{}
	}
	text := string(name)
	if len(n.list) >= mostNames {
		text = otherNames
		if s := n.numbers[text]; s != nil {
			return s
		}
	}
	s := &share{name: text, number: uint32(len(n.list))} //nolint:gosec // at most mostNames
	n.numbers[text] = s
	n.list = append(n.list, s)
	return s
}

// merge adds others and gives their numbers here.
func (n *names) merge(o *names) (numbers []uint32) {
	for _, s := range o.list {
		mine := n.of([]byte(s.name))
		mine.events += s.events
		mine.executions += s.executions
		mine.us += s.us
		*s = share{name: s.name, number: s.number}
		numbers = append(numbers, mine.number)
	}
	return numbers
}
