package health

import (
	"net/http"
	"net/http/pprof" // what it hangs on http.DefaultServeMux is served by nobody here
)

// profiles adds those of this process, for whoever may read the metrics.
func (s *Service) profiles(mux *http.ServeMux) {
	for path, handler := range map[string]http.HandlerFunc{
		"/debug/pprof/": pprof.Index, "/debug/pprof/cmdline": pprof.Cmdline, "/debug/pprof/profile": pprof.Profile,
		"/debug/pprof/symbol": pprof.Symbol, "/debug/pprof/trace": pprof.Trace,
	} {
		mux.Handle(path, s.guarded(handler))
	}
}
