package probation

import (
	"strings"
	"testing"
	"time"

	"avadb/internal/fault"
	"avadb/internal/statements"
)

func TestParseTerms(t *testing.T) {
	for _, c := range []struct {
		length, baseline, regression string
		want                         Terms
	}{
		{"10m", "", "20%", Terms{10 * time.Minute, 2 * time.Minute, 20}},
		{"3s", "", "20%", Terms{3 * time.Second, 3 * time.Second, 20}},
		{"1h", "15m", "7.5", Terms{time.Hour, 15 * time.Minute, 7.5}},
		{"1s", "1s", " 1000 %", Terms{time.Second, time.Second, 1000}},
	} {
		got, err := ParseTerms(c.length, c.baseline, c.regression)
		if err != nil || got != c.want {
			t.Errorf("%+v: %+v %v", c, got, err)
		}
	}
	for _, c := range [][3]string{
		{"", "", "20%"},
		{"0s", "", "20%"},
		{"500ms", "", "20%"},
		{"8d", "", "20%"},
		{"soon", "", "20%"},
		{"-5m", "", "20%"},
		{"5m", "0s", "20%"},
		{"5m", "x", "20%"},
		{"5m", "", "0%"},
		{"5m", "", "-1%"},
		{"5m", "", "NaN"},
		{"5m", "", "Inf"},
		{"5m", "", "1001%"},
		{"5m", "", "much"},
		{"5m", "", ""},
	} {
		if _, err := ParseTerms(c[0], c[1], c[2]); fault.KindOf(err) != fault.Usage || err == nil {
			t.Errorf("%q: %v", c, err)
		}
	}
}

func FuzzParseTerms(f *testing.F) {
	f.Add("10m", "2m", "20%")
	f.Fuzz(func(t *testing.T, length, baseline, regression string) {
		terms, err := ParseTerms(length, baseline, regression)
		if err == nil && (terms.Length < time.Second || terms.Baseline < time.Second || !(terms.MaxRegressionPct > 0)) {
			t.Errorf("%q %q %q gives %+v", length, baseline, regression, terms)
		}
	})
}

func window(seconds float64, transactions int64, timings map[string][2]float64) Window {
	w := Window{Seconds: seconds, Transactions: transactions, TPS: float64(transactions) / seconds}
	w.timings = statements.Timings{}
	for statement, t := range timings {
		w.timings[statement] = statements.Timing{Calls: int64(t[0]), TotalMS: t[1]}
	}
	return w
}

func TestJudge(t *testing.T) {
	ms := func(calls, total float64) [2]float64 { return [2]float64{calls, total} }
	for _, c := range []struct {
		name          string
		before, after Window
		judged, worse bool
		pct           float64
		reason        string
	}{
		{name: "idle", before: window(60, 10, nil), after: window(60, 10, nil), reason: "10 transactions in 60 s before the change"},
		{name: "silence before", before: window(60, 0, nil), after: window(60, 5000, nil), reason: "too little"},
		{name: "a window too short", before: window(60, 120, nil), after: window(3, 6, nil), reason: "too little"},
		{name: "the same", before: window(60, 6000, nil), after: window(600, 60000, nil), judged: true, pct: 0, reason: "from 100.0 to 100.0 transactions a second (+0.0%)"},
		{name: "faster", before: window(60, 6000, nil), after: window(60, 9000, nil), judged: true, pct: -50},
		{name: "just allowed", before: window(60, 6000, nil), after: window(60, 4800, nil), judged: true, pct: 20},
		{name: "throughput lost", before: window(60, 6000, nil), after: window(60, 4700, nil), judged: true, worse: true, pct: 21.6667},
		{name: "the load ended", before: window(60, 6000, nil), after: window(60, 0, nil), judged: true, worse: true, pct: 100},
		{
			name:   "slower statements at the same throughput",
			before: window(60, 6000, map[string][2]float64{"a": ms(100, 100)}), after: window(60, 6000, map[string][2]float64{"a": ms(100, 150)}),
			judged: true, worse: true, pct: 50, reason: "the mean time per statement from 1.000 to 1.500 ms (+50.0%)",
		},
		{
			name:   "another mix is no slowness", // each statement takes as long as before
			before: window(60, 6000, map[string][2]float64{"a": ms(1000, 1000), "b": ms(10, 1000)}),
			after:  window(60, 6000, map[string][2]float64{"a": ms(10, 10), "b": ms(1000, 100000)}),
			judged: true, pct: 0,
		},
		{
			name:   "new statements do not count",
			before: window(60, 6000, map[string][2]float64{"a": ms(100, 100)}),
			after:  window(60, 6000, map[string][2]float64{"a": ms(100, 100), "report": ms(100, 1e6)}),
			judged: true, pct: 0,
		},
		{
			name:   "too few calls to count",
			before: window(60, 6000, map[string][2]float64{"a": ms(19, 19)}), after: window(60, 6000, map[string][2]float64{"a": ms(19, 1900)}),
			judged: true, pct: 0,
		},
		{
			name:   "statements that take no time",
			before: window(60, 6000, map[string][2]float64{"a": ms(100, 0)}), after: window(60, 6000, map[string][2]float64{"a": ms(100, 0)}),
			judged: true, pct: 0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Judge(&c.before, &c.after, 20)
			if got.Judged != c.judged || got.Regressed != c.worse || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("%+v", got)
			}
			if (got.RegressionPct != nil) != c.judged {
				t.Fatalf("regression %v", got.RegressionPct)
			}
			if c.judged && (*got.RegressionPct < c.pct-0.001 || *got.RegressionPct > c.pct+0.001) {
				t.Errorf("regression %v, want %v", *got.RegressionPct, c.pct)
			}
		})
	}
}

// Counters that began anew would give numbers that lie.
func TestCountersThatBeginAnew(t *testing.T) {
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	reset, again := at.Add(-time.Hour), at.Add(time.Second)
	first := Moment{At: at, databases: map[int64]counter{1: {100, &reset}, 2: {50, nil}}}
	for name, c := range map[string]struct {
		later map[int64]counter
		ok    bool
		count int64
	}{
		"counted on":         {map[int64]counter{1: {150, &reset}, 2: {60, nil}}, true, 60},
		"a new database":     {map[int64]counter{1: {150, &reset}, 2: {50, nil}, 3: {7, &again}}, true, 57},
		"a dropped database": {map[int64]counter{1: {150, &reset}}, true, 50},
		"fell":               {map[int64]counter{1: {150, &reset}, 2: {10, nil}}, false, 0},
		"reset":              {map[int64]counter{1: {150, &again}, 2: {60, nil}}, false, 0},
		"a crash":            {map[int64]counter{1: {150, nil}, 2: {60, nil}}, false, 0},
	} {
		w, ok := first.Until(Moment{At: at.Add(10 * time.Second), databases: c.later})
		if ok != c.ok || ok && (w.Transactions != c.count || w.Seconds != 10) {
			t.Errorf("%s: %+v %t", name, w, ok)
		}
	}
}
