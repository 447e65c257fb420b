package history

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"avadb/internal/fingerprint"
	"avadb/internal/statements"
)

// window asks the history of the rig's store.
func (r *rig) window(t *testing.T, from, to time.Time, live bool) *statements.Slow {
	t.Helper()
	return r.windowOf(t, shared.DSN(r.Name), from, to, live)
}

func (r *rig) windowOf(t *testing.T, dsn string, from, to time.Time, live bool) *statements.Slow {
	t.Helper()
	conn := connect(t, dsn)
	options := r.options().StoreOptions
	options.Log = slog.New(slog.DiscardHandler)
	store, err := Open(t.Context(), conn, options)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	server, err := store.Find(t.Context(), conn.Server)
	if err != nil || server == nil {
		t.Fatalf("server %v, %v", server, err)
	}
	answer, err := store.Window(t.Context(), conn, server, Span{From: from, To: to, Live: live}, statements.Scope{By: statements.ByTotal, Database: r.Name})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	return answer
}

// callsOf gives the calls of the row whose text holds a word, and its confidence; 0 for none.
func callsOf(s *statements.Slow, word string) (int64, statements.Confidence, []string) {
	for _, row := range s.Statements {
		if strings.Contains(row.Query, word) {
			return row.Calls, row.Confidence, row.Flags
		}
	}
	return 0, "", nil
}

// count runs a statement some times.
func (r *rig) count(t *testing.T, n int) {
	t.Helper()
	for range n {
		run(t, r.app, counting)
	}
}

const counting = "SELECT count(*) AS counting FROM numbers WHERE n > 3"

func TestWindowIsWhatRanInIt(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	r.count(t, 5) // before the first snapshot
	first := collect(t, c)
	r.count(t, 3)
	second := collect(t, c)
	r.count(t, 4)
	third := collect(t, c)
	r.count(t, 2)
	for _, w := range []struct {
		name     string
		from, to time.Time
		live     bool
		want     int64
	}{
		{"one interval", first.TakenAt, second.TakenAt, false, 3},
		{"the next", second.TakenAt, third.TakenAt, false, 4},
		{"two", first.TakenAt, third.TakenAt, false, 7},
		{"up to now", second.TakenAt, time.Now(), true, 6},
		{"since the newest", third.TakenAt, time.Now(), true, 2},
		{"begins before the first", first.TakenAt.Add(-time.Hour), third.TakenAt, false, 7},
	} {
		answer := r.window(t, w.from, w.to, w.live)
		calls, confidence, _ := callsOf(answer, "counting")
		if calls != w.want || confidence != statements.Exact || answer.Window.Confidence != statements.Exact {
			t.Errorf("%s: %d calls, %s; want %d, exact: %v", w.name, calls, confidence, w.want, answer.Window.Reasons)
		}
		early := w.from.Before(first.TakenAt)
		if full := *answer.Window.CoveragePct == 100; full == early || (len(answer.Window.Reasons) > 0) != early {
			t.Errorf("%s: coverage %g%%, reasons %q", w.name, *answer.Window.CoveragePct, answer.Window.Reasons)
		}
	}
}

func TestWindowSaysWhatItCountsBeforeItsBegin(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	first := collect(t, c)
	r.count(t, 3)
	second := collect(t, c)
	run(t, r.admin, "UPDATE avadb.snapshot SET taken_at = taken_at - interval '1 hour' WHERE id = 1")
	answer := r.window(t, first.TakenAt, second.TakenAt, false)
	if calls, _, _ := callsOf(answer, "counting"); calls != 3 || !strings.Contains(strings.Join(answer.Window.Reasons, ";"), "the snapshot before the window is of") {
		t.Errorf("%d calls, %q", calls, answer.Window.Reasons)
	}
}

