package health

import (
	"context"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"avadb/internal/pg"
)

// resources are what a leak would make grow.
type resources struct {
	goroutines, connections int
	heap, rss               uint64 // bytes
}

// measure takes them once everything is idle.
func measure(t *testing.T, watcher *pg.Conn) resources {
	t.Helper()
	http.DefaultClient.CloseIdleConnections()
	time.Sleep(500 * time.Millisecond)
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r := resources{goroutines: runtime.NumGoroutine(), heap: m.HeapAlloc}
	if raw, err := os.ReadFile("/proc/self/statm"); err == nil {
		pages, _ := strconv.ParseUint(strings.Fields(string(raw))[1], 10, 64)
		r.rss = pages * uint64(os.Getpagesize()) //nolint:gosec // the size of a page
	}
	rows, err := watcher.Query(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'soaked'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&r.connections); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// TestSoak puts the endpoints under load, with connections that are terminated under it, and nothing may be left over afterwards. For
// some seconds by itself; AVADB_SOAK says for how long, as `make soak-serve` does.
func TestSoak(t *testing.T) {
	length := 4 * time.Second
	if text := os.Getenv("AVADB_SOAK"); text != "" {
		given, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		length = given
	}
	watcher := connect(t, common.DSN("postgres"))
	r := start(t, serving{dsn: common.DSN("postgres") + " application_name=soaked", o: Options{Warm: 10}})
	r.turns(t, http.StatusOK)
	load := func(length time.Duration) int64 {
		ctx, stop := context.WithTimeout(t.Context(), length)
		defer stop()
		var done atomic.Int64
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				for ctx.Err() == nil {
					path := []string{"/health/liveness", "/api/health/readiness", "/health/stats", "/metrics"}[i%4]
					//nolint:contextcheck // one that has begun is finished
					if code, _, _ := request(t, http.MethodGet, r.url+path, nil); code == http.StatusOK || code == http.StatusServiceUnavailable {
						done.Add(1)
					}
				}
			})
		}
		for tick := time.NewTicker(2 * time.Second); ctx.Err() == nil; {
			select {
			case <-ctx.Done():
			case <-tick.C:
				do(t, watcher, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'soaked' AND random() < 0.3")
			}
		}
		group.Wait()
		return done.Load()
	}
	load(2 * time.Second)
	before := measure(t, watcher)
	requests := load(length)
	after := measure(t, watcher)
	t.Logf("%d requests in %s: before %+v, after %+v", requests, length, before, after)
	if after.goroutines > before.goroutines+10 {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines, and %d before\n%s", after.goroutines, before.goroutines, stacks[:runtime.Stack(stacks, true)])
	}
	if most := 30 + 1 + 1; after.connections > most {
		t.Errorf("%d connections, of at most %d", after.connections, most)
	}
	if after.heap > before.heap*3/2+8<<20 {
		t.Errorf("%d bytes on the heap, and %d before", after.heap, before.heap)
	}
	if after.rss > before.rss*5/4+16<<20 {
		t.Errorf("%d bytes resident, and %d before", after.rss, before.rss)
	}
	if requests < 100 {
		t.Errorf("only %d requests were answered", requests)
	}
}
