package health

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"avadb/internal/checks"
	"avadb/internal/pg"
)

// Options say what a service tells, and to whom.
type Options struct {
	Pool       *pg.Pool
	Probe      *pg.Probe // of the readiness, on a connection of its own
	Log        *slog.Logger
	Version    string // of avadb
	Warm       int    // connections to open at the start; 0: none
	Token      string // that all but liveness and readiness ask for; empty: none
	Statements bool   // metrics of pg_stat_statements, too
	Pprof      bool   // profiles of this process below /debug/pprof/
	// Checklist runs the checklist; nil: it is not run.
	Checklist  func(ctx context.Context) ([]checks.Result, error)
	CheckEvery time.Duration // how often
}

// Service is what stands behind the endpoints.
type Service struct {
	o        Options
	started  time.Time
	database shared[verdict]
	scrape   shared[*facts]
	recent   recent
	draining atomic.Bool
	warming  atomic.Bool   // until the first warm-up has ended
	soon     chan struct{} // asks for a check of the pool now
	crowded  bool          // of the samples alone
	full     time.Time     // until when the probe makes do with the pool; of one probe at a time
	unread   []string      // parts of the metrics that the last look could not read; of one look at a time

	mutex     sync.Mutex
	warmed    pg.Warmed
	checks    Checks
	results   []checks.Result // of the checklist
	checkedAt time.Time
}

// New makes a service; Run brings it to life.
func New(o Options) *Service {
	s := &Service{o: o, started: time.Now(), soon: make(chan struct{}, 1)}
	s.warming.Store(true)
	s.database = shared[verdict]{work: s.probe, limit: probeLimit, keep: keepVerdict}
	s.scrape = shared[*facts]{work: s.look, limit: scrapePatience}
	return s
}

// Drain makes the service not ready, for good: it is about to end.
func (s *Service) Drain() { s.draining.Store(true) }

// Handler answers the endpoints.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, prefix := range []string{"", "/api"} {
		mux.HandleFunc(prefix+"/health/liveness", func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusOK, Alive{Status: "alive"}) // this process answers, and that is all it says
		})
		mux.HandleFunc(prefix+"/health/readiness", func(w http.ResponseWriter, r *http.Request) {
			code, body := s.readiness(r.Context())
			writeJSON(w, code, body)
		})
		mux.Handle(prefix+"/health/stats", s.guarded(func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, http.StatusOK, s.stats())
		}))
	}
	mux.Handle("/metrics", s.guarded(s.metrics()))
	if s.o.Pprof {
		s.profiles(mux)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusNotFound, problem{"not_found"})
	})
	return readOnly(mux)
}
