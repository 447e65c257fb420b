package pg

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"avadb/internal/fault"
)

// PoolOptions say how a pool is made. The zero value of each number stands for its default.
type PoolOptions struct {
	Options

	Min  int           // connections kept open: 5
	Max  int           // connections at most: 30
	Ping time.Duration // for a connection that was idle to show that it is alive, before it is given out: 1 s
	Slow time.Duration // a query that takes longer counts as slow: 100 ms

	Retry RetryPolicy // zero: DefaultRetry

	// Before runs once, before the first attempt to connect, which waits for it; nil: nothing.
	Before func(ctx context.Context)
}

const (
	defaultPoolMin = 5
	defaultPoolMax = 30
	defaultPing    = time.Second
	defaultSlow    = 100 * time.Millisecond

	idlePing       = time.Second      // a connection that was idle for longer shows that it is alive before it is given out
	poolPatience   = 5 * time.Second  // for a free or a new connection, unless connect_timeout says otherwise
	lookAfter      = 15 * time.Second // how often idle connections are looked at, and the missing ones of Min opened
	longestLife    = time.Hour        // of a connection
	lifeDifference = 6 * time.Minute  // spread of it: connections opened together are not closed together
)

func (o PoolOptions) withDefaults() PoolOptions {
	o.Options = o.Options.withDefaults()
	number := func(n *int, standard int) {
		if *n == 0 {
			*n = standard
		}
	}
	span := func(d *time.Duration, standard time.Duration) {
		if *d == 0 {
			*d = standard
		}
	}
	number(&o.Max, defaultPoolMax)
	number(&o.Min, min(defaultPoolMin, o.Max))
	span(&o.Ping, defaultPing)
	span(&o.Slow, defaultSlow)
	if o.Retry == (RetryPolicy{}) {
		o.Retry = DefaultRetry()
	}
	if o.Before == nil {
		o.Before = func(context.Context) {}
	}
	return o
}

// Pool is a set of connections to one target, each with its session's defaults set. Nothing of it needs the server to be there: what
// fails to connect is tried again, and the pauses between are those of the retry policy.
type Pool struct {
	target   *Target
	patience time.Duration
	pool     *pgxpool.Pool
	gate     *gate
	tally    *tally
	before   sync.Once
	filling  sync.Once
	closing  sync.Once
}

// NewPool makes a pool and begins to connect in the background.
func NewPool(ctx context.Context, t *Target, o PoolOptions) (*Pool, error) {
	o = o.withDefaults()
	config, err := parseOptions(t.settings.explicit(t.settings.endpoints()), pgxpool.ParseConfig)
	if err != nil {
		return nil, err
	}
	p := &Pool{target: t, patience: t.config.ConnectTimeout, gate: newGate(o.Retry), tally: &tally{slowFrom: o.Slow}}
	if p.patience == 0 {
		p.patience = poolPatience
	}
	config.ConnConfig = t.config.Copy()
	config.ConnConfig.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { logNotice(ctx, o.Options, n) }
	config.ConnConfig.Tracer = &poolTracer{gate: p.gate, tally: p.tally, refusal: t.refusal}
	config.MinConns, config.MaxConns = int32(o.Min), int32(o.Max) //nolint:gosec // numbers of connections
	config.PingTimeout, config.HealthCheckPeriod = o.Ping, lookAfter
	config.MaxConnLifetime, config.MaxConnLifetimeJitter = longestLife, lifeDifference
	config.ShouldPing = func(_ context.Context, q pgxpool.ShouldPingParams) bool {
		return q.IdleDuration > idlePing || p.tally.suspicious()
	}
	config.BeforeConnect = func(ctx context.Context, one *pgx.ConnConfig) error {
		dialOnce(one)
		p.before.Do(func() { o.Before(ctx) })
		return p.turn(ctx)
	}
	config.AfterConnect = func(ctx context.Context, raw *pgx.Conn) error { return p.dress(ctx, raw, o.Options) }
	if p.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, Describe(ctx, err)
	}
	return p, nil
}

// turn comes back when an attempt to connect may be made, or with the refusal of a login that was tried just now.
func (p *Pool) turn(ctx context.Context) error {
	if err := p.target.refusal.standing(); err != nil {
		return err
	}
	if err := p.gate.wait(ctx); err != nil {
		return err
	}
	return p.target.refusal.take() // anew: there may have been one while it waited
}

