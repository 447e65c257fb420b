package statements

import (
	"strings"
	"testing"
	"time"
)

// Counters of two moments are subtracted only where the later ones continue the earlier.
func TestTotalsSince(t *testing.T) {
	reset, again := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), time.Date(2026, 1, 31, 13, 0, 0, 0, time.UTC)
	none, one := int64(0), int64(1)
	earlier := Totals{Calls: 10, TotalMS: 100, StatsReset: &reset, Dealloc: &none}
	for _, c := range []struct {
		name   string
		now    Totals
		reason string
	}{
		{"continued", Totals{Calls: 15, TotalMS: 200, StatsReset: &reset, Dealloc: &none}, ""},
		{"nothing since", Totals{Calls: 10, TotalMS: 100, StatsReset: &reset, Dealloc: &none}, ""},
		{"reset", Totals{Calls: 15, TotalMS: 200, StatsReset: &again, Dealloc: &none}, "reset in between"},
		{"evicted", Totals{Calls: 15, TotalMS: 200, StatsReset: &reset, Dealloc: &one}, "evicted"},
		{"one entry reset", Totals{Calls: 9, TotalMS: 200, StatsReset: &reset, Dealloc: &none}, "single counters"},
		{"one slow entry reset", Totals{Calls: 15, TotalMS: 20, StatsReset: &reset, Dealloc: &none}, "single counters"},
		{"extension 1.8", Totals{Calls: 15, TotalMS: 200, StatsReset: nil, Dealloc: nil}, "too old"},
	} {
		between, reason := c.now.Since(earlier)
		if (reason == "") != (c.reason == "") || !strings.Contains(reason, c.reason) {
			t.Errorf("%s: %q", c.name, reason)
		}
		if reason == "" && (between.Calls != c.now.Calls-10 || between.TotalMS != c.now.TotalMS-100) {
			t.Errorf("%s: %+v", c.name, between)
		}
	}
	between, _ := Totals{Calls: 15, TotalMS: 200, StatsReset: &reset, Dealloc: &none}.Since(earlier)
	if mean := between.MeanMS(); mean == nil || *mean != 20 {
		t.Errorf("mean %v", mean)
	}
	if mean := (Totals{}).MeanMS(); mean != nil {
		t.Errorf("the average of nothing is %v", *mean)
	}
}