func TestWindowWithAReset(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	first := collect(t, c)
	r.count(t, 3)
	collect(t, c)
	r.count(t, 2) // lost
	run(t, r.app, "SELECT pg_stat_statements_reset()")
	r.count(t, 4)
	answer := r.window(t, first.TakenAt, time.Now(), true)
	calls, confidence, flags := callsOf(answer, "counting")
	if calls != 7 || confidence != statements.LowerBound || strings.Join(flags, " ") != "reset new" {
		t.Errorf("%d calls, %s, %v", calls, confidence, flags)
	}
	if w := answer.Window; w.Confidence != statements.LowerBound || *w.CoveragePct >= 100 || !strings.Contains(strings.Join(w.Reasons, ";"), "the counters were reset, or lost in a crash, at") {
		t.Errorf("window %+v, %g%%", w, *w.CoveragePct)
	}
}

func TestWindowWithEvictions(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	first := collect(t, c)
	r.count(t, 2)
	for i := range 400 { // more than pg_stat_statements.max
		run(t, r.app, "SELECT 1"+strings.Repeat(", 1", i))
	}
	second := collect(t, c)
	answer := r.window(t, first.TakenAt, second.TakenAt, false)
	if w := answer.Window; w.Confidence != statements.LowerBound || !strings.Contains(strings.Join(w.Reasons, ";"), "entries were evicted") {
		t.Errorf("window %+v", w)
	}
	for _, row := range answer.Statements {
		if row.Confidence != statements.LowerBound {
			t.Errorf("%s is %s", row.Query, row.Confidence)
		}
	}
}

func TestWindowFlagsALongStatement(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	done := make(chan error, 1)
	sleeper := dial(t, shared.DSN(r.Name))
	go func() {
		_, err := sleeper.Exec(t.Context(), "SELECT pg_sleep(1.5)")
		done <- err
	}()
	await(t, r.app, "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND clock_timestamp() - query_start > interval '1 s'")
	first := collect(t, c)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	second := collect(t, c)
	_, _, flags := callsOf(r.window(t, first.TakenAt, second.TakenAt, false), "pg_sleep")
	if strings.Join(flags, " ") != "new long" {
		t.Errorf("flags %v", flags)
	}
}

func TestWindowWithoutSnapshots(t *testing.T) {
	r := newRig(t)
	first := collect(t, r.collector(t))
	if answer := r.window(t, first.TakenAt.Add(-2*time.Hour), first.TakenAt.Add(-time.Hour), false); answer != nil {
		t.Errorf("an answer from nothing: %+v", answer.Window)
	}
}

// The history knows databases and roles as they were called; a window calls them what they are called now.
func TestWindowAfterRenames(t *testing.T) {
	r := newRig(t, "CREATE ROLE renamed_before SUPERUSER")
	c := r.collector(t)
	first := collect(t, c)
	run(t, r.app, "SET ROLE renamed_before")
	r.count(t, 3)
	run(t, r.app, "RESET ROLE")
	second := collect(t, c)
	run(t, r.admin, "ALTER ROLE renamed_before RENAME TO renamed_after")
	for _, row := range r.window(t, first.TakenAt, second.TakenAt, false).Statements {
		if strings.Contains(row.Query, "counting") && (row.User == nil || *row.User != "renamed_after" || row.Calls != 3) {
			t.Errorf("%d calls of %v", row.Calls, row.User)
		}
	}
	run(t, r.admin, "DROP ROLE renamed_after")
}

// Of a statement that has two entries the maximum is known where that of both is.
func TestWindowMaximumOfTwoEntries(t *testing.T) {
	r := newRig(t, "CREATE TABLE twice AS SELECT 1 AS n")
	const twice = "SELECT max(n), pg_sleep(n * 0.05) FROM twice GROUP BY n"
	c := r.collector(t)
	run(t, r.app, twice)
	first := collect(t, c)
	run(t, r.app, "UPDATE twice SET n = 0", twice) // faster than before: its maximum stays
	run(t, r.app, "DROP TABLE twice", "CREATE TABLE twice AS SELECT 0 AS n", twice)
	second := collect(t, c)
	for _, row := range r.window(t, first.TakenAt, second.TakenAt, false).Statements {
		if strings.Contains(row.Query, "max(n)") && (row.Calls != 2 || row.MaxMS != nil) {
			t.Errorf("%d calls, at most %v ms", row.Calls, row.MaxMS)
		}
	}
}