// connKey is where a driver's connection keeps the Conn that it is part of.
const connKey = "avadb.conn"

// dress makes a Conn of a fresh connection: it reads the server and sets the session's defaults.
func (p *Pool) dress(ctx context.Context, raw *pgx.Conn, o Options) error {
	c := &Conn{Target: p.target, raw: raw, options: o}
	began := p.gate.state()
	if err := c.prepareInTime(ctx); err != nil {
		p.tally.connectFailed(err)
		p.gate.failed(began)
		return err
	}
	raw.PgConn().CustomData()[connKey] = c
	p.tally.connected()
	p.gate.succeeded()
	return nil
}

// With runs work on a connection of the pool, which it must not close. A connection that cannot be opened is tried again for as long
// as connecting may take; the work itself is never repeated.
func (p *Pool) With(ctx context.Context, work func(*Conn) error) error {
	began := time.Now()
	held, err := p.acquire(ctx)
	if err != nil {
		return p.describe(ctx, err)
	}
	defer held.Release()
	c, ours := held.Conn().PgConn().CustomData()[connKey].(*Conn)
	if !ours {
		return fault.New(fault.Failed, "the pool gave out a connection that it has not opened")
	}
	err = work(c)
	p.tally.worked(time.Since(began), err, c.raw.IsClosed())
	return err
}

func (p *Pool) describe(ctx context.Context, err error) error {
	if errors.Is(err, ErrPoolBusy) {
		return fault.New(fault.Connect, "all %d connections of the pool are in use: %w", p.pool.Stat().MaxConns(), err).
			WithHint("find out what holds them, or allow more")
	}
	return describeConnect(ctx, p.target, err)
}

// ErrPoolBusy is of a pool whose connections are all in use, and none became free in time. It says nothing of the server.
var ErrPoolBusy = errors.New("none became free in time")

// acquire takes a connection out. The pauses between the attempts are the gate's.
func (p *Pool) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	bounded, stop := context.WithTimeout(ctx, p.patience)
	defer stop()
	began, waits := time.Now(), p.pool.Stat().IdleConns() == 0
	for {
		held, err := p.pool.Acquire(bounded)
		switch {
		case err == nil:
			if waits {
				p.tally.waited(time.Since(began))
			}
			return held, nil
		case bounded.Err() != nil:
			p.tally.gaveUp()
			if last := p.tally.lastFailure(); last != nil && p.gate.state() > 0 {
				return nil, last
			}
			if ctx.Err() == nil {
				return nil, ErrPoolBusy
			}
			return nil, err
		case !retryable(err) && !isDown(err):
			return nil, err
		}
	}
}

// Check makes one round trip on a connection of the pool. It is one attempt: whoever asks whether the server is there wants to know
// that it is not.
func (p *Pool) Check(ctx context.Context) error {
	began := time.Now()
	held, err := p.pool.Acquire(ctx)
	if err != nil {
		last := p.tally.lastFailure()
		switch stat := p.pool.Stat(); {
		case ctx.Err() == nil:
		case last != nil:
			err, ctx = last, context.WithoutCancel(ctx) // the pause after it took the rest of the time
		case stat.AcquiredConns() >= stat.MaxConns():
			err, ctx = ErrPoolBusy, context.WithoutCancel(ctx)
		}
		return p.describe(ctx, err)
	}
	defer held.Release()
	_, err = held.Exec(ctx, aliveProbe)
	p.tally.worked(time.Since(began), err, held.Conn().IsClosed())
	return Describe(ctx, err)
}

// Hurry is for who has seen the server answer: an attempt to connect need not wait any longer.
func (p *Pool) Hurry() { p.gate.hurry() }

// Close closes the connections. Of a server that no longer answers there is no hearing when they are closed: it is waited for that
// long, and they end with the process.
func (p *Pool) Close(limit time.Duration) {
	closed := make(chan struct{})
	p.closing.Do(func() {
		go func() {
			p.pool.Close()
			close(closed)
		}()
		select {
		case <-closed:
		case <-time.After(limit):
		}
	})
}
