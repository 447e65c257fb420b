package health

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"avadb/internal/pg"
)

// alive is what must hold whatever the database does.
func (r *running) alive(t *testing.T) {
	t.Helper()
	began := time.Now()
	code, _, _ := request(t, http.MethodGet, r.url+"/health/liveness", nil)
	if took := time.Since(began); code != http.StatusOK || took >= probeLimit {
		t.Errorf("liveness: %d after %s", code, took)
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	s := otherServer(t, nil)
	r := start(t, serving{dsn: s.DSN("postgres"), o: Options{Warm: 4}})
	r.turns(t, http.StatusOK)
	for _, mode := range []string{"fast", "immediate"} {
		if err := s.Stop(t.Context(), mode); err != nil {
			t.Fatal(err)
		}
		doc := r.turns(t, http.StatusServiceUnavailable)
		if doc.Reason != "database_check_failed" || doc.Detail != "connection_refused" {
			t.Errorf("%s: %+v", mode, doc)
		}
		r.alive(t)
		if _, _, body := request(t, http.MethodGet, r.url+"/metrics", nil); !strings.Contains(body, "\npg_up 0\n") || strings.Contains(body, "pg_stat_activity_count{") {
			t.Errorf("%s: the metrics of a server that is down", mode)
		}
		soon(t, "the statistics know", func() bool {
			_, doc := get[Stats](t, r.url+"/health/stats")
			return !doc.Pool.Connected && doc.Checks.ConsecutiveFailures > 0 && doc.LastHour.ConnectionFailures > 0
		})
		if err := s.StartAgain(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.turns(t, http.StatusOK)
		soon(t, "the pool is back", func() bool {
			_, doc := get[Stats](t, r.url+"/health/stats")
			return doc.Pool.Connected && doc.Checks.ConsecutiveFailures == 0 && doc.Pool.Size >= 4
		})
	}
	if _, doc := get[Stats](t, r.url+"/health/stats"); doc.Checks.LastFailure == "" {
		t.Errorf("%+v", doc)
	}
}

func TestStartsWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	s := otherServer(t, nil)
	if err := s.Stop(t.Context(), "fast"); err != nil {
		t.Fatal(err)
	}
	r := start(t, serving{dsn: s.DSN("postgres"), o: Options{Warm: 4}})
	r.alive(t)
	r.turns(t, http.StatusServiceUnavailable)
	if err := s.StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.turns(t, http.StatusOK) // although the first warm-up may still go on
}

func TestExhaustedMaxConnections(t *testing.T) {
	t.Parallel()
	s := otherServer(t, map[string]string{"max_connections": "12", "superuser_reserved_connections": "0", "autovacuum": "off"})
	do(t, connect(t, s.DSN("postgres")), "CREATE ROLE app LOGIN")
	dsn := strings.Replace(s.DSN("postgres"), "user=postgres", "user=app", 1)
	var others []*pg.Conn
	fill := func() {
		target, err := pg.Resolve(pg.Sources{DSN: dsn + " connect_timeout=1", Env: func(string) string { return "" }})
		if err != nil {
			t.Fatal(err)
		}
		for {
			conn, err := pg.Connect(t.Context(), target, pg.Options{})
			switch {
			case err == nil:
				others = append(others, conn)
			case pg.Reason(err) == reasonFull:
				return
			default: // connecting took too long, and there may be room
				t.Log(err)
			}
		}
	}
	release := func() {
		for _, conn := range others {
			conn.Close()
		}
		others = nil
	}
	fill()
	r := start(t, serving{dsn: dsn, o: Options{Warm: 2}, pool: pg.PoolOptions{Min: 1, Max: 4}})
	doc := r.turns(t, http.StatusServiceUnavailable)
	if doc.Reason != "database_check_failed" || doc.Detail != "too_many_connections" {
		t.Errorf("%+v", doc)
	}
	r.alive(t)
	release()
	r.turns(t, http.StatusOK)
	soon(t, "the pool has connected", func() bool { _, p := r.o.Pool.Stats(); return p.Connected && p.Size > 0 })
	fill() // those that are connected stay so
	defer release()
	if code, doc := r.ready(t); code != http.StatusOK {
		t.Errorf("connected before the rest was taken: %d %+v", code, doc)
	}
}

// Another database takes what the pool needs: the probe has its own connection first, and where it has lost that, there are the pool's.
func TestReadyOnTheLastConnections(t *testing.T) {
	t.Parallel()
	admin := connect(t, common.DSN("postgres"))
	do(t, admin, "DROP DATABASE IF EXISTS narrow WITH (FORCE)", "DROP ROLE IF EXISTS narrow", "CREATE ROLE narrow LOGIN", "CREATE DATABASE narrow CONNECTION LIMIT 4")
	dsn := strings.NewReplacer("user=postgres", "user=narrow", "dbname=postgres", "dbname=narrow").Replace(common.DSN("postgres"))
	r := start(t, serving{dsn: dsn, o: Options{Warm: 10}})
	r.turns(t, http.StatusOK)
	soon(t, "the rest is the pool's", func() bool { _, p := r.o.Pool.Stats(); return p.Size == 3 && p.Free == 3 && !r.warming.Load() })
	r.o.Probe.Close()
	target, err := pg.Resolve(pg.Sources{DSN: dsn, Env: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	soon(t, "somebody else has the probe's place", func() bool {
		conn, err := pg.Connect(t.Context(), target, pg.Options{})
		if err == nil {
			t.Cleanup(conn.Close)
		}
		return err == nil
	})
	for range 3 {
		time.Sleep(keepReady + keepReady/2)
		if code, doc := r.ready(t); code != http.StatusOK {
			t.Errorf("%d %+v, and the pool is free", code, doc)
		}
	}
}

// A login that is refused is not tried again and again, however many ask, and it is noticed when it is not refused any more.
func TestRefusedLogin(t *testing.T) {
	t.Parallel()
	admin := connect(t, common.DSN("postgres"))
	do(t, admin, "DROP ROLE IF EXISTS nobody_yet")
	const pause = 10 * time.Second // of package pg, from a refusal to the next attempt
	began := time.Now()
	n := newNetwork(t, common.Port)
	r := start(t, serving{dsn: strings.Replace(n.dsn(), "user=postgres", "user=nobody_yet", 1), o: Options{Warm: 10}})
	for range 60 {
		time.Sleep(50 * time.Millisecond)
		if code, doc := r.ready(t); code != http.StatusServiceUnavailable || doc.Detail != "login_refused" {
			t.Fatalf("%d %+v", code, doc)
		}
	}
	if accepted, _ := n.counts(); accepted < 1 || accepted > 1+int(time.Since(began)/pause) {
		t.Errorf("%d attempts within %s", accepted, time.Since(began))
	}
	if _, doc := get[Stats](t, r.url+"/health/stats"); doc.Checks.LastFailure != "login_refused" {
		t.Errorf("%+v", doc.Checks)
	}
	do(t, admin, "CREATE ROLE nobody_yet LOGIN")
	soon(t, "it is let in", func() bool {
		code, _ := r.ready(t)
		_, p := r.o.Pool.Stats()
		return code == http.StatusOK && p.Size >= 5
	})
	if accepted, _ := n.counts(); accepted > 20 { // the probe's, the pool's, and few that failed
		t.Errorf("%d attempts", accepted)
	}
}

func TestStoppedBehindASocket(t *testing.T) {
	t.Parallel()
	s := otherServer(t, nil)
	r := start(t, serving{dsn: s.SocketDSN("postgres"), o: Options{Warm: 1}})
	r.turns(t, http.StatusOK)
	if err := s.Stop(t.Context(), "fast"); err != nil {
		t.Fatal(err)
	}
	if doc := r.turns(t, http.StatusServiceUnavailable); doc.Detail != "connection_refused" {
		t.Errorf("%+v", doc)
	}
}

func TestCutNetwork(t *testing.T) {
	t.Parallel()
	s := otherServer(t, nil)
	n := newNetwork(t, s.Port)
	r := start(t, serving{dsn: n.dsn(), o: Options{Warm: 2}, pool: pg.PoolOptions{Min: 1, Max: 4}})
	r.turns(t, http.StatusOK)
	n.setSilent(true)
	if doc := r.turns(t, http.StatusServiceUnavailable); doc.Detail != "timeout" {
		t.Errorf("%+v", doc)
	}
	r.alive(t)
	time.Sleep(3 * time.Second)
	if code, _ := r.ready(t); code != http.StatusServiceUnavailable {
		t.Error("ready over a cut network")
	}
	n.setSilent(false)
	r.turns(t, http.StatusOK)
}

// A name server that does not answer, one that knows no such name, and a name that exists no more.
func TestNames(t *testing.T) {
	quiet, err := net.ListenPacket("udp", "127.0.0.1:0") //nolint:noctx // closed below
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = quiet.Close() }()
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", quiet.LocalAddr().String())
	}}
	r := start(t, serving{dsn: "host=db.example.test port=5432 user=u dbname=d sslmode=disable", o: Options{Warm: 1}})
	if doc := r.turns(t, http.StatusServiceUnavailable); doc.Reason != "database_check_failed" || doc.Detail != "timeout" {
		t.Errorf("%+v", doc)
	}
	r.alive(t)
	began := time.Now()
	r.finish(t)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("ended after %s", took)
	}
	net.DefaultResolver = before
	other := start(t, serving{dsn: "host=no-such-host.invalid port=5432 user=u dbname=d sslmode=disable"})
	if doc := other.turns(t, http.StatusServiceUnavailable); doc.Reason != "database_check_failed" || doc.Detail != "host_not_found" && doc.Detail != "timeout" {
		t.Errorf("%+v", doc)
	}
	other.alive(t)
}

