package pglog

import (
	"math"
	"math/bits"
	"slices"
)

// sketch holds the durations of one statement: the first ones as they are, and beyond that how many fell into each bucket. A bucket is
// 1/64 of its lower end wide, so that a percentile is at most 0.8 % from the true one. Thousands of sketches are in use in turn, so that
// what counts is how little memory each one is.
type sketch struct {
	counts []uint8 // of the buckets from first on, modulo 256
	first  int
	values []int64  // microseconds, unsorted; nil once there are counts
	over   []uint32 // how often the counts ran over; nil where none did
}

const (
	exactly = 32 // durations that are kept as they are
	halves  = 6  // bits of a duration that tell buckets apart
)

// bucket of a duration: its highest bits.
func bucket(us int64) int {
	if us < 1<<(halves+1) {
		return int(max(us, 0))
	}
	shift := bits.Len64(uint64(us)) - halves - 1
	return shift<<halves + int(us>>shift)
}

// middle is the duration that a bucket stands for.
func middle(bucket int) float64 {
	if bucket < 1<<(halves+1) {
		return float64(bucket)
	}
	shift := bucket>>halves - 1
	return math.Ldexp(float64(bucket-shift<<halves)+0.5, shift)
}

func (s *sketch) add(us int64) {
	if s.counts == nil {
		if len(s.values) < exactly {
			s.values = append(s.values, us)
			return
		}
		s.spill()
	}
	s.count(bucket(us), 1)
}

// spill goes over from values to buckets.
func (s *sketch) spill() {
	values := s.values
	s.values = nil
	s.widen(bucket(slices.Min(values)), bucket(slices.Max(values)))
	for _, us := range values {
		s.count(bucket(us), 1)
	}
}

func (s *sketch) count(b int, n uint64) {
	if b < s.first || b >= s.first+len(s.counts) {
		s.widen(b, b)
	}
	place := &s.counts[b-s.first]
	n += uint64(*place)
	*place = uint8(n & math.MaxUint8)
	if n > math.MaxUint8 {
		if s.over == nil {
			s.over = make([]uint32, len(s.counts))
		}
		s.over[b-s.first] += uint32(n >> 8) //nolint:gosec // a log of so many lines there is not
	}
}

// widen makes room for buckets: by whole doublings of the duration, so that it is seldom done.
func (s *sketch) widen(least, most int) {
	if len(s.counts) > 0 {
		least, most = min(least, s.first), max(most, s.first+len(s.counts)-1)
	}
	least = least >> halves << halves
	size, from := most>>halves<<halves+1<<halves-least, max(s.first-least, 0)
	counts := make([]uint8, size)
	copy(counts[from:], s.counts)
	if s.over != nil {
		over := make([]uint32, size)
		copy(over[from:], s.over)
		s.over = over
	}
	s.counts, s.first = counts, least
}

// merge adds another one, which is not used any more.
func (s *sketch) merge(o *sketch) {
	if s.counts == nil && o.counts != nil {
		*s, *o = *o, *s
	}
	for _, us := range o.values {
		s.add(us)
	}
	for i := range o.counts {
		if n := o.at(i); n > 0 {
			s.count(o.first+i, n)
		}
	}
}

// at gives how many durations fell into a bucket.
func (s *sketch) at(i int) uint64 {
	n := uint64(s.counts[i])
	if s.over != nil {
		n += uint64(s.over[i]) << 8
	}
	return n
}

// percentiles gives the p50, p95 and p99 in microseconds, as percentile_cont does where each duration is known. from and to are the
// shortest and the longest one, which no percentile leaves.
func (s *sketch) percentiles(from, to int64) (p [3]float64) {
	at := [3]float64{0.50, 0.95, 0.99}
	if s.counts == nil {
		sorted := slices.Sorted(slices.Values(s.values))
		for i, q := range at {
			if len(sorted) == 0 {
				continue
			}
			place := q * float64(len(sorted)-1)
			low := int(place)
			p[i] = float64(sorted[low])
			if low+1 < len(sorted) {
				p[i] += (place - float64(low)) * float64(sorted[low+1]-sorted[low])
			}
		}
		return p
	}
	var total, sum uint64
	for b := range s.counts {
		total += s.at(b)
	}
	i := 0
	for b := range s.counts {
		sum += s.at(b)
		for i < len(at) && float64(sum) > at[i]*float64(total-1) {
			p[i] = min(max(middle(s.first+b), float64(from)), float64(to))
			i++
		}
	}
	return p
}
