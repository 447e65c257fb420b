package health

import (
	"context"
	"sync"
	"time"
)

// shared answers many who ask at the same time with one piece of work: while it runs nobody begins another, however many ask.
type shared[T any] struct {
	work  func(context.Context) T
	limit time.Duration         // for one piece of work, and for each who waits for it
	keep  func(T) time.Duration // how long an answer may be given again; nil: not beyond those who waited for it

	mutex  sync.Mutex
	flight *flight[T]
	answer T
	until  time.Time
}

type flight[T any] struct {
	done   chan struct{}
	answer T // once done is closed
}

// get gives the answer; false where there was none in time, although the work may still go on.
func (s *shared[T]) get(ctx context.Context) (T, bool) {
	s.mutex.Lock()
	if time.Now().Before(s.until) {
		defer s.mutex.Unlock()
		return s.answer, true
	}
	if s.flight == nil {
		s.flight = &flight[T]{done: make(chan struct{})}
		go s.fly(context.WithoutCancel(ctx), s.flight) // it is the work of all who ask, whoever of them goes away
	}
	f := s.flight
	s.mutex.Unlock()

	patience := time.NewTimer(s.limit + s.limit/10) // the work itself is the first to notice that its time is over
	defer patience.Stop()
	var none T
	select {
	case <-f.done:
		return f.answer, true
	case <-patience.C:
	case <-ctx.Done():
	}
	return none, false
}

func (s *shared[T]) fly(ctx context.Context, f *flight[T]) {
	ctx, stop := context.WithTimeout(ctx, s.limit)
	defer stop()
	f.answer = s.work(ctx)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.flight, s.answer = nil, f.answer
	if s.keep != nil {
		s.until = time.Now().Add(s.keep(f.answer))
	}
	close(f.done)
}