// A statement that is reset alone and does not run again takes what it had counted with it.
func TestWindowWithAForgottenStatement(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	first := collect(t, c)
	r.count(t, 3)
	collect(t, c)
	r.count(t, 2) // lost
	run(t, r.app, "SELECT pg_stat_statements_reset(userid, dbid, queryid) FROM pg_stat_statements WHERE query LIKE '%AS counting%'")
	second := collect(t, c)
	answer := r.window(t, first.TakenAt, second.TakenAt, false)
	calls, confidence, _ := callsOf(answer, "counting")
	if calls != 3 || confidence != statements.LowerBound || !strings.Contains(strings.Join(answer.Window.Reasons, ";"), "single statements were reset") {
		t.Errorf("%d calls, %s: %v", calls, confidence, answer.Window.Reasons)
	}
}

// The longest is not known where a longer one ran before; it is no shorter than the mean.
func TestWindowFlagsALongStatementThatIsNotTheLongest(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	run(t, r.app, "SELECT pg_sleep(0.4)")
	first := collect(t, c)
	run(t, r.app, "SELECT pg_sleep(0.2)")
	collect(t, c)
	end := first.TakenAt.Add(10 * time.Millisecond)
	run(t, r.admin, "UPDATE avadb.snapshot SET taken_at = '"+end.Format(time.RFC3339Nano)+"' WHERE id = 2")
	if _, _, flags := callsOf(r.window(t, first.TakenAt, end, false), "pg_sleep"); strings.Join(flags, " ") != "long" {
		t.Errorf("flags %v", flags)
	}
}

func TestRemainderFlagsALongStatement(t *testing.T) {
	begin, longest := time.Now(), 3000.0
	for _, c := range []struct {
		name string
		d    statements.Delta
		want bool
	}{
		{"the longest is known", statements.Delta{Counters: statements.Counters{Calls: 100, TotalMS: 3099}, Max: &longest}, true},
		{"no shorter than the mean", statements.Delta{Counters: statements.Counters{Calls: 2, TotalMS: 6000}}, true},
		{"many short ones", statements.Delta{Counters: statements.Counters{Calls: 100, TotalMS: 6000}}, false},
	} {
		a := &answer{from: begin, groups: map[groupKey]*group{}}
		r := &remainder{Tally: &statements.Tally{TakenAt: begin.Add(time.Second)}, changes: &changes{deltas: []delta{{Delta: c.d}}}}
		a.addRemainder(r, 1, &catalog{}, statements.Scope{})
		for _, g := range a.groups {
			if g.long != c.want {
				t.Errorf("%s: long is %t", c.name, g.long)
			}
		}
		if len(a.groups) != 1 {
			t.Errorf("%s: %d rows", c.name, len(a.groups))
		}
	}
}

func TestWindowSaysWhatItDoesNotCountAtItsEnd(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	first := collect(t, c)
	r.count(t, 3)
	second := collect(t, c)
	w := r.window(t, first.TakenAt, second.TakenAt.Add(time.Millisecond), false).Window
	if len(w.Reasons) != 1 || !strings.Contains(w.Reasons[0], "the last snapshot of the window is of") || *w.CoveragePct >= 100 {
		t.Errorf("coverage %g%%, reasons %q", *w.CoveragePct, w.Reasons)
	}
}

// Of an entry that began anew after the newest snapshot the maximum is that of its new counters: what was longer before is not known.
func TestWindowMaximumAfterAResetThatNobodyHasCollected(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	run(t, r.app, "SELECT pg_sleep(0.2)")
	first := collect(t, c)
	run(t, r.app, "SELECT pg_sleep(0.1)", "SELECT pg_sleep(0.1)")
	collect(t, c)
	run(t, r.app, "SELECT pg_stat_statements_reset()", "SELECT pg_sleep(0.01)")
	for _, row := range r.window(t, first.TakenAt, time.Now(), true).Statements {
		if strings.Contains(row.Query, "pg_sleep") && (row.Calls != 3 || row.MaxMS != nil) {
			t.Errorf("%d calls of %g ms, at most %g", row.Calls, row.TotalMS, *row.MaxMS)
		}
	}
}

