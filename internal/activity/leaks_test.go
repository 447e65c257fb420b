package activity

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"avadb/internal/pg"
)

// pool is a real pool of connections of some application.
func pool(t *testing.T, application string, size int32) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(shared.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.RuntimeParams["application_name"] = application
	config.MaxConns = size
	p, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // not p.Close: it waits for what was never given back
		open(t, "tidy").do("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = '" + application + "'")
	})
	return p
}

// acquire takes a connection out of a pool, uses it, and forgets it.
func leak(t *testing.T, p *pgxpool.Pool, statement string) {
	t.Helper()
	conn, err := p.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// busy has workers that take a connection, use it and give it back, until the context ends.
func busy(ctx context.Context, p *pgxpool.Pool, workers int, pause time.Duration) *sync.WaitGroup {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				_, _ = p.Exec(ctx, "SELECT pg_sleep(0.002)")
				if pause > 0 {
					time.Sleep(rand.N(pause)) //nolint:gosec // jitter is no secret
				}
			}
		})
	}
	return &all
}

func leaksOf(w *Watch, s *Snapshot) map[string]Leak {
	out := map[string]Leak{}
	for _, l := range w.Leaks(s, ends) {
		out[l.Application+" "+l.Reason] = l
	}
	return out
}

// watchUntil takes samples, at least so many, with something that happens between them, until all of the wanted are named, and gives what
// was named in any of them.
func watchUntil(t *testing.T, o *pg.Conn, samples int, between func(), wanted ...string) map[string]Leak {
	t.Helper()
	w, named := NewWatch(DefaultRules()), map[string]Leak{}
	isNamed := func(name string) bool { return named[name].Count > 0 }
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		between()
		s := look(t, o)
		w.Add(s, time.Now())
		for name, l := range leaksOf(w, s) {
			if !isNamed(name) {
				named[name] = l
				t.Log(name, l.Count, l.Evidence, "|", l.End)
			}
		}
		if samples--; samples <= 0 && !slices.ContainsFunc(wanted, func(name string) bool { return !isNamed(name) }) {
			break
		}
	}
	return named
}

// A program that never gives its connections back is named while it grows. Beside it, under the same eyes: a pool under full load, one
// whose load rises all the time, one that has mostly idle connections and gets some work, and short connections without any pool.
func TestGrowingLeakIsNamedAndHealthyPoolsAreNot(t *testing.T) {
	o := observe(t)
	ctx, stop := context.WithCancel(t.Context())
	full, rising, calm := pool(t, "full", 10), pool(t, "rising", 12), pool(t, "calm", 8)
	workers := []*sync.WaitGroup{busy(ctx, full, 14, 0), busy(ctx, calm, 8, 800*time.Millisecond)}
	var more sync.WaitGroup
	more.Go(func() { // one worker more each 400 ms
		for range 12 {
			workers = append(workers, busy(ctx, rising, 1, 0))
			time.Sleep(400 * time.Millisecond)
		}
	})
	more.Go(func() {
		for ctx.Err() == nil {
			c := open(t, "short").do("SELECT 1") //nolint:contextcheck // see open
			c.close()                            //nolint:contextcheck // see open
		}
	})
	leaking, hanging := pool(t, "leaking", 30), pool(t, "hanging", 30)
	lost, last := 0, time.Time{}
	loses := func() { // not by a clock of its own: how soon it is named is a matter of the looks
		if lost < 28 && time.Since(last) >= 350*time.Millisecond {
			lost, last = lost+1, time.Now()
			leak(t, leaking, "SELECT 1")
			leak(t, hanging, "BEGIN")
		}
	}
	named := watchUntil(t, o, 25, loses, "leaking growth", "hanging growth")
	stop()
	more.Wait()
	for _, w := range workers {
		w.Wait()
	}
	if len(named) != 2 || named["leaking growth"].Count == 0 || named["hanging growth"].Count == 0 {
		t.Errorf("named: %v", named)
	}
	for _, l := range named {
		if l.Count > 12 {
			t.Errorf("named late: %+v", l)
		}
	}
}

