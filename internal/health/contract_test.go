package health

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
)

func TestEndpoints(t *testing.T) {
	r := start(t, serving{dsn: common.DSN("postgres"), o: Options{Warm: 10}})
	r.turns(t, http.StatusOK)
	for _, prefix := range []string{"", "/api"} {
		code, header, body := request(t, http.MethodGet, r.url+prefix+"/health/liveness", nil)
		if code != http.StatusOK || body != `{"status":"alive"}`+"\n" || header.Get("Cache-Control") != "no-store" {
			t.Errorf("liveness: %d %q %v", code, body, header)
		}
		code, doc := get[Ready](t, r.url+prefix+"/health/readiness")
		if code != http.StatusOK || doc.PoolFree < 9 || doc != (Ready{"ready", "connected", 10, doc.PoolFree}) { // one may be looking after the pool
			t.Errorf("readiness: %d %+v", code, doc)
		}
	}
	code, _, body := request(t, http.MethodGet, r.url+"/api/health/stats", nil)
	var doc map[string]map[string]any
	_ = json.Unmarshal([]byte(body), &doc) // other keys are no objects
	keys := func(part string) (names []string) {
		for name := range doc[part] {
			names = append(names, name)
		}
		return names
	}
	for _, name := range []string{"total", "successful", "failed", "avg_time_ms", "slow_queries"} {
		if !slices.Contains(keys("query_stats"), name) {
			t.Errorf("%d: no query_stats.%s in %s", code, name, body)
		}
	}
	for name, want := range map[string]any{"connected": true, "size": 10.0, "max_size": 30.0} {
		if doc["pool_stats"][name] != want {
			t.Errorf("pool_stats.%s is %v, not %v", name, doc["pool_stats"][name], want)
		}
	}
	free, _ := doc["pool_stats"]["free"].(float64)
	used, _ := doc["pool_stats"]["used"].(float64)
	if free+used != 10 || used > 1 { // one may be looking after the pool
		t.Errorf("%v are free and %v used", free, used)
	}
}

func TestOnlyGetAndHead(t *testing.T) {
	r := start(t, serving{dsn: common.DSN("postgres")})
	for _, path := range []string{"/health/liveness", "/api/health/readiness", "/api/health/stats", "/metrics", "/elsewhere"} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, "BREW"} {
			code, header, _ := request(t, method, r.url+path, nil)
			if code != http.StatusMethodNotAllowed || header.Get("Allow") != "GET, HEAD" || header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: %d %v", method, path, code, header)
			}
		}
		got, _, _ := request(t, http.MethodGet, r.url+path, nil)
		code, header, body := request(t, http.MethodHead, r.url+path, nil)
		if code != got || body != "" || header.Get("Cache-Control") != "no-store" {
			t.Errorf("HEAD %s: %d after %d, %q", path, code, got, body)
		}
	}
	if code, _, body := request(t, http.MethodGet, r.url+"/elsewhere", nil); code != http.StatusNotFound || body != `{"error":"not_found"}`+"\n" {
		t.Errorf("%d %s", code, body)
	}
}

// A body says no more than a word, whatever the server or the network said.
func TestNothingLeaks(t *testing.T) {
	r := start(t, serving{dsn: "host=127.0.0.1 port=1 user=hidden_role dbname=hidden_db password=hidden_word", o: Options{Warm: 2}})
	r.turns(t, http.StatusServiceUnavailable)
	for _, path := range []string{"/health/readiness", "/health/stats", "/metrics", "/elsewhere"} {
		_, header, body := request(t, http.MethodGet, r.url+path, nil)
		if text := body + header.Get("Server"); strings.Contains(text, "hidden_") || strings.Contains(text, "127.0.0.1") || strings.Contains(text, "refused:") {
			t.Errorf("%s: %s", path, text)
		}
	}
	soon(t, "the warning", func() bool { return strings.Contains(r.log.String(), "cannot be reached") })
	if strings.Contains(r.log.String(), "hidden_word") {
		t.Error(r.log.String())
	}
}

func TestToken(t *testing.T) {
	const token = "a-token-of-some-length"
	r := start(t, serving{dsn: common.DSN("postgres"), l: Listen{Token: token}})
	for path, want := range map[string]int{
		"/health/liveness": 200, "/api/health/readiness": 200, "/health/stats": 401, "/api/health/stats": 401, "/metrics": 401,
	} {
		if want == 200 && strings.Contains(path, "readiness") {
			r.turns(t, want)
		}
		for _, header := range []http.Header{nil, {"Authorization": {"Bearer wrong"}}, {"Authorization": {"Basic " + token}}, {"Authorization": {token}}, {"Authorization": {"Bearer "}}} {
			if code, _, body := request(t, http.MethodGet, r.url+path, header); code != want || strings.Contains(body, token) {
				t.Errorf("%s with %v: %d %s", path, header, code, body)
			}
		}
		if code, _, _ := request(t, http.MethodGet, r.url+path, http.Header{"Authorization": {"Bearer " + token}}); code != 200 {
			t.Errorf("%s with the token: %d", path, code)
		}
	}
}

