package pglog

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// The percentiles of a sketch, and of one that was merged of parts, are those of the durations.
func TestSketch(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // it draws durations
	for _, c := range []struct {
		name  string
		count int
		draw  func() int64
		off   float64 // as a part of the true one
	}{
		{"few", exactly, func() int64 { return random.Int64N(1000) }, 0},
		{"as many as there are buckets for one microsecond each", 5000, func() int64 { return random.Int64N(128) }, 0.008},
		{"from microseconds to hours", 100_000, func() int64 { return int64(math.Exp(random.Float64() * 23)) }, 0.008},
		{"all the same, more than a count holds", 200_000, func() int64 { return 777_777 }, 0},
		{"two kinds, more than a count holds", 400_000, func() int64 { return []int64{1000, 5_000_000}[random.IntN(2)] }, 0.008},
	} {
		var whole, early, late sketch
		var all []int64
		for i := range c.count {
			us := c.draw()
			all = append(all, us)
			whole.add(us)
			if i < c.count/3 {
				early.add(us)
			} else {
				late.add(us)
			}
		}
		early.merge(&late)
		slices.Sort(all)
		for i, q := range [...]float64{0.50, 0.95, 0.99} {
			place := q * float64(c.count-1)
			low := all[int(place)]
			want := float64(low)
			if c.count <= exactly {
				want += (place - math.Floor(place)) * float64(all[min(int(place)+1, c.count-1)]-low)
			}
			for name, s := range map[string]*sketch{"whole": &whole, "merged": &early} {
				if got := s.percentiles(all[0], all[c.count-1])[i]; math.Abs(got-want) > c.off*want+1e-6 {
					t.Errorf("%s, %s: p%g is %g and not %g", c.name, name, q*100, got, want)
				}
			}
		}
	}
}
