package pg

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"avadb/internal/fault"
)

func mustPool(t *testing.T, dsn string, o PoolOptions) *Pool {
	t.Helper()
	p, err := NewPool(t.Context(), mustResolve(t, Sources{DSN: dsn, Env: environment()}), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(5 * time.Second) })
	return p
}

func TestPoolSessions(t *testing.T) {
	p := mustPool(t, server.DSN("postgres"), PoolOptions{})
	err := p.With(t.Context(), func(c *Conn) error {
		for setting, want := range map[string]string{
			"application_name": "avadb", "statement_timeout": "30s", "idle_in_transaction_session_timeout": "1min", "lock_timeout": "5s",
			"search_path": "pg_catalog, pg_temp",
		} {
			if got := show(t, c, "SELECT current_setting($1)", setting); got != want {
				t.Errorf("%s is %q, not %q", setting, got, want)
			}
		}
		if c.Server.Major() != server.Major {
			t.Errorf("server %+v", c.Server)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		_, s := p.Stats() // the first may have been opened beside the five
		return s.Size >= 5 && s.Size <= 6 && s.Max == 30 && s.Free == s.Size && s.Used == 0 && s.Connected
	})
}

func TestPoolWarmUp(t *testing.T) {
	p := mustPool(t, server.DSN("postgres"), PoolOptions{})
	w := p.WarmUp(t.Context(), 10)
	if w.Warmed != 10 || w.Target != 10 || w.Err != nil || w.Took <= 0 {
		t.Fatalf("%+v", w)
	}
	query, pool := p.Stats()
	if pool.Size != 10 || pool.Free != 10 || pool.Connects != 10 || pool.First != nil || query.Total != 0 {
		t.Errorf("%+v %+v", query, pool)
	}
	if err := p.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if query, pool = p.Stats(); pool.Connects != 10 || pool.First == nil || query.Total != 1 || query.Successful != 1 {
		t.Errorf("%+v %+v", query, pool)
	}
	if w := p.WarmUp(t.Context(), 100); w.Target != 30 || w.Warmed != 30 {
		t.Errorf("more than the pool may have: %+v", w)
	}
}

// Where only some connections can be had, they are there afterwards.
func TestPoolWarmUpGoesOn(t *testing.T) {
	dsn := newRole(t, "few", "CONNECTION LIMIT 3")
	p := mustPool(t, dsn, PoolOptions{Min: 1})
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
	defer stop()
	w := p.WarmUp(ctx, 6)
	if w.Warmed != 3 || w.Target != 6 {
		t.Errorf("%+v", w)
	}
	if f := fault.As(w.Err); f == nil || f.Kind != fault.Connect || f.SQLState != "53300" {
		t.Errorf("%v", w.Err)
	}
	if _, s := p.Stats(); s.Size != 3 || s.Used != 0 {
		t.Errorf("%+v", s)
	}
}

func TestPoolCountsQueries(t *testing.T) {
	p := mustPool(t, server.DSN("postgres"), PoolOptions{Slow: 500 * time.Millisecond, Min: 1})
	err := p.With(t.Context(), func(c *Conn) error {
		show(t, c, "SELECT 'quick'")
		show(t, c, "SELECT 'slow' FROM pg_sleep(0.6)")
		_, err := c.Exec(t.Context(), "SELECT 1/0")
		if err == nil {
			t.Error("1/0 is a number")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := p.Stats()
	if s.Total != 3 || s.Successful != 2 || s.Failed != 1 || s.Slow != 1 || s.AvgMS() < 200 || s.AvgMS() > 5000 {
		t.Errorf("%+v: %v ms on average", s, s.AvgMS())
	}
}

func TestPoolIsBusy(t *testing.T) {
	p := mustPool(t, server.DSN("postgres")+" connect_timeout=3", PoolOptions{Max: 1, Min: 1})
	err := p.With(t.Context(), func(*Conn) error { return p.With(t.Context(), func(*Conn) error { return nil }) })
	if f := wantFault(t, err, fault.Connect, ""); !strings.Contains(f.Message, "all 1 connections of the pool are in use") {
		t.Errorf("%s", f.Message)
	}
	if _, s := p.Stats(); s.Canceled != 1 || s.Waits < 1 || s.Used != 0 {
		t.Errorf("%+v", s)
	}
}

// A server that restarts is waited for; a login that is refused is not.
func TestPoolReconnects(t *testing.T) {
	s := otherServer(t)
	p := mustPool(t, s.DSN("postgres"), PoolOptions{Min: 2})
	if err := p.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(t.Context(), "immediate"); err != nil {
		t.Fatal(err)
	}
	if err := p.Check(t.Context()); err == nil {
		t.Error("a stopped server answers")
	}
	done := inBackground(func() error {
		return p.With(t.Context(), func(c *Conn) error { return c.Alive(t.Context()) })
	})
	time.Sleep(300 * time.Millisecond)
	if err := s.StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("work that was begun while the server was down: %v", err)
	}
	if _, stats := p.Stats(); !stats.Connected || stats.ConnectFailures == 0 {
		t.Errorf("%+v", stats)
	}
	stranger := mustPool(t, strings.Replace(s.DSN("postgres"), "user=postgres", "user=nobody_here", 1)+" connect_timeout=60", PoolOptions{})
	began := time.Now()
	wantFault(t, stranger.With(t.Context(), func(*Conn) error { return nil }), fault.Connect, "28000")
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("a refused login was tried for %s", took)
	}
}

func TestRetryPolicy(t *testing.T) {
	r := RetryPolicy{Delay: 100 * time.Millisecond, Factor: 2, Longest: time.Second}
	for failures, want := range []time.Duration{0, 100, 200, 400, 800, 1000, 1000} {
		if got := r.pause(failures); got != want*time.Millisecond {
			t.Errorf("after %d failures %s", failures, got)
		}
	}
	r.JitterPct = 30
	var pauses []time.Duration
	for range 1000 {
		pauses = append(pauses, r.pause(2))
	}
	if least, most := slices.Min(pauses), slices.Max(pauses); least < 200*time.Millisecond || least > 206*time.Millisecond || most > 260*time.Millisecond || most < 254*time.Millisecond {
		t.Errorf("from %s to %s", least, most)
	}
}

// While attempts fail there is one at a time, whoever waits; the first success lets all go.
func TestGate(t *testing.T) {
	synctest.Test(t, testGate)
}

func testGate(t *testing.T) {
	g := newGate(RetryPolicy{Delay: 40 * time.Millisecond, Factor: 1, Longest: time.Second})
	for range 5 { // they began together
		g.failed(0)
	}
	if g.state() != 1 {
		t.Errorf("%d failures", g.state())
	}
	var mutex sync.Mutex
	var times []time.Time
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if err := g.wait(t.Context()); err != nil {
				t.Error(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			times = append(times, time.Now())
			if len(times) == 4 {
				g.succeeded()
			}
		})
	}
	group.Wait()
	for i := 1; i < 4; i++ {
		if gap := times[i].Sub(times[i-1]); gap != 40*time.Millisecond {
			t.Errorf("attempt %d came %s after the one before", i+1, gap)
		}
	}
	if gap := times[19].Sub(times[3]); gap != 0 {
		t.Errorf("after the success the others waited for %s", gap)
	}
	g.failed(0)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	g.next = time.Now().Add(time.Hour)
	if err := g.wait(ctx); err == nil {
		t.Error("it does not end with its context")
	}
}

// Something that listens where the server was and closes each connection, as a load balancer does: one dial an attempt.
func TestPoolDialsOnce(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed by Cleanup
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var dials atomic.Int64
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			dials.Add(1)
			_ = c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	p := mustPool(t, "host=127.0.0.1 port="+port+" user=u dbname=d sslmode=disable", PoolOptions{Min: 1, Max: 1})
	_ = p.With(t.Context(), func(*Conn) error { return nil })
	_, s := p.Stats()
	if s.ConnectFailures < 4 || s.ConnectFailures > 10 || dials.Load() < s.ConnectFailures || dials.Load() > s.ConnectFailures+1 {
		t.Errorf("%d dials in %d attempts", dials.Load(), s.ConnectFailures)
	}
}
