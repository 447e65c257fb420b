package checks

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"avadb/internal/fault"
)

// documented are the statistics as the contract has them, and nothing besides.
const documented = `{"query_stats": {"total": 1234, "successful": 1230, "failed": 4, "avg_time_ms": 15.5, "slow_queries": 12},
	"pool_stats": {"connected": true, "size": 10, "free": 3, "used": 7, "max_size": 30}}`

// application is one with endpoints of its own. A body that begins with a number is answered with that status.
func application(t *testing.T, pages map[string]string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, there := pages[r.URL.Path]
		code := http.StatusOK
		switch {
		case !there:
			code = http.StatusNotFound
		case strings.HasPrefix(body, "30"):
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
			return
		case strings.HasPrefix(body, "slow"):
			<-r.Context().Done()
			return
		default:
			if n, err := fmt.Sscanf(body, "%d ", &code); n == 1 && err == nil {
				body = body[4:]
			}
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server
}

func TestHealthChecks(t *testing.T) {
	full := func(extra string) string {
		return strings.Replace(strings.TrimSuffix(documented, "}")+extra+"}", `"size": 10, "free": 3, "used": 7`, `"size": 30, "free": 0, "used": 30`, 1)
	}
	for name, c := range map[string]struct {
		pages map[string]string
		want  map[string]Status
		says  map[string]string
	}{
		"as documented": {
			map[string]string{"/api/health/liveness": `{"status": "alive"}`, "/api/health/readiness": `{"status": "ready"}`, "/api/health/stats": documented},
			map[string]Status{"HLT01": OK, "HLT02": OK, "HLT03": OK, "HLT04": Skip, "POOL01": OK, "POOL02": Skip},
			map[string]string{"POOL01": "7 of 30", "HLT03": "1234 queries", "POOL02": "nothing of waits"},
		},
		"in trouble": {
			map[string]string{
				"/api/health/liveness": "500 oops", "/api/health/readiness": `503 {"status": "not_ready", "reason": "pool_exhausted"}`,
				"/api/health/stats": full(`, "last_hour": {"minutes": 60, "waits": 12, "wait_ms": 2400, "canceled": 2}`), "/metrics": "# TYPE pg_up gauge\npg_up 0\n",
			},
			map[string]Status{"HLT01": Fail, "HLT02": Fail, "HLT03": OK, "HLT04": Fail, "POOL01": Fail, "POOL02": Fail},
			map[string]string{"HLT01": "500", "HLT02": "pool_exhausted", "HLT04": "pg_up is 0", "POOL01": "12 requests waited", "POOL02": "2 of them got no connection"},
		},
		"full, and nobody waited": {
			map[string]string{"/api/health/stats": full(`, "last_hour": {"minutes": 5, "waits": 0, "wait_ms": 0, "canceled": 0}`), "/metrics": "up 1\n"},
			map[string]Status{"POOL01": Warn, "POOL02": OK, "HLT04": OK},
			map[string]string{"HLT04": "pg_up is not among them"},
		},
		"short waits": {
			map[string]string{"/api/health/stats": full(`, "last_hour": {"minutes": 5, "waits": 4, "wait_ms": 8, "canceled": 0}`), "/metrics": "pg_up 1\n"},
			map[string]Status{"POOL02": Warn, "HLT04": OK},
			nil,
		},
		"ready by its status alone": {
			map[string]string{"/api/health/readiness": `{"status": "not_ready"}`}, map[string]Status{"HLT02": Fail, "HLT01": Fail}, nil,
		},
		"a page for everything": {
			map[string]string{"/api/health/liveness": "<html>welcome</html>", "/api/health/readiness": "<html>welcome</html>"},
			map[string]Status{"HLT01": Fail, "HLT02": Fail},
			map[string]string{"HLT01": "welcome", "HLT02": `not {"status":"ready"}`},
		},
		"another status": {
			map[string]string{"/api/health/liveness": `{"status":7}`, "/api/health/readiness": `{"status":"ready","database":"gone"}`},
			map[string]Status{"HLT01": Fail, "HLT02": Fail},
			nil,
		},
		"a pool that is not connected": {
			map[string]string{"/api/health/stats": strings.Replace(documented, "true", "false", 1)},
			map[string]Status{"HLT03": Fail},
			map[string]string{"HLT03": "not connected"},
		},
		"more in use than there are": {
			map[string]string{"/api/health/stats": strings.Replace(documented, `"used": 7`, `"used": 11`, 1)},
			map[string]Status{"HLT03": Fail},
			map[string]string{"HLT03": "11 of 10"},
		},
		"other statistics": {
			map[string]string{"/api/health/stats": strings.Replace(documented, `"slow_queries"`, `"slow"`, 1), "/metrics": "pg_up one\n"},
			map[string]Status{"HLT03": Fail, "POOL01": Skip, "HLT04": Fail},
			map[string]string{"HLT03": "query_stats.slow_queries", "POOL01": "query_stats.slow_queries"},
		},
		"no statistics": {
			map[string]string{"/api/health/stats": "<html>", "/metrics": ""},
			map[string]Status{"HLT03": Fail, "POOL01": Skip, "POOL02": Skip, "HLT04": Fail},
			map[string]string{"HLT03": "no JSON"},
		},
		"elsewhere": {
			map[string]string{"/api/health/liveness": "302 ", "/elsewhere": "fine"}, map[string]Status{"HLT01": Fail}, map[string]string{"HLT01": "302"},
		},
		"locked": {
			map[string]string{"/api/health/stats": "401 {}", "/metrics": "403 {}"},
			map[string]Status{"HLT03": Skip, "HLT04": Skip, "POOL01": Skip},
			map[string]string{"HLT03": "another token"},
		},
		"silent": {map[string]string{"/api/health/liveness": "slow"}, map[string]Status{"HLT01": Fail}, map[string]string{"HLT01": "no answer within 3s"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := testEnv(t)
			endpoints, err := NewEndpoints(application(t, c.pages).URL, "a-token-of-some-length")
			if err != nil {
				t.Fatal(err)
			}
			e.Endpoints = endpoints
			var ids []string
			for id := range c.want {
				ids = append(ids, id)
			}
			list, err := Select(ids, nil)
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			results, err := Run(t.Context(), e, list)
			if err != nil || time.Since(began) > 30*time.Second {
				t.Fatal(err, time.Since(began))
			}
			for _, r := range results {
				if r.Status != c.want[r.ID] || !strings.Contains(r.Detail, c.says[r.ID]) || (r.Fix == "") != (r.Status == OK) {
					t.Errorf("%+v, want %s: %s", r, c.want[r.ID], c.says[r.ID])
				}
			}
		})
	}
}

// Nobody who answers has not said that he is not ready, and of a certificate the next step is to trust its authority.
func TestNoAnswer(t *testing.T) {
	closed := application(t, nil)
	closed.Close()
	secret := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secret.Close)
	secret.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	for url, want := range map[string][2]string{
		closed.URL: {"connection refused", "curl -si "}, secret.URL: {"authority that is not trusted", "SSL_CERT_FILE"},
	} {
		e := testEnv(t)
		var err error
		if e.Endpoints, err = NewEndpoints(url, ""); err != nil {
			t.Fatal(err)
		}
		list, err := Select([]string{"HLT01", "HLT02"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		results, err := Run(t.Context(), e, list)
		if err != nil || len(results) != 2 {
			t.Fatal(results, err)
		}
		for _, r := range results {
			if r.Status != Fail || strings.Contains(r.Detail, "says") || !strings.Contains(r.Detail, "no answer: ") || !strings.Contains(r.Detail, want[0]) || !strings.Contains(r.Fix, want[1]) {
				t.Errorf("%+v", r)
			}
		}
	}
}

func TestEndpointAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"http://127.0.0.1:8000": "http://127.0.0.1:8000/api/health", "https://app.example/": "https://app.example/api/health",
		"https://app.example/internal/health/": "https://app.example/internal/health", "http://[::1]:80/health": "http://[::1]:80/health",
		"app.example:8000": "", "ftp://app.example": "", "http://": "", "http://u:p@localhost": "", "http://localhost?x=1": "", "http://app.example": "", "": "",
	} {
		e, err := NewEndpoints(text, "a-token-of-some-length")
		switch f := fault.As(err); {
		case want == "" && (f == nil || f.Kind != fault.Usage || f.Hint == ""):
			t.Errorf("%s: %v", text, err)
		case want != "" && (err != nil || e.base.String() != want):
			t.Errorf("%s: %v, %v", text, e, err)
		}
	}
}
