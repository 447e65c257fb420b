package pg

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// RetryPolicy is the pause before an attempt to connect that follows a failed one: Delay x Factor^failures, at most Longest, and up to
// JitterPct percent on top of it. Without the jitter all clients of a server come back at the same moments.
type RetryPolicy struct {
	Delay     time.Duration // after the first failure
	Factor    float64       // by which each further failure makes it longer
	Longest   time.Duration // without the jitter
	JitterPct int           // 0: none
}

// DefaultRetry is the pool's: short enough to be back within two seconds of the server, and never more than one attempt a second.
func DefaultRetry() RetryPolicy {
	return RetryPolicy{Delay: 100 * time.Millisecond, Factor: 2, Longest: longestPause, JitterPct: jitterPct}
}

// pause is that before the next attempt after a number of failures in a row.
func (r RetryPolicy) pause(failures int) time.Duration {
	if failures <= 0 {
		return 0
	}
	pause := float64(r.Delay)
	for i := 1; i < failures && pause < float64(r.Longest); i++ {
		pause *= r.Factor
	}
	pause = min(pause, float64(r.Longest))
	return time.Duration(pause * (1 + rand.Float64()*float64(r.JitterPct)/100)) //nolint:gosec // spreading load needs no secret
}

// gate paces the attempts to connect of a whole pool: while they fail there is one at a time, each after a longer pause. The first
// that succeeds opens it for all that wait.
type gate struct {
	policy RetryPolicy

	mutex    sync.Mutex
	failures int           // in a row
	next     time.Time     // no attempt before this; zero while the gate is open
	opened   chan struct{} // closed when those who wait are to look again
}

func newGate(policy RetryPolicy) *gate { return &gate{policy: policy, opened: make(chan struct{})} }

// wait comes back when an attempt may be made.
func (g *gate) wait(ctx context.Context) error {
	for {
		pause, opened := g.take()
		if pause <= 0 {
			return nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-opened:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// take gives the time still to wait; 0 takes the turn, and the others wait for the one after it.
func (g *gate) take() (time.Duration, <-chan struct{}) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.failures == 0 {
		return 0, nil
	}
	if pause := time.Until(g.next); pause > 0 {
		return pause, g.opened
	}
	g.next = time.Now().Add(g.policy.pause(g.failures))
	return 0, nil
}

// state is the number of failures in a row: what an attempt begins with.
func (g *gate) state() int {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.failures
}

// failed closes the gate for a while. Of several attempts that began together only the first counts.
func (g *gate) failed(began int) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.failures != began {
		return
	}
	g.failures++
	g.next = time.Now().Add(g.policy.pause(g.failures))
}

// hurry lets the next attempt be made now.
func (g *gate) hurry() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.failures > 0 {
		g.next = time.Time{}
		close(g.opened)
		g.opened = make(chan struct{})
	}
}

// succeeded opens it.
func (g *gate) succeeded() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.failures > 0 {
		g.failures = 0
		close(g.opened)
		g.opened = make(chan struct{})
	}
}