func TestListenRefusals(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	token, short := write("token", "0123456789abcdef0123\n"), write("short", "secret\n")
	taken := start(t, serving{dsn: common.DSN("postgres")})
	address := strings.TrimPrefix(taken.url, "http://")
	for _, c := range []struct {
		l    Listen
		kind fault.Kind
		says string
	}{
		{Listen{Address: "0.0.0.0:0"}, fault.Usage, "--insecure"},
		{Listen{Address: ":0"}, fault.Usage, "--tls-cert"},
		{Listen{Address: "[::]:0", TokenFile: token}, fault.Usage, "--tls-cert"},
		{Listen{Address: "db.example:0", Token: "0123456789abcdef0123"}, fault.Usage, "TLS"},
		{Listen{Address: "127.0.0.1"}, fault.Usage, "--listen"},
		{Listen{Address: "127.0.0.1:http"}, fault.Usage, "--listen"},
		{Listen{Address: "127.0.0.1:0", CertFile: token}, fault.Usage, "go together"},
		{Listen{Address: "127.0.0.1:0", CertFile: token, KeyFile: token}, fault.Config, "certificate"},
		{Listen{Address: "127.0.0.1:0", TokenFile: short}, fault.Config, "16 characters"},
		{Listen{Address: "127.0.0.1:0", TokenFile: folder + "/none"}, fault.Config, "read the token"},
		{Listen{Address: "192.0.2.1:0", Insecure: true}, fault.Failed, "cannot listen on 192.0.2.1:0"},
		{Listen{Address: address}, fault.Failed, "something else does already"},
	} {
		e, err := c.l.Open(t.Context())
		f := fault.As(err)
		if f == nil || f.Kind != c.kind || !strings.Contains(f.Message+f.Hint, c.says) || strings.Contains(f.Message, "secret") {
			t.Errorf("%+v: %v, %v", c.l, e, err)
		}
	}
	open, err := Listen{Address: "0.0.0.0:0", Insecure: true}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = open.Close()
}

// A secret that others may read is used, because the mounts of Kubernetes look like that, and never without a word.
func TestTokenOpenToOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("files have no such modes")
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("0123456789abcdef0123\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, says := range map[os.FileMode]string{0o600: "", 0o400: "", 0o640: "has mode 0640", 0o644: "has mode 0644", 0o604: "has mode 0604"} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		e, err := Listen{Address: "127.0.0.1:0", TokenFile: file}.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = e.Close()
		if (says == "") != (e.Warning == "") || !strings.Contains(e.Warning, says) || strings.Contains(e.Warning, "0123456789") {
			t.Errorf("%04o: %q", mode, e.Warning)
		}
	}
}

// The pool is nearly empty: one warning each time, with the figures.
func TestCrowdedPoolWarnsOnce(t *testing.T) {
	r := start(t, serving{dsn: common.DSN("postgres"), pool: pg.PoolOptions{Max: 10, Min: 1}, o: Options{Warm: 2}})
	r.turns(t, http.StatusOK)
	hold := func(n int) func() {
		release, held := make(chan struct{}), make(chan error, n)
		for range n {
			go func() {
				held <- r.o.Pool.With(t.Context(), func(*pg.Conn) error { <-release; return nil })
			}()
		}
		soon(t, "they are held", func() bool { _, p := r.o.Pool.Stats(); return p.Used >= n })
		return func() {
			close(release)
			for range n {
				if err := <-held; err != nil {
					t.Error(err)
				}
			}
		}
	}
	warnings := func() int { return strings.Count(r.log.String(), "nearly exhausted") }
	release := hold(10)
	if doc := r.turns(t, http.StatusServiceUnavailable); doc.Reason != "pool_exhausted" {
		t.Errorf("%+v", doc)
	}
	soon(t, "a warning", func() bool { return warnings() == 1 })
	if text := r.log.String(); !strings.Contains(text, "utilization=1.00 used=10 total=10 free=0") {
		t.Error(text)
	}
	time.Sleep(1200 * time.Millisecond)
	if warnings() != 1 {
		t.Error("it warns again and again")
	}
	_, _, body := request(t, http.MethodGet, r.url+"/metrics", nil)
	if !strings.Contains(body, "\npg_up 1\n") || !strings.Contains(body, `avadb_scrape_failed{part="pool"} 1`) {
		t.Error("an exhausted pool passes for a server that is down")
	}
	if r.check(t.Context()); strings.Contains(r.log.String(), "cannot be reached") {
		t.Error("an exhausted pool passes for a database that cannot be reached")
	}
	release()
	r.turns(t, http.StatusOK)
	soon(t, "a second warning", func() bool { // once a sample has seen that the pool is free again, and another that it is not
		time.Sleep(1200 * time.Millisecond)
		release := hold(10)
		time.Sleep(1200 * time.Millisecond)
		release()
		return warnings() >= 2
	})
	if _, doc := get[Stats](t, r.url+"/health/stats"); doc.LastHour.UtilizationPeakPct != 100 || doc.LastHour.Waits == 0 {
		t.Errorf("%+v", doc.LastHour)
	}
}

// Told to end: not ready at once, requests are served for the time of the drain, then nothing listens any more.
func TestDrain(t *testing.T) {
	r := start(t, serving{dsn: common.DSN("postgres"), o: Options{Warm: 3}, drain: 3 * time.Second})
	r.turns(t, http.StatusOK)
	began := time.Now()
	r.stop()
	soon(t, "503", func() bool { code, doc := r.ready(t); return code == 503 && doc.Reason == "draining" })
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("not ready only after %s", took)
	}
	if code, _, _ := request(t, http.MethodGet, r.url+"/health/liveness", nil); code != 200 {
		t.Errorf("liveness while draining: %d", code)
	}
	r.finish(t)
	if took := time.Since(began); took < 3*time.Second || took > 8*time.Second {
		t.Errorf("ended after %s", took)
	}
	if _, err := http.Get(r.url + "/health/liveness"); err == nil { //nolint:noctx // refused
		t.Error("it still listens")
	}
}
