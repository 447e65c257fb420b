package health

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"avadb/internal/pg"
	"avadb/internal/pgtest"
)

// common is the PostgreSQL of the tests that do it no harm.
var common *pgtest.Server

func TestMain(m *testing.M) {
	install, err := pgtest.FindWanted()
	if err == nil {
		common, err = pgtest.Start(context.Background(), install, pgtest.Options{
			Settings: map[string]string{"shared_preload_libraries": "pg_stat_statements"},
		})
	}
	if err != nil {
		panic(err)
	}
	defer func() { _ = common.Close() }()
	m.Run()
}

// otherServer is one that a test may stop, freeze or fill.
func otherServer(t *testing.T, settings map[string]string) *pgtest.Server {
	t.Helper()
	s, err := pgtest.Start(t.Context(), common.Install, pgtest.Options{Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// running is a service that listens, as avadb serve has it.
type running struct {
	*Service
	url   string
	log   *logged
	ended chan error
	stop  context.CancelFunc
}

type serving struct {
	dsn   string
	pool  pg.PoolOptions
	o     Options
	l     Listen
	drain time.Duration
}

func start(t *testing.T, v serving) *running {
	t.Helper()
	target, err := pg.Resolve(pg.Sources{DSN: v.dsn, Env: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	if v.l.Address == "" {
		v.l.Address = "127.0.0.1:0"
	}
	endpoint, err := v.l.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	probe := pg.NewProbe(target)
	v.pool.Before = First(probe)
	pool, err := pg.NewPool(ctx, target, v.pool)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{url: endpoint.URL(), log: &logged{}, ended: make(chan error, 1), stop: stop}
	v.o.Pool, v.o.Probe, v.o.Log, v.o.Version, v.o.Token = pool, probe, slog.New(slog.NewTextHandler(r.log, nil)), "test", endpoint.Token
	r.Service = New(v.o)
	go func() { r.ended <- r.Serve(ctx, endpoint, v.drain) }()
	t.Cleanup(func() { r.finish(t) })
	return r
}

// finish ends it, and fails the test where that takes longer than it may.
func (r *running) finish(t *testing.T) {
	t.Helper()
	r.stop()
	select {
	case err := <-r.ended:
		if err != nil {
			t.Error(err)
		}
		r.ended <- nil // for who finishes again
	case <-time.After(Longest + time.Second):
		t.Error("it did not end in time")
	}
}

// logged is what was logged.
type logged struct {
	mutex sync.Mutex
	text  strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

// request makes one, without keeping the connection.
func request(t *testing.T, method, url string, header http.Header) (code int, headers http.Header, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	for name, values := range header {
		r.Header[name] = values
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(raw)
}

// get reads a document.
func get[T any](t *testing.T, url string) (int, T) {
	t.Helper()
	code, _, body := request(t, http.MethodGet, url, nil)
	var doc T
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatalf("%s: %v: %s", url, err, body)
	}
	return code, doc
}

func (r *running) ready(t *testing.T) (int, NotReady) {
	t.Helper()
	return get[NotReady](t, r.url+"/health/readiness")
}

// turns waits until readiness has the code, and fails where that takes longer than a probe has to wait.
func (r *running) turns(t *testing.T, want int) NotReady {
	t.Helper()
	const within = 2 * time.Second
	began := time.Now()
	for {
		code, doc := r.ready(t)
		took := time.Since(began)
		if code == want && took <= within {
			t.Logf("readiness %d %s %s after %s", code, doc.Reason, doc.Detail, took.Round(time.Millisecond))
			return doc
		}
		if took > within {
			t.Fatalf("readiness is %d %+v after %s, and not %d within %s", code, doc, took, want, within)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// soon waits for something that takes a moment.
func soon(t *testing.T, what string, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !reached(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func connect(t *testing.T, dsn string) *pg.Conn {
	t.Helper()
	target, err := pg.Resolve(pg.Sources{DSN: dsn, Env: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), target, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func do(t *testing.T, conn *pg.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
