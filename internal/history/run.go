package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/units"
)

// Pace is how often a collector collects.
type Pace struct {
	Every  time.Duration
	Budget float64 // share of one core of the watched server that collecting may cost, above 0; 0.01 is 1%
}

const (
	collectLimit = time.Minute      // a collection that lasts longer is given up: the server is stalled
	firstRetry   = time.Second      // after a lost connection
	longestRetry = 30 * time.Second // likewise
)

// Run collects until the context ends. A server that goes away is waited for, with one attempt to connect at a time. What the very
// first collection fails with ends it: nothing has shown yet that it can work.
func (c *Collector) Run(ctx context.Context, p Pace) error {
	works, failing := false, ""
	for ctx.Err() == nil {
		began := time.Now()
		done, err := c.collectInTime(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil && !works:
			return err
		case err != nil && err.Error() != failing:
			failing = err.Error()
			c.log.Warn("nothing was collected: " + failing)
		case err == nil && failing != "":
			failing = ""
			c.log.Info("collecting again")
		}
		if err == nil {
			works = true
			c.tellHidden(done)
			p.spend(c, done)
		}
		if c.lost() {
			c.reconnect(ctx)
			continue
		}
		sleep(ctx, time.Until(began.Add(p.interval(c.cost))))
	}
	return pg.Describe(ctx, ctx.Err())
}

// tellHidden says once that the role does not see all, and again where that was over.
func (c *Collector) tellHidden(done *Collected) {
	hides := done.NotVisible > 0
	if hides && !c.hidden {
		c.log.Warn(fmt.Sprintf("%d statements of other roles are not visible and not in the history: GRANT pg_read_all_stats TO %s", done.NotVisible, pg.Identifier(c.conn.Server.Role)))
	}
	c.hidden = hides
}

func (c *Collector) collectInTime(ctx context.Context) (*Collected, error) {
	limit := fault.New(fault.Timeout, "a collection was not done within %s", units.FormatDuration(collectLimit))
	bounded, stop := context.WithTimeoutCause(ctx, collectLimit, limit)
	defer stop()
	return c.Collect(bounded)
}

// smoothing is the weight of the newest collection in the average cost.
const smoothing = 0.3

// spend keeps the average cost. The baseline is made once, and is no measure of what follows.
func (p Pace) spend(c *Collector, done *Collected) {
	cost := time.Duration(done.ServerMS * float64(time.Millisecond))
	switch {
	case done.Snapshot == 1:
		return
	case c.cost == 0:
		c.cost = cost
	default:
		c.cost += time.Duration(smoothing * float64(cost-c.cost))
	}
	interval := p.interval(c.cost)
	switch {
	case interval > p.Every && !c.stretched:
		c.stretched = true
		c.log.Warn(fmt.Sprintf("a collection costs %.0f ms, which every %s is more than the budget of %g%% of a core: collecting every %s and so on",
			milliseconds(c.cost), units.FormatDuration(p.Every), 100*p.Budget, units.FormatDuration(interval.Round(100*time.Millisecond))))
	case p.interval(2*c.cost) <= p.Every: // well within it again: a cost around the budget is said once
		c.stretched = false
	}
}

// interval is what was asked for, or longer where that would cost more than the budget.
func (p Pace) interval(cost time.Duration) time.Duration {
	return max(p.Every, time.Duration(float64(cost)/p.Budget))
}

// lost tells that a connection is gone.
func (c *Collector) lost() bool {
	return c.conn.Raw().IsClosed() || c.store == nil || c.store.Conn.Raw().IsClosed()
}

// reconnect waits for the server. The old connections are closed first, so that never more than one session of each is there.
func (c *Collector) reconnect(ctx context.Context) {
	pause, told := firstRetry, ""
	for ctx.Err() == nil {
		c.Close()
		err := c.conn.Reconnect(ctx)
		if err == nil {
			err = c.begin(ctx)
		}
		if err == nil {
			return
		}
		if reason := stable(err); ctx.Err() == nil && reason != told {
			told = reason
			c.log.Warn("waiting for " + place(err) + err.Error())
		}
		sleep(ctx, pause/2+rand.N(pause)) //nolint:gosec // jitter is no secret
		pause = min(2*pause, longestRetry)
	}
}

// place is who is waited for, as far as the error does not say so itself.
func place(err error) string {
	if strings.HasPrefix(err.Error(), "the store: ") {
		return ""
	}
	return "the server: "
}

// stable is what of an error stays the same while its cause does: the age of a lock's holder grows with each attempt.
func stable(err error) string {
	if f := fault.As(err); f != nil && f.Kind == fault.Locked {
		return f.Hint
	}
	return err.Error()
}

func sleep(ctx context.Context, length time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(length):
	}
}
