package checks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"avadb/internal/fault"
	"avadb/internal/history"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/pgtest"
)

// shared is the PostgreSQL that the tests of this package share.
var shared *pgtest.Server

func TestMain(m *testing.M) {
	install, err := pgtest.FindWanted()
	if err == nil {
		shared, err = pgtest.Start(context.Background(), install, pgtest.Options{Settings: map[string]string{"max_prepared_transactions": "2"}})
	}
	if err != nil {
		panic(err)
	}
	defer func() { _ = shared.Close() }()
	m.Run()
}

func connect(t *testing.T) *pg.Conn { return connectAs(t, "avadb") }

func connectAs(t *testing.T, application string) *pg.Conn {
	t.Helper()
	target, err := pg.Resolve(pg.Sources{DSN: shared.DSN("postgres") + " application_name=" + application, Env: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), target, pg.Options{Class: pg.Critical})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func testEnv(t *testing.T) *Env {
	t.Helper()
	return &Env{
		Conn: connect(t), Now: time.Now,
		Journal: func(context.Context) ([]*journal.Set, error) { return nil, errors.New("no journal here") },
		History: func(context.Context) (*history.Store, *history.Server, error) { return nil, nil, nil },
		Memory:  func(string) (int64, error) { return 0, errors.New("no memory here") },
	}
}

func do(t *testing.T, conn *pg.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// The thresholds are minutes: here the same checks run with smaller ones, on real sessions.
func TestOldSessions(t *testing.T) {
	e, idle, busy := testEnv(t), connect(t), connect(t)
	do(t, idle, "CREATE TABLE IF NOT EXISTS public.held ()", "BEGIN", "LOCK TABLE public.held")
	waiting := make(chan error, 1)
	go func() {
		_, err := busy.Exec(t.Context(), "TABLE public.held")
		waiting <- err
	}()
	short := between(0.01, 0.05)
	until(t, e, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
	do(t, e.Conn, "SELECT pg_sleep(0.1)")
	for _, c := range []struct {
		statement string
		threshold Threshold
		want      Status
		fix       string
	}{
		{"checks/idle_in_transaction", short, Fail, fmt.Sprintf("SELECT pg_catalog.pg_terminate_backend(%d)", idle.PID())},
		{"checks/idle_in_transaction", between(0.01, 600), Warn, "SELECT pg_catalog.pg_terminate_backend"},
		{"checks/idle_in_transaction", between(60, 600), OK, ""},
		{"checks/transactions", short, Fail, "SELECT pg_catalog.pg_terminate_backend"}, // the older one is idle: nothing to cancel
	} {
		o, err := oldestCheck(c.threshold, c.statement, "pg_catalog.pg_cancel_backend")(t.Context(), e)
		if err != nil || o.Status != c.want || !strings.HasPrefix(o.Fix, c.fix) {
			t.Errorf("%s: %+v %v", c.statement, o, err)
		}
	}
	do(t, idle, "ROLLBACK")
	if err := <-waiting; err != nil {
		t.Error(err)
	}
	do(t, busy, "SET statement_timeout = 0")
	go func() {
		_, err := busy.Exec(t.Context(), "SELECT pg_sleep(60)")
		waiting <- err
	}()
	until(t, e, "SELECT count(*) = 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND xact_start < clock_timestamp() - interval '60 ms'")
	o, err := oldestCheck(short, "checks/transactions", "pg_catalog.pg_cancel_backend")(t.Context(), e)
	if want := fmt.Sprintf("SELECT pg_catalog.pg_cancel_backend(%d)", busy.PID()); err != nil || o.Status != Fail || o.Fix != want {
		t.Errorf("%+v %v, want the fix %s", o, err, want)
	}
	do(t, e.Conn, o.Fix)
	if err := <-waiting; fault.KindOf(err) != fault.Failed || fault.As(err).SQLState != "57014" {
		t.Errorf("the fix did not cancel: %v", err)
	}
}

// A prepared transaction ends in its own database alone, and the fix goes there.
func TestOldPrepared(t *testing.T) {
	e, c := testEnv(t), connect(t)
	do(t, c, "CREATE TABLE IF NOT EXISTS public.held ()", "BEGIN", "LOCK TABLE public.held", "PREPARE TRANSACTION 'left'")
	do(t, e.Conn, "SELECT pg_sleep(0.1)")
	o, err := oldestCheck(between(0.01, 0.05), "checks/transactions", "pg_catalog.pg_cancel_backend")(t.Context(), e)
	if err != nil || !strings.HasPrefix(o.Fix, "psql -h ") || !strings.HasSuffix(o.Fix, ` -d postgres -c "ROLLBACK PREPARED 'left'"`) {
		t.Errorf("%+v %v", o, err)
	}
	do(t, c, "ROLLBACK PREPARED 'left'")
}

func until(t *testing.T, e *Env, statement string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var yes bool
		if err := e.Conn.Raw().QueryRow(t.Context(), statement).Scan(&yes); err != nil || time.Now().After(deadline) {
			t.Fatal(statement, err)
		}
		if yes {
			return
		}
	}
}

// What goes wrong in one check is its own SKIP; a lost connection and the end of the command end the whole.
func TestRunGoesOn(t *testing.T) {
	e := testEnv(t)
	query := func(text string) func(context.Context, *Env) (Outcome, error) {
		return func(ctx context.Context, e *Env) (Outcome, error) {
			_, err := e.Conn.Exec(ctx, text)
			return fine("done"), err
		}
	}
	privilege := func(context.Context, *Env) (Outcome, error) {
		return Outcome{}, fault.New(fault.Privilege, "not for you").WithHint("GRANT x TO y")
	}
	list := []Check{
		{ID: "TST01", Run: query("SELECT 1 FROM nosuch")},
		{ID: "TST02", Run: query("SET LOCAL statement_timeout = 500")},
		{ID: "TST03", Run: privilege},
		{ID: "TST04", Run: query("SELECT set_config('statement_timeout', '1000', false)")},
		{ID: "TST05", Run: query("SELECT pg_sleep(60)")},
		{ID: "TST06", Run: query("SELECT 1")},
	}
	results, err := Run(t.Context(), e, list)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		status      Status
		detail, fix string
	}{
		{Skip, "nosuch", "avadb verify --only TST01"},
		{OK, "done", ""},
		{Skip, "not for you", "GRANT x TO y"},
		{OK, "done", ""},
		{Skip, "timeout", "avadb verify --only TST05"},
		{OK, "done", ""},
	} {
		if r := results[i]; r.Status != want.status || r.Blind != (r.Status == Skip) || !strings.Contains(r.Detail, want.detail) || !strings.HasPrefix(r.Fix, want.fix) {
			t.Errorf("%+v, want %+v", r, want)
		}
	}
	if s := Summarize(results); s != (Summary{OK: 3, Skip: 3}) {
		t.Errorf("%+v", s)
	}

	over, stop := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, fault.New(fault.Timeout, "over"))
	defer stop()
	do(t, e.Conn, "SET statement_timeout = 0")
	if _, err := Run(over, e, []Check{{ID: "TST07", Run: query("SELECT pg_sleep(60)")}}); fault.KindOf(err) != fault.Timeout || err.Error() != "over" {
		t.Errorf("%v, want the end of the command", err)
	}
	if _, err := Run(t.Context(), e, []Check{{ID: "TST08", Run: query("SELECT pg_terminate_backend(pg_backend_pid())")}, {ID: "TST09", Run: privilege}}); fault.KindOf(err) != fault.Connect {
		t.Errorf("%v, want a lost connection", err)
	}
}

// A check that would hang is cancelled after its time, and the connection serves the next one.
func TestCheckHasALimit(t *testing.T) {
	e := testEnv(t)
	do(t, e.Conn, "SET statement_timeout = 0")
	results, err := Run(t.Context(), e, []Check{
		{ID: "TST01", Run: func(ctx context.Context, e *Env) (Outcome, error) {
			_, err := e.Conn.Exec(ctx, "SELECT pg_sleep(60)")
			return Outcome{}, err
		}},
		{ID: "TST02", Run: checkRole},
	})
	if err != nil || results[0].Status != Skip || !strings.Contains(results[0].Detail, "not done within 5s") || !strings.Contains(results[1].Detail, "primary") {
		t.Errorf("%+v %v", results, err)
	}
}
