package statements

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sampleDuring samples while work runs, between the two readings.
func (d database) sampleDuring(t *testing.T, work func()) *Slow {
	t.Helper()
	answer, err := sampleWhile(t.Context(), d.avadb, Scope{Database: d.name, By: ByCalls}, func() error {
		work()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestSampleIsExact(t *testing.T) {
	d := newDatabase(t, "")
	mustExec(t, d.app, "CREATE TABLE numbers AS SELECT generate_series(1, 50) AS n", reset)
	const known, fresh = "SELECT n FROM numbers", "SELECT max(n) FROM numbers"
	for range 5 {
		mustExec(t, d.app, known, "SELECT count(*) FROM numbers")
	}
	answer := d.sampleDuring(t, func() {
		for range 7 {
			mustExec(t, d.app, known)
		}
		mustExec(t, d.app, fresh)
	})
	row := answer.row(t, known)
	if row.Calls != 7 || *row.Rows != 350 || row.Confidence != Exact || len(row.Flags) != 0 || row.MinMS != nil || row.TotalMS <= 0 || row.MeanMS != row.TotalMS/7 {
		t.Errorf("the known one: %+v", row)
	}
	if row := answer.row(t, fresh); row.Calls != 1 || row.Confidence != Exact || row.MaxMS == nil || *row.MaxMS != row.TotalMS {
		t.Errorf("the new one: %+v", row)
	}
	if len(answer.Statements) != 2 || answer.Window.Confidence != Exact || *answer.Window.CoveragePct != 100 || len(answer.Window.Reasons) != 0 {
		t.Errorf("%+v", answer)
	}
}

func TestSampleWithAResetOfOneQuery(t *testing.T) {
	d := newDatabase(t, "")
	mustExec(t, d.app, reset)
	for range 5 {
		mustExec(t, d.app, "SELECT pi()", "SELECT now()")
	}
	id := text(t, d.app, "SELECT queryid::text FROM pg_stat_statements WHERE query = 'SELECT pi()' AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())")
	answer := d.sampleDuring(t, func() {
		mustExec(t, d.app, "SELECT pi()", "SELECT pi()", "SELECT now()", "SELECT pg_stat_statements_reset(0, 0, "+id+")", "SELECT pi()")
	})
	if row := answer.row(t, "pi()"); row.Calls != 1 || row.Confidence != LowerBound || !slices.Equal(row.Flags, []string{"reset"}) {
		t.Errorf("the one that was reset: %+v", row)
	}
	if row := answer.row(t, "now()"); row.Calls != 1 || row.Confidence != Exact || len(row.Flags) != 0 {
		t.Errorf("the other: %+v", row)
	}
	if answer.Window.Confidence != LowerBound {
		t.Errorf("window %+v", answer.Window)
	}
}

func TestSampleWithAResetOfAll(t *testing.T) {
	d := newDatabase(t, "")
	evict(t, d) // a reset also puts the count of evictions to zero, which is no eviction
	for range 5 {
		mustExec(t, d.app, "SELECT pi()")
	}
	answer := d.sampleDuring(t, func() {
		mustExec(t, d.app, "SELECT pi()", "SELECT now()", reset, "SELECT pi()", "SELECT pi()", "SELECT now()")
	})
	for word, calls := range map[string]int64{"pi()": 2, "now()": 1} {
		if row := answer.row(t, word); row.Calls != calls || row.Confidence != LowerBound || !slices.Equal(row.Flags, []string{"reset"}) {
			t.Errorf("%s: %+v", word, row)
		}
	}
	w := answer.Window
	if w.Confidence != LowerBound || *w.CoveragePct >= 100 || len(w.Reasons) != 1 || !strings.Contains(w.Reasons[0], "reset at") || !w.CoveredFrom.After(w.RequestedFrom) {
		t.Errorf("window %+v", w)
	}
}

// evict fills the view with more statements than it has room for.
func evict(t *testing.T, d database) {
	t.Helper()
	for columns := 1; columns <= 130; columns++ {
		mustExec(t, d.app, "SELECT "+strings.Repeat("1, ", columns)+strconv.Itoa(columns))
	}
}

func TestSampleWithEvictions(t *testing.T) {
	d := newDatabase(t, "")
	mustExec(t, d.app, reset)
	answer := d.sampleDuring(t, func() {
		evict(t, d)
		for range 20 {
			mustExec(t, d.app, "SELECT pi()")
		}
	})
	if row := answer.row(t, "pi()"); row.Calls != 20 || row.Confidence != LowerBound {
		t.Errorf("%+v", row)
	}
	if w := answer.Window; w.Confidence != LowerBound || len(w.Reasons) != 1 || !strings.Contains(w.Reasons[0], "evicted within the sample") {
		t.Errorf("window %+v", w)
	}
	if w := d.since(t, ByTotal).Window; !strings.Contains(strings.Join(w.Reasons, " "), "raise pg_stat_statements.max") {
		t.Errorf("window of all: %+v", w)
	}
}

func TestSampleIsInterrupted(t *testing.T) {
	d := newDatabase(t, "")
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, stop)
	if _, err := Sample(ctx, d.avadb, time.Hour, Scope{By: ByTotal}); err == nil {
		t.Error("no error")
	}
}

func TestMinus(t *testing.T) {
	early, late := time.Unix(100, 0), time.Unix(200, 0)
	old := Counters{Calls: 10, TotalMS: 100, MaxMS: 30, Rows: 10}
	for name, c := range map[string]struct {
		now, old       Counters
		moved, evicted bool
		calls          int64
		confidence     Confidence
		flags          string
		max            bool
	}{
		"more":                    {Counters{Calls: 12, TotalMS: 110, MaxMS: 30, Rows: 12}, old, false, false, 2, Exact, "", false},
		"a new maximum":           {Counters{Calls: 12, TotalMS: 150, MaxMS: 40, Rows: 12}, old, false, false, 2, Exact, "", true},
		"new":                     {Counters{Calls: 3, TotalMS: 5, MaxMS: 2}, Counters{}, false, false, 3, Exact, "", true},
		"fewer calls":             {Counters{Calls: 3, TotalMS: 5, MaxMS: 2}, old, false, false, 3, LowerBound, "reset", true},
		"more calls, less time":   {Counters{Calls: 30, TotalMS: 5, MaxMS: 2, Rows: 30}, old, false, false, 30, LowerBound, "reset", true},
		"evicted":                 {Counters{Calls: 12, TotalMS: 110, MaxMS: 30, Rows: 12}, old, false, true, 2, LowerBound, "", false},
		"epoch moved":             {Counters{Calls: 12, TotalMS: 110, MaxMS: 30, Rows: 12}, old, true, false, 12, LowerBound, "reset", true},
		"epoch moved, new":        {Counters{Calls: 12, TotalMS: 110, MaxMS: 30, Rows: 12}, Counters{}, true, false, 12, LowerBound, "reset", true},
		"stats_since moved":       {Counters{Calls: 12, TotalMS: 110, Rows: 12, StatsSince: &late}, Counters{Calls: 10, StatsSince: &early}, false, false, 12, LowerBound, "reset", true},
		"stats_since stands":      {Counters{Calls: 12, TotalMS: 110, Rows: 12, StatsSince: &early}, Counters{Calls: 10, StatsSince: &early}, false, false, 2, Exact, "", false},
		"nothing happened at all": {old, old, false, false, 0, Exact, "", false},
	} {
		d := c.now.Minus(c.old, c.moved, c.evicted)
		if d.Calls != c.calls || d.Confidence != c.confidence || strings.Join(d.Flags, ",") != c.flags || (d.Max != nil) != c.max {
			t.Errorf("%s: calls %d, %s, %v, max %v", name, d.Calls, d.Confidence, d.Flags, d.Max)
		}
	}
}
