package pglog

import (
	"github.com/cespare/xxhash/v2"

	"avadb/internal/fingerprint"
)

// recall keeps which number the statements of an outline have, so that one that comes again with other constants needs neither a signature
// nor a search.
type recall struct {
	sets    [][ways]uint64 // by the lowest bits of what identifies an outline
	outline []byte         // the one that was looked for last
}

const (
	ways            = 4
	recallSets      = 1 << 13
	numberBits      = 16       // of an entry, for the number and one more; the others identify the outline
	longestOutlined = 16 << 10 // bytes: longer statements are lists of rows, which seldom have the same outline
)

// identity of a text and who ran it. That two have the same one is as little likely as that they have the same signature.
func identity(text []byte, user, database uint32) uint64 {
	const odd = 0x9E3779B97F4A7C15 // spreads the numbers over all bits: 2^64 divided by the golden ratio
	return xxhash.Sum64(text) ^ (uint64(user)<<32|uint64(database))*odd
}

// find gives the number that was remembered. A text is its own outline, or another one's.
func (r *recall) find(id uint64) (number uint32, known bool) {
	if r.sets == nil {
		return 0, false
	}
	for _, entry := range &r.sets[id%recallSets] {
		if entry>>numberBits == id>>numberBits && entry<<(64-numberBits) != 0 {
			return uint32(entry&(1<<numberBits-1)) - 1, true
		}
	}
	return 0, false
}

// remember keeps a number, in place of another one if need be.
func (r *recall) remember(id uint64, number uint32) {
	if number >= 1<<numberBits-1 {
		return
	}
	if r.sets == nil {
		r.sets = make([][ways]uint64, recallSets)
	}
	set := &r.sets[id%recallSets]
	place := &set[id>>62]
	for i := range set {
		if set[i] == 0 {
			place = &set[i]
			break
		}
	}
	*place = id>>numberBits<<numberBits | uint64(number+1)
}

// outlined gives the outline of a statement, valid until the next one; false where it has none.
func (r *recall) outlined(sql string) (outline []byte, ok bool) {
	if len(sql) > longestOutlined {
		return nil, false
	}
	r.outline, ok = fingerprint.AppendOutline(r.outline[:0], sql)
	return r.outline, ok
}

// forget is for when the numbers are others'.
func (r *recall) forget() { clear(r.sets) }