// The snapshots that are nearest to what was asked for are taken, and what they cover is said.
func TestWindowTakesTheNearestSnapshots(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	at := make([]time.Time, 4)
	for i := range at {
		r.count(t, i)
		at[i] = time.Date(2026, 11, 30, 21, i, 0, 0, time.UTC)
		collect(t, c)
		run(t, r.admin, fmt.Sprintf("UPDATE avadb.snapshot SET taken_at = '%s' WHERE id = %d", at[i].Format(time.RFC3339), i+1))
	}
	minute := func(m float64) time.Time { return at[0].Add(time.Duration(m * float64(time.Minute))) }
	for _, one := range []struct {
		from, to float64 // minutes
		calls    int64
		pct      float64
		said     string
	}{
		{1, 3, 5, 100, ""},
		{1.05, 2.95, 5, 100, ""},           // a little more than was asked for
		{1.05, 3.02, 5, 98.98, "the last"}, // a little less
		{0.9, 3, 5, 95.23, "the first"},    // the begin is nearer to the one after it
		{1.6, 2.9, 3, 69.23, "the first"},  // so it is here
		{1.4, 2.9, 5, 100, "the snapshot before"},
		{1.2, 1.3, 2, 100, "the snapshot after"}, // within one interval
		{3.1, 3.9, 0, 0, "one snapshot alone"},
	} {
		answer := r.window(t, minute(one.from), minute(one.to), false)
		calls, _, _ := callsOf(answer, "counting")
		w := answer.Window
		if said := strings.Join(w.Reasons, "; "); calls != one.calls || *w.CoveragePct != one.pct || !strings.Contains(said, one.said) || one.said == "" && said != "" {
			t.Errorf("%g to %g: %d calls from %s to %s, %g%%: %s", one.from, one.to, calls, w.CoveredFrom, w.CoveredTo, *w.CoveragePct, said)
		}
		if one.pct == 0 && w.Confidence == statements.Exact {
			t.Error("nothing is counted, and exactly")
		}
	}
}

// A step of the course is what was counted in it, and says from when to when: no call is missing, and none stands where it did not run.
func TestPointsSayWhenTheyCounted(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	begin := time.Date(2026, 11, 30, 21, 0, 0, 0, time.UTC)
	for i, after := range []time.Duration{10 * time.Second, 70 * time.Second, 6 * time.Minute} {
		r.count(t, i)
		collect(t, c)
		run(t, r.admin, fmt.Sprintf("UPDATE avadb.snapshot SET taken_at = '%s' WHERE id = %d", begin.Add(after).Format(time.RFC3339), i+1))
	}
	answer := r.window(t, begin, begin.Add(8*time.Minute), false)
	var signature fingerprint.Signature
	for _, s := range answer.Statements {
		if strings.Contains(s.Query, "counting") {
			signature, _ = fingerprint.Parse(*s.Signature)
		}
	}
	points, err := c.store.Points(t.Context(), c.server, signature, Span{From: begin, To: begin.Add(8 * time.Minute)})
	if err != nil || len(points) != 8 {
		t.Fatalf("%d points, %v", len(points), err)
	}
	var got []string
	for _, p := range points {
		calls := "-"
		if p.Calls != nil {
			calls = fmt.Sprint(*p.Calls)
		}
		got = append(got, fmt.Sprintf("%g-%g:%s", p.From.Sub(begin).Seconds(), p.To.Sub(begin).Seconds(), calls))
	}
	if want := "0-60:- 10-70:1 120-180:- 180-240:- 240-300:- 300-360:- 70-360:2 420-480:-"; strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
}
