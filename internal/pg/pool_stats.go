package pg

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// QueryStats are what the queries of a pool came to since it was made.
type QueryStats struct {
	Total      int64
	Successful int64
	Failed     int64
	Slow       int64         // that took longer than the pool's threshold
	Time       time.Duration // of all together, from sending a query to its last row
}

// AvgMS is the mean time of a query in milliseconds, 0 where there was none.
func (s QueryStats) AvgMS() float64 {
	if s.Total == 0 {
		return 0
	}
	return float64(s.Time) / float64(time.Millisecond) / float64(s.Total)
}

// PoolStats are what a pool is now, and what it came to since it was made.
type PoolStats struct {
	Connected bool // the newest attempt to connect, or the newest work on a connection, reached the server
	Size      int  // open connections
	Free      int  // of them, idle
	Used      int  // of them, given out
	Max       int  // that there may be

	Waits    int64         // who asked for a connection and found none idle
	WaitTime time.Duration // of those who got one at last
	Canceled int64         // those who got none in time

	Connects        int64          // connections opened
	ConnectFailures int64          // attempts that failed
	First           *time.Duration // how long the first work took, the wait for its connection included; nil: there was none yet
}

// UtilizationPct is the share of the most there may be that is in use.
func (s PoolStats) UtilizationPct() float64 {
	if s.Max == 0 {
		return 0
	}
	return 100 * float64(s.Used) / float64(s.Max)
}

// tally counts what a pool does.
type tally struct {
	slowFrom time.Duration

	mutex   sync.Mutex
	queries QueryStats
	pool    PoolStats
	failure error // of the newest attempt to connect, nil where it succeeded
}

// Stats gives the figures of this moment.
func (p *Pool) Stats() (QueryStats, PoolStats) {
	stat := p.pool.Stat()
	p.tally.mutex.Lock()
	defer p.tally.mutex.Unlock()
	s := p.tally.pool
	s.Free, s.Used, s.Max = int(stat.IdleConns()), int(stat.AcquiredConns()), int(stat.MaxConns())
	s.Size = s.Free + s.Used // without those that are just being opened
	return p.tally.queries, s
}

func (t *tally) note(work func()) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	work()
}

func (t *tally) connected() {
	t.note(func() { t.pool.Connects, t.pool.Connected, t.failure = t.pool.Connects+1, true, nil })
}

func (t *tally) connectFailed(err error) {
	t.note(func() { t.pool.ConnectFailures, t.pool.Connected, t.failure = t.pool.ConnectFailures+1, false, err })
}

func (t *tally) waited(d time.Duration) {
	t.note(func() { t.pool.Waits, t.pool.WaitTime = t.pool.Waits+1, t.pool.WaitTime+d })
}

func (t *tally) gaveUp() {
	t.note(func() { t.pool.Waits, t.pool.Canceled = t.pool.Waits+1, t.pool.Canceled+1 })
}

// worked takes note of work on a connection, and whether that was lost with it.
func (t *tally) worked(took time.Duration, err error, closed bool) {
	t.note(func() {
		if err == nil || closed {
			t.pool.Connected = !closed
		}
		if t.pool.First == nil && err == nil {
			t.pool.First = &took
		}
	})
}

// suspicious tells that the other connections may be gone as well.
func (t *tally) suspicious() (is bool) {
	t.note(func() { is = !t.pool.Connected })
	return is
}

func (t *tally) lastFailure() (err error) {
	t.note(func() { err = t.failure })
	return err
}

func (t *tally) queried(took time.Duration, err error) {
	t.note(func() {
		t.queries.Total++
		t.queries.Time += took
		if err == nil {
			t.queries.Successful++
		} else {
			t.queries.Failed++
		}
		if took > t.slowFrom {
			t.queries.Slow++
		}
	})
}

// poolTracer hears from the driver of each query and each attempt to connect.
type poolTracer struct {
	gate    *gate
	tally   *tally
	refusal *refusal
}

type (
	queryBegan   struct{} // key of a time.Time
	connectBegan struct{} // key of the gate's state
)

// TraceQueryStart is part of pgx.QueryTracer.
func (t *poolTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, queryBegan{}, time.Now())
}

// TraceQueryEnd is part of pgx.QueryTracer. With rows it is called once they are closed.
func (t *poolTracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	if began, ok := ctx.Value(queryBegan{}).(time.Time); ok {
		t.tally.queried(time.Since(began), data.Err)
	}
}

// TraceConnectStart is part of pgx.ConnectTracer.
func (t *poolTracer) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return context.WithValue(ctx, connectBegan{}, t.gate.state())
}

// TraceConnectEnd is part of pgx.ConnectTracer. A connection that was opened counts once its session is set up.
func (t *poolTracer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	t.refusal.note(data.Err)
	if began, ok := ctx.Value(connectBegan{}).(int); ok && data.Err != nil {
		t.tally.connectFailed(data.Err)
		t.gate.failed(began)
	}
}
