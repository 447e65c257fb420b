package health

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"avadb/internal/fault"
)

// Longest is the time from being told to end to the end.
const Longest = 10 * time.Second

// closeLimit is the part of it that closing the connections may take.
const closeLimit = time.Second

const (
	headerLimit = 5 * time.Second
	readLimit   = 10 * time.Second
	writeLimit  = 60 * time.Second // a profile takes 30 s by default
	idleLimit   = 60 * time.Second
	headerBytes = 16 << 10
)

// Serve answers on the listener until the context ends. Then readiness turns to 503, and drain later, when nobody sends requests any
// more, those that still run are waited for and all connections are closed. The error is that of the listener.
func (s *Service) Serve(ctx context.Context, e *Endpoint, drain time.Duration) error {
	server := &http.Server{
		Handler: s.Handler(), TLSConfig: e.certificates,
		ReadHeaderTimeout: headerLimit, ReadTimeout: readLimit, WriteTimeout: writeLimit, IdleTimeout: idleLimit, MaxHeaderBytes: headerBytes,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), // what a client does wrong is none of ours
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var background sync.WaitGroup
	background.Go(func() { s.Run(watching) })

	failed := make(chan error, 1)
	go func() {
		if e.certificates != nil {
			failed <- server.ServeTLS(e.Listener, "", "")
		} else {
			failed <- server.Serve(e.Listener)
		}
	}()
	select {
	case err := <-failed:
		return fault.New(fault.Failed, "serving on %s: %w", e.Addr(), err)
	case <-ctx.Done():
	}
	return s.end(context.WithoutCancel(ctx), server, drain, &background)
}

// end is the way out, bounded by Longest.
func (s *Service) end(ctx context.Context, server *http.Server, drain time.Duration, background *sync.WaitGroup) error {
	ctx, stop := context.WithTimeout(ctx, Longest-closeLimit)
	defer stop()
	s.Drain()
	if drain > 0 {
		s.o.Log.Info("draining: not ready, and ending in " + drain.String())
	}
	select {
	case <-time.After(drain):
	case <-ctx.Done():
	}
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close() // whoever is still served has had his time
	}
	quiet := make(chan struct{})
	go func() {
		background.Wait()
		close(quiet)
	}()
	select {
	case <-quiet:
	case <-time.After(closeLimit / 2): // a check that waits for a server which no longer answers ends with the process
	}
	s.o.Pool.Close(closeLimit / 2)
	s.o.Probe.Close()
	return err
}
