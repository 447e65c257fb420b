package health

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"avadb/internal/pg"
)

// One piece of work for all who ask at the same time, and none beside one that hangs.
func TestShared(t *testing.T) { synctest.Test(t, testShared) }

func testShared(t *testing.T) {
	var begun atomic.Int64
	hang := make(chan struct{})
	s := &shared[int64]{limit: 300 * time.Millisecond, keep: func(int64) time.Duration { return 200 * time.Millisecond }}
	s.work = func(context.Context) int64 {
		n := begun.Add(1)
		time.Sleep(50 * time.Millisecond)
		if n == 3 {
			<-hang
		}
		return n
	}
	ask := func(want int64, answered bool) {
		t.Helper()
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if got, ok := s.get(t.Context()); got != want || ok != answered {
					t.Errorf("%d %v, want %d %v", got, ok, want, answered)
				}
			})
		}
		group.Wait()
	}
	ask(1, true)
	ask(1, true) // kept
	time.Sleep(250 * time.Millisecond)
	ask(2, true)
	time.Sleep(250 * time.Millisecond)
	ask(0, false) // the third hangs
	ask(0, false)
	if n := begun.Load(); n != 3 {
		t.Errorf("%d pieces of work were begun", n)
	}
	close(hang)
	soon(t, "the late answer", func() bool { got, ok := s.get(t.Context()); return ok && got >= 3 })
	gone, stop := context.WithCancel(t.Context())
	stop()
	time.Sleep(250 * time.Millisecond)
	if _, ok := s.get(gone); ok {
		t.Error("who has gone waits for an answer")
	}
	soon(t, "the work of who has gone is done for the others", func() bool { _, ok := s.get(t.Context()); return ok })
}

func TestLastHour(t *testing.T) {
	var r recent
	begin := time.Date(2026, 1, 31, 12, 0, 30, 0, time.UTC)
	var s pg.PoolStats
	for i := range 180 { // three hours, a sample a minute
		s = pg.PoolStats{
			Used: i % 2, Max: 2, ConnectFailures: int64(i), Waits: int64(2 * i), Canceled: int64(i / 2), WaitTime: time.Duration(i) * time.Millisecond,
		}
		r.sample(begin.Add(time.Duration(i)*time.Minute), s)
		if i == 9 {
			if h := r.hour(begin.Add(9 * time.Minute)); h.Minutes != 10 || h.ConnectionFailures != 9 || h.UtilizationAvgPct != 25 || h.UtilizationPeakPct != 50 {
				t.Errorf("after ten minutes %+v", h)
			}
		}
	}
	now := begin.Add(179 * time.Minute)
	if h := r.hour(now); h.Minutes != 60 || h.ConnectionFailures != 60 || h.Waits != 120 || h.Canceled != 30 || h.WaitMS != 60 || h.UtilizationAvgPct != 25 {
		t.Errorf("%+v", h)
	}
	r.sample(now.Add(59*time.Minute), s) // nothing came in between
	if h := r.hour(now.Add(59 * time.Minute)); h.Minutes != 2 || h.ConnectionFailures != 1 {
		t.Errorf("after a pause %+v", h)
	}
}

// A check that could not be run says so: what was seen before does not stand.
func TestChecklistThatFails(t *testing.T) {
	s := New(Options{})
	s.keepResults(nil, context.DeadlineExceeded, time.Now())
	if len(s.results) < 30 || !s.checkedAt.IsZero() {
		t.Errorf("%d results of %s", len(s.results), s.checkedAt)
	}
	for _, r := range s.results {
		if statusNumber(r) != -1 {
			t.Errorf("%s is %v", r.ID, statusNumber(r))
		}
	}
}
