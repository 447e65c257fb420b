package pglog

import (
	"math"

	"avadb/internal/fingerprint"
)

// tallies are those of one worker. Thousands of them are in use in turn, so that nearly each one is in no cache: what is counted waits until
// there is some of it, because the processor then fetches many of them at once.
type tallies struct {
	numbers   map[key]uint32 // place of each in list
	list      []*tally
	longest   []int64 // microseconds, of each of list: all of them together are in a cache
	waiting   []waiting
	recall    recall
	canonical []byte
}

// waiting is an execution that its tally does not have yet.
type waiting struct {
	number      uint32
	us, queryID int64
}

const mostWaiting = 64

func newTallies() tallies { return tallies{numbers: map[key]uint32{}} }

// number of a statement's tally.
func (t *tallies) number(sql []byte, k Kind, user, database uint32) uint32 {
	if k == KindExecute || k == KindFetch { // with parameters it most often comes again letter by letter
		if number, known := t.recall.find(identity(sql, user, database)); known {
			return number
		}
	}
	outline, ok := t.recall.outlined(text(sql))
	if !ok {
		return t.search(key{t.signature(text(sql)), user, database})
	}
	id := identity(outline, user, database)
	number, known := t.recall.find(id)
	if !known {
		number = t.search(key{t.signature(text(sql)), user, database})
		t.recall.remember(id, number)
	}
	return number
}

// search gives the number of a tally, which may be new.
func (t *tallies) search(k key) uint32 {
	number, known := t.numbers[k]
	if !known {
		number = uint32(len(t.list)) //nolint:gosec // they are at most a block's more than mostLocal
		t.numbers[k] = number
		t.list = append(t.list, &tally{min: math.MaxInt64})
		t.longest = append(t.longest, -1)
	}
	return number
}

func (t *tallies) signature(sql string) fingerprint.Signature {
	t.canonical = fingerprint.Append(t.canonical[:0], sql)
	s := fingerprint.Sum(t.canonical)
	if cap(t.canonical) > keptRoom {
		t.canonical = nil
	}
	return s
}

// add counts an execution.
func (t *tallies) add(number uint32, us, queryID int64) {
	t.waiting = append(t.waiting, waiting{number, us, queryID})
	if len(t.waiting) == mostWaiting {
		t.settle()
	}
}

// settle adds to the tallies what waits for it.
func (t *tallies) settle() {
	for _, w := range t.waiting {
		t.list[w.number].add(w.us, w.queryID)
	}
	t.waiting = t.waiting[:0]
}

// isSlowest tells whether an execution is to be its statement's example: the slowest one, and the first of these.
func (t *tallies) isSlowest(number uint32, us, seq int64) bool {
	longest := t.longest[number]
	return us > longest || us == longest && seq < t.list[number].slowest.seq
}

func (t *tallies) setSlowest(number uint32, us int64, e example) {
	t.longest[number] = us
	one := t.list[number]
	one.max, one.slowest = us, e
}

// take hands the tallies over, by the numbers that their users and databases have elsewhere, and begins anew.
func (t *tallies) take(users, databases []uint32) map[key]*tally {
	t.settle()
	taken := make(map[key]*tally, len(t.list))
	for k, number := range t.numbers {
		k = key{k.signature, users[k.user], databases[k.database]}
		one := t.list[number]
		if mine := taken[k]; mine != nil { // both beyond the names that are kept
			mine.merge(one)
			continue
		}
		taken[k] = one
	}
	clear(t.numbers)
	clear(t.list)
	t.list, t.longest = t.list[:0], t.longest[:0]
	t.recall.forget()
	return taken
}
