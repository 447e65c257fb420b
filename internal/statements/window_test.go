package statements

import (
	"testing"
	"time"
)

func TestConfidenceOfCountersAsTheyStand(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	at := func(d time.Duration) *time.Time { t := ago(d); return &t }
	evictions := int64(3)
	for name, c := range map[string]struct {
		reading reading
		row     Counters
		want    Confidence
	}{
		"reset before the window":              {reading{StatsReset: at(2 * time.Hour), StartedAt: ago(5 * time.Hour)}, Counters{}, SinceReset},
		"reset within it":                      {reading{StatsReset: at(time.Minute), StartedAt: ago(5 * time.Hour)}, Counters{}, Exact},
		"reset by the start itself":            {reading{StatsReset: at(time.Minute + time.Second), StartedAt: ago(time.Minute)}, Counters{}, Exact},
		"a start long after the reset":         {reading{StatsReset: at(30 * time.Minute), StartedAt: ago(time.Minute)}, Counters{}, LowerBound},
		"a row that began within it":           {reading{StatsReset: at(2 * time.Hour), StartedAt: ago(5 * time.Hour)}, Counters{StatsSince: at(time.Minute)}, Exact},
		"a row that began in an earlier life":  {reading{StatsReset: at(2 * time.Hour), StartedAt: ago(time.Minute)}, Counters{StatsSince: at(30 * time.Minute)}, LowerBound},
		"evictions":                            {reading{StatsReset: at(time.Minute), StartedAt: ago(5 * time.Hour), Dealloc: &evictions}, Counters{}, LowerBound},
		"an extension that does not say since": {reading{StartedAt: ago(5 * time.Hour)}, Counters{}, SinceReset},
	} {
		if got := c.reading.confidence(c.row, ago(time.Hour)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
