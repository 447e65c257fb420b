package health

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
)

const (
	sampleEvery = time.Second
	checkEvery  = 5 * time.Second // while all is well
	checkAgain  = time.Second     // after a failure
	checkLimit  = 2 * time.Second
	warmLimit   = 5 * time.Second
	crowded     = 90 // percent of the pool in use, above which it warns
)

// Run warms the pool up and watches it until the context ends.
func (s *Service) Run(ctx context.Context) {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { s.sampleAll(ctx) })
	s.warmUp(ctx)
	s.warming.Store(false)
	beside.Go(func() { s.runChecklist(ctx) })
	check := time.NewTimer(0)
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.soon:
			check.Reset(s.check(ctx))
		case <-check.C:
			check.Reset(s.check(ctx))
		}
	}
}

// sampleAll takes a sample each second, also while a check waits for its answer.
func (s *Service) sampleAll(ctx context.Context) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.sample(now)
		}
	}
}

// isWarming tells that the pool is being filled for the first time, and that nothing has gone wrong with it.
func (s *Service) isWarming(pool pg.PoolStats) bool {
	return s.warming.Load() && pool.ConnectFailures == 0
}

// checkSoon has the pool looked at now and not at its time: something else has seen the database fail.
func (s *Service) checkSoon() {
	select {
	case s.soon <- struct{}{}:
	default:
	}
}

func (s *Service) warmUp(ctx context.Context) {
	if s.o.Warm <= 0 {
		return
	}
	bounded, stop := context.WithTimeout(ctx, warmLimit)
	defer stop()
	First(s.o.Probe)(bounded) // also when the database comes back
	w := s.o.Pool.WarmUp(bounded, s.o.Warm)
	s.mutex.Lock()
	s.warmed = w
	s.mutex.Unlock()
	took := w.Took.Round(time.Millisecond)
	switch {
	case ctx.Err() != nil:
	case w.Err != nil:
		s.o.Log.Warn(fmt.Sprintf("%d of %d connections were warmed up in %s: %v", w.Warmed, w.Target, took, w.Err))
	default:
		s.o.Log.Info(fmt.Sprintf("%d connections were warmed up in %s", w.Warmed, took))
	}
}

// check asks for a sign of the database on the pool, and gives the time until the next one. Only what changes is said.
func (s *Service) check(ctx context.Context) time.Duration {
	limit := fault.New(fault.Connect, "the database did not answer within %s", checkLimit)
	bounded, stop := context.WithTimeoutCause(ctx, checkLimit, limit)
	defer stop()
	err := s.o.Pool.Check(bounded)
	if ctx.Err() != nil || errors.Is(err, pg.ErrPoolBusy) {
		return checkEvery
	}
	failed := s.noteCheck(err, time.Now())
	switch {
	case err != nil && failed == 1:
		s.o.Log.Warn("the database cannot be reached: " + err.Error())
	case err == nil && failed > 0:
		s.o.Log.Info("the database is back", "failed_checks", failed)
		s.warmUp(ctx)
	}
	if err != nil {
		return checkAgain
	}
	return checkEvery
}

// noteCheck counts, and gives the failures in a row: with this one, or before this success.
func (s *Service) noteCheck(err error, now time.Time) int64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.checks.Total++
	if err == nil {
		before := s.checks.ConsecutiveFailures
		s.checks.ConsecutiveFailures = 0
		return before
	}
	at := now.UTC()
	s.checks.Failures++
	s.checks.ConsecutiveFailures++
	s.checks.LastFailureAt, s.checks.LastFailure = &at, pg.Reason(err)
	return s.checks.ConsecutiveFailures
}

// sample keeps the figures of the last hour, and warns once each time that the pool gets crowded.
func (s *Service) sample(now time.Time) {
	_, pool := s.o.Pool.Stats()
	s.recent.sample(now, pool)
	switch full := pool.UtilizationPct() > crowded; {
	case full && !s.crowded:
		s.o.Log.Warn("the pool is nearly exhausted", "utilization", fmt.Sprintf("%.2f", pool.UtilizationPct()/100),
			"used", pool.Used, "total", pool.Max, "free", pool.Max-pool.Used)
		s.crowded = true
	case !full:
		s.crowded = false
	}
}
