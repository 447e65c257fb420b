package health

import (
	"context"
	"net/http"
	"time"

	"avadb/internal/pg"
)

// The reasons for which a service is not ready. They are part of the contract with those who ask.
const (
	reasonDraining  = "draining"              // it was told to end
	reasonWarming   = "warming_up"            // the pool is being filled for the first time
	reasonDatabase  = "database_check_failed" // the database did not answer; the detail says why in one word
	reasonExhausted = "pool_exhausted"        // each connection that the pool may have is in use
	reasonPool      = "pool_not_connected"    // the database answers, and yet the pool has no connection and gets none
)

const (
	probeLimit = time.Second            // for the database to answer
	keepReady  = 400 * time.Millisecond // with the limit: it is noticed within 1.4 s that the database is gone
	keepFull   = 5 * time.Second        // until a connection of its own is tried again where the server had none left
	keepFailed = 200 * time.Millisecond // likewise within 1.2 s that it is back
)

// reasonFull is pg.Reason's word for a server, role or database that takes no further connection.
const reasonFull = "too_many_connections"

// Alive is the body of /liveness.
type Alive struct {
	Status string `json:"status"` // alive
}

// Ready is the body of /readiness with 200.
type Ready struct {
	Status   string `json:"status"`    // ready
	Database string `json:"database"`  // connected
	PoolSize int    `json:"pool_size"` // open connections
	PoolFree int    `json:"pool_free"` // of them, idle
}

// NotReady is the body of /readiness with 503.
type NotReady struct {
	Status string `json:"status"`           // not_ready
	Reason string `json:"reason"`           // one word, such as draining
	Detail string `json:"detail,omitempty"` // one word more, of database_check_failed
}

// verdict is what asking the database gave: empty where it answered.
type verdict struct{ reason, detail string }

// keepVerdict says how long an answer may be given again.
func keepVerdict(v verdict) time.Duration {
	if v.reason == "" {
		return keepReady
	}
	return keepFailed
}

// probe asks the database on the connection that nobody else uses; shared sees to it that it is asked by one at a time.
func (s *Service) probe(ctx context.Context) verdict {
	if time.Now().Before(s.full) && s.askPool(ctx) {
		return verdict{}
	}
	if err := s.o.Probe.Ask(ctx); err != nil {
		reason := pg.Reason(err)
		if reason == reasonFull && s.askPool(ctx) {
			s.full = time.Now().Add(keepFull)
			return verdict{}
		}
		s.checkSoon()
		return verdict{reasonDatabase, reason}
	}
	if _, pool := s.o.Pool.Stats(); pool.Size == 0 && !pool.Connected && !s.isWarming(pool) {
		s.o.Pool.Hurry()
		if err := s.o.Pool.Check(ctx); err != nil {
			return verdict{reasonPool, pg.Reason(err)}
		}
	}
	return verdict{}
}

// First is what a pool does before it connects: the probe's own connection comes first, and finds out for both whether a login is refused.
func First(p *pg.Probe) func(context.Context) {
	return func(ctx context.Context) {
		bounded, stop := context.WithTimeout(ctx, probeLimit)
		defer stop()
		_ = p.Ask(bounded) // whether it answers, whoever asks for the readiness hears
	}
}

// askPool asks on an idle connection of the pool. Where the server takes no further connection, there may be room among those that it
// has: the requests that need it are served.
func (s *Service) askPool(ctx context.Context) bool {
	_, pool := s.o.Pool.Stats()
	return pool.Free > 0 && s.o.Pool.Check(ctx) == nil
}

// readiness says whether a request that needs the database would be served now.
func (s *Service) readiness(ctx context.Context) (code int, body any) {
	no := func(reason, detail string) (int, any) {
		return http.StatusServiceUnavailable, NotReady{Status: "not_ready", Reason: reason, Detail: detail}
	}
	if s.draining.Load() {
		return no(reasonDraining, "")
	}
	v, answered := s.database.get(ctx)
	_, pool := s.o.Pool.Stats()
	switch {
	case !answered:
		return no(reasonDatabase, "timeout")
	case v.reason != "":
		return no(v.reason, v.detail)
	case s.draining.Load(): // meanwhile
		return no(reasonDraining, "")
	case s.isWarming(pool):
		return no(reasonWarming, "")
	case pool.Used >= pool.Max:
		return no(reasonExhausted, "")
	}
	return http.StatusOK, Ready{Status: "ready", Database: "connected", PoolSize: pool.Size, PoolFree: pool.Free}
}
