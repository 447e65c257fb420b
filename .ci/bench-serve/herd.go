package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"avadb/internal/pg"
	"avadb/internal/pgtest"
)

// slice is the span in which attempts count as coming at the same moment.
const slice = 100 * time.Millisecond

// outage is what one loss of the server came to.
type outage struct {
	first    int           // most attempts per slice in the second after the loss: all notice it at the same moment
	peak     int           // most attempts per slice from then on, until all are back
	attempts int           // in all of that time
	back     time.Duration // from the server's return until all clients are back
}

// herd lets the clients lose their server again and again, in turn with jitter and without.
func (r *rig) herd(ctx context.Context) (string, error) {
	server, err := pgtest.Start(ctx, r.install, pgtest.Options{Settings: map[string]string{
		"max_connections": strconv.Itoa(r.clients + 50), "shared_buffers": "32MB", "autovacuum": "off",
	}})
	if err != nil {
		return "", err
	}
	defer func() { _ = server.Close() }()
	results := map[bool][]outage{}
	for range r.rounds {
		for _, jitter := range []bool{true, false} {
			one, err := r.lose(ctx, server, jitter)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(os.Stderr, "jitter %v: %+v\n", jitter, one)
			results[jitter] = append(results[jitter], one)
		}
	}
	with, without := median(results[true]), median(results[false])
	policy := pg.DefaultRetry()
	return fmt.Sprintf(`
## A server that comes back

%d clients, each with a pool of one connection and a statement that runs, lose their server at the same moment; it is away for %s. All pause
%s x %g^attempt, at most %s, one kind with up to %d %% on top. Attempts to connect within %s, from one second after the loss until all
are back: the most of them. Medians of %d outages each, in turn.

| | with jitter | without | ratio |
| --- | --- | --- | --- |
| peak of attempts per %s | %d | %d | %.2f |
| peak in the first second, when all notice the loss | %d | %d | %.2f |
| attempts in all | %d | %d | %.2f |
| until all are back, after the server | %.2f s | %.2f s | %.2f |
`, r.clients, r.outage, policy.Delay, policy.Factor, policy.Longest, policy.JitterPct, slice, r.rounds, slice,
		with.peak, without.peak, ratio(with.peak, without.peak), with.first, without.first, ratio(with.first, without.first),
		with.attempts, without.attempts, ratio(with.attempts, without.attempts),
		with.back.Seconds(), without.back.Seconds(), with.back.Seconds()/without.back.Seconds()), nil
}

func ratio(a, b int) float64 { return float64(a) / float64(b) }

func median(all []outage) outage {
	pick := func(value func(outage) int) int {
		var values []int
		for _, one := range all {
			values = append(values, value(one))
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return outage{
		first: pick(func(o outage) int { return o.first }), peak: pick(func(o outage) int { return o.peak }),
		attempts: pick(func(o outage) int { return o.attempts }),
		back:     time.Duration(pick(func(o outage) int { return int(o.back) })),
	}
}

// lose runs the clients through one outage.
func (r *rig) lose(ctx context.Context, server *pgtest.Server, jitter bool) (outage, error) {
	n, err := newNetwork(server.Port, 0)
	if err != nil {
		return outage{}, err
	}
	defer func() { _ = n.Close() }()
	place, err := target(n.dsn())
	if err != nil {
		return outage{}, err
	}
	policy := pg.DefaultRetry()
	if !jitter {
		policy.JitterPct = 0
	}
	running, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	up := newPresence(r.clients)
	for i := range r.clients {
		pool, err := pg.NewPool(running, place, pg.PoolOptions{Min: 1, Max: 1, Retry: policy})
		if err != nil {
			return outage{}, err
		}
		group.Go(func() {
			defer pool.Close(time.Second)
			for running.Err() == nil {
				up.set(i, pool.With(running, func(c *pg.Conn) error {
					up.set(i, true)
					_, err := c.Exec(running, "SELECT pg_catalog.pg_sleep(0.5)")
					return err
				}) == nil)
			}
		})
	}
	if err := up.awaitAll(time.Minute); err != nil {
		return outage{}, err
	}
	n.forget()
	lost := time.Now()
	if err := server.Stop(ctx, "immediate"); err != nil {
		return outage{}, err
	}
	up.forget()
	time.Sleep(time.Until(lost.Add(r.outage)))
	if err := server.StartAgain(ctx); err != nil {
		return outage{}, err
	}
	returned := time.Now()
	if err := up.awaitAll(time.Minute); err != nil {
		return outage{}, err
	}
	all := time.Now()
	later := n.between(lost.Add(time.Second), all)
	return outage{first: peak(n.between(lost, lost.Add(time.Second))), peak: peak(later), attempts: len(later), back: all.Sub(returned)}, nil
}

// peak is the most attempts within any slice, wherever it begins.
func peak(attempts []time.Time) (most int) {
	for i, j := 0, 0; j < len(attempts); j++ {
		for attempts[j].Sub(attempts[i]) >= slice {
			i++
		}
		most = max(most, j-i+1)
	}
	return most
}

// presence knows which clients have a connection.
type presence []atomic.Bool

func newPresence(n int) presence { return make(presence, n) }

func (p presence) set(i int, is bool) { p[i].Store(is) }

func (p presence) forget() {
	for i := range p {
		p[i].Store(false)
	}
}

func (p presence) awaitAll(limit time.Duration) error {
	for deadline := time.Now().Add(limit); ; time.Sleep(5 * time.Millisecond) {
		missing := 0
		for i := range p {
			if !p[i].Load() {
				missing++
			}
		}
		switch {
		case missing == 0:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("%d clients are not connected after %s", missing, limit)
		}
	}
}
