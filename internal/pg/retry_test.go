package pg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"avadb/internal/fault"
)

func TestRetryable(t *testing.T) {
	answer := func(code string) error { return &pgconn.PgError{Code: code} }
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"starting": {answer("57P03"), true}, "full": {answer("53300"), true}, "connection failure": {answer("08006"), true},
		"refused":  {fmt.Errorf("dial: %w", syscall.ECONNREFUSED), true},
		"password": {answer("28P01"), false}, "pg_hba.conf": {answer("28000"), false}, "protocol violation": {answer("08P01"), false},
		"no database": {answer("3D000"), false}, "no socket": {syscall.ENOENT, false}, "anything": {errors.New("x"), false},
		"a refused login goes before": {errors.Join(syscall.ECONNREFUSED, answer("28P01")), false},
		"a fault":                     {fault.New(fault.Prerequisite, "x: %w", answer("57P03")), false},
	} {
		if got := retryable(test.err); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestRestart: WaitReady goes on while the server is away and Reconnect works after it.
func TestRestart(t *testing.T) {
	t.Parallel()
	s := otherServer(t)
	c := mustConnect(t, s.DSN("postgres"), Options{Class: High})
	before := c.Server.StartedAt
	if err := s.Stop(t.Context(), "fast"); err != nil {
		t.Fatal(err)
	}
	if err := c.Alive(t.Context()); err == nil {
		t.Error("alive without a server")
	}
	_, err := Connect(t.Context(), c.Target, Options{})
	wantFault(t, err, fault.Connect, "")

	started := inBackground(func() error {
		time.Sleep(1200 * time.Millisecond) // longer than Connect would be patient
		return s.StartAgain(t.Context())
	})
	for name, dsn := range map[string]string{"tcp": s.DSN("postgres"), "socket": s.SocketDSN("postgres")} {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		fresh, err := WaitReady(ctx, mustResolve(t, Sources{DSN: dsn}), Options{}, slog.New(slog.DiscardHandler))
		stop()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !fresh.Server.StartedAt.After(before) {
			t.Errorf("%s: started %s, before the restart %s", name, fresh.Server.StartedAt, before)
		}
		fresh.Close()
	}
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if err := c.Reconnect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := show(t, c, "SHOW statement_timeout"); got != "10s" || !c.Server.StartedAt.After(before) {
		t.Errorf("after Reconnect: statement_timeout %s, started %s", got, c.Server.StartedAt)
	}
}

func TestWaitReadyGivesUp(t *testing.T) {
	target := mustResolve(t, Sources{DSN: "host=127.0.0.1 port=1 user=u password=sEcret"})
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	timeIsOver := onLog(func() { stop(fault.New(fault.Timeout, "not done in time")) }) // once it was refused
	_, err := WaitReady(ctx, target, Options{}, slog.New(timeIsOver))
	if e := wantFault(t, err, fault.Timeout, ""); !strings.Contains(e.Message, "connection refused") {
		t.Errorf("message %q", e.Message)
	}
	interrupted, cancel := context.WithCancelCause(t.Context())
	cancel(fault.New(fault.Interrupted, "interrupted"))
	_, err = WaitReady(interrupted, target, Options{}, nil)
	wantFault(t, err, fault.Interrupted, "")
	_, err = WaitReady(t.Context(), mustResolve(t, Sources{DSN: server.DSN("nosuchdb")}), Options{}, nil)
	wantFault(t, err, fault.Connect, "3D000")
}

// onLog is called for each record.
type onLog func()

func (f onLog) Enabled(context.Context, slog.Level) bool  { return true }
func (f onLog) Handle(context.Context, slog.Record) error { f(); return nil }
func (f onLog) WithAttrs([]slog.Attr) slog.Handler        { return f }
func (f onLog) WithGroup(string) slog.Handler             { return f }

// TestFullServer: a place that gets free in time is taken.
func TestFullServer(t *testing.T) {
	dsn := newRole(t, "one_at_a_time", "CONNECTION LIMIT 1")
	first := mustConnect(t, dsn, Options{})
	go func() {
		time.Sleep(400 * time.Millisecond)
		first.Close()
	}()
	mustConnect(t, dsn, Options{}).Close()
}
