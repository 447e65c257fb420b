package pg

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Warmed is what warming a pool up came to.
type Warmed struct {
	Target int           // connections wanted
	Warmed int           // that are open and were seen to work
	Took   time.Duration // until the last of them was, or had failed
	Err    error         // what the first of the others failed with; nil where all are there
}

// atOnce is how many connections are opened at the same time: a server that has just come back is not run down.
const atOnce = 4

// WarmUp opens connections until there are that many, so that the first requests find one. A failure does not stop the rest; the end
// of the context does.
func (p *Pool) WarmUp(ctx context.Context, target int) Warmed {
	began := time.Now()
	p.filling.Do(func() { p.awaitMin(ctx) })
	target = min(target, int(p.pool.Config().MaxConns))
	w := Warmed{Target: target}
	var mutex sync.Mutex
	var group sync.WaitGroup
	var held []*pgxpool.Conn // until all are open: a connection that is free would be given out again
	turns := make(chan struct{}, atOnce)
	for range target {
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			c, err := p.pool.Acquire(ctx)
			if err == nil {
				err = c.Conn().Ping(ctx)
			}
			mutex.Lock()
			defer mutex.Unlock()
			if c != nil {
				held = append(held, c)
			}
			switch {
			case err == nil:
				w.Warmed++
			case w.Err == nil:
				w.Err = describeConnect(ctx, p.target, err)
			}
		})
	}
	group.Wait()
	for _, c := range held {
		c.Release()
	}
	w.Took = time.Since(began)
	return w
}

// awaitMin waits for the connections that a new pool opens by itself: those of a warm-up would come on top of them.
func (p *Pool) awaitMin(ctx context.Context) {
	bounded, stop := context.WithTimeout(ctx, 3*time.Second)
	defer stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for p.pool.Stat().IdleConns()+p.pool.Stat().AcquiredConns() < p.pool.Config().MinConns && p.gate.state() == 0 && p.target.refusal.standing() == nil {
		select {
		case <-bounded.Done():
			return
		case <-tick.C:
		}
	}
}
