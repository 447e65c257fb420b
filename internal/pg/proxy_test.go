package pg

import (
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"avadb/internal/fault"
)

// proxy passes TCP connections on to the shared server and can misbehave.
type proxy struct {
	net.Listener

	mutex sync.Mutex
	open  []net.Conn
	stall bool // take connections and stay silent
}

func startProxy(t *testing.T) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed by Cleanup
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: listener}
	go p.serve()
	t.Cleanup(func() {
		_ = p.Close()
		p.cut()
	})
	return p
}

func (p *proxy) serve() {
	for {
		client, err := p.Accept()
		if err != nil {
			return
		}
		p.mutex.Lock()
		p.open = append(p.open, client)
		stall := p.stall
		p.mutex.Unlock()
		if !stall {
			go p.pass(client)
		}
	}
}

func (p *proxy) pass(client net.Conn) {
	upstream, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(server.Port))) //nolint:noctx // of the test's life
	if err != nil {
		_ = client.Close()
		return
	}
	go func() {
		_, _ = io.Copy(upstream, client)
		_ = upstream.Close()
	}()
	_, _ = io.Copy(client, upstream)
	_ = client.Close()
}

// cut closes every connection that passes through.
func (p *proxy) cut() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, c := range p.open {
		_ = c.Close()
	}
	p.open = nil
}

func (p *proxy) setStall(stall bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.stall = stall
}

func (p *proxy) dsn(extra string) string {
	_, port, _ := net.SplitHostPort(p.Addr().String())
	return "host=127.0.0.1 port=" + port + " user=postgres dbname=postgres password=sEcret " + extra
}

func TestProxyCutsDuringAQuery(t *testing.T) {
	p := startProxy(t)
	c := mustConnect(t, p.dsn(""), Options{})
	ended := inBackground(func() error {
		_, err := c.Exec(t.Context(), "SELECT /*long/cut*/ pg_sleep(60)")
		return err
	})
	waitFor(t, func() bool { return running(t, "long/cut") == "1" })
	p.cut()
	err := <-ended
	if e := wantFault(t, err, fault.Failed, ""); !strings.Contains(e.Message, "lost") || strings.Contains(e.Message, "sEcret") {
		t.Errorf("message %q", e.Message)
	}
	if err := c.Alive(t.Context()); fault.KindOf(err) != fault.Failed || err == nil {
		t.Errorf("a dead connection: %v", err)
	}
	if err := c.Reconnect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Alive(t.Context()); err != nil {
		t.Errorf("after Reconnect: %v", err)
	}
	admin(t, server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%long/cut%' AND pid <> pg_backend_pid()")
}

func TestProxyStallsAtConnect(t *testing.T) {
	p := startProxy(t)
	p.setStall(true)
	begun := time.Now()
	_, err := Connect(t.Context(), mustResolve(t, Sources{DSN: p.dsn("connect_timeout=3")}), Options{})
	e := wantFault(t, err, fault.Connect, "")
	if !strings.Contains(e.Message, "no answer within 3s") || strings.Contains(e.Message, "sEcret") {
		t.Errorf("message %q", e.Message)
	}
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("took %s", took)
	}
}

// TestCommandEndsWhileConnecting: the end of the whole command goes before the connect timeout.
func TestCommandEndsWhileConnecting(t *testing.T) {
	p := startProxy(t)
	p.setStall(true)
	limit := fault.New(fault.Timeout, "not done within 50ms (--timeout)")
	ctx, stop := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, limit)
	defer stop()
	_, err := Connect(ctx, mustResolve(t, Sources{DSN: p.dsn("")}), Options{})
	if e := wantFault(t, err, fault.Timeout, ""); e.Message != limit.Message {
		t.Errorf("message %q", e.Message)
	}
}

// TestStalledCancel: a server that can no longer be reached does not hold the command for ever.
func TestStalledCancel(t *testing.T) {
	t.Parallel()
	p := startProxy(t)
	c := mustConnect(t, p.dsn(""), Options{})
	p.setStall(true) // the request to cancel gets no answer
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	_, err := c.Exec(ctx, "SELECT /*long/stalled*/ pg_sleep(60)")
	wantFault(t, err, fault.Timeout, "")
	p.cut()
	admin(t, server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%long/stalled%' AND pid <> pg_backend_pid()")
}

// TestSlowStart: the server lets the connection in, and then a lock keeps it from answering.
func TestSlowStart(t *testing.T) {
	holder := mustConnect(t, server.DSN("postgres"), Options{})
	tx, err := holder.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), "LOCK pg_catalog.pg_settings"); err != nil {
		t.Fatal(err)
	}
	_, err = Connect(t.Context(), mustResolve(t, Sources{DSN: server.DSN("postgres") + " connect_timeout=3"}), Options{})
	if e := wantFault(t, err, fault.Connect, ""); !strings.Contains(e.Message, "did not answer within 3s") {
		t.Errorf("message %q", e.Message)
	}
}

func TestRefused(t *testing.T) {
	p := startProxy(t)
	dsn := p.dsn("connect_timeout=60") // it is not tried for as long as that
	_ = p.Close()
	begun := time.Now()
	_, err := Connect(t.Context(), mustResolve(t, Sources{DSN: dsn}), Options{})
	e := wantFault(t, err, fault.Connect, "")
	if !strings.Contains(e.Message, "connection refused") || strings.Contains(e.Message, "sEcret") {
		t.Errorf("message %q", e.Message)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("a refused connection took %s", took)
	}
	_, err = Connect(t.Context(), mustResolve(t, Sources{DSN: "host=/tmp/no-such-folder user=u"}), Options{})
	if e := wantFault(t, err, fault.Connect, ""); !strings.Contains(e.Message, "no such socket") {
		t.Errorf("message %q", e.Message)
	}
}