// However many ask at the same time, the database is asked by one.
func TestThousandAtOnce(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, common.Port)
	r := start(t, serving{dsn: n.dsn(), o: Options{Warm: 1}, pool: pg.PoolOptions{Min: 1, Max: 1}})
	soon(t, "the pool has its connection", func() bool { _, p := r.o.Pool.Stats(); return p.Size == 1 && !r.warming.Load() })
	n.forget()
	var late atomic.Int64 // on a machine that has too much to do, the question itself can take longer than its second
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}
	ask := func() {
		var group sync.WaitGroup
		for range 1000 {
			group.Go(func() {
				answer, err := client.Get(r.url + "/health/readiness") //nolint:noctx // bounded by the test
				if err != nil {
					t.Error(err)
					return
				}
				_ = answer.Body.Close()
				if answer.StatusCode != http.StatusOK {
					late.Add(1)
				}
			})
		}
		group.Wait()
	}
	ask()
	if accepted, most := n.counts(); late.Load() == 0 && accepted != 0 || most > 2 { // that of the readiness and the pool's, since before
		t.Errorf("a thousand requests opened %d connections, and there were %d at the same time", accepted, most)
	}
	r.o.Probe.Close()
	soon(t, "its connection is gone", func() bool {
		n.forget()
		_, now := n.counts()
		return now == 1
	})
	time.Sleep(keepReady) // the answer is not given again after that
	ask()
	if accepted, most := n.counts(); late.Load() == 0 && accepted != 1 || most > 2 {
		t.Errorf("another thousand opened %d, and there were %d at the same time", accepted, most)
	}
	if late.Load() == 2000 {
		t.Error("not one of them was told that it is ready")
	}
	client.CloseIdleConnections()
}