// quick are the rules for one look, with an hour as a second.
func quick() Rules {
	r := DefaultRules()
	r.Leaks.IdleFor, r.Leaks.Apart = time.Second, 200*time.Millisecond
	return r
}

// One look names connections that were opened one after the other and never used again. Pools of the same size that rest since a moment ago
// together, whether opened at once or one by one as the load came, are not named; nor are connections of a busy program.
func TestOneLook(t *testing.T) {
	o := observe(t)
	leaking := pool(t, "lost", 30)
	for range 12 {
		leak(t, leaking, "SELECT 1")
		time.Sleep(250 * time.Millisecond)
	}
	var resting []*client
	for i := range 12 { // opened one by one, all of them used in turn until the evening
		resting = append(resting, open(t, "overnight"))
		for j := range resting {
			resting[j].do("SELECT 1")
		}
		if i < 11 {
			time.Sleep(250 * time.Millisecond)
		}
	}
	var warm []*client
	for range 12 { // all at once at the start of the program, and not needed yet
		warm = append(warm, open(t, "warm"))
	}
	for _, c := range warm {
		c.do("SELECT 1")
	}
	ctx, stop := context.WithCancel(t.Context())
	worker := busy(ctx, pool(t, "used", 12), 24, 0)
	defer func() { stop(); worker.Wait() }()
	time.Sleep(1200 * time.Millisecond)
	w := NewWatch(quick())
	s := look(t, o)
	w.Add(s, time.Now())
	found := leaksOf(w, s)
	l := found["lost idle"]
	if len(found) != 1 || l.Count != 12 || !strings.Contains(l.Evidence, "11 of them were opened while others were idle already") || l.Client != "127.0.0.1" ||
		l.End != "avadb connections terminate --include-superusers --application lost --user postgres --client 127.0.0.1 --idle 1s" {
		t.Errorf("%+v", found)
	}
	if w := NewWatch(DefaultRules()); len(w.Leaks(s, ends)) != 0 {
		t.Error("a second is no hour")
	}
}

// A transaction that is begun and left open is named; those of a busy program, however many there are at any moment, are not.
func TestOpenTransactions(t *testing.T) {
	o := observe(t)
	rules := DefaultRules()
	rules.IdleInTransaction, rules.Leaks.OpenFor = time.Second, time.Hour
	for i := range 3 {
		open(t, "forgets").do("BEGIN", fmt.Sprintf("SELECT %d", i))
	}
	open(t, "slow").do("BEGIN")
	ctx, stop := context.WithCancel(t.Context())
	healthy, workers := pool(t, "transfers", 10), sync.WaitGroup{}
	for range 10 {
		workers.Go(func() {
			for ctx.Err() == nil {
				tx, err := healthy.Begin(ctx)
				if err != nil {
					return
				}
				_, _ = tx.Exec(ctx, "SELECT 1")
				time.Sleep(20 * time.Millisecond) // the program thinks
				_ = tx.Commit(ctx)
			}
		})
	}
	defer func() { stop(); workers.Wait() }()
	time.Sleep(1200 * time.Millisecond)
	for until := time.Now().Add(500 * time.Millisecond); time.Now().Before(until); {
		w := NewWatch(rules)
		s := look(t, o)
		w.Add(s, time.Now())
		if found := leaksOf(w, s); len(found) != 1 || found["forgets transaction"].Count != 3 {
			t.Fatalf("%+v", found)
		}
	}
	rules.Leaks.OpenFor = 1100 * time.Millisecond
	w := NewWatch(rules)
	s := look(t, o)
	w.Add(s, time.Now())
	if found := leaksOf(w, s); len(found) != 2 || found["slow transaction"].Count != 1 || !strings.HasSuffix(found["forgets transaction"].End, " --idle-in-transaction 1s") {
		t.Errorf("%+v", found)
	}
	rows := s.Transactions(rules, ends)
	if len(rows) != 4 || rows[0].Application != "forgets" || rows[0].Reason != reasonIdle || !strings.HasSuffix(rows[3].End, "--pid "+pid(*rows[3].PID)) {
		t.Errorf("%+v", rows)
	}
}
