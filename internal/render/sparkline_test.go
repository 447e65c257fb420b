package render

import (
	"testing"
	"unicode/utf8"
)

func TestSparkline(t *testing.T) {
	of := func(values ...float64) []*float64 {
		list := make([]*float64, len(values))
		for i := range values {
			if values[i] >= 0 {
				list[i] = &values[i]
			}
		}
		return list
	}
	for _, c := range []struct {
		values []*float64
		ascii  bool
		want   string
	}{
		{nil, false, ""},
		{of(0, 0), false, "▁▁"},
		{of(0, 1, 4, 8), false, "▁▂▅█"},
		{of(0, 1, 4, 8), true, "_.=#"},
		{of(5, -1, 5), false, "█ █"},   // not known in between
		{of(0.001, 1000), false, "▂█"}, // what ran at all differs from what did not
	} {
		if got := Sparkline(c.values, c.ascii); got != c.want || utf8.RuneCountInString(got) != len(c.values) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
