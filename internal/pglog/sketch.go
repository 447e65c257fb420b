package pglog

import (
	"math"
	"math/bits"
	"slices"
)

// sketch holds the durations of one statement: the first ones as they are, and beyond that how many fell into each bucket. A bucket is
// 1/64 of its lower end wide, so that a percentile is at most 0.8 % from the true one.
type sketch struct {
	values []int64  // microseconds, unsorted; nil once there are counts
	counts []uint32 // of the buckets from first on
	first  int
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
	s.first = bucket(slices.Min(s.values))
	s.counts = make([]uint32, bucket(slices.Max(s.values))-s.first+1)
	for _, us := range s.values {
		s.counts[bucket(us)-s.first]++
	}
	s.values = nil
}

func (s *sketch) count(b int, n uint32) {
	switch {
	case b < s.first:
		more := make([]uint32, len(s.counts)+s.first-b)
		copy(more[s.first-b:], s.counts)
		s.counts, s.first = more, b
	case b >= s.first+len(s.counts):
		s.counts = append(s.counts, make([]uint32, b-s.first-len(s.counts)+1)...)
	}
	s.counts[b-s.first] += n
}

// merge adds another one, which is not used any more.
func (s *sketch) merge(o *sketch) {
	if o.counts == nil {
		for _, us := range o.values {
			s.add(us)
		}
		return
	}
	if s.counts == nil {
		values := s.values
		*s = *o
		for _, us := range values {
			s.count(bucket(us), 1)
		}
		return
	}
	for i, n := range o.counts {
		if n > 0 {
			s.count(o.first+i, n)
		}
	}
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
	var total uint64
	for _, n := range s.counts {
		total += uint64(n)
	}
	var sum uint64
	i := 0
	for b, n := range s.counts {
		sum += uint64(n)
		for i < len(at) && float64(sum) > at[i]*float64(total-1) {
			p[i] = min(max(middle(s.first+b), float64(from)), float64(to))
			i++
		}
	}
	return p
}
